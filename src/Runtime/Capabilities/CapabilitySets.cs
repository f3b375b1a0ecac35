// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Capabilities;

/// <summary>The five sets of a process; bit n is capability n.</summary>
public readonly record struct CapabilitySets(ulong Bounding, ulong Effective, ulong Inheritable, ulong Permitted, ulong Ambient)
{
    /// <exception cref="CapabilityException">A name is none of the 41.</exception>
    public static CapabilitySets Parse(LinuxCapabilities? capabilities) => throw new NotImplementedException();

    /// <summary>The header for capset(2): version 3, the calling thread. 8 bytes.</summary>
    public static byte[] Header() => throw new NotImplementedException();

    /// <summary>The two <c>struct __user_cap_data_struct</c> for capset(2). 24 bytes.</summary>
    public byte[] Data() => throw new NotImplementedException();

    /// <summary>Capabilities to take from the bounding set with PR_CAPBSET_DROP, up to the kernel's last one.</summary>
    public IReadOnlyList<int> BoundingDrops() => throw new NotImplementedException();

    /// <summary>Capabilities to raise with PR_CAP_AMBIENT, after capset.</summary>
    public IReadOnlyList<int> AmbientRaises() => throw new NotImplementedException();
}
