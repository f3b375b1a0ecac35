// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>JSON of the runtime specification: <c>JsonSerializer.Deserialize(bytes, RuntimeSpecJson.Default.Spec)</c>.</summary>
/// <remarks>
/// A missing required property, a number out of its type's range, a <c>null</c> where none may stand and a property that
/// occurs twice are <see cref="JsonException"/>s, which name the path. Depth is bounded by the reader's 64; the caller bounds the size.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Spec))]
[JsonSerializable(typeof(Process))]
[JsonSerializable(typeof(LinuxResources))]
[JsonSerializable(typeof(LinuxSeccomp))]
[JsonSerializable(typeof(State))]
[JsonSerializable(typeof(ContainerProcessState))]
public sealed partial class RuntimeSpecJson : JsonSerializerContext;
