// SPDX-License-Identifier: Apache-2.0
using BenchmarkDotNet.Attributes;
using Gantry.Images.Unpack;
using Gantry.Kit.Images;
using TarReader = Gantry.Images.Unpack.TarReader;

namespace Gantry.Bench.Micro;

/// <summary>
/// A pull reads every header of every layer: tens of thousands of small files in an image of a scripting language. It protects
/// the time of such a pull. The baseline is .NET's own reader, which damages binary attributes and so is not used.
/// </summary>
[MemoryDiagnoser]
public class TarBenchmarks
{
    private const int Files = 10_000;
    private const int FilesPerDirectory = 50;
    private byte[] _archive = [];

    [GlobalSetup]
    public void Build()
    {
        var layer = new LayerBuilder();
        byte[] content = new byte[300];
        for (int i = 0; i < Files; i++)
        {
            layer.File($"usr/lib/python3/dist-packages/package{i / FilesPerDirectory}/module{i}.py", content);
        }

        _archive = layer.Tar();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Files)]
    public int DotNet()
    {
        using var reader = new global::System.Formats.Tar.TarReader(new MemoryStream(_archive));
        int entries = 0;
        while (reader.GetNextEntry() is global::System.Formats.Tar.TarEntry)
        {
            entries++;
        }

        return entries;
    }

    [Benchmark(OperationsPerInvoke = Files)]
    public int Gantry()
    {
        var limits = new UnpackLimits();
        var reader = new TarReader(new ArchiveSource(new MemoryStream(_archive), limits.MaximumBytes, CancellationToken.None), limits);
        int entries = 0;
        while (reader.Next())
        {
            entries++;
        }

        return entries;
    }
}
