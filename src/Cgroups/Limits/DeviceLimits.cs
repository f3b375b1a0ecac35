// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups.Devices;
using Gantry.Interop.Bpf;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary><c>linux.resources.devices</c>: a list in v1, a program in v2.</summary>
internal static class DeviceLimits
{
    private const string AllowFile = "devices.allow";
    private const string DenyFile = "devices.deny";

    /// <exception cref="CgroupException">A rule is wrong, or there are too many.</exception>
    internal static void Check(IReadOnlyList<LinuxDeviceRule> rules)
    {
        Require.That(rules.Count <= DeviceProgram.MaxRules, "linux.resources.devices", rules.Count, "at most 1024 rules");
        foreach (LinuxDeviceRule rule in rules)
        {
            DeviceRule.Parse(rule);
        }
    }

    internal static void Apply(Cgroup cgroup, IReadOnlyList<LinuxDeviceRule> rules)
    {
        List<DeviceRule> parsed = rules.Select(DeviceRule.Parse).ToList();
        LimitTarget target = new(cgroup, "devices", "linux.resources.devices");
        if (target.IsV2)
        {
            CgroupDeviceProgram.Attach(cgroup.Unified!.Handle, DeviceProgram.Compile(parsed, allowByDefault: true));
        }
        else
        {
            ApplyV1(target, parsed);
        }
    }

    // A running container keeps at every moment of an update what it may before and after it: only differences are written.
    private static void ApplyV1(LimitTarget target, List<DeviceRule> rules)
    {
        List<DeviceRule> present = DeviceRule.ParseList(target.TryRead("devices.list") ?? "");
        bool allowsAll = present.Any(r => r.IsTotal);
        DevicePolicy policy = DevicePolicy.Fold(allowsAll ? rules : present.Concat(rules), allowsAll);
        if (!policy.AllowByDefault && !allowsAll)
        {
            WriteDifference(target, Lines(present), Lines(policy.Exceptions));
            return;
        }

        if (policy.AllowByDefault != allowsAll || rules.Any(r => r.IsTotal))
        {
            target.Write(policy.AllowByDefault ? AllowFile : DenyFile, "a");
        }
        else
        {
            // The kernel does not show what an allow-all group denies, so what is allowed again is written blindly.
            rules.Where(r => r.Allow).SelectMany(r => r.Lines()).ToList().ForEach(line => target.Write(AllowFile, line));
        }

        WriteAll(target, policy.AllowByDefault ? DenyFile : AllowFile, policy.Exceptions);
    }

    private static void WriteAll(LimitTarget target, string file, IEnumerable<DeviceRule> rules)
    {
        foreach (string line in rules.SelectMany(r => r.Lines()))
        {
            target.Write(file, line);
        }
    }

    private static void WriteDifference(
        LimitTarget target, Dictionary<string, DeviceAccess> present, Dictionary<string, DeviceAccess> wanted)
    {
        foreach ((string device, DeviceAccess access) in wanted)
        {
            WriteBits(target, AllowFile, device, access & ~present.GetValueOrDefault(device));
        }

        foreach ((string device, DeviceAccess access) in present)
        {
            WriteBits(target, DenyFile, device, access & ~wanted.GetValueOrDefault(device));
        }
    }

    private static void WriteBits(LimitTarget target, string file, string device, DeviceAccess access)
    {
        if (access != DeviceAccess.None)
        {
            target.Write(file, $"{device} {DeviceRule.Letters(access)}");
        }
    }

    private static Dictionary<string, DeviceAccess> Lines(IEnumerable<DeviceRule> rules)
    {
        Dictionary<string, DeviceAccess> lines = [];
        foreach (DeviceRule rule in rules)
        {
            foreach (string device in rule.Devices())
            {
                lines[device] = lines.GetValueOrDefault(device) | rule.Access;
            }
        }

        return lines;
    }
}
