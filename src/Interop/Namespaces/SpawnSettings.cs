// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Namespaces;

/// <summary>Attributes and file actions of posix_spawn: own process group, no blocked and no ignored signal.</summary>
internal unsafe struct SpawnSettings
{
    /// <summary>posix_spawnattr_t has 336 bytes in glibc and musl, posix_spawn_file_actions_t 80.</summary>
    private const int ObjectSize = 512;

    private const int SignalSetSize = 128;
    private const short NewGroupDefaultSignalsEmptyMask = 0x02 | 0x04 | 0x08;

    private static readonly delegate* unmanaged<void*, int, int> s_closeFrom = FindCloseFrom();

    internal void* Actions { get; private set; }

    internal void* Attributes { get; private set; }

    internal void Initialise()
    {
        Actions = NativeMemory.AllocZeroed(ObjectSize);
        Attributes = NativeMemory.AllocZeroed(ObjectSize);
        byte* signals = stackalloc byte[SignalSetSize];
        new Span<byte>(signals, SignalSetSize).Clear();
        Check(Libc.posix_spawn_file_actions_init(Actions), "file_actions_init");
        Check(Libc.posix_spawnattr_init(Attributes), "attr_init");
        Check(Libc.posix_spawnattr_setflags(Attributes, NewGroupDefaultSignalsEmptyMask), "setflags");
        Check(Libc.posix_spawnattr_setsigmask(Attributes, signals), "setsigmask");
        new Span<byte>(signals, SignalSetSize).Fill(0xff);
        Check(Libc.posix_spawnattr_setsigdefault(Attributes, signals), "setsigdefault");
    }

    internal readonly void Redirect(int from, int to) =>
        Check(Libc.posix_spawn_file_actions_adddup2(Actions, from, to), "adddup2");

    /// <summary>A second line of defence behind close-on-exec; glibc 2.34 and later.</summary>
    internal readonly void CloseFrom(int first)
    {
        if (s_closeFrom != null)
        {
            Check(s_closeFrom(Actions, first), "addclosefrom_np");
        }
    }

    internal readonly void Destroy()
    {
        if (Actions != null)
        {
            _ = Libc.posix_spawn_file_actions_destroy(Actions);
            NativeMemory.Free(Actions);
        }

        if (Attributes != null)
        {
            _ = Libc.posix_spawnattr_destroy(Attributes);
            NativeMemory.Free(Attributes);
        }
    }

    private static void Check(int result, string what)
    {
        if (result != 0)
        {
            throw new SyscallException("posix_spawn", what, (Errno)result);
        }
    }

    private static delegate* unmanaged<void*, int, int> FindCloseFrom() =>
        NativeLibrary.TryLoad("libc.so.6", out nint libc)
        && NativeLibrary.TryGetExport(libc, "posix_spawn_file_actions_addclosefrom_np", out nint function)
            ? (delegate* unmanaged<void*, int, int>)function
            : null;
}
