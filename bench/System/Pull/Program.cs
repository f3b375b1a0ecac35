// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;
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
        using var before = Process.GetCurrentProcess();
        TimeSpan user = before.UserProcessorTime;
        TimeSpan kernel = before.PrivilegedProcessorTime;
        var watch = Stopwatch.StartNew();
        await service.PullAsync(new PullRequest { Reference = ImageReference.Parse(reference) }, null, CancellationToken.None);
        TimeSpan elapsed = watch.Elapsed;
        using var after = Process.GetCurrentProcess();
        Console.WriteLine(
            $"  pull with all checks, unpacked, synced: {elapsed.TotalSeconds:F2} s, own cpu {(after.UserProcessorTime - user).TotalSeconds:F2} s and {(after.PrivilegedProcessorTime - kernel).TotalSeconds:F2} s in the kernel");
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
                Tool.Run("sh", "-c", $"{inflate} < {files[i]} | tar -x -C {root[$"d{i}"]}; times >> {root["times"]}");
            }
        });
        Console.WriteLine($"    cpu of those (user, kernel): {ChildTimes(root["times"])}");
        Step("sync", () => Tool.Run("sync", "-f", root.Path));
    }

    /// <summary>Adds up what the shells' <c>times</c> printed: the second line of each pair is that of the children.</summary>
    private static string ChildTimes(string file)
    {
        double[] sums = [0, 0];
        string[] lines = File.ReadAllLines(file);
        for (int i = 1; i < lines.Length; i += 2)
        {
            string[] parts = lines[i].Split(' ');
            for (int j = 0; j < 2; j++)
            {
                string[] time = parts[j].TrimEnd('s').Split('m');
                sums[j] += (double.Parse(time[0], CultureInfo.InvariantCulture) * 60) + double.Parse(time[1], CultureInfo.InvariantCulture);
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{sums[0]:F2} s, {sums[1]:F2} s");
    }

    private static void Step(string name, Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        Console.WriteLine($"  step: {name}: {watch.Elapsed.TotalSeconds:F2} s");
    }
}
