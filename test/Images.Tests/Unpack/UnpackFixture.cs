// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Images.Unpack;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Tests.Files;

namespace Gantry.Images.Tests.Unpack;

/// <summary>A layer directory with host files around it that nothing may touch.</summary>
public sealed class UnpackFixture : IDisposable
{
    private readonly TemporaryDirectory _host = new();
    private readonly string _hostBefore;

    public UnpackFixture()
    {
        System.IO.Directory.CreateDirectory(_host["victim/dir"]);
        _host.Write("victim/file", "host");
        System.IO.Directory.CreateDirectory(_host["layers/layer"]);
        _hostBefore = TreeListing.Of(_host["victim"]);
        Directory = At.Open(_host.Handle, "layers/layer", OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
    }

    public OwnedFd Directory { get; }

    public string Path => _host["layers/layer"];

    /// <summary>Absolute path of a host directory that an archive tries to reach.</summary>
    public string Victim => _host["victim"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public Task<UnpackResult> UnpackAsync(TarBuilder archive, UnpackLimits? limits = null) => UnpackAsync(archive.Build(), limits);

    public async Task<UnpackResult> UnpackAsync(byte[] archive, UnpackLimits? limits = null)
    {
        using MemoryStream stream = new(archive);
        return await LayerUnpacker.UnpackAsync(stream, Directory, limits ?? new UnpackLimits(), TestContext.Current.CancellationToken);
    }

    public async Task<string> RefusalAsync(TarBuilder archive, UnpackLimits? limits = null)
    {
        LayerException error = await Assert.ThrowsAsync<LayerException>(() => UnpackAsync(archive, limits));
        AssertHostUntouched();
        return error.Message;
    }

    public FileStatus Status(string name) => At.Status(Directory, name);

    public byte[]? Attribute(string name, string attribute)
    {
        using OwnedFd file = At.Open(Directory, name, OpenFlags.O_PATH);
        return Xattr.Get(file, attribute);
    }

    public string Read(string name) => Encoding.Latin1.GetString(System.IO.File.ReadAllBytes(this[name]));

    public void AssertHostUntouched()
    {
        Assert.Equal(_hostBefore, TreeListing.Of(_host["victim"]));
        Assert.Equal(["layers", "victim"], DirectoryReader.Names(_host.Handle).Order());
        Assert.Equal([_host["layers/layer"]], System.IO.Directory.GetFileSystemEntries(_host["layers"]));
    }

    public void Dispose()
    {
        Directory.Dispose();
        _host.Dispose();
    }
}
