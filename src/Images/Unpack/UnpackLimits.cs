// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Unpack;

/// <summary>What one layer may hold at most; more is a <see cref="LayerException"/> that names the limit.</summary>
public sealed record UnpackLimits
{
    /// <summary>Length of the tar stream after decompression, and of the data it describes, in bytes.</summary>
    public long MaximumBytes { get; init; } = 64L << 30;

    /// <summary>Entries in the archive.</summary>
    public int MaximumEntries { get; init; } = 4_000_000;

    /// <summary>Names in a path; each is 1 to 255 bytes, the path at most 4095.</summary>
    public int MaximumDepth { get; init; } = 256;

    /// <summary>Bytes of extended headers (PAX, GNU long names) before one entry, and of global headers in all.</summary>
    public int MaximumHeaderBytes { get; init; } = 1 << 20;
}

/// <summary>What was unpacked.</summary>
/// <param name="Entries">Entries of the archive, whiteouts included.</param>
/// <param name="Bytes">Bytes of file content written.</param>
public sealed record UnpackResult(long Entries, long Bytes)
{
    /// <summary>Paths of directories that the archive used without an entry of their own, parents before children.</summary>
    /// <remarks>For <see cref="LowerDirectories.Adopt"/>, once the layers below are there.</remarks>
    public IReadOnlyList<byte[]> ImplicitDirectories { get; init; } = [];
}
