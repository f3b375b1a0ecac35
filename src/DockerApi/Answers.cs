// SPDX-License-Identifier: Apache-2.0
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.DockerApi;

// Names and meaning are those of the Docker Engine API.

internal sealed record ErrorAnswer([property: JsonPropertyName("message")] string Message);

internal sealed record ComponentAnswer(string Name, string Version);

internal sealed record VersionAnswer
{
    public required string Version { get; init; }

    public required string ApiVersion { get; init; }

    public required string MinAPIVersion { get; init; }

    public required string Arch { get; init; }

    public required string KernelVersion { get; init; }

    public required IReadOnlyList<ComponentAnswer> Components { get; init; }

    public string Os { get; init; } = "linux";
}

internal sealed record InfoAnswer
{
    public required string ServerVersion { get; init; }

    public required int Containers { get; init; }

    public required int ContainersRunning { get; init; }

    public int ContainersPaused { get; init; }

    public required int ContainersStopped { get; init; }

    public required int Images { get; init; }

    public required string DockerRootDir { get; init; }

    public required string CgroupDriver { get; init; }

    public required string KernelVersion { get; init; }

    public required string Architecture { get; init; }

    public required int NCPU { get; init; }

    /// <summary>Bytes.</summary>
    public required long MemTotal { get; init; }

    public required string Name { get; init; }

    public string Driver { get; init; } = "overlay2";

    public string OSType { get; init; } = "linux";
}

[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(InfoAnswer))]
internal sealed partial class DockerJson : JsonSerializerContext
{
    private static DockerJson? s_answers;

    /// <summary>For programs, not for HTML: '+' stays what it is.</summary>
    internal static DockerJson Answers =>
        s_answers ??= new DockerJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
