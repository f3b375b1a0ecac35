// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Gantry.Daemon.Configuration;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Daemon.Startup;

/// <summary>One gantryd per directory: a flock that ends with the process.</summary>
internal sealed class InstanceLock : IDisposable
{
    private const uint Mode = 0b110_000_000;
    private const int MaxPidDigits = 16;
    private readonly OwnedFd _file;

    private InstanceLock(OwnedFd file) => _file = file;

    /// <exception cref="ConfigException">Another gantryd holds it.</exception>
    internal static InstanceLock Take(string directory)
    {
        string path = Path.Combine(directory, "gantryd.lock");

        // Not through File: .NET takes a shared flock of its own on every file it opens.
        OwnedFd file = At.Open(null, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_CLOEXEC | OpenFlags.O_NOFOLLOW, Mode);
        try
        {
            if (!OpenFile.TryLock(file, FileLock.Exclusive))
            {
                throw new ConfigException([$"{directory}: another gantryd (pid {Owner(file)}) uses it; stop that one, or give this one its own --root and --state"]);
            }

            OpenFile.SetLength(file, 0);
            OpenFile.WriteAt(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            return new InstanceLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Owner(OwnedFd file)
    {
        Span<byte> digits = stackalloc byte[MaxPidDigits];
        int length = OpenFile.ReadAt(file, digits, 0);
        return length > 0 ? Encoding.ASCII.GetString(digits[..length]) : "unknown";
    }
}
