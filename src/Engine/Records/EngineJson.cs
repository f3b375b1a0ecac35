// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;

namespace Gantry.Engine.Records;

/// <summary>JSON of the engine's records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PodRecord))]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(PodConfig))]
[JsonSerializable(typeof(ContainerConfig))]
[JsonSerializable(typeof(Network.PortMapping), TypeInfoPropertyName = "NetworkPortMapping")]
[JsonSerializable(typeof(IReadOnlyList<Network.PortMapping>), TypeInfoPropertyName = "NetworkPortMappings")]
[JsonSerializable(typeof(Network.PortProtocol), TypeInfoPropertyName = "NetworkPortProtocol")]
internal sealed partial class EngineJson : JsonSerializerContext;
