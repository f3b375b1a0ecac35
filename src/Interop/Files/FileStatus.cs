// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Interop.Files;

/// <summary>Kind of a file: the top four bits of its mode (inode(7)).</summary>
public enum FileType
{
    Unknown = 0,
    Fifo = 1,
    CharacterDevice = 2,
    Directory = 4,
    BlockDevice = 6,
    Regular = 8,
    SymbolicLink = 10,
    Socket = 12,
}

/// <summary>A point in time as file systems store it.</summary>
/// <param name="Seconds">Since 1970-01-01 UTC; may be negative.</param>
/// <param name="Nanoseconds">0 to 999 999 999, or one of the two values below.</param>
public readonly record struct FileTime(long Seconds, uint Nanoseconds)
{
    private const uint UtimeNow = 0x3FFFFFFF;
    private const uint UtimeOmit = 0x3FFFFFFE;

    /// <summary>utimensat(2): set to the time of the call.</summary>
    public static FileTime Now => new(0, UtimeNow);

    /// <summary>utimensat(2): leave as it is.</summary>
    public static FileTime Omit => new(0, UtimeOmit);

    internal Libc.FileTimeValue Value => new() { Seconds = Seconds, Nanoseconds = Nanoseconds };
}

/// <summary>A device number.</summary>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>As makedev(3) packs it for mknod(2).</summary>
    internal ulong Packed =>
        ((Major & 0xFFFUL) << 8) | ((Major & ~0xFFFUL) << 32) | (Minor & 0xFFUL) | ((Minor & ~0xFFUL) << 12);
}

/// <summary>What statx(2) says of a file.</summary>
public readonly record struct FileStatus
{
    public FileType Type { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky: 0 to 0o7777.</summary>
    public uint Mode { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>Bytes; for a symbolic link the length of its target.</summary>
    public long Size { get; init; }

    /// <summary>Space taken, in units of 512 bytes.</summary>
    public long Blocks { get; init; }

    public uint Links { get; init; }

    public ulong Inode { get; init; }

    /// <summary>The file system's device.</summary>
    public DeviceNumber Device { get; init; }

    /// <summary>The device that a device node stands for.</summary>
    public DeviceNumber NodeDevice { get; init; }

    public FileTime AccessTime { get; init; }

    public FileTime ModifyTime { get; init; }

    public FileTime ChangeTime { get; init; }

    /// <summary>Id of the mount the file was reached through (Linux 5.8); 0 when the kernel does not say.</summary>
    public ulong MountId { get; init; }

    internal static FileStatus From(in Libc.StatxBuffer s) => new()
    {
        Type = (FileType)(s.Mode >> 12),
        Mode = (uint)s.Mode & 0xFFF,
        Uid = s.Uid,
        Gid = s.Gid,
        Size = (long)s.Size,
        Blocks = (long)s.Blocks,
        Links = s.Links,
        Inode = s.Inode,
        Device = new DeviceNumber(s.DeviceMajor, s.DeviceMinor),
        NodeDevice = new DeviceNumber(s.NodeMajor, s.NodeMinor),
        AccessTime = new FileTime(s.AccessSeconds, s.AccessNanoseconds),
        ModifyTime = new FileTime(s.ModifySeconds, s.ModifyNanoseconds),
        ChangeTime = new FileTime(s.ChangeSeconds, s.ChangeNanoseconds),
        MountId = s.MountId,
    };
}
