// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.Interop.Spawn;
using Gantry.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Launch;

/// <summary>Writes uid_map and gid_map of a child that waits in its list meanwhile (user_namespaces(7)).</summary>
/// <remarks>The thread that clones sleeps until execve, so another one writes: child says it is there, maps are written, child goes on.</remarks>
internal sealed class IdentityMapper : IDisposable
{
    /// <summary>Lines that the kernel takes (user_namespaces(7), Linux 4.15).</summary>
    private const int MaxMappings = 340;

    private const byte Stop = (byte)'s';
    private readonly string _uids;
    private readonly string _gids;
    private readonly (SafeFileHandle Reader, SafeFileHandle Writer) _ready = Pipe.Create();
    private readonly (SafeFileHandle Reader, SafeFileHandle Writer) _go = Pipe.Create();

    private IdentityMapper(string uids, string gids)
    {
        _uids = uids;
        _gids = gids;
    }

    internal static IdentityMapper Create(IReadOnlyList<IdMapping>? uids, IReadOnlyList<IdMapping>? gids) =>
        new(Format("linux.uidMappings", uids), Format("linux.gidMappings", gids));

    /// <summary>The child's part.</summary>
    internal void Append(SyscallList list)
    {
        list.Write(list.Fd(_ready.Writer), "r"u8, "user namespace ready");
        list.Add(SyscallNumber.SYS_read, "read", "user namespace maps", [list.Fd(_go.Reader), list.Bytes(stackalloc byte[1]), 1]);
        list.Add(SyscallNumber.SYS_setresgid, "setresgid", "root of the user namespace", [0, 0, 0]);
        list.Add(SyscallNumber.SYS_setresuid, "setresuid", "root of the user namespace", [0, 0, 0]);
    }

    /// <summary>Starts the parent's part; disposing the result ends it.</summary>
    internal Running Begin(PidCell pid) => new(this, pid);

    public void Dispose()
    {
        _ready.Reader.Dispose();
        _ready.Writer.Dispose();
        _go.Reader.Dispose();
        _go.Writer.Dispose();
    }

    private static string Format(string field, IReadOnlyList<IdMapping>? mappings)
    {
        if (mappings is not { Count: > 0 and <= MaxMappings })
        {
            throw LaunchException.Field(field, $"{mappings?.Count ?? 0} entries", $"1 to {MaxMappings} with a user namespace");
        }

        StringBuilder text = new();
        foreach (IdMapping mapping in mappings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{mapping.ContainerId} {mapping.HostId} {mapping.Size}\n");
        }

        return text.ToString();
    }

    private static void WriteMap(int pid, string name, string text)
    {
        using OwnedFd file = Openat2.Open(null, $"/proc/{pid}/{name}", OpenFlags.O_WRONLY, ResolveFlags.None);
        OpenFile.Write(file, Encoding.ASCII.GetBytes(text));
    }

    /// <summary>The thread that waits for the child and writes.</summary>
    internal sealed class Running : IDisposable
    {
        private readonly IdentityMapper _mapper;
        private readonly Thread _thread;

        internal Running(IdentityMapper mapper, PidCell pid)
        {
            _mapper = mapper;
            _thread = new Thread(() => Work(mapper, pid)) { IsBackground = true };
            _thread.Start();
        }

        /// <summary>Why the maps could not be written; the child fails then too, with less to say.</summary>
        public SyscallException? Failure { get; private set; }

        public void Dispose()
        {
            // Ends a thread that still waits: the clone failed, or the child died before it said anything.
            OpenFile.Write(_mapper._ready.Writer, [Stop]);
            _thread.Join();
        }

        private void Work(IdentityMapper mapper, PidCell pid)
        {
            Span<byte> one = stackalloc byte[1];
            if (OpenFile.Read(mapper._ready.Reader, one) != 1 || one[0] == Stop)
            {
                return;
            }

            try
            {
                WriteMap(pid.Pid, "uid_map", mapper._uids);
                WriteMap(pid.Pid, "gid_map", mapper._gids);
            }
            catch (SyscallException e)
            {
                // The child goes on all the same and fails at setresgid: its ids have no meaning.
                Failure = e;
            }

            OpenFile.Write(mapper._go.Writer, one);
        }
    }
}
