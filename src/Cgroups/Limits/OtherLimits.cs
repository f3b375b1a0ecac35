// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary>Huge pages, network classes, RDMA and the verbatim files of cgroup v2.</summary>
internal static class OtherLimits
{
    private const string Huge = "linux.resources.hugepageLimits";
    private const string Unified = "linux.resources.unified";
    private const int MaxValueLength = 4096;

    private static readonly string[] s_units = ["KB", "MB", "GB"];

    internal static void Check(LinuxResources resources)
    {
        foreach (LinuxHugepageLimit limit in resources.HugepageLimits ?? [])
        {
            Require.That(IsPageSize(limit.PageSize), $"{Huge}.pageSize", limit.PageSize, "a number without leading zero and KB, MB or GB: 2MB");
        }

        foreach (string device in (resources.Rdma ?? new Dictionary<string, LinuxRdma>()).Keys)
        {
            Require.That(IsWord(device), "linux.resources.rdma", device, "the name of an RDMA device");
        }

        foreach (LinuxInterfacePriority priority in resources.Network?.Priorities ?? [])
        {
            Require.That(IsWord(priority.Name), "linux.resources.network.priorities.name", priority.Name, "the name of an interface");
        }

        foreach ((string file, string value) in resources.Unified ?? new Dictionary<string, string>())
        {
            Require.That(IsControlFile(file), Unified, file, "a control file such as memory.high: letters, digits, '_' and '.', and not cgroup.*");
            Require.That(value.Length <= MaxValueLength, $"{Unified}.{file}", value[..Math.Min(value.Length, 64)], "at most 4096 characters");
        }
    }

    internal static void Apply(Cgroup cgroup, LinuxResources resources)
    {
        foreach (LinuxHugepageLimit limit in resources.HugepageLimits ?? [])
        {
            ApplyHugepages(cgroup, limit);
        }

        if (resources.Network is { } network)
        {
            ApplyNetwork(cgroup, network);
        }

        foreach ((string device, LinuxRdma limit) in resources.Rdma ?? new Dictionary<string, LinuxRdma>())
        {
            string handles = limit.HcaHandles is uint h ? $" hca_handle={h}" : "";
            string objects = limit.HcaObjects is uint o ? $" hca_object={o}" : "";
            new LimitTarget(cgroup, "rdma", "linux.resources.rdma").Write("rdma.max", $"{device}{handles}{objects}");
        }

        if (resources.Unified is { Count: > 0 } unified)
        {
            ApplyUnified(cgroup, unified);
        }
    }

    private static void ApplyHugepages(Cgroup cgroup, LinuxHugepageLimit limit)
    {
        LimitTarget target = new(cgroup, "hugetlb", Huge);
        string value = Text.Of(limit.Limit);
        string file = target.IsV2 ? $"hugetlb.{limit.PageSize}.max" : $"hugetlb.{limit.PageSize}.limit_in_bytes";
        target.Write(file, value);

        // Reservations, Linux 5.7: without them a process gets a mapping that it cannot use.
        string reserved = target.IsV2 ? $"hugetlb.{limit.PageSize}.rsvd.max" : $"hugetlb.{limit.PageSize}.rsvd.limit_in_bytes";
        Errno errno = target.TryWrite(reserved, value);
        if (errno != Errno.ENOENT)
        {
            target.ThrowOn(errno, reserved, value);
        }
    }

    private static void ApplyNetwork(Cgroup cgroup, LinuxNetwork network)
    {
        if (network.ClassId is > 0 and uint id)
        {
            RequireV1(cgroup, "linux.resources.network.classID");
            new LimitTarget(cgroup, "net_cls", "linux.resources.network.classID").Write("net_cls.classid", Text.Of((ulong)id));
        }

        foreach (LinuxInterfacePriority priority in network.Priorities ?? [])
        {
            RequireV1(cgroup, "linux.resources.network.priorities");
            new LimitTarget(cgroup, "net_prio", "linux.resources.network.priorities")
                .Write("net_prio.ifpriomap", $"{priority.Name} {Text.Of((ulong)priority.Priority)}");
        }
    }

    private static void RequireV1(Cgroup cgroup, string field) =>
        Require.That(cgroup.Layout != CgroupLayout.Unified, field, "set", "absent: cgroup v2 has no such controller");

    private static void ApplyUnified(Cgroup cgroup, IReadOnlyDictionary<string, string> unified)
    {
        Require.That(cgroup.Layout == CgroupLayout.Unified, Unified, unified.First().Key, "absent: the controllers of this node are on cgroup v1");
        foreach ((string file, string value) in unified)
        {
            // Several lines are several writes: io.max takes one device at a time.
            foreach (string line in value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                new LimitTarget(cgroup, file.Split('.')[0], $"{Unified}.{file}").Write(file, line);
            }
        }
    }

    private static bool IsPageSize(string size)
    {
        string? unit = Array.Find(s_units, u => size.EndsWith(u, StringComparison.Ordinal));
        string digits = unit is null ? "" : size[..^unit.Length];
        return digits.Length is > 0 and <= 9 && digits[0] != '0' && digits.All(char.IsAsciiDigit);
    }

    private static bool IsWord(string text) =>
        text.Length is > 0 and <= 255 && text.All(c => c > ' ' && c < 127);

    // cgroup.procs, cgroup.freeze and the like belong to the runtime.
    private static bool IsControlFile(string name) =>
        name.Length is > 0 and <= 255 && name.Contains('.', StringComparison.Ordinal) && name[0] != '.'
        && !name.StartsWith("cgroup.", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_');
}
