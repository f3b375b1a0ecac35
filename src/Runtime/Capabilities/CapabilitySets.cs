// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Capabilities;

/// <summary>The five sets of a process; bit n is capability n.</summary>
public readonly record struct CapabilitySets(ulong Bounding, ulong Effective, ulong Inheritable, ulong Permitted, ulong Ambient)
{
    private const uint Version3 = 0x2008_0522; // _LINUX_CAPABILITY_VERSION_3
    private const int HeaderBytes = 8;
    private const int DataBytes = 24;
    private const int HalfBytes = 12;
    private const string Field = "process.capabilities";

    /// <summary>Reads the sets. Absent ones are empty.</summary>
    /// <exception cref="CapabilityException">A name is none of the 41.</exception>
    /// <remarks>What the running kernel does not know is left out: nobody can have it there.</remarks>
    public static CapabilitySets Parse(LinuxCapabilities? capabilities) =>
        new(
            ParseSet("bounding", capabilities?.Bounding),
            ParseSet("effective", capabilities?.Effective),
            ParseSet("inheritable", capabilities?.Inheritable),
            ParseSet("permitted", capabilities?.Permitted),
            ParseSet("ambient", capabilities?.Ambient));

    /// <summary>The sets as the kernel will take them: effective within permitted, ambient within permitted and inheritable.</summary>
    /// <remarks>
    /// capset(2) refuses effective capabilities that are not permitted, and PR_CAP_AMBIENT_RAISE those that are not both permitted and
    /// inheritable; runc and crun start such containers all the same, with less.
    /// </remarks>
    public CapabilitySets Clamped() =>
        this with { Effective = Effective & Permitted, Ambient = Ambient & Permitted & Inheritable };

    /// <summary>The header for capset(2): version 3, the calling thread. 8 bytes.</summary>
    public static byte[] Header()
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Version3);
        return header;
    }

    /// <summary>The two <c>struct __user_cap_data_struct</c> for capset(2): effective, permitted, inheritable; lower half first. 24 bytes.</summary>
    public byte[] Data()
    {
        byte[] data = new byte[DataBytes];
        WriteHalf(data, (uint)Effective, (uint)Permitted, (uint)Inheritable);
        WriteHalf(data.AsSpan(HalfBytes), (uint)(Effective >> 32), (uint)(Permitted >> 32), (uint)(Inheritable >> 32));
        return data;
    }

    /// <summary>Capabilities to take from the bounding set with PR_CAPBSET_DROP, up to the kernel's last one.</summary>
    public IReadOnlyList<int> BoundingDrops()
    {
        ulong bounding = Bounding;
        return Enumerable.Range(0, Capability.LastOfKernel + 1).Where(n => (bounding & (1UL << n)) == 0).ToList();
    }

    /// <summary>Capabilities to raise with PR_CAP_AMBIENT, after capset.</summary>
    public IReadOnlyList<int> AmbientRaises()
    {
        ulong ambient = Ambient;
        return Enumerable.Range(0, Capability.LastOfKernel + 1).Where(n => (ambient & (1UL << n)) != 0).ToList();
    }

    private static ulong ParseSet(string name, IReadOnlyList<string>? names)
    {
        ulong set = 0;
        foreach (string capability in names ?? [])
        {
            int number = Capability.Parse(capability, $"{Field}.{name}");
            set |= number <= Capability.LastOfKernel ? 1UL << number : 0;
        }

        return set;
    }

    private static void WriteHalf(Span<byte> half, uint effective, uint permitted, uint inheritable)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(half, effective);
        BinaryPrimitives.WriteUInt32LittleEndian(half[4..], permitted);
        BinaryPrimitives.WriteUInt32LittleEndian(half[8..], inheritable);
    }
}
