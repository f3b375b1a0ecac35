// SPDX-License-Identifier: Apache-2.0
using BenchmarkDotNet.Attributes;
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Google.Protobuf;
using Engine = Gantry.Engine;

namespace Gantry.Bench.Micro;

/// <summary>
/// The kubelet lists every second, and that is over 90 % of its calls. It protects the time of ListContainers with 100 pods
/// and gantryd's idle processor time. The baseline is the encoding alone.
/// </summary>
[MemoryDiagnoser]
public class ListBenchmarks
{
    private const int Containers = 100;
    private readonly Engine.Containers.Container[] _containers = [.. Enumerable.Range(0, Containers).Select(Make)];
    private readonly byte[] _buffer = new byte[1 << 20];
    private ListContainersResponse _mapped = new();

    [GlobalSetup]
    public void SetUp() => _mapped = Map();

    [Benchmark(Baseline = true)]
    public int Encode() => Encode(_mapped);

    [Benchmark]
    public int MapAndEncode() => Encode(Map());

    private int Encode(ListContainersResponse response)
    {
        int size = response.CalculateSize();
        response.WriteTo(_buffer.AsSpan(0, size));
        return size;
    }

    private ListContainersResponse Map()
    {
        var response = new ListContainersResponse();
        response.Containers.AddRange(_containers.Select(ContainerMap.ListItem));
        return response;
    }

    private static Engine.Containers.Container Make(int index) => new()
    {
        Id = index.ToString("x64", null),
        PodId = (index + Containers).ToString("x64", null),
        ImageId = "sha256:" + new string('a', 64),
        Config = new Engine.Containers.ContainerConfig
        {
            Metadata = new Engine.Containers.ContainerMetadata("main", 0),
            Image = new Engine.Images.ImageSpec { Image = "sha256:" + new string('a', 64) },
            Labels = new Dictionary<string, string>
            {
                ["io.kubernetes.container.name"] = "main", ["io.kubernetes.pod.name"] = $"web-{index}",
                ["io.kubernetes.pod.namespace"] = "default", ["io.kubernetes.pod.uid"] = "0b0e7c1e-4a52-4d1e-9f7e-2b6f3f3d9a11",
            },
            Annotations = new Dictionary<string, string>
            {
                ["io.kubernetes.container.hash"] = "a1b2c3d4", ["io.kubernetes.container.restartCount"] = "0",
                ["io.kubernetes.container.terminationMessagePath"] = "/dev/termination-log", ["io.kubernetes.pod.terminationGracePeriod"] = "30",
            },
        },
        StopSignal = 15,
        Resources = new Engine.Containers.ContainerResources(),
        Status = new Engine.Containers.ContainerStatus { CreatedAt = DateTimeOffset.UnixEpoch, StartedAt = DateTimeOffset.UnixEpoch },
    };
}
