// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop;

/// <summary>Keeps a descriptor open while its raw number is in use: one <c>using</c> around one system call.</summary>
internal readonly ref struct FdLease
{
    private readonly SafeHandle? _handle;

    /// <param name="handle">An open handle; <see langword="null"/> stands for <c>AT_FDCWD</c>.</param>
    internal FdLease(SafeHandle? handle)
    {
        bool added = false;
        handle?.DangerousAddRef(ref added);
        _handle = handle;
    }

    /// <summary>The number; valid until this lease is disposed.</summary>
    internal int Fd => _handle is null ? Libc.AT_FDCWD : (int)_handle.DangerousGetHandle();

    public void Dispose() => _handle?.DangerousRelease();
}
