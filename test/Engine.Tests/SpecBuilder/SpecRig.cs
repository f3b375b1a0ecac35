// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Engine.Containers;
using Gantry.Engine.Images;
using Gantry.Engine.Pods;
using Gantry.Engine.SpecBuilder;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Tests.SpecBuilder;

/// <summary>Requests for specifications, with everything that a test does not care about filled in.</summary>
internal static class SpecRig
{
    internal const string ContainerId = "c0ffee";

    private static readonly JsonSerializerOptions s_indented = new(RuntimeSpecJson.Default.Options) { WriteIndented = true };

    internal static NodeFacts Node { get; } = new() { Capabilities = CapabilityPart.Names, MaxOpenFiles = 1_048_576 };

    internal static ContainerConfig Container { get; } = new()
    {
        Metadata = new ContainerMetadata("web", 0),
        Image = new ImageSpec { Image = "example" },
        Command = ["/bin/server"],
    };

    internal static PodConfig Pod { get; } = new()
    {
        Metadata = new PodMetadata("web", "uid-1", "default", 0),
        Security = new PodSecurity { Namespaces = new NamespaceOptions { Pid = NamespaceMode.Container } },
    };

    internal static SpecRequest Request(ContainerConfig? container = null, ImageRunConfig? image = null, PodConfig? pod = null) => new()
    {
        ContainerId = ContainerId,
        Pod = new PodFacts
        {
            Config = pod ?? Pod,
            Hostname = "web-0",
            Directory = "/run/gantry/pods/p",
            CgroupPath = "/kubepods/pod1/p",
        },
        Container = container ?? Container,
        Image = image ?? new ImageRunConfig(),
        Node = Node,
    };

    internal static Spec Build(SpecRequest request) =>
        ContainerSpec.Build(request, VolumePart.Plan(request, "/var/lib/gantry/volumes/c0ffee"));

    internal static Spec Build(ContainerConfig container) => Build(Request(container));

    internal static EngineException Refused(SpecRequest request) => Assert.Throws<EngineException>(() => Build(request));

    /// <summary>Compares with a file beside the tests; GANTRY_UPDATE_GOLDEN=1 writes it instead.</summary>
    internal static void MatchesGolden(Spec spec, string name)
    {
        string path = Path.Combine(SourceDirectory(), "Golden", name + ".json");
        string actual = JsonSerializer.Serialize(spec, s_indented.GetTypeInfo(typeof(Spec))) + "\n";
        if (Environment.GetEnvironmentVariable("GANTRY_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string SourceDirectory([System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetDirectoryName(file)!;
}
