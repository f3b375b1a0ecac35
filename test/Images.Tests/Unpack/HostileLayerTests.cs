// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Images.Unpack;
using Gantry.Interop.Files;

namespace Gantry.Images.Tests.Unpack;

public sealed class HostileLayerTests : IDisposable
{
    private readonly UnpackFixture _layer = new();

    public void Dispose() => _layer.Dispose();

    public static TheoryData<string, TarBuilder> Refused => new()
    {
        { "\"..\" is not accepted", new TarBuilder().File("../x") },
        { "\"..\" is not accepted", new TarBuilder().File("a/../../x") },
        { "\"..\" is not accepted", new TarBuilder().Directory("a").Hardlink("b", "../../victim/file") },
        { "no file of this layer", new TarBuilder().Hardlink("b", "absent") },
        { "no file of this layer", new TarBuilder().Hardlink("b", "/etc/passwd") },
        { "no file of this layer", new TarBuilder().Directory("a").Hardlink("b", "a") },
        { "no file of this layer", new TarBuilder().Hardlink("b", "/") },
        { "can only be a directory", new TarBuilder().Symlink("./", "/etc") },
        { "a name of 256 bytes", new TarBuilder().Pax("path=" + new string('n', 256)).File("f") },
        { "at most 4095", new TarBuilder().Pax("path=" + string.Concat(Enumerable.Repeat("n/", 2500))).File("f") },
        { "more than 256 names", new TarBuilder().Pax("path=" + string.Concat(Enumerable.Repeat("n/", 257))).File("f") },
        { "path holds a NUL", new TarBuilder().Pax("path=a\0b").File("f") },
        { "linkpath holds a NUL", new TarBuilder().Pax("linkpath=a\0b").Symlink("f", "x") },
        { "without a target", new TarBuilder().Symlink("f", "") },
        { "that is no directory", new TarBuilder().File("f").File("f/g") },
        { "nor a link to one in this layer", new TarBuilder().Symlink("f", "nowhere").File("f/g") },
        { "openat2", new TarBuilder().Symlink("f", "f").File("f/g") },
        { "whiteout names nothing", new TarBuilder().File("a/.wh.") },
        { "whiteout names nothing", new TarBuilder().File("a/.wh...") },
        { "trusted.overlay.redirect", new TarBuilder().Pax("SCHILY.xattr.trusted.overlay.redirect=/etc").Directory("d") },
        { "user.overlay.opaque", new TarBuilder().Pax("SCHILY.xattr.user.overlay.opaque=y").Directory("d") },
        { "uid 4294967295", new TarBuilder().Pax("uid=4294967295").File("f") },
        { "uid -1", new TarBuilder().Pax("uid=-1").File("f") },
        { "uid is no decimal", new TarBuilder().Pax("uid=root").File("f") },
        { "uid is no decimal", new TarBuilder().Pax("uid=99999999999999999999").File("f") },
        { "size -1", new TarBuilder().Pax("size=-1").File("f") },
        { "size -2", new TarBuilder().Entry('0', "f", edit: b => b.AsSpan(124, 11).Fill(0xFF)) },
        { "size is out of range", new TarBuilder().Entry('0', "f", edit: b => b[124] = 0xBF) },
        { "size is no octal", new TarBuilder().Entry('0', "f", edit: b => TarBuilder.Put(b, 124, "12x")) },
        { "device number", new TarBuilder().Entry('3', "f", edit: b => TarBuilder.Put(b, 329, "0010000\0")) },
        { "type 0x44", new TarBuilder().Entry('D', "f") },
        { "malformed PAX", new TarBuilder().Entry('x', "p", TarBuilder.Text("99 path=x\n")).File("f") },
        { "malformed PAX", new TarBuilder().Entry('x', "p", TarBuilder.Text("9 path=xy")).File("f") },
        { "malformed PAX", new TarBuilder().Entry('x', "p", TarBuilder.Text("-9 path=x\n")).File("f") },
        { "malformed PAX", new TarBuilder().Entry('x', "p", TarBuilder.Text("7 =abc\n")).File("f") },
        { "single zero block", new TarBuilder().File("a").Raw(new byte[512]).File("b") },
        { "wrong header checksum", new TarBuilder().Raw(Enumerable.Repeat((byte)0x31, 512).ToArray().AsSpan()) },
        { "after an extended header", new TarBuilder().Pax("path=x") },
        { "in order, apart", Sparse("GNU.sparse.map=10,5,0,5") },
        { "in order, apart", Sparse("GNU.sparse.map=0,5,3,5") },
        { "in order, apart", Sparse("GNU.sparse.map=0,5,9223372036854775807,5") },
        { "in order, apart", Sparse("GNU.sparse.map=0,-5,5,15") },
        { "ranges of 7 bytes, data of 10", Sparse("GNU.sparse.map=0,5,10,2") },
        { "odd number", Sparse("GNU.sparse.map=0,5,10") },
        { "numbytes without offset", Sparse("GNU.sparse.numbytes=5") },
        { "longer than the entry", Sparse("GNU.sparse.major=1", "GNU.sparse.realsize=100") },
    };

    private static TarBuilder Sparse(params string[] records) =>
        new TarBuilder().Pax(["GNU.sparse.size=100", .. records]).File("f", "0123456789");

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_hostile_archive_is_refused_by_what_is_wrong_with_it(string expected, TarBuilder archive)
    {
        string message = await _layer.RefusalAsync(archive);

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CVE_2021_32760_chmod_and_writes_do_not_go_through_links()
    {
        TarBuilder archive = new TarBuilder()
            .Symlink("out", _layer.Victim)
            .Symlink("up", "../../victim")
            .Symlink("file", _layer.Victim + "/file")
            .File("file", "replaced", 0b110_110_110)
            .Hardlink("through", "up2/file");
        await _layer.RefusalAsync(archive);

        await _layer.RefusalAsync(new TarBuilder().Symlink("out", _layer.Victim).File("out/planted"));
        await _layer.RefusalAsync(new TarBuilder().Symlink("up", "../../victim").File("up/dir/planted"));
        await _layer.UnpackAsync(new TarBuilder()
            .Symlink("link", _layer.Victim + "/file").Hardlink("second", "link").Entry('0', "second", TarBuilder.Text("x"), mode: 0b111_111_111)
            .Symlink("dir", _layer.Victim).Directory("dir", 0b111_111_111).File("dir/f"));

        _layer.AssertHostUntouched();
        Assert.Equal(FileType.SymbolicLink, _layer.Status("link").Type);
    }

    [Fact]
    public async Task CVE_2025_47290_a_racer_that_swaps_directories_for_links_leads_nothing_out()
    {
        TarBuilder archive = new();
        for (int i = 0; i < 500; i++)
        {
            archive.Directory("dir").File($"dir/f{i}", "x", 0b111_111_111).File($"dir/sub{i}/f", "x").Hardlink($"dir/h{i}", $"dir/f{i}")
                .File($"other{i}/f").File($"dir/.wh.w{i}").File($"dir/o{i}/.wh..wh..opq");
        }

        At.Mkdir(_layer.Directory, "dir", 0b111_101_101);
        At.Symlink(_layer.Victim, _layer.Directory, "swap");
        using CancellationTokenSource stop = new();
        long swaps = 0;
        Thread racer = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                swaps += At.TryRename(_layer.Directory, "dir", _layer.Directory, "swap", RenameFlags.RENAME_EXCHANGE) == 0 ? 1 : 0;
            }
        });
        racer.Start();
        int finished = 0;
        for (int round = 0; round < 500; round++)
        {
            try
            {
                await _layer.UnpackAsync(new TarBuilder().Directory("dir").File("dir/f", "x", 0b111_111_111).File($"dir/s/f{round % 7}", "x").Hardlink("dir/h", "dir/f"));
                finished++;
            }
            catch (LayerException)
            {
                // Losing the race may refuse the layer; it may not touch the host.
            }
        }

        try
        {
            await _layer.UnpackAsync(archive);
        }
        catch (LayerException)
        {
        }

        await stop.CancelAsync();
        racer.Join();
        Assert.True(swaps > 500 && finished > 0, $"{swaps} swaps, {finished} finished");
        _layer.AssertHostUntouched();
    }

    [Fact]
    public async Task CVE_2026_53494_a_hundred_thousand_opaque_whiteouts_take_linear_time()
    {
        // A tenth of a millisecond each on a quiet machine; 10^10 comparisons would take far longer than this.
        Assert.InRange(await TimeAsync(Opaque(100_000)), TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task CVE_2026_95838_whiteouts_and_replacements_do_not_multiply()
    {
        static TarBuilder Alternating(int count)
        {
            TarBuilder archive = new();
            for (int i = 0; i < count; i++)
            {
                archive.File($"d/.wh.f{i}").File("d/.wh..wh..opq").File($"d/f{i}").Symlink("s", "d").File("s/x").Directory("s");
            }

            return archive;
        }

        await TimeAsync(Alternating(50));
        TimeSpan small = await TimeAsync(Alternating(100));
        TimeSpan large = await TimeAsync(Alternating(1_000));

        Assert.True(large < 60 * small, $"100: {small}, 1 000: {large}");
    }

    [Theory]
    [InlineData("extended header 'x'", 4_000_000)]
    [InlineData("more than 100 entries", 0)]
    [InlineData("the limit of one layer", -1)]
    public async Task Bombs_meet_a_limit_that_the_error_names(string expected, int pax)
    {
        TarBuilder archive = new();
        if (pax > 0)
        {
            archive.Pax("comment=" + new string('c', pax)).File("f");
        }

        for (int i = 0; i < 101; i++)
        {
            archive.File($"f{i}", pax < 0 ? new string('x', 20_000) : "");
        }

        UnpackLimits limits = new() { MaximumEntries = pax < 0 ? 1000 : 100, MaximumBytes = pax < 0 ? 1_000_000 : 1 << 30 };
        Assert.Contains(expected, await _layer.RefusalAsync(archive, limits), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_small_headers_before_one_entry_meet_the_limit_too()
    {
        TarBuilder archive = new();
        for (int i = 0; i < 300; i++)
        {
            archive.Pax("comment=" + new string('c', 4000));
        }

        Assert.Contains("extended header", await _layer.RefusalAsync(archive.File("f")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sparse_file_counts_with_its_full_size()
    {
        TarBuilder archive = new TarBuilder()
            .Pax("GNU.sparse.size=" + (1L << 40), "GNU.sparse.map=0,10").File("f", "0123456789");

        Assert.Contains("limit of one layer", await _layer.RefusalAsync(archive), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_archive_is_refused_wherever_an_entry_is_cut()
    {
        byte[] archive = new TarBuilder().Pax("path=name").File("f", new string('x', 1000)).BuildWithoutEnd();

        for (int length = 1; length < archive.Length; length += 37)
        {
            byte[] cut = archive[..length];
            await Assert.ThrowsAsync<LayerException>(() => _layer.UnpackAsync(cut));
        }
    }

    [Fact]
    public async Task Names_in_messages_are_bounded_and_hold_no_control_characters()
    {
        string message = await _layer.RefusalAsync(new TarBuilder().Pax("path=" + new string('\n', 2000)).File("f"));

        Assert.DoesNotContain('\n', message);
        Assert.InRange(message.Length, 0, 400);
    }

    private static TarBuilder Opaque(int count)
    {
        TarBuilder archive = new();
        for (int i = 0; i < count; i++)
        {
            archive.File($"d{i % 100}/e{i % 1000}/.wh..wh..opq");
        }

        return archive;
    }

    private static async Task<TimeSpan> TimeAsync(TarBuilder archive)
    {
        using UnpackFixture fresh = new();
        byte[] bytes = archive.Build();
        long begin = Stopwatch.GetTimestamp();
        await fresh.UnpackAsync(bytes);
        return Stopwatch.GetElapsedTime(begin);
    }
}
