// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop;

/// <summary>Imports of libc under their own names. One signature per call; wrappers stand in the folders beside.</summary>
/// <remarks>
/// Variadic functions are declared with fixed arguments: on Linux x86-64 and arm64 both calling conventions
/// agree for integer arguments.
/// </remarks>
internal static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint syscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, nint argument);
}
