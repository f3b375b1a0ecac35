// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop.Files;

namespace Gantry.Interop.Tests.Files;

public sealed class AtTests : IDisposable
{
    private readonly TemporaryDirectory _dir = new();

    public void Dispose() => _dir.Dispose();

    [Fact]
    public void Device_numbers_of_all_widths_arrive_unchanged()
    {
        foreach (DeviceNumber number in new DeviceNumber[] { new(0, 0), new(1, 3), new(259, 300), new(4095, 1048575) })
        {
            string name = $"dev-{number.Major}-{number.Minor}";
            At.Mknod(_dir.Handle, name, FileType.CharacterDevice, 0b110_000_000, number);

            FileStatus status = At.Status(_dir.Handle, name);
            Assert.Equal((FileType.CharacterDevice, number), (status.Type, status.NodeDevice));
        }
    }

    [Fact]
    public void Times_keep_their_nanoseconds_and_may_lie_before_1970()
    {
        _dir.Write("f", "");
        File.CreateSymbolicLink(_dir["link"], "f");
        FileTime access = new(-5, 1);
        FileTime modify = new(1_700_000_000, 123_456_789);

        At.SetTimes(_dir.Handle, "link", access, modify);
        using OwnedFd file = At.Open(_dir.Handle, "f", OpenFlags.O_PATH);
        OpenFile.SetTimes(file, FileTime.Omit, modify);

        Assert.Equal((access, modify), (At.Status(_dir.Handle, "link").AccessTime, At.Status(_dir.Handle, "link").ModifyTime));
        Assert.Equal(modify, OpenFile.Status(file).ModifyTime);
        Assert.NotEqual(modify, OpenFile.Status(file).AccessTime);
    }

    [Fact]
    public void Owner_of_a_link_changes_not_that_of_its_target()
    {
        _dir.Write("f", "");
        File.CreateSymbolicLink(_dir["link"], "f");

        At.Chown(_dir.Handle, "link", 4_000_000_000, 12);

        Assert.Equal(4_000_000_000, At.Status(_dir.Handle, "link").Uid);
        Assert.Equal(0u, At.Status(_dir.Handle, "f").Uid);
    }

    [Fact]
    public void Names_are_bytes()
    {
        byte[] name = [0xFF, 0xFE, (byte)'x', 0];
        At.Create(_dir.Handle, KernelText.FromTerminated(name), 0b110_000_000).Dispose();

        DirectoryReader reader = new(_dir.Handle);
        Assert.True(reader.MoveNext());
        Assert.True(reader.Name.Bytes.SequenceEqual(name.AsSpan(0, 3)));
        Assert.Equal(FileType.Regular, reader.Type);
        Assert.False(reader.MoveNext());
        Assert.Throws<ArgumentException>(() => KernelText.FromTerminated([1, 0, 2, 0]));
        Assert.Throws<ArgumentException>(() => KernelText.FromTerminated([1]));
        Assert.Throws<ArgumentException>(() => At.Mkdir(null, "a\0b", 0));
    }

    [Fact]
    public void A_directory_of_many_names_is_read_completely()
    {
        HashSet<string> expected = [];
        for (int i = 0; i < 1500; i++)
        {
            string name = $"{i}-{new string('n', i % 200)}";
            expected.Add(name);
            At.Create(_dir.Handle, name, 0b110_000_000).Dispose();
        }

        Assert.True(expected.SetEquals(DirectoryReader.Names(_dir.Handle)));
    }

    [Fact]
    public void Links_rename_and_open_act_on_the_name_itself()
    {
        _dir.Write("f", "text");
        At.Symlink("f", _dir.Handle, "link");
        At.Link(_dir.Handle, "link", _dir.Handle, "second");
        using OwnedFd file = At.Open(_dir.Handle, "f", OpenFlags.O_PATH);
        At.LinkOpen(file, _dir.Handle, "third");

        Assert.Equal(FileType.SymbolicLink, At.Status(_dir.Handle, "second").Type);
        Assert.Equal("text", File.ReadAllText(_dir["third"]));
        Assert.Equal(Errno.ELOOP, Assert.Throws<SyscallException>(() => At.Open(_dir.Handle, "link", OpenFlags.O_RDONLY)).Errno);
        Assert.Equal(Errno.EEXIST, At.TryRename(_dir.Handle, "f", _dir.Handle, "link", RenameFlags.RENAME_NOREPLACE));
        Assert.Equal(Errno.EEXIST, Assert.Throws<SyscallException>(() => At.Create(_dir.Handle, "f", 0)).Errno);
        At.Rename(_dir.Handle, "f", _dir.Handle, "link", RenameFlags.RENAME_EXCHANGE);
        Assert.Equal(FileType.Regular, At.Status(_dir.Handle, "link").Type);
        At.Unlink(_dir.Handle, "second");
        At.Mkdir(_dir.Handle, "d", 0b111_000_000);
        Assert.Equal(Errno.EISDIR, At.TryUnlink(_dir.Handle, "d"));
        At.Rmdir(_dir.Handle, "d");
    }

    [Fact]
    public void Attributes_hold_any_bytes_on_files_directories_links_and_path_handles()
    {
        _dir.Write("f", "");
        At.Symlink("f", _dir.Handle, "link");
        byte[] value = [0, 255, 254, 0, 1];
        byte[] large = new byte[1000];

        foreach ((string name, OpenFlags flags) in new[]
        {
            ("f", OpenFlags.O_RDWR), ("f", OpenFlags.O_PATH), (".", OpenFlags.O_RDONLY), ("link", OpenFlags.O_PATH),
        })
        {
            using OwnedFd file = At.Open(_dir.Handle, name, flags);
            Xattr.Set(file, "trusted.gantry", value);
            Xattr.Set(file, "trusted.large", large);

            Assert.Equal(value, Xattr.Get(file, "trusted.gantry"));
            Assert.Equal(1000, Xattr.Get(file, "trusted.large")!.Length);
            Assert.Equal(["trusted.gantry", "trusted.large"], Xattr.List(file).Order());
            Xattr.Remove(file, "trusted.gantry");
            Xattr.Remove(file, "trusted.gantry");
            Assert.Null(Xattr.Get(file, "trusted.gantry"));
        }
    }

    [Fact]
    public void Content_calls_write_read_and_punch()
    {
        using OwnedFd file = At.Create(_dir.Handle, "f", 0b110_000_000);

        OpenFile.Write(file, new byte[1 << 20]);
        OpenFile.WriteAt(file, "end"u8, (1 << 20) - 3);
        OpenFile.PunchHole(file, 0, 1 << 19);
        OpenFile.SetLength(file, 1 << 21);
        OpenFile.Sync(file);
        OpenFile.SyncData(file);

        byte[] tail = new byte[3];
        Assert.Equal(3, OpenFile.ReadAt(file, tail, (1 << 20) - 3));
        Assert.Equal("end"u8.ToArray(), tail);
        Assert.Equal((1 << 19, 1 << 20), OpenFile.NextData(file, 0));
        Assert.Null(OpenFile.NextData(file, 1 << 20));
        Assert.Equal(1 << 21, OpenFile.Status(file).Size);
        Assert.InRange(OpenFile.FileSystem(file).AvailableBytes, 1, long.MaxValue);
    }

    [Fact]
    public void A_lock_is_held_once_until_released()
    {
        using OwnedFd first = At.Create(_dir.Handle, "f", 0b110_000_000);
        using OwnedFd second = At.Open(_dir.Handle, "f", OpenFlags.O_RDONLY);

        Assert.True(OpenFile.TryLock(first, FileLock.Exclusive));
        Assert.False(OpenFile.TryLock(second, FileLock.Shared));
        Assert.True(OpenFile.TryLock(first, FileLock.Unlock));
        Assert.True(OpenFile.TryLock(second, FileLock.Exclusive));
    }

    [Fact]
    public void Failures_name_call_subject_and_error()
    {
        var error = Assert.Throws<SyscallException>(() => At.Status(_dir.Handle, "absent"));

        Assert.StartsWith("statx(absent): ENOENT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_atomic_write_replaces_all_or_nothing_and_leaves_no_second_file()
    {
        AtomicFile.Write(_dir.Handle, "record", "one"u8, 0b110_100_000, sync: true);
        AtomicFile.Write(_dir.Handle, "record", "two"u8, 0b110_000_000, sync: false);
        At.Mkdir(_dir.Handle, "taken", 0b111_000_000);

        Assert.Throws<SyscallException>(() => AtomicFile.Write(_dir.Handle, "taken", "x"u8, 0b110_000_000, sync: true));

        Assert.Equal("two", File.ReadAllText(_dir["record"]));
        Assert.Equal(0b110_000_000u, At.Status(_dir.Handle, "record").Mode);
        Assert.Equal(["record", "taken"], DirectoryReader.Names(_dir.Handle).Order());
        _dir.Write(AtomicFile.TemporaryPrefix + "crashed", "");
        AtomicFile.RemoveLeftovers(_dir.Handle);
        Assert.Equal(["record", "taken"], DirectoryReader.Names(_dir.Handle).Order());
    }
}
