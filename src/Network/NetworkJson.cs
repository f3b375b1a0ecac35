// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Network;

/// <summary>JSON of the record that the engine keeps with a pod.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PodNetworkRecord))]
public sealed partial class NetworkJson : JsonSerializerContext;
