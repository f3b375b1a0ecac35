// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using Gantry.Oci.Image;

namespace Gantry.Images.Pulling;

/// <summary>Hashes a stored blob again while it is read: a disk forgets too.</summary>
internal sealed class BlobCheck(Digest digest) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(
        digest.Algorithm == DigestAlgorithm.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);

    internal void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <exception cref="ImageException"><see cref="ImageError.Corrupt"/>.</exception>
    internal void Finish()
    {
        var actual = Digest.FromHash(digest.Algorithm, _hash.GetHashAndReset());
        if (actual != digest)
        {
            throw new ImageException(ImageError.Corrupt, $"content {digest}: damaged on disk, its digest is {actual}; it was removed, pull again");
        }
    }

    public void Dispose() => _hash.Dispose();
}
