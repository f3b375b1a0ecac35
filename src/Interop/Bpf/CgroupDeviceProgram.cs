// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Bpf;

/// <summary>Programs that decide on a cgroup's access to devices: bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15.</summary>
/// <remarks>They need cgroup v2, but none of its controllers. An attached program lives as long as its cgroup.</remarks>
public static unsafe class CgroupDeviceProgram
{
    /// <summary>By this name we find our own program again among others (systemd attaches some too).</summary>
    private const string Name = "gantry_devices";

    private const int BPF_PROG_LOAD = 5;
    private const int BPF_PROG_ATTACH = 8;
    private const int BPF_PROG_DETACH = 9;
    private const int BPF_PROG_GET_FD_BY_ID = 13;
    private const int BPF_OBJ_GET_INFO_BY_FD = 15;
    private const int BPF_PROG_QUERY = 16;
    private const int BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    private const int BPF_CGROUP_DEVICE = 6;
    private const uint BPF_F_ALLOW_MULTI = 2;
    private const uint BPF_F_REPLACE = 4;
    private const int MaxAttached = 64;
    private const int NameBytes = 16;
    private const int LogBytes = 16 << 10;

    /// <summary>Loads a program and puts it in the place of the one that we attached before, without a moment in between.</summary>
    /// <param name="cgroup">Directory of a v2 cgroup.</param>
    /// <exception cref="SyscallException"><see cref="Errno.EINVAL"/>: the verifier refused it (the end of its log is in the subject).</exception>
    public static void Attach(SafeHandle cgroup, ReadOnlySpan<BpfInstruction> program)
    {
        using OwnedFd loaded = Load(program);
        List<OwnedFd> previous = OursAttachedTo(cgroup);
        try
        {
            AttachLoaded(cgroup, loaded, previous.Count > 0 ? previous[0] : null);
            foreach (OwnedFd extra in previous.Skip(1))
            {
                Detach(cgroup, extra);
            }
        }
        finally
        {
            previous.ForEach(fd => fd.Dispose());
        }
    }

    /// <summary>How many programs of ours decide in this cgroup: 0 or 1.</summary>
    public static int CountAttached(SafeHandle cgroup)
    {
        List<OwnedFd> ours = OursAttachedTo(cgroup);
        ours.ForEach(fd => fd.Dispose());
        return ours.Count;
    }

    private static OwnedFd Load(ReadOnlySpan<BpfInstruction> program)
    {
        byte[] log = new byte[LogBytes];
        fixed (BpfInstruction* instructions = program)
        fixed (byte* license = "Apache-2.0\0"u8)
        fixed (byte* logBuffer = log)
        {
            LoadAttributes attributes = new()
            {
                Type = BPF_PROG_TYPE_CGROUP_DEVICE,
                Count = (uint)program.Length,
                Instructions = (ulong)instructions,
                License = (ulong)license,
                ExpectedAttachType = 0, // the kernel of 4.15 knows none for this type
            };
            Encoding.ASCII.GetBytes(Name, new Span<byte>(attributes.Name, NameBytes));
            int fd = Bpf(BPF_PROG_LOAD, &attributes, sizeof(LoadAttributes), out Errno errno);
            if (fd >= 0)
            {
                return new OwnedFd(fd);
            }

            attributes.LogLevel = 1;
            attributes.LogSize = LogBytes;
            attributes.LogBuffer = (ulong)logBuffer;
            fd = Bpf(BPF_PROG_LOAD, &attributes, sizeof(LoadAttributes), out _);
            return fd >= 0
                ? new OwnedFd(fd)
                : throw new SyscallException("bpf", $"BPF_PROG_LOAD: {LastLine(log)}", errno);
        }
    }

    private static string LastLine(byte[] log)
    {
        string[] lines = Encoding.UTF8.GetString(log).TrimEnd('\0', '\n').Split('\n');
        return string.Join("; ", lines.TakeLast(2));
    }

    private static void AttachLoaded(SafeHandle cgroup, OwnedFd program, OwnedFd? replaced)
    {
        using FdLease target = new(cgroup);
        using FdLease fd = new(program);
        using FdLease old = new(replaced);
        AttachAttributes attributes = new()
        {
            Target = target.Fd,
            Program = fd.Fd,
            Type = BPF_CGROUP_DEVICE,
            Flags = BPF_F_ALLOW_MULTI | (replaced is null ? 0 : BPF_F_REPLACE),
            Replaced = replaced is null ? 0 : old.Fd,
        };
        if (Bpf(BPF_PROG_ATTACH, &attributes, sizeof(AttachAttributes), out Errno errno) < 0)
        {
            throw new SyscallException("bpf", "BPF_PROG_ATTACH", errno);
        }
    }

    private static void Detach(SafeHandle cgroup, OwnedFd program)
    {
        using FdLease target = new(cgroup);
        using FdLease fd = new(program);
        AttachAttributes attributes = new() { Target = target.Fd, Program = fd.Fd, Type = BPF_CGROUP_DEVICE };
        if (Bpf(BPF_PROG_DETACH, &attributes, sizeof(AttachAttributes), out Errno errno) < 0 && errno != Errno.ENOENT)
        {
            throw new SyscallException("bpf", "BPF_PROG_DETACH", errno);
        }
    }

    private static List<OwnedFd> OursAttachedTo(SafeHandle cgroup)
    {
        uint* ids = stackalloc uint[MaxAttached];
        using FdLease target = new(cgroup);
        QueryAttributes query = new() { Target = target.Fd, Type = BPF_CGROUP_DEVICE, Ids = (ulong)ids, Count = MaxAttached };
        if (Bpf(BPF_PROG_QUERY, &query, sizeof(QueryAttributes), out Errno errno) < 0)
        {
            throw new SyscallException("bpf", "BPF_PROG_QUERY", errno);
        }

        List<OwnedFd> ours = [];
        for (uint i = 0; i < query.Count; i++)
        {
            if (TryOpenOurs(ids[i]) is { } fd)
            {
                ours.Add(fd);
            }
        }

        return ours;
    }

    private static OwnedFd? TryOpenOurs(uint id)
    {
        IdAttributes byId = new() { Id = id };
        int number = Bpf(BPF_PROG_GET_FD_BY_ID, &byId, sizeof(IdAttributes), out _);
        if (number < 0)
        {
            return null; // gone in between
        }

        OwnedFd fd = new(number);
        ProgramInfo info = default;
        InfoAttributes attributes = new() { Fd = number, Length = (uint)sizeof(ProgramInfo), Info = (ulong)(&info) };
        if (Bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes, sizeof(InfoAttributes), out _) == 0
            && new ReadOnlySpan<byte>(info.Name, NameBytes).TrimEnd((byte)0).SequenceEqual(Encoding.ASCII.GetBytes(Name)))
        {
            return fd;
        }

        fd.Dispose();
        return null;
    }

    private static int Bpf(int command, void* attributes, int size, out Errno errno)
    {
        while (true)
        {
            nint result = Libc.syscall(SyscallNumber.SYS_bpf, command, (nint)attributes, size, 0, 0, 0);
            errno = result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            if (errno is not (Errno.EINTR or Errno.EAGAIN)) // the verifier gives EAGAIN when a signal came
            {
                return (int)result;
            }
        }
    }

    // Members of union bpf_attr. Zeros stand for "default" in what follows.
    [StructLayout(LayoutKind.Sequential)]
    private struct LoadAttributes
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong LogBuffer;
        public uint KernelVersion;
        public uint Flags;
        public fixed byte Name[NameBytes];
        public uint InterfaceIndex;
        public uint ExpectedAttachType;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AttachAttributes
    {
        public int Target;
        public int Program;
        public uint Type;
        public uint Flags;
        public int Replaced;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct QueryAttributes
    {
        public int Target;
        public uint Type;
        public uint QueryFlags;
        public uint AttachFlags;
        public ulong Ids;
        public uint Count;
        public uint Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct IdAttributes
    {
        public uint Id;
        public uint Next;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InfoAttributes
    {
        public int Fd;
        public uint Length;
        public ulong Info;
    }

    /// <summary>The start of struct bpf_prog_info, up to the name.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramInfo
    {
        public uint Type;
        public uint Id;
        public ulong Tag;
        public uint JitedLength;
        public uint TranslatedLength;
        public ulong Jited;
        public ulong Translated;
        public ulong LoadTime;
        public uint CreatedByUid;
        public uint MapCount;
        public ulong MapIds;
        public fixed byte Name[NameBytes];
    }
}
