// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;

namespace Gantry.Kit.Images;

/// <summary>A small image that runs: Debian's static busybox with its applets, users and groups.</summary>
public static class BusyboxImage
{
    /// <summary>Debian's package busybox-static.</summary>
    public const string Source = "/usr/bin/busybox";

    public static bool Available => File.Exists(Source);

    /// <summary>The layer with the program, links for its applets, and the usual directories and files.</summary>
    public static TestLayer BaseLayer(LayerCompression compression = LayerCompression.Gzip)
    {
        LayerBuilder layer = new LayerBuilder()
            .Directory("bin").Directory("etc").Directory("root", 0b111_000_000).Directory("home").Directory("var")
            .Directory("dev").Directory("proc").Directory("sys").Directory("usr").Directory("usr/bin")
            .Directory("tmp", 0b1_111_111_111)
            .Program("bin/busybox", Source)
            .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\napp:x:1000:1000:app:/home/app:/bin/sh\n")
            .File("etc/group", "root:x:0:\nnogroup:x:65534:\napp:x:1000:\nextra:x:2000:app\n");
        foreach (string applet in Tool.Run(Source, "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (applet != "busybox")
            {
                layer.Symlink($"bin/{applet}", "busybox");
            }
        }

        return layer.Build(compression);
    }

    /// <summary>Busybox with more layers on it.</summary>
    public static TestImage Build(ImageRunConfig? run = null, params IReadOnlyList<TestLayer> more) => TestImage.Build(
        [BaseLayer(), .. more],
        run ?? new ImageRunConfig
        {
            Env = ["PATH=/bin:/usr/bin:/sbin:/usr/sbin"],
            Cmd = ["sh"],
        });
}
