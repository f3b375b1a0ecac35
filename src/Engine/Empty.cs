// SPDX-License-Identifier: Apache-2.0
using System.Collections.ObjectModel;

namespace Gantry.Engine;

internal static class Empty
{
    internal static IReadOnlyDictionary<string, string> Map => ReadOnlyDictionary<string, string>.Empty;
}
