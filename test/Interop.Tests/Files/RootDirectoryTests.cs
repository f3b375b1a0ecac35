// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop.Files;

namespace Gantry.Interop.Tests.Files;

public sealed class RootDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _host = new();
    private readonly RootDirectory _root;

    public RootDirectoryTests()
    {
        Directory.CreateDirectory(_host["root/etc"]);
        _host.Write("root/etc/passwd", "inside");
        _host.Write("secret", "outside");
        _root = RootDirectory.Open(_host["root"]);
    }

    public void Dispose()
    {
        _root.Dispose();
        _host.Dispose();
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("etc/passwd")]
    [InlineData("/../../etc/./passwd")]
    [InlineData("/absolute")]
    [InlineData("/etc/up")]
    public void Every_spelling_of_a_path_ends_inside(string path)
    {
        File.CreateSymbolicLink(_host["root/absolute"], "/etc/passwd");
        File.CreateSymbolicLink(_host["root/etc/up"], "../../../../../etc/passwd");

        Assert.Equal("inside", Encoding.UTF8.GetString(_root.ReadFile(path, 100)));
        using OwnedFd file = _root.OpenPath(path);
        Assert.Equal("/etc/passwd", _root.CanonicalPath(file));
    }

    [Fact]
    public void Links_of_proc_that_jump_are_refused()
    {
        using RootDirectory host = RootDirectory.Open("/");

        var error = Assert.Throws<SyscallException>(() => host.OpenPath("/proc/self/root"));

        Assert.Equal(Errno.ELOOP, error.Errno);
    }

    [Fact]
    public void CVE_2025_4437_a_sparse_file_of_4_GiB_is_not_read()
    {
        using (FileStream sparse = File.Create(_host["root/etc/group"]))
        {
            sparse.SetLength(4L << 30);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<FileRefusedException>(() => _root.ReadFile("/etc/group", 1 << 20));

        Assert.Contains("\"/etc/group\": 4294967296 bytes or more, at most 1048576", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_file_of_exactly_the_maximum_is_read_and_one_byte_more_is_not()
    {
        byte[] bytes = new byte[10_000];
        Random.Shared.NextBytes(bytes);
        File.WriteAllBytes(_host["root/f"], bytes);

        Assert.Equal(bytes, _root.ReadFile("f", bytes.Length));
        Assert.Throws<FileRefusedException>(() => _root.ReadFile("f", bytes.Length - 1));
    }

    [Fact]
    public void A_file_whose_size_reads_as_zero_is_still_bounded()
    {
        using RootDirectory host = RootDirectory.Open("/");

        Assert.NotEmpty(host.ReadFile("/proc/cpuinfo", 1 << 20));
        Assert.Throws<FileRefusedException>(() => host.ReadFile("/proc/cpuinfo", 10));
    }

    [Fact]
    public void Fifos_devices_and_directories_are_refused_without_waiting()
    {
        At.Mknod(_host.Handle, "root/fifo", FileType.Fifo, 0b110_000_000);
        using RootDirectory host = RootDirectory.Open("/");

        Assert.Contains("Fifo", Assert.Throws<FileRefusedException>(() => _root.ReadFile("fifo", 10)).Message, StringComparison.Ordinal);
        Assert.Throws<FileRefusedException>(() => host.ReadFile("/dev/zero", 10));
        Assert.Throws<FileRefusedException>(() => _root.ReadFile("etc", 10));
        Assert.Null(_root.TryReadFile("absent", 10, out Errno errno));
        Assert.Equal(Errno.ENOENT, errno);
    }

    [Fact]
    public void MkdirAll_makes_what_is_missing_with_exact_modes_and_owner()
    {
        using OwnedFd made = _root.MkdirAll("/a/b/../c/./d", 0b111_110_010, 7, 8);

        FileStatus status = OpenFile.Status(made);
        Assert.Equal("/a/c/d", _root.CanonicalPath(made));
        Assert.Equal((0b111_110_010u, 7u, 8u), (status.Mode, status.Uid, status.Gid));
        Assert.Equal(0b111_110_010u, _root.Status("a")!.Value.Mode);
        using OwnedFd again = _root.MkdirAll("a/c/d", 0, 0, 0);
        Assert.Equal(status.Inode, OpenFile.Status(again).Inode);
        Assert.Equal(7u, OpenFile.Status(again).Uid);
    }

    [Fact]
    public void MkdirAll_follows_links_inside_even_to_nothing_yet()
    {
        Directory.CreateDirectory(_host["root/var"]);
        File.CreateSymbolicLink(_host["root/var/run"], "/run");
        File.CreateSymbolicLink(_host["root/out"], "../../../../" + _host["escaped"]);

        using OwnedFd secrets = _root.MkdirAll("/var/run/secrets", 0b111_101_101);
        using OwnedFd escaped = _root.MkdirAll("/out/x", 0b111_101_101);

        Assert.Equal("/run/secrets", _root.CanonicalPath(secrets));
        Assert.Equal(_host["escaped"] + "/x", _root.CanonicalPath(escaped));
        Assert.False(Directory.Exists(_host["escaped"]));
    }

    [Fact]
    public void MkdirAll_reports_files_loops_and_depth()
    {
        File.CreateSymbolicLink(_host["root/loop"], "loop");

        Assert.Equal(Errno.ENOTDIR, Assert.Throws<SyscallException>(() => _root.MkdirAll("etc/passwd/x", 0)).Errno);
        Assert.Equal(Errno.ENOTDIR, Assert.Throws<SyscallException>(() => _root.MkdirAll("etc/passwd", 0)).Errno);
        Assert.Equal(Errno.ELOOP, Assert.Throws<SyscallException>(() => _root.MkdirAll("loop/x", 0)).Errno);
        string deep = string.Concat(Enumerable.Repeat("d/", 300));
        Assert.Equal(Errno.ENAMETOOLONG, Assert.Throws<SyscallException>(() => _root.MkdirAll(deep, 0b111_101_101)).Errno);
    }

    [Fact]
    public void CreateFile_makes_a_mount_point_and_keeps_what_is_there()
    {
        File.CreateSymbolicLink(_host["root/etc/resolv.conf"], "/run/new/resolv.conf");

        using OwnedFd made = _root.CreateFile("/etc/resolv.conf", 0b110_100_100);
        using OwnedFd kept = _root.CreateFile("/etc/passwd", 0b110_100_100);

        Assert.Equal("/run/new/resolv.conf", _root.CanonicalPath(made));
        Assert.Equal(FileType.Regular, OpenFile.Status(made).Type);
        Assert.Equal("inside", File.ReadAllText(_host["root/etc/passwd"]));
    }

    [Fact]
    public void CVE_2026_41579_a_dev_that_links_to_the_host_stays_inside()
    {
        Directory.CreateDirectory(_host["victim"]);
        File.CreateSymbolicLink(_host["root/dev"], _host["victim"]);

        using OwnedFd file = _root.CreateFile("/dev/null", 0b110_110_110);

        Assert.Equal(_host["victim"] + "/null", _root.CanonicalPath(file));
        Assert.Empty(Directory.GetFileSystemEntries(_host["victim"]));
    }

    [Fact]
    public void CVE_2021_30465_directories_swapped_for_links_never_lead_out()
    {
        Directory.CreateDirectory(_host["victim"]);
        Directory.CreateDirectory(_host["root/a"]);
        File.CreateSymbolicLink(_host["root/link"], _host["victim"]);
        using CancellationTokenSource stop = new();
        Thread racer = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                At.TryRename(_host.Handle, "root/a", _host.Handle, "root/link", RenameFlags.RENAME_EXCHANGE);
            }
        });
        racer.Start();

        for (int i = 0; i < 500; i++)
        {
            try
            {
                _root.MkdirAll($"a/{i}/b", 0b111_101_101).Dispose();
                _root.CreateFile($"a/{i}/b/f", 0b110_100_100).Dispose();
            }
            catch (SyscallException)
            {
                // Losing the race may be an error; an escape may not.
            }
        }

        stop.Cancel();
        racer.Join();
        Assert.Empty(Directory.GetFileSystemEntries(_host["victim"]));
    }

    [Fact]
    public void Status_and_links_are_told_without_and_with_following()
    {
        File.CreateSymbolicLink(_host["root/link"], "etc/passwd");
        File.CreateSymbolicLink(_host["root/broken"], "nowhere");

        Assert.Equal(FileType.Regular, _root.Status("link")!.Value.Type);
        Assert.Equal(FileType.SymbolicLink, _root.Status("link", follow: false)!.Value.Type);
        Assert.Equal("etc/passwd", _root.ReadLink("link"));
        Assert.False(_root.Exists("broken"));
        Assert.True(_root.Exists("/"));
        Assert.True(_root.Exists(""));
        Assert.Null(_root.Status("etc/passwd/x"));
        Assert.Equal(Errno.EINVAL, Assert.Throws<SyscallException>(() => _root.ReadLink("etc")).Errno);
    }

    [Fact]
    public void CanonicalPath_refuses_what_left_the_root()
    {
        using OwnedFd deleted = _root.CreateFile("deleted", 0b110_100_100);
        using OwnedFd moved = _root.CreateFile("moved", 0b110_100_100);
        File.Delete(_host["root/deleted"]);
        File.Move(_host["root/moved"], _host["moved"]);

        Assert.Throws<FileRefusedException>(() => _root.CanonicalPath(deleted));
        Assert.Throws<FileRefusedException>(() => _root.CanonicalPath(moved));
        Assert.Equal("/", _root.CanonicalPath(_root.Handle));
    }
}
