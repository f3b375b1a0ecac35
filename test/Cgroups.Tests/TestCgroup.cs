// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;
using Gantry.Interop;

namespace Gantry.Cgroups.Tests;

/// <summary>A cgroup of this test alone, gone with everything inside at the end.</summary>
internal sealed class TestCgroup : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly string _top;

    internal TestCgroup()
        : this(CgroupHierarchies.Detect())
    {
    }

    private TestCgroup(CgroupHierarchies hierarchies)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Hierarchies = hierarchies;
        _top = $"/gantry-test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        Group = Cgroup.Create(Hierarchies, _top + "/pod/container");
    }

    /// <summary>As on a node that mounts nothing but cgroup2.</summary>
    internal static TestCgroup OnUnified()
    {
        string? line = File.ReadLines("/proc/self/mountinfo").FirstOrDefault(l => l.Contains(" - cgroup2 ", StringComparison.Ordinal));
        Assert.SkipWhen(line is null, "no cgroup2 mount");
        return new TestCgroup(CgroupHierarchies.Open(line, ProcessCgroups.Parse(File.ReadAllText("/proc/self/cgroup"))));
    }

    internal CgroupHierarchies Hierarchies { get; }

    internal Cgroup Group { get; }

    internal string Path => Group.Path;

    internal bool IsUnified => Hierarchies.Layout == CgroupLayout.Unified;

    /// <summary>Starts a shell inside: it joins by the descriptors of the group, as a container's first process does.</summary>
    internal Process Start(string script)
    {
        using CgroupJoin join = Group.OpenJoin();
        List<string> targets = join.TaskFiles.Select(PathOf).ToList();
        if (join.Unified is { } unified)
        {
            targets.Add(PathOf(unified) + "/cgroup.procs");
        }

        string enter = string.Concat(targets.Select(t => $"echo 0 > '{t}' || exit 99; "));
        ProcessStartInfo start = new("/bin/sh", ["-c", $"{enter} echo in; {script}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        _processes.Add(process);
        Assert.Equal("in", process.StandardOutput.ReadLine());
        return process;
    }

    /// <summary>The content of a file of the group: in the v1 hierarchy of a controller, or in v2.</summary>
    internal string Read(string controller, string file) => Group.DirectoryOf(controller)!.Read(file).Trim();

    public void Dispose()
    {
        Group.Dispose();
        Cgroup.Delete(Hierarchies, _top, TimeSpan.FromSeconds(10));
        Hierarchies.Dispose();
        _processes.ForEach(p => p.Dispose());
    }

    private static string PathOf(OwnedFd fd) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd.DangerousGetHandle()}")).LinkTarget!;
}
