// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using Gantry.Oci.Image;

namespace Gantry.Storage.Content;

/// <param name="Size">Bytes.</param>
public sealed record BlobInfo(Digest Digest, long Size);

/// <summary>Files named by their digest, below <c>content/blobs</c>; half-written ones below <c>content/ingest</c>.</summary>
/// <remarks>
/// A blob gets its name when it is complete and checked. It is not fsynced on its own: a pull syncs the file system once,
/// before its record is written (a hundred layers cost five seconds otherwise). After a power cut in between, a blob may
/// be damaged under its name; so whoever reads one checks its digest again, and a damaged one is removed and fetched anew.
/// </remarks>
public sealed class ContentStore
{
    private static readonly string[] s_algorithms = ["sha256", "sha512"];
    private readonly string _blobs;
    private readonly string _ingest;
    private readonly string _trash;
    private readonly ConcurrentDictionary<Digest, bool> _active = new();
    private long _usedBytes;
    private long _count;

    private ContentStore(string root)
    {
        Root = StoreDirectory.Make(root, "content");
        _blobs = StoreDirectory.Make(Root, "blobs");
        _ingest = StoreDirectory.Make(Root, "ingest");
        _trash = StoreDirectory.Make(Root, "trash");
        StoreDirectory.Make(_blobs, "sha256");
        StoreDirectory.Make(_blobs, "sha512");
    }

    public string Root { get; }

    /// <value>Bytes of complete blobs.</value>
    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    public long Count => Interlocked.Read(ref _count);

    /// <param name="root">The daemon's root directory.</param>
    public static ContentStore Open(string root)
    {
        var store = new ContentStore(root);
        store.EmptyTrash();
        foreach (BlobInfo blob in store.List())
        {
            store._usedBytes += blob.Size;
            store._count++;
        }

        return store;
    }

    public bool Contains(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>True when the blob is here with this size; one with another size is damaged and is removed.</summary>
    public bool Contains(Digest digest, long size)
    {
        var file = new FileInfo(PathOf(digest));
        if (!file.Exists || file.Length == size)
        {
            return file.Exists;
        }

        Discard(digest);
        return false;
    }

    /// <exception cref="StorageException"><see cref="StorageError.NotFound"/>.</exception>
    public FileStream OpenRead(Digest digest)
    {
        try
        {
            return new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (FileNotFoundException e)
        {
            throw new StorageException(StorageError.NotFound, $"content {digest}: not in the store", e);
        }
    }

    /// <summary>Reads a small blob whole and checks its digest again.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.NotFound"/>, or <see cref="StorageError.Corrupt"/>: the blob was removed.</exception>
    public byte[] Read(Digest digest, int maxBytes)
    {
        byte[] content;
        using (FileStream file = OpenRead(digest))
        {
            if (file.Length > maxBytes)
            {
                throw new StorageException(StorageError.Corrupt, $"content {digest}: {file.Length} bytes, at most {maxBytes}");
            }

            content = new byte[file.Length];
            file.ReadExactly(content);
        }

        if (Digest.Of(digest.Algorithm, content) == digest)
        {
            return content;
        }

        Discard(digest);
        throw new StorageException(StorageError.Corrupt, $"content {digest}: damaged on disk, removed");
    }

    /// <summary>Stores a small blob; one that is here already stays.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.Corrupt"/>: the digest does not fit; <see cref="StorageError.NoSpace"/>.</exception>
    public void Write(Digest digest, ReadOnlySpan<byte> content)
    {
        if (Contains(digest, content.Length))
        {
            return;
        }

        using BlobIngest ingest = Begin(digest, content.Length);
        ingest.Restart();
        ingest.Append(content);
        ingest.Commit();
    }

    /// <summary>Starts or resumes writing a blob. One writer at a time; what was written stays when it is disposed unfinished.</summary>
    /// <param name="size">Bytes that the blob will have.</param>
    /// <exception cref="StorageException"><see cref="StorageError.Busy"/>.</exception>
    public BlobIngest Begin(Digest digest, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (!_active.TryAdd(digest, true))
        {
            throw new StorageException(StorageError.Busy, $"content {digest}: is being written already");
        }

        try
        {
            return new BlobIngest(this, digest, size, IngestPath(digest));
        }
        catch
        {
            _active.TryRemove(digest, out _);
            throw;
        }
    }

    public IEnumerable<BlobInfo> List()
    {
        foreach (string algorithm in s_algorithms)
        {
            foreach (FileInfo file in new DirectoryInfo(Path.Combine(_blobs, algorithm)).EnumerateFiles())
            {
                if (Digest.TryParse($"{algorithm}:{file.Name}", out Digest digest))
                {
                    yield return new BlobInfo(digest, file.Length);
                }
            }
        }
    }

    /// <summary>Unfinished blobs that nobody writes at the moment.</summary>
    public IEnumerable<BlobInfo> ListPartial()
    {
        foreach (FileInfo file in new DirectoryInfo(_ingest).EnumerateFiles())
        {
            if (Digest.TryParse(file.Name.Replace('-', ':'), out Digest digest) && !_active.ContainsKey(digest))
            {
                yield return new BlobInfo(digest, file.Length);
            }
        }
    }

    /// <value>Bytes of this blob that an unfinished attempt left; 0: none.</value>
    public long PartialSize(Digest digest) => new FileInfo(IngestPath(digest)) is { Exists: true } file ? file.Length : 0;

    /// <value>Bytes of all unfinished blobs.</value>
    public long PartialBytes() => ListPartial().Sum(static b => b.Size);

    /// <summary>Takes the blob out of the store by a rename; its space is free after <see cref="EmptyTrash"/>.</summary>
    /// <returns>Bytes; 0 when it was not there.</returns>
    public long Discard(Digest digest)
    {
        long size = MoveToTrash(PathOf(digest));
        if (size >= 0)
        {
            Interlocked.Add(ref _usedBytes, -size);
            Interlocked.Decrement(ref _count);
        }

        return Math.Max(size, 0);
    }

    /// <summary>As <see cref="Discard"/>, for an unfinished blob; one that is being written stays.</summary>
    public long DiscardPartial(Digest digest) =>
        _active.ContainsKey(digest) ? 0 : Math.Max(MoveToTrash(IngestPath(digest)), 0);

    /// <summary>Deletes what was discarded.</summary>
    public void EmptyTrash()
    {
        foreach (string path in Directory.EnumerateFiles(_trash))
        {
            File.Delete(path);
        }
    }

    internal void Committed(Digest digest, string partial, long size)
    {
        string target = PathOf(digest);
        File.Move(partial, target, overwrite: true);
        Interlocked.Add(ref _usedBytes, size);
        Interlocked.Increment(ref _count);
    }

    internal void Ended(Digest digest) => _active.TryRemove(digest, out _);

    // Only a digest that was parsed gets here: its hex is safe in a path.
    private string PathOf(Digest digest) =>
        Path.Combine(_blobs, digest.Algorithm == DigestAlgorithm.Sha256 ? "sha256" : "sha512", digest.Hex);

    private string IngestPath(Digest digest) => Path.Combine(_ingest, digest.ToString().Replace(':', '-'));

    private long MoveToTrash(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return -1;
        }

        long size = file.Length;
        try
        {
            file.MoveTo(Path.Combine(_trash, Guid.NewGuid().ToString("N")));
            return size;
        }
        catch (FileNotFoundException)
        {
            // Two callers discarded it at once; the other one counts it.
            return -1;
        }
    }
}
