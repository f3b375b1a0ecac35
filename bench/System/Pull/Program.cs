// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Security.Cryptography;
using Gantry.Images;
using Gantry.Kit;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.Oci.Image;
using Gantry.Storage.Snapshots;

// How long a pull of half a gigabyte from a registry on this machine takes, beside the single steps done by others' tools.
foreach (LayerCompression compression in (LayerCompression[])[LayerCompression.Gzip, LayerCompression.Zstd, LayerCompression.None])
{
    await PullBench.RunAsync(compression);
}

internal static class PullBench
{
    private const int Layers = 6;
    private const int LayerBytes = 85_000_000;
    private const int Rounds = 3;

    internal static async Task RunAsync(LayerCompression compression)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        TestImage image = TestImage.Build([.. Enumerable.Range(0, Layers).Select(i => Make(i, compression))]);
        string reference = await registry.PushAsync("bench/large", "v1", image);
        double megabytes = image.Blobs.Sum(static b => (long)b.Content.Length) / 1e6;
        Console.WriteLine($"{compression}: {Layers} layers, {megabytes:F0} MB compressed, {Layers * LayerBytes / 1e6:F0} MB unpacked");
        MeasureSteps(registry, image);
        for (int round = 0; round < Rounds; round++)
        {
            await PullAsync(reference);
        }
    }

    private static async Task PullAsync(string reference)
    {
        using var root = new TempRoot();
        await using SnapshotStore snapshots = SnapshotStore.Open(root.Path);
        using ImageService service = ImageService.Open(
            new ImageServiceOptions { Root = root.Path, CertsDirectories = [], CredentialsFile = null }, snapshots);
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        await service.PullAsync(new PullRequest { Reference = ImageReference.Parse(reference) }, null, CancellationToken.None);
        TimeSpan elapsed = watch.Elapsed;
        double used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        Console.WriteLine($"  pull with all checks, unpacked, synced: {elapsed.TotalSeconds:F2} s, own cpu {used:F2} s");
    }

    /// <summary>Programs of this machine in pieces: they compress as images do.</summary>
    private static TestLayer Make(int index, LayerCompression compression)
    {
        byte[] source = File.ReadAllBytes(TestRegistry.Program);
        var layer = new LayerBuilder();
        int written = 0;
        for (int file = 0; written < LayerBytes; file++)
        {
            int size = Math.Min(LayerBytes - written, 20_000 + ((file * 7919) % 400_000));
            int start = (int)(((file * 104_729L) + (index * 15_485_863L)) % Math.Max(1, source.Length - size));
            layer.File($"dir{file % 40}/file{index}-{file}", source[start..(start + size)]);
            written += size;
        }

        return layer.Build(compression);
    }

    private static void MeasureSteps(TestRegistry registry, TestImage image)
    {
        using var root = new TempRoot();
        string[] files = [.. image.Layers.Select((_, i) => root[$"layer{i}"])];
        Step("curl of all layers to files", () =>
        {
            for (int i = 0; i < files.Length; i++)
            {
                Tool.Run("curl", "-sf", "-o", files[i], $"{registry.Url}v2/bench/large/blobs/{image.Layers[i].Blob.Digest}");
            }
        });
        Step("SHA-256 of the compressed layers", () => image.Layers.ToList().ForEach(static l => SHA256.HashData(l.Blob.Content)));
        string inflate = image.Layers[0].MediaType switch
        {
            MediaTypes.OciLayerGzip => "gzip -dc",
            MediaTypes.OciLayerZstd => "zstd -dc",
            _ => "cat",
        };
        Step($"{inflate} to nowhere", () => Array.ForEach(files, f => Tool.Run("sh", "-c", $"{inflate} < {f} > /dev/null")));
        Step($"{inflate} | tar -x", () =>
        {
            for (int i = 0; i < files.Length; i++)
            {
                Directory.CreateDirectory(root[$"d{i}"]);
                Tool.Run("sh", "-c", $"{inflate} < {files[i]} | tar -x -C {root[$"d{i}"]}");
            }
        });
        Step("sync", () => Tool.Run("sync", "-f", root.Path));
    }

    private static void Step(string name, Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        Console.WriteLine($"  step: {name}: {watch.Elapsed.TotalSeconds:F2} s");
    }
}
