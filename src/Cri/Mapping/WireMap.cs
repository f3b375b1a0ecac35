// SPDX-License-Identifier: Apache-2.0
using Google.Protobuf.Collections;

namespace Gantry.Cri.Mapping;

internal static class WireMap
{
    /// <summary>Copies the engine's read-only map into a message.</summary>
    internal static void Fill(this MapField<string, string> wire, IReadOnlyDictionary<string, string> values)
    {
        foreach ((string key, string value) in values)
        {
            wire.Add(key, value);
        }
    }
}
