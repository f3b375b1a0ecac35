// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Images.Unpack;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Tests.Files;

namespace Gantry.Images.Tests.Unpack;

/// <summary>Archives written by GNU tar give the trees that GNU tar unpacks.</summary>
public sealed class GnuTarComparisonTests : IDisposable
{
    private readonly TemporaryDirectory _dir = new();

    public void Dispose() => _dir.Dispose();

    [Theory]
    [InlineData("gnu", "")]
    [InlineData("oldgnu", "--sparse")]
    [InlineData("posix", "--sparse --sparse-version=0.0")]
    [InlineData("posix", "--sparse --sparse-version=0.1")]
    [InlineData("posix", "--sparse --sparse-version=1.0")]
    [InlineData("ustar", "")]
    [InlineData("v7", "")]
    public async Task A_made_tree_is_the_same(string format, string options)
    {
        MakeTree(v7: format is "v7" or "ustar");
        string[] extra = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] xattrs = format == "posix" ? ["--xattrs", "--xattrs-include=*"] : [];
        Tar(["-C", _dir["tree"], $"--format={format}", .. extra, .. xattrs, "-cf", _dir["a.tar"], "."]);

        await CompareAsync(xattrs);

        using OwnedFd ours = At.Open(_dir.Handle, "ours", OpenFlags.O_PATH);
        Assert.True(options.Length == 0 || At.Status(ours, "sparse").Blocks < 300);
    }

    [Fact]
    public async Task A_part_of_Debian_is_the_same()
    {
        Assert.SkipUnless(Directory.Exists("/usr/share/doc/bash"), "no /usr/share/doc/bash");
        Tar(["-C", "/usr/share/doc", "-cf", _dir["a.tar"], "bash", "coreutils", "-C", "/", "etc/apt", "etc/alternatives"]);

        await CompareAsync([]);
    }

    private void MakeTree(bool v7)
    {
        Directory.CreateDirectory(_dir["tree/sub/deeper"]);
        _dir.Write("tree/sub/text", "some text");
        File.WriteAllBytes(_dir["tree/sub/large"], new byte[700_001]);
        File.CreateSymbolicLink(_dir["tree/sub/link"], "../somewhere/else");
        using OwnedFd tree = At.Open(_dir.Handle, "tree", OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        At.Link(tree, "sub/text", tree, "zz-hard");
        if (!v7)
        {
            At.Mknod(tree, "fifo", FileType.Fifo, 0b110_100_000);
            At.Mknod(tree, "device", FileType.CharacterDevice, 0b110_000_000, new DeviceNumber(1, 3));
            _dir.Write("tree/sub/" + new string('n', 200), "long name");
            File.CreateSymbolicLink(_dir["tree/longlink"], new string('t', 300));
        }

        using OwnedFd sparse = At.Create(tree, "sparse", 0b110_000_000);
        for (int i = 0; i < 30; i++)
        {
            OpenFile.WriteAt(sparse, TarBuilder.Text($"chunk {i}"), i * 100_000);
        }

        OpenFile.SetLength(sparse, 5_000_000);
        Xattr.Set(sparse, "user.test", [0, 1, 255]);
        OpenFile.Chown(sparse, 1234, 5678);
        OpenFile.Chmod(sparse, 0b100_110_000_100);
        At.SetTimes(tree, "sub/deeper", new FileTime(1, 0), new FileTime(1_500_000_000, v7 ? 0u : 500));
    }

    private async Task CompareAsync(string[] options)
    {
        Directory.CreateDirectory(_dir["ours"]);
        Directory.CreateDirectory(_dir["theirs"]);
        Tar(["-C", _dir["theirs"], "-xpf", _dir["a.tar"], "--numeric-owner", .. options]);
        using OwnedFd ours = At.Open(_dir.Handle, "ours", OpenFlags.O_PATH);
        await using FileStream stream = File.OpenRead(_dir["a.tar"]);

        await LayerUnpacker.UnpackAsync(stream, ours, new UnpackLimits(), TestContext.Current.CancellationToken);

        Assert.Equal(Lines(_dir["theirs"]), Lines(_dir["ours"]));
    }

    // The archive does not hold the top directory of a part, nor the "etc" above.
    private static string[] Lines(string path) =>
        [.. TreeListing.Of(path).Split('\n').Where(static l => !l.StartsWith(". ", StringComparison.Ordinal) && !l.StartsWith("657463 ", StringComparison.Ordinal))];

    private static void Tar(string[] arguments)
    {
        using Process process = Process.Start("tar", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
