// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Unpack;
using Gantry.Interop.Files;

namespace Gantry.Images.Tests.Unpack;

public sealed class LayerUnpackerTests : IDisposable
{
    private readonly UnpackFixture _layer = new();

    public void Dispose() => _layer.Dispose();

    [Fact]
    public async Task Every_kind_of_file_arrives_with_owner_mode_and_time()
    {
        static void Node(byte[] block)
        {
            TarBuilder.Put(block, 108, TarBuilder.Octal(100, 7));
            TarBuilder.Put(block, 116, TarBuilder.Octal(200, 7));
            TarBuilder.Put(block, 329, TarBuilder.Octal(8, 7));
            TarBuilder.Put(block, 337, TarBuilder.Octal(300, 7));
        }

        TarBuilder archive = new TarBuilder()
            .Directory("./", 0b111_101_000)
            .Entry('5', "d/", mode: 0b1_000_101_101_101, edit: Node)
            .Entry('0', "d/setuid", TarBuilder.Text("x"), mode: 0b100_111_101_101, edit: Node)
            .Entry('2', "d/link", link: "/etc/passwd", edit: Node)
            .Entry('3', "d/char", edit: Node)
            .Entry('4', "d/block", mode: 0b110_110_000, edit: Node)
            .Entry('6', "d/fifo", mode: 0b110_110_110, edit: Node)
            .Hardlink("hard", "/d/setuid");

        UnpackResult result = await _layer.UnpackAsync(archive);

        Assert.Equal((8, 1), (result.Entries, result.Bytes));
        Assert.Empty(result.ImplicitDirectories);
        FileTime time = new(1_600_000_000, 0);
        foreach ((string name, FileType type, uint mode) in new[]
        {
            ("d", FileType.Directory, 0b1_000_101_101_101u & 0xFFF), ("d/setuid", FileType.Regular, 0b100_111_101_101u),
            ("d/link", FileType.SymbolicLink, 0b111_111_111u), ("d/char", FileType.CharacterDevice, 0b110_100_100u),
            ("d/block", FileType.BlockDevice, 0b110_110_000u), ("d/fifo", FileType.Fifo, 0b110_110_110u),
        })
        {
            FileStatus status = _layer.Status(name);
            Assert.Equal((type, mode, 100u, 200u, time), (status.Type, status.Mode, status.Uid, status.Gid, status.ModifyTime));
        }

        Assert.Equal(new DeviceNumber(8, 300), _layer.Status("d/char").NodeDevice);
        Assert.Equal(_layer.Status("d/setuid").Inode, _layer.Status("hard").Inode);
        Assert.Equal((0b111_101_000u, time), (_layer.Status(".").Mode, _layer.Status(".").ModifyTime));
    }

    [Fact]
    public async Task Modes_do_not_depend_on_the_umask()
    {
        await _layer.UnpackAsync(new TarBuilder().File("f", "", 0b110_110_110).Directory("d", 0b111_111_111));

        Assert.Equal((0b110_110_110u, 0b111_111_111u), (_layer.Status("f").Mode, _layer.Status("d").Mode));
    }

    [Fact]
    public async Task Absolute_names_become_relative_and_missing_parents_are_made_0755()
    {
        UnpackResult result = await _layer.UnpackAsync(new TarBuilder().File("/a//b/./c/f", "text"));

        Assert.Equal(["a", "a/b", "a/b/c"], result.ImplicitDirectories.Select(System.Text.Encoding.UTF8.GetString));
        Assert.Equal("text", _layer.Read("a/b/c/f"));
        Assert.Equal((0b111_101_101u, 0u, 0u), (_layer.Status("a/b").Mode, _layer.Status("a/b").Uid, _layer.Status("a/b").Gid));
    }

    [Fact]
    public async Task A_directory_that_comes_after_its_files_gets_its_own_mode_and_time()
    {
        await _layer.UnpackAsync(new TarBuilder().File("d/f").Directory("d", 0b101_000_000).File("d/g"));

        Assert.Equal((0b101_000_000u, new FileTime(1_600_000_000, 0)), (_layer.Status("d").Mode, _layer.Status("d").ModifyTime));
    }

    [Fact]
    public async Task Files_do_not_inherit_group_or_lists_from_setgid_directories()
    {
        // struct posix_acl_xattr: version 2, then tag, permissions, id of each entry.
        string list = "\u0002\0\0\0" + string.Concat(new[] { 1, 4, 16, 32 }.Select(tag => (char)tag + "\0\a\0" + "\u00FF\u00FF\u00FF\u00FF"));
        TarBuilder archive = new TarBuilder()
            .Pax("SCHILY.xattr.system.posix_acl_default=" + list)
            .Entry('5', "d", mode: 0b010_111_111_111, edit: b => TarBuilder.Put(b, 116, TarBuilder.Octal(50, 7)))
            .File("d/f", "", 0b110_000_000);

        await _layer.UnpackAsync(archive);

        Assert.Equal((0u, 0b110_000_000u), (_layer.Status("d/f").Gid, _layer.Status("d/f").Mode));
        Assert.Equal((50u, 0b010_111_111_111u), (_layer.Status("d").Gid, _layer.Status("d").Mode));
        Assert.Null(_layer.Attribute("d/f", "system.posix_acl_access"));
    }

    [Fact]
    public async Task Later_entries_replace_earlier_ones_of_any_kind()
    {
        TarBuilder archive = new TarBuilder()
            .File("a", "1").File("a", "2")
            .Directory("b").File("b/x").File("b", "file")
            .File("c").Directory("c").File("c/y", "y")
            .Symlink("d", "c").Directory("d").File("d/z", "z")
            .Directory("e").File("e/x").Symlink("e", "c").File("e/through", "t")
            .Directory("f").File("f/kept").Directory("f", 0b111_000_000)
            .Symlink("g", "1").Symlink("g", "2");

        await _layer.UnpackAsync(archive);

        Assert.Equal(("2", "file", "y"), (_layer.Read("a"), _layer.Read("b"), _layer.Read("c/y")));
        Assert.Equal(FileType.Directory, _layer.Status("d").Type);
        Assert.False(File.Exists(_layer["c/z"]));
        Assert.Equal("t", _layer.Read("c/through"));
        Assert.Equal(0b111_000_000u, _layer.Status("f").Mode);
        Assert.True(File.Exists(_layer["f/kept"]));
        Assert.Equal("2", new FileInfo(_layer["g"]).LinkTarget);
    }

    [Fact]
    public async Task Whiteouts_take_overlay_form()
    {
        TarBuilder archive = new TarBuilder()
            .File("d/.wh.gone").File("d/.wh..wh..opq").File(".wh..wh.plnk").File(".wh..wh..opq").File("x/y/.wh..wh..opq");

        await _layer.UnpackAsync(archive);

        FileStatus gone = _layer.Status("d/gone");
        Assert.Equal((FileType.CharacterDevice, new DeviceNumber(0, 0)), (gone.Type, gone.NodeDevice));
        Assert.Equal("y"u8.ToArray(), _layer.Attribute("d", "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), _layer.Attribute(".", "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), _layer.Attribute("x/y", "trusted.overlay.opaque"));
        Assert.Equal(["d", "x"], DirectoryReader.Names(_layer.Directory).Order());
        Assert.Equal(["gone"], Directory.GetFileSystemEntries(_layer["d"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_whiteout_speaks_of_lower_layers_whatever_the_order()
    {
        TarBuilder archive = new TarBuilder()
            .File("file", "kept").File(".wh.file")
            .File(".wh.later").File("later", "kept")
            .Directory("dir").File("dir/f").File(".wh.dir")
            .File(".wh.dir2").Directory("dir2").File("dir2/f")
            .File(".wh.dir3").File("dir3/f");

        await _layer.UnpackAsync(archive);

        Assert.Equal(("kept", "kept"), (_layer.Read("file"), _layer.Read("later")));
        foreach (string name in new[] { "dir", "dir2", "dir3" })
        {
            Assert.True(File.Exists(_layer[name + "/f"]));
            Assert.Equal("y"u8.ToArray(), _layer.Attribute(name, "trusted.overlay.opaque"));
        }
    }

    [Fact]
    public async Task Pax_records_outrank_the_header_and_attributes_are_exact()
    {
        string capability = "\u0001\0\0\u0002\0\u0004\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        string path = new string('p', 200) + "/" + new string('q', 250);
        TarBuilder archive = new TarBuilder()
            .Pax(
                "path=" + path, "uid=4294967294", "gid=3000000000", "mtime=1234567890.123456789", "size=3", "comment=any",
                "SCHILY.xattr.security.capability=" + capability, "SCHILY.xattr.user.bin=\0\u00FF\n=\u00FE")
            .Entry('0', "short", TarBuilder.Text("abc"), edit: b => TarBuilder.Put(b, 124, TarBuilder.Octal(3, 11)))
            .Pax("linkpath=" + path, "mtime=-1.5").Entry('2', "link", link: "short")
            .Pax("linkpath=" + path).Entry('1', "hard", link: "short");

        await _layer.UnpackAsync(archive);

        FileStatus status = _layer.Status(path);
        Assert.Equal((4294967294u, 3000000000u), (status.Uid, status.Gid));
        Assert.Equal(new FileTime(1234567890, 123456789), status.ModifyTime);
        Assert.Equal(TarBuilder.Text(capability), _layer.Attribute(path, "security.capability"));
        Assert.Equal([0, 255, (byte)'\n', (byte)'=', 254], _layer.Attribute(path, "user.bin"));
        Assert.Equal(path, new FileInfo(_layer["link"]).LinkTarget);
        Assert.Equal(new FileTime(-2, 500_000_000), _layer.Status("link").ModifyTime);
        Assert.Equal(2u, _layer.Status("hard").Links);
    }

    [Fact]
    public async Task Global_headers_hold_until_replaced_and_entries_outrank_them()
    {
        TarBuilder archive = new TarBuilder()
            .Global("uid=5", "gid=6", "comment=0123456789").File("a")
            .Pax("uid=7").File("b")
            .Global("uid=").File("c");

        await _layer.UnpackAsync(archive);

        Assert.Equal((5u, 6u), (_layer.Status("a").Uid, _layer.Status("a").Gid));
        Assert.Equal((7u, 6u), (_layer.Status("b").Uid, _layer.Status("b").Gid));
        Assert.Equal((0u, 6u), (_layer.Status("c").Uid, _layer.Status("c").Gid));
    }

    [Fact]
    public async Task Gnu_long_names_and_binary_numbers_are_read()
    {
        static void Gnu(byte[] block) => TarBuilder.Put(block, 257, "ustar  \0");
        string name = string.Join('/', Enumerable.Repeat("long-directory-name", 20)) + "/f";
        TarBuilder archive = new TarBuilder()
            .Entry('L', "././@LongLink", TarBuilder.Text(name + "\0"), edit: Gnu)
            .Entry('0', name[..99], TarBuilder.Text("content"), edit: block =>
            {
                Gnu(block);
                TarBuilder.Put(block, 108, "\u0080\0\0\0\u00C0\0\0\u0001");
                TarBuilder.Put(block, 136, "\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FE");
            })
            .Entry('K', "././@LongLink", TarBuilder.Text(name + "\0"), edit: Gnu)
            .Entry('2', "link", link: name[..99], edit: Gnu);

        await _layer.UnpackAsync(archive);

        Assert.Equal("content", _layer.Read(name));
        Assert.Equal((0xC0000001u, new FileTime(-2, 0)), (_layer.Status(name).Uid, _layer.Status(name).ModifyTime));
        Assert.Equal(name, new FileInfo(_layer["link"]).LinkTarget);
    }

    [Fact]
    public async Task Old_archives_and_prefixes_are_read()
    {
        TarBuilder archive = new TarBuilder()
            .Entry('\0', "v7dir/", edit: b => b.AsSpan(257, 255).Clear())
            .Entry('\0', "v7dir/f", TarBuilder.Text("7"), edit: b => b.AsSpan(257, 255).Clear())
            .Entry('0', "name", TarBuilder.Text("prefixed"), edit: b => TarBuilder.Put(b, 345, "some/prefix"));

        await _layer.UnpackAsync(archive);

        Assert.Equal(("7", "prefixed"), (_layer.Read("v7dir/f"), _layer.Read("some/prefix/name")));
    }

    [Fact]
    public async Task The_stream_is_read_to_its_end_also_behind_the_archive()
    {
        using MemoryStream stream = new([.. new TarBuilder().File("f", "x").Build(), .. new byte[300_001]]);

        await LayerUnpacker.UnpackAsync(stream, _layer.Directory, new UnpackLimits(), TestContext.Current.CancellationToken);

        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public async Task An_empty_layer_is_a_layer()
    {
        Assert.Equal(0, (await _layer.UnpackAsync(new TarBuilder())).Entries);
        Assert.Equal(0, (await _layer.UnpackAsync(Array.Empty<byte>())).Entries);
    }

    [Fact]
    public async Task Cancelling_ends_the_unpacking()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        using MemoryStream stream = new(new TarBuilder().File("f").Build());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => LayerUnpacker.UnpackAsync(stream, _layer.Directory, new UnpackLimits(), stop.Token));
    }

    [Fact]
    public async Task Descriptors_are_closed_after_success_and_after_failure()
    {
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        TarBuilder archive = new();
        for (int i = 0; i < 300; i++)
        {
            archive.File($"d{i}/e/f", "x");
        }

        await _layer.UnpackAsync(archive);
        await _layer.RefusalAsync(archive.File("../x"));

        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, before + 3);
    }
}
