// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Runtime;

/// <summary>The filter for containers that ask for the runtime's default.</summary>
public static class DefaultSeccomp
{
    /// <param name="capabilities">Names in the container's bounding set, <c>CAP_</c> included: some calls come with them.</param>
    public static LinuxSeccomp For(IReadOnlySet<string> capabilities) => throw new NotImplementedException();
}
