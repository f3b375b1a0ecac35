// SPDX-License-Identifier: Apache-2.0
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Gantry.Oci.Image;
using ZstdSharp;

namespace Gantry.Kit.Images;

/// <summary>Content of a registry: bytes with their digest.</summary>
public sealed record TestBlob(byte[] Content)
{
    public Digest Digest { get; } = Digest.Of(Content);
}

/// <param name="Blob">As it is sent.</param>
/// <param name="DiffId">Digest of the tar stream.</param>
public sealed record TestLayer(TestBlob Blob, Digest DiffId, string MediaType)
{
    /// <summary>A layer from any bytes, well formed or not.</summary>
    public static TestLayer From(ReadOnlySpan<byte> tar, LayerCompression compression) =>
        new(new TestBlob(Compress(tar, compression)), Digest.Of(tar), OciType(compression));

    public static string OciType(LayerCompression compression) => compression switch
    {
        LayerCompression.Gzip => MediaTypes.OciLayerGzip,
        LayerCompression.Zstd => MediaTypes.OciLayerZstd,
        _ => MediaTypes.OciLayer,
    };

    public static byte[] Compress(ReadOnlySpan<byte> tar, LayerCompression compression)
    {
        using var compressed = new MemoryStream();
        switch (compression)
        {
            case LayerCompression.Gzip:
                using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
                {
                    gzip.Write(tar);
                }

                break;
            case LayerCompression.Zstd:
                using (var zstd = new CompressionStream(compressed, level: 1, leaveOpen: true))
                {
                    zstd.Write(tar);
                }

                break;
            default:
                compressed.Write(tar);
                break;
        }

        return compressed.ToArray();
    }
}

/// <summary>Makes the tar stream of a layer, entry by entry.</summary>
public sealed class LayerBuilder
{
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;
    private readonly List<TarEntry> _entries = [];

    public LayerBuilder Directory(string path, int mode = 0b111_101_101, int uid = 0, int gid = 0) =>
        Add(new PaxTarEntry(TarEntryType.Directory, path.TrimEnd('/') + "/") { Mode = (UnixFileMode)mode, Uid = uid, Gid = gid });

    public LayerBuilder File(string path, string content, int mode = 0b110_100_100, int uid = 0, int gid = 0) =>
        File(path, Encoding.UTF8.GetBytes(content), mode, uid, gid);

    public LayerBuilder File(string path, byte[] content, int mode = 0b110_100_100, int uid = 0, int gid = 0) =>
        Add(new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            Mode = (UnixFileMode)mode,
            Uid = uid,
            Gid = gid,
            DataStream = new MemoryStream(content),
        });

    /// <summary>Copies a file of this machine, as an executable.</summary>
    public LayerBuilder Program(string path, string source) =>
        Add(new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            Mode = Executable,
            DataStream = new MemoryStream(System.IO.File.ReadAllBytes(source)),
        });

    public LayerBuilder Symlink(string path, string target) =>
        Add(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target, Mode = (UnixFileMode)0b111_111_111 });

    public LayerBuilder HardLink(string path, string target) =>
        Add(new PaxTarEntry(TarEntryType.HardLink, path) { LinkName = target });

    /// <summary>An entry that hides <paramref name="path"/> of the layers below.</summary>
    public LayerBuilder Whiteout(string path) => File(
        Path.Combine(Path.GetDirectoryName(path) ?? "", ".wh." + Path.GetFileName(path)), "");

    /// <summary>Hides everything that the layers below have in the directory.</summary>
    public LayerBuilder Opaque(string directory) => File($"{directory.TrimEnd('/')}/.wh..wh..opq", "");

    public TestLayer Build(LayerCompression compression = LayerCompression.Gzip) => TestLayer.From(Tar(), compression);

    /// <summary>The uncompressed archive with its end.</summary>
    public byte[] Tar()
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in _entries)
            {
                if (entry.DataStream is not null)
                {
                    entry.DataStream.Position = 0;
                }

                tar.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    private LayerBuilder Add(TarEntry entry)
    {
        entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        _entries.Add(entry);
        return this;
    }
}
