// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using Gantry.Oci.Image;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Content;

/// <summary>A blob that is being written, hashed as it grows. For one thread at a time.</summary>
/// <remarks>
/// A resumed one starts with bytes of an earlier attempt: <see cref="Replay"/> hands them out and hashes them; only
/// after the last of them may <see cref="Append"/> follow.
/// </remarks>
public sealed class BlobIngest : IDisposable
{
    private readonly ContentStore _store;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private IncrementalHash _hash;
    private long _hashed;
    private bool _disposed;

    internal BlobIngest(ContentStore store, Digest digest, long size, string path)
    {
        _store = store;
        _path = path;
        Digest = digest;
        Size = size;
        try
        {
            _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (IOException e) when (StorageException.IsNoSpace(e))
        {
            throw StorageException.NoSpace(store.Root, size, e);
        }

        Offset = RandomAccess.GetLength(_file);
        _hash = NewHash();
        if (Offset > size)
        {
            Restart();
        }
    }

    public Digest Digest { get; }

    /// <value>Bytes that the blob will have.</value>
    public long Size { get; }

    /// <value>Bytes that are in the file.</value>
    public long Offset { get; private set; }

    /// <summary>True when the file began with bytes of an earlier attempt.</summary>
    public bool Resumed => Offset > 0 && _hashed < Offset;

    /// <summary>Next bytes of an earlier attempt.</summary>
    /// <returns>0 when there are no more: now bytes may be appended.</returns>
    public int Replay(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Offset - _hashed);
        int count = wanted == 0 ? 0 : RandomAccess.Read(_file, buffer[..wanted], _hashed);
        _hash.AppendData(buffer[..count]);
        _hashed += count;
        return count;
    }

    /// <summary>Forgets what is in the file.</summary>
    public void Restart()
    {
        RandomAccess.SetLength(_file, 0);
        _hash.Dispose();
        _hash = NewHash();
        Offset = 0;
        _hashed = 0;
    }

    /// <exception cref="StorageException">
    /// <see cref="StorageError.NoSpace"/>: what was written before stays. <see cref="StorageError.Corrupt"/>: more than <see cref="Size"/> bytes.
    /// </exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (_hashed != Offset)
        {
            throw new InvalidOperationException("the bytes of the earlier attempt come first");
        }

        if (data.Length > Size - Offset)
        {
            throw new StorageException(StorageError.Corrupt, $"content {Digest}: longer than its {Size} bytes");
        }

        try
        {
            RandomAccess.Write(_file, data, Offset);
        }
        catch (IOException e) when (StorageException.IsNoSpace(e))
        {
            RandomAccess.SetLength(_file, Offset);
            throw StorageException.NoSpace(_store.Root, Size - Offset, e);
        }

        _hash.AppendData(data);
        Offset += data.Length;
        _hashed += data.Length;
    }

    /// <summary>Checks size and digest, gives the blob its name. It is on the disk after the next sync of the file system.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.Corrupt"/>: nothing is kept.</exception>
    public void Commit()
    {
        if (Offset != Size || _hashed != Offset)
        {
            throw new StorageException(StorageError.Corrupt, $"content {Digest}: {Offset} bytes of {Size}");
        }

        Span<byte> hash = stackalloc byte[64];
        int length = _hash.GetCurrentHash(hash);
        var actual = Digest.FromHash(Digest.Algorithm, hash[..length]);
        if (actual != Digest)
        {
            Restart();
            File.Delete(_path);
            throw new StorageException(StorageError.Corrupt, $"content {Digest}: what arrived has digest {actual}");
        }

        try
        {
            _store.Committed(Digest, _path, Size);
        }
        catch (IOException e) when (StorageException.IsNoSpace(e))
        {
            throw StorageException.NoSpace(_store.Root, 0, e);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (Offset == 0 && Size > 0)
            {
                File.Delete(_path);
            }

            _file.Dispose();
            _hash.Dispose();
            _store.Ended(Digest);
        }
    }

    private IncrementalHash NewHash() =>
        IncrementalHash.CreateHash(Digest.Algorithm == DigestAlgorithm.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);
}
