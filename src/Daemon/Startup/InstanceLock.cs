// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Gantry.Daemon.Configuration;
using Gantry.Interop.Files;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Daemon.Startup;

/// <summary>One gantryd per directory: a flock that ends with the process.</summary>
internal sealed class InstanceLock : IDisposable
{
    private const int MaxPidDigits = 16;
    private readonly SafeFileHandle _file;

    private InstanceLock(SafeFileHandle file) => _file = file;

    /// <exception cref="ConfigException">Another gantryd holds it.</exception>
    internal static InstanceLock Take(string directory)
    {
        string path = Path.Combine(directory, "gantryd.lock");
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!OpenFile.TryLock(file, FileLock.Exclusive))
            {
                throw new ConfigException([$"{directory}: another gantryd (pid {Owner(file)}) uses it; stop that one, or give this one its own --root and --state"]);
            }

            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            return new InstanceLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Owner(SafeFileHandle file)
    {
        Span<byte> digits = stackalloc byte[MaxPidDigits];
        int length = RandomAccess.Read(file, digits, 0);
        return length > 0 ? Encoding.ASCII.GetString(digits[..length]) : "unknown";
    }
}
