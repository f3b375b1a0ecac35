// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Daemon.Startup;

/// <summary>The daemon's directories: 0700, so that no other user can reach into them (CVE-2021-41103).</summary>
internal static class StateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directory and takes its lock.</summary>
    /// <exception cref="Configuration.ConfigException">Another gantryd uses it.</exception>
    internal static InstanceLock Claim(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly);
        File.SetUnixFileMode(path, OwnerOnly);
        return InstanceLock.Take(path);
    }
}
