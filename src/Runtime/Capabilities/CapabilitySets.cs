// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Capabilities;

/// <summary>The five sets of a process; bit n is capability n.</summary>
/// <remarks>capabilities(7), capset(2).</remarks>
public readonly record struct CapabilitySets(ulong Bounding, ulong Effective, ulong Inheritable, ulong Permitted, ulong Ambient)
{
    private const uint Version3 = 0x20080522;

    /// <exception cref="CapabilityException">A name is none of the 41.</exception>
    public static CapabilitySets Parse(LinuxCapabilities? capabilities) => capabilities is null
        ? default
        : new CapabilitySets(
            CapabilityNames.Mask("process.capabilities.bounding", capabilities.Bounding),
            CapabilityNames.Mask("process.capabilities.effective", capabilities.Effective),
            CapabilityNames.Mask("process.capabilities.inheritable", capabilities.Inheritable),
            CapabilityNames.Mask("process.capabilities.permitted", capabilities.Permitted),
            CapabilityNames.Mask("process.capabilities.ambient", capabilities.Ambient));

    /// <summary>The header for capset(2): version 3, the calling thread. 8 bytes.</summary>
    public static byte[] Header() => MemoryMarshal.AsBytes<uint>([Version3, 0]).ToArray();

    /// <summary>The two <c>struct __user_cap_data_struct</c> for capset(2). 24 bytes.</summary>
    public byte[] Data() => MemoryMarshal.AsBytes<uint>(
    [
        (uint)Effective, (uint)Permitted, (uint)Inheritable,
        (uint)(Effective >> 32), (uint)(Permitted >> 32), (uint)(Inheritable >> 32),
    ]).ToArray();

    /// <summary>Capabilities to take from the bounding set with PR_CAPBSET_DROP, up to the kernel's last one.</summary>
    public IReadOnlyList<int> BoundingDrops()
    {
        ulong bounding = Bounding;
        return [.. Enumerable.Range(0, CapabilityNames.KernelLast + 1).Where(n => (bounding & (1UL << n)) == 0)];
    }

    /// <summary>Capabilities to raise with PR_CAP_AMBIENT, after capset.</summary>
    public IReadOnlyList<int> AmbientRaises()
    {
        ulong ambient = Ambient;
        return [.. Enumerable.Range(0, CapabilityNames.KernelLast + 1).Where(n => (ambient & (1UL << n)) != 0)];
    }
}
