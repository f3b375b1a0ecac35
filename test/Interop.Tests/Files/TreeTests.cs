// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Interop.Files;

namespace Gantry.Interop.Tests.Files;

public sealed class TreeTests : IDisposable
{
    private readonly TemporaryDirectory _dir = new();

    public void Dispose() => _dir.Dispose();

    [Fact]
    public void Removal_takes_everything_and_follows_no_link()
    {
        _dir.Write("kept", "kept");
        Directory.CreateDirectory(_dir["victim"]);
        _dir.Write("victim/f", "f");
        Directory.CreateDirectory(_dir["tree/a/b"]);
        _dir.Write("tree/a/f", "f");
        File.CreateSymbolicLink(_dir["tree/a/link"], _dir["victim"]);
        File.CreateSymbolicLink(_dir["tree/file"], _dir["kept"]);
        At.Mknod(_dir.Handle, "tree/fifo", FileType.Fifo, 0);
        At.Mknod(_dir.Handle, "tree/whiteout", FileType.CharacterDevice, 0);

        TreeRemoval.Remove(_dir.Handle, "tree", CancellationToken.None);
        TreeRemoval.Remove(_dir.Handle, "tree", CancellationToken.None);
        File.CreateSymbolicLink(_dir["link"], _dir["victim"]);
        TreeRemoval.Remove(_dir.Handle, "link", CancellationToken.None);

        Assert.Equal(["kept", "victim"], DirectoryReader.Names(_dir.Handle).Order());
        Assert.True(File.Exists(_dir["victim/f"]));
    }

    [Fact]
    public void Removal_of_a_tree_1500_deep_needs_few_descriptors()
    {
        OwnedFd current = MakeDirectory(_dir.Handle, "tree");
        for (int i = 0; i < 1500; i++)
        {
            OwnedFd next = MakeDirectory(current, "d");
            At.Create(current, "f", 0).Dispose();
            current.Dispose();
            current = next;
        }

        current.Dispose();
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        TreeRemoval.Remove(_dir.Handle, "tree", CancellationToken.None);

        Assert.Empty(DirectoryReader.Names(_dir.Handle));
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 1, before + 5);
    }

    [Fact]
    public void Removal_takes_away_the_immutable_flag()
    {
        Directory.CreateDirectory(_dir["tree"]);
        _dir.Write("tree/f", "f");
        Assert.SkipUnless(Run("chattr", "+i", _dir["tree/f"], _dir["tree"]), "chattr +i: not possible here");

        TreeRemoval.Remove(_dir.Handle, "tree", CancellationToken.None);

        Assert.Empty(DirectoryReader.Names(_dir.Handle));
    }

    [Fact]
    public void Removal_stops_at_a_mount_and_keeps_what_is_in_it()
    {
        Directory.CreateDirectory(_dir["tree/mnt"]);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "gantry-test", _dir["tree/mnt"]), "mount: not possible here");
        try
        {
            _dir.Write("tree/mnt/f", "f");

            var error = Assert.Throws<SyscallException>(() => TreeRemoval.Remove(_dir.Handle, "tree", CancellationToken.None));

            Assert.Contains(error.Errno, new[] { Errno.EXDEV, Errno.EBUSY });
            Assert.True(File.Exists(_dir["tree/mnt/f"]));
        }
        finally
        {
            Run("umount", _dir["tree/mnt"]);
        }
    }

    [Fact]
    public void A_copy_is_the_same_tree()
    {
        OwnedFd source = MakeDirectory(_dir.Handle, "from");
        using OwnedFd target = MakeDirectory(_dir.Handle, "to");
        using (source)
        {
            Fill(source);
        }

        using OwnedFd from = At.Open(_dir.Handle, "from", OpenFlags.O_PATH);
        TreeCopy.Copy(from, target, new TreeCopyLimits(), CancellationToken.None);

        Assert.Equal(TreeListing.Of(_dir["from"]), TreeListing.Of(_dir["to"]));
        Assert.Equal(2u, At.Status(target, "first").Links);
        Assert.Equal(At.Status(target, "first").Inode, At.Status(target, "second").Inode);
        Assert.InRange(At.Status(target, "sparse").Blocks, 0, 64);
    }

    [Fact]
    public void A_copy_beyond_its_limits_is_refused()
    {
        using OwnedFd source = MakeDirectory(_dir.Handle, "from");
        using OwnedFd target = MakeDirectory(_dir.Handle, "to");
        _dir.Write("from/a", new string('a', 5000));
        _dir.Write("from/b", new string('b', 5000));

        var bytes = Assert.Throws<FileRefusedException>(
            () => TreeCopy.Copy(source, target, new TreeCopyLimits { MaximumBytes = 9999 }, CancellationToken.None));
        TreeRemoval.Remove(_dir.Handle, "to", CancellationToken.None);
        using OwnedFd again = MakeDirectory(_dir.Handle, "to");
        var entries = Assert.Throws<FileRefusedException>(
            () => TreeCopy.Copy(source, again, new TreeCopyLimits { MaximumEntries = 1 }, CancellationToken.None));

        Assert.Contains("9999 bytes", bytes.Message, StringComparison.Ordinal);
        Assert.Contains("1 entries", entries.Message, StringComparison.Ordinal);
    }

    private static void Fill(OwnedFd source)
    {
        byte[] odd = [(byte)'n', 0xFF, 0];
        using (OwnedFd file = At.Create(source, "first", 0b110_000_000))
        {
            OpenFile.Write(file, new byte[100_000]);
            OpenFile.Chown(file, 4_000_000_000, 5);
            OpenFile.Chmod(file, 0b100_111_101_101);
            Xattr.Set(file, "user.bytes", [0, 255]);
            OpenFile.SetTimes(file, new FileTime(100, 1), new FileTime(200, 2));
        }

        At.Link(source, "first", source, "second");
        using (OwnedFd file = At.Create(source, "sparse", 0b110_000_000))
        {
            OpenFile.WriteAt(file, "data"u8, 8 << 20);
            OpenFile.SetLength(file, 16 << 20);
        }

        At.Symlink(KernelText.FromTerminated(odd), source, "link");
        At.SetTimes(source, "link", new FileTime(1, 1), new FileTime(2, 2));
        At.Create(source, KernelText.FromTerminated(odd), 0b110_100_100).Dispose();
        At.Mknod(source, "device", FileType.BlockDevice, 0b110_000_000, new DeviceNumber(7, 9));
        At.Mknod(source, "fifo", FileType.Fifo, 0b110_100_000);
        using OwnedFd directory = MakeDirectory(source, "d");
        At.Create(directory, "f", 0b110_100_100).Dispose();
        Xattr.Set(directory, "trusted.mark", "x"u8);
        OpenFile.Chmod(directory, 0b001_101_000_000);
        OpenFile.SetTimes(directory, new FileTime(300, 3), new FileTime(400, 4));
    }

    private static OwnedFd MakeDirectory(OwnedFd parent, string name)
    {
        At.Mkdir(parent, name, 0b111_101_101);
        return At.Open(parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
