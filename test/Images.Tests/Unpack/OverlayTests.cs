// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Images.Unpack;
using Gantry.Interop.Files;
using Gantry.Interop.Tests.Files;
using Gantry.Oci.Image;
using Gantry.Storage.Snapshots;

namespace Gantry.Images.Tests.Unpack;

/// <summary>What the kernel's overlayfs makes of unpacked layers.</summary>
public sealed class OverlayTests : IDisposable
{
    private readonly TemporaryDirectory _dir = new();

    public void Dispose() => _dir.Dispose();

    [Fact]
    public async Task Layers_stack_as_the_image_specification_says()
    {
        TarBuilder lower = new TarBuilder()
            .Directory("d").File("d/gone").File("d/kept").Directory("opaque").File("opaque/old").File("replaced", "old")
            .Directory("again").File("again/old").Directory("becomes-file").File("becomes-file/x");
        TarBuilder upper = new TarBuilder()
            .Directory("d").File("d/.wh.gone").Directory("opaque").File("opaque/.wh..wh..opq").File("opaque/new")
            .File("replaced", "new").File(".wh.again").Directory("again").File("again/new").File("becomes-file", "f");

        Assert.Equal(
            "again again/new becomes-file d d/kept opaque opaque/new replaced", await MergedAsync(lower, upper));
        Assert.Equal("new", File.ReadAllText(_dir["merged-copy/replaced"]));
    }

    [Fact]
    public async Task An_opaque_root_hides_all_lower_layers() =>
        Assert.Equal("new", await MergedAsync(new TarBuilder().File("old"), new TarBuilder().File(".wh..wh..opq").File("new")));

    [Fact]
    public async Task A_root_with_absolute_links_gives_canonical_paths()
    {
        await MergedAsync(new TarBuilder().Directory("etc").File("etc/f").Symlink("l", "/etc/f"), new TarBuilder());
        using RootDirectory root = RootDirectory.Open(_dir["merged-copy"]);
        using var file = root.OpenPath("/l");

        Assert.Equal("/etc/f", root.CanonicalPath(file));
    }

    [Fact]
    public async Task Directories_that_a_layer_does_not_describe_stay_as_they_were_below()
    {
        TarBuilder lower = new TarBuilder()
            .Directory("tmp", 0b001_111_111_111).Directory("home", 0b111_101_000).Directory("home/user", 0b111_000_000)
            .Directory("hidden", 0b111_000_000).Symlink("link", "tmp").Directory("cut", 0b111_000_000).Directory("cut/in", 0b111_000_000);
        TarBuilder middle = new TarBuilder().File(".wh.hidden").File("unrelated").Directory("home", 0b111_111_000).File("cut/.wh..wh..opq");
        TarBuilder upper = new TarBuilder()
            .File("tmp/f").File("home/user/f").File("hidden/f").File("link/f").File("new/f").File("cut/in/f");

        await MergedAsync(lower, middle, upper);

        string[] modes = [.. new[] { "tmp", "home", "home/user", "hidden", "link", "new", "cut", "cut/in" }
            .Select(name => Convert.ToString(At.Status(_dir.Handle, "merged-copy/" + name).Mode, 8))];
        Assert.Equal(["1777", "770", "700", "755", "755", "755", "755", "755"], modes);
        Assert.Equal(1_600_000_000, At.Status(_dir.Handle, "merged-copy/home/user").ModifyTime.Seconds);
    }

    private async Task<string> MergedAsync(params TarBuilder[] archives)
    {
        await using SnapshotStore store = SnapshotStore.Open(_dir["store"]);
        List<Digest> chain = [];
        foreach (TarBuilder archive in archives)
        {
            byte[] bytes = archive.Build();
            chain.Add(ChainId.Next(chain.Count > 0 ? chain[^1] : default, Digest.Of(bytes)));
            using LayerStaging staging = store.StageLayer(chain[^1]);
            using MemoryStream stream = new(bytes);
            UnpackResult result = await LayerUnpacker.UnpackAsync(
                stream, staging.Directory, new UnpackLimits(), TestContext.Current.CancellationToken);
            LowerDirectories.Adopt(staging.Directory, result.ImplicitDirectories, store.LayerPaths(chain[..^1]));
            staging.Commit();
        }

        return Mounted(store.Prepare("c", chain));
    }

    private string Mounted(Snapshot snapshot)
    {
        string merged = Directory.CreateDirectory(_dir["merged"]).FullName;
        string options = $"lowerdir={string.Join(':', snapshot.Lower)},upperdir={snapshot.Upper},workdir={snapshot.Work}";
        Assert.SkipUnless(Run("mount", "-t", "overlay", "gantry-test", "-o", options, merged), "overlay: not possible here");
        try
        {
            Assert.True(Run("cp", "-a", merged, _dir["merged-copy"]));
            return string.Join(' ', Directory.GetFileSystemEntries(merged, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(merged, path)).Order(StringComparer.Ordinal));
        }
        finally
        {
            Run("umount", merged);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
