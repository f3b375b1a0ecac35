// SPDX-License-Identifier: Apache-2.0
using BenchmarkDotNet.Attributes;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Bench.Micro;

/// <summary>
/// StartContainer plans the container's start before it clones: paths resolved on the rootfs, seccomp compiled, about 85 system
/// calls written down. It protects the pod start that SPECIFICATION.md promises.
/// </summary>
[MemoryDiagnoser]
public class LaunchPlanBenchmarks
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-micro-").FullName;
    private OverlayRootfs _rootfs = null!;
    private LaunchNamespace _from = null!;
    private SafeFileHandle _nothing = null!;

    [GlobalSetup]
    public void SetUp()
    {
        foreach (string name in (string[])["lower/bin", "lower/etc", "upper", "work"])
        {
            Directory.CreateDirectory(Path.Combine(_directory, name));
        }

        _rootfs = OverlayRootfs.Mount([Path.Combine(_directory, "lower")], Path.Combine(_directory, "upper"), Path.Combine(_directory, "work"));
        _from = LaunchNamespace.Create();
        _nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _nothing.Dispose();
        _from.Dispose();
        _rootfs.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public int OfTheBareMinimum() => Plan(KubernetesSpec.Bare);

    [Benchmark]
    public int OfAKubernetesContainer() => Plan(KubernetesSpec.Full);

    /// <returns>How many operations it has, so that nothing is optimised away.</returns>
    private int Plan(Spec spec) => ContainerLauncher.Explain(new LaunchRequest
    {
        Spec = spec, Rootfs = _rootfs.Root, From = _from,
        Stdio = new ProcessStdio { Input = _nothing, Output = _nothing, Error = _nothing },
    }).Count;
}
