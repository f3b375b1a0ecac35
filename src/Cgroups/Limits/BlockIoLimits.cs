// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary><c>linux.resources.blockIO</c>.</summary>
internal static class BlockIoLimits
{
    private const string Field = "linux.resources.blockIO";
    private const ushort MinWeight = 10;
    private const ushort MaxWeight = 1000;
    private const int MaxMajor = (1 << 12) - 1;
    private const int MaxMinor = (1 << 20) - 1;

    internal static void Check(LinuxBlockIo io)
    {
        CheckWeight("weight", io.Weight);
        CheckWeight("leafWeight", io.LeafWeight);
        foreach (LinuxWeightDevice device in io.WeightDevice ?? [])
        {
            CheckWeight("weightDevice.weight", device.Weight);
            CheckWeight("weightDevice.leafWeight", device.LeafWeight);
            CheckDevice("weightDevice", device.Major, device.Minor);
        }

        foreach ((string name, LinuxThrottleDevice device, _, _) in Throttles(io))
        {
            CheckDevice(name, device.Major, device.Minor);
        }
    }

    internal static void Apply(Cgroup cgroup, LinuxBlockIo io)
    {
        ApplyWeights(cgroup, io);
        foreach ((string name, LinuxThrottleDevice device, string v1File, string v2Key) in Throttles(io))
        {
            LimitTarget target = new(cgroup, "blkio", $"{Field}.{name}");
            string key = Invariant($"{device.Major}:{device.Minor}");
            if (target.IsV2)
            {
                target.Write("io.max", $"{key} {v2Key}={(device.Rate == 0 ? "max" : Text.Of(device.Rate))}");
            }
            else
            {
                target.Write(v1File, $"{key} {Text.Of(device.Rate)}");
            }
        }
    }

    /// <summary>v1 weights 10 to 1000 on v2 weights 1 to 10000, linear, as runc converts.</summary>
    internal static ulong WeightV2(ushort weight) => 1 + ((ulong)(weight - MinWeight) * 9999 / (MaxWeight - MinWeight));

    private static void ApplyWeights(Cgroup cgroup, LinuxBlockIo io)
    {
        if (io.Weight is > 0 and ushort weight)
        {
            LimitTarget target = new(cgroup, "blkio", $"{Field}.weight");
            if (!target.IsV2)
            {
                target.Write(target.Has("blkio.weight") ? "blkio.weight" : "blkio.bfq.weight", Text.Of((ulong)weight));
            }
            else if (target.Has("io.bfq.weight"))
            {
                target.Write("io.bfq.weight", Text.Of((ulong)weight));
            }
            else
            {
                target.Write("io.weight", Text.Of(WeightV2(weight)));
            }
        }

        if (io.LeafWeight is > 0 and ushort leaf && cgroup.Layout != CgroupLayout.Unified)
        {
            new LimitTarget(cgroup, "blkio", $"{Field}.leafWeight").Write("blkio.leaf_weight", Text.Of((ulong)leaf));
        }

        foreach (LinuxWeightDevice device in io.WeightDevice ?? [])
        {
            ApplyWeight(new LimitTarget(cgroup, "blkio", $"{Field}.weightDevice"), device);
        }
    }

    private static void ApplyWeight(LimitTarget target, LinuxWeightDevice device)
    {
        string key = Invariant($"{device.Major}:{device.Minor}");
        if (device.Weight is > 0 and ushort weight)
        {
            if (!target.IsV2)
            {
                target.Write(target.Has("blkio.weight_device") ? "blkio.weight_device" : "blkio.bfq.weight_device", Invariant($"{key} {weight}"));
            }
            else if (target.Has("io.bfq.weight"))
            {
                target.Write("io.bfq.weight", Invariant($"{key} {weight}"));
            }
            else
            {
                target.Write("io.weight", Invariant($"{key} {WeightV2(weight)}"));
            }
        }

        if (device.LeafWeight is > 0 and ushort leaf && !target.IsV2)
        {
            target.Write("blkio.leaf_weight_device", Invariant($"{key} {leaf}"));
        }
    }

    private static IEnumerable<(string Name, LinuxThrottleDevice Device, string V1File, string V2Key)> Throttles(LinuxBlockIo io) =>
        Throttles("throttleReadBpsDevice", io.ThrottleReadBpsDevice, "blkio.throttle.read_bps_device", "rbps")
            .Concat(Throttles("throttleWriteBpsDevice", io.ThrottleWriteBpsDevice, "blkio.throttle.write_bps_device", "wbps"))
            .Concat(Throttles("throttleReadIOPSDevice", io.ThrottleReadIopsDevice, "blkio.throttle.read_iops_device", "riops"))
            .Concat(Throttles("throttleWriteIOPSDevice", io.ThrottleWriteIopsDevice, "blkio.throttle.write_iops_device", "wiops"));

    private static IEnumerable<(string Name, LinuxThrottleDevice Device, string V1File, string V2Key)> Throttles(
        string name, IReadOnlyList<LinuxThrottleDevice>? devices, string v1File, string v2Key) =>
        (devices ?? []).Select(device => (name, device, v1File, v2Key));

    private static void CheckWeight(string name, ushort? weight) =>
        Require.That(weight is null or 0 or (>= MinWeight and <= MaxWeight), $"{Field}.{name}", weight, "10 to 1000");

    private static void CheckDevice(string name, long major, long minor)
    {
        Require.That(major is >= 0 and <= MaxMajor, $"{Field}.{name}.major", major, "0 to 4095");
        Require.That(minor is >= 0 and <= MaxMinor, $"{Field}.{name}.minor", minor, "0 to 1048575");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
