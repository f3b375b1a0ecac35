// SPDX-License-Identifier: Apache-2.0
using Gantry.Kit;
using Gantry.Oci.Image;
using Gantry.Storage.Content;

namespace Gantry.Storage.Tests.Content;

public sealed class ContentStoreTests : IDisposable
{
    private static readonly byte[] s_content = "some content that is a little longer than nothing"u8.ToArray();
    private readonly TempRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha512)]
    public void Content_is_found_by_its_digest(DigestAlgorithm algorithm)
    {
        ContentStore store = Open();
        Digest digest = Digest.Of(algorithm, s_content);

        store.Write(digest, s_content);

        Assert.True(store.Contains(digest));
        Assert.Equal(s_content, store.Read(digest, 1000));
        Assert.Equal(s_content.Length, store.UsedBytes);
        Assert.Equal(s_content.Length, Open().UsedBytes);
        Assert.Equal(new BlobInfo(digest, s_content.Length), Assert.Single(store.List()));
    }

    [Fact]
    public void Content_with_another_digest_is_refused_and_leaves_nothing()
    {
        ContentStore store = Open();

        var error = Assert.Throws<StorageException>(() => store.Write(Digest.Of("other"u8), s_content));

        Assert.Equal(StorageError.Corrupt, error.Error);
        Assert.Empty(store.List());
        Assert.Empty(store.ListPartial());
    }

    [Fact]
    public void An_interrupted_blob_goes_on_where_it_stopped()
    {
        Digest digest = Digest.Of(s_content);
        using (BlobIngest first = Open().Begin(digest, s_content.Length))
        {
            first.Append(s_content.AsSpan(0, 20));
        }

        ContentStore store = Open();
        Assert.False(store.Contains(digest));
        using (BlobIngest second = store.Begin(digest, s_content.Length))
        {
            Assert.Equal(20, second.Offset);
            Assert.Throws<InvalidOperationException>(() => second.Append(s_content.AsSpan(20)));
            byte[] replayed = new byte[100];
            Assert.Equal(20, second.Replay(replayed));
            Assert.Equal(0, second.Replay(replayed));
            second.Append(s_content.AsSpan(20));
            second.Commit();
        }

        Assert.Equal(s_content, store.Read(digest, 1000));
        Assert.Empty(store.ListPartial());
    }

    [Fact]
    public void A_blob_longer_or_shorter_than_announced_is_refused()
    {
        Digest digest = Digest.Of(s_content);
        using BlobIngest ingest = Open().Begin(digest, s_content.Length - 1);

        Assert.Equal(StorageError.Corrupt, Assert.Throws<StorageException>(() => ingest.Append(s_content)).Error);
        ingest.Append(s_content.AsSpan(0, 5));
        Assert.Equal(StorageError.Corrupt, Assert.Throws<StorageException>(ingest.Commit).Error);
    }

    [Fact]
    public void A_blob_has_one_writer_at_a_time()
    {
        ContentStore store = Open();
        Digest digest = Digest.Of(s_content);
        using (store.Begin(digest, s_content.Length))
        {
            Assert.Equal(StorageError.Busy, Assert.Throws<StorageException>(() => store.Begin(digest, 1)).Error);
        }

        using BlobIngest next = store.Begin(digest, s_content.Length);
        Assert.Equal(0, next.Offset);
    }

    [Fact]
    public void Content_damaged_on_disk_is_noticed_and_removed()
    {
        ContentStore store = Open();
        Digest digest = Digest.Of(s_content);
        store.Write(digest, s_content);
        File.WriteAllText(Path.Combine(store.Root, "blobs", "sha256", digest.Hex), new string('x', s_content.Length));

        var error = Assert.Throws<StorageException>(() => store.Read(digest, 1000));

        Assert.Equal(StorageError.Corrupt, error.Error);
        Assert.False(store.Contains(digest));
    }

    [Fact]
    public void Content_cut_short_on_disk_counts_as_absent()
    {
        ContentStore store = Open();
        Digest digest = Digest.Of(s_content);
        store.Write(digest, s_content);
        File.WriteAllText(Path.Combine(store.Root, "blobs", "sha256", digest.Hex), "");

        Assert.False(store.Contains(digest, s_content.Length));
        Assert.False(store.Contains(digest));
    }

    [Fact]
    public void What_is_absent_is_named()
    {
        Digest digest = Digest.Of(s_content);

        var error = Assert.Throws<StorageException>(() => Open().OpenRead(digest));

        Assert.Equal(StorageError.NotFound, error.Error);
        Assert.Contains(digest.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_named_with_what_is_missing_and_the_blob_goes_on_when_space_returns()
    {
        using var disk = new TmpfsMount(1024 * 1024);
        ContentStore store = ContentStore.Open(disk.Path);
        byte[] large = new byte[2 * 1024 * 1024];
        Random.Shared.NextBytes(large);
        Digest digest = Digest.Of(large);
        StorageException error;
        long written;
        using (BlobIngest ingest = store.Begin(digest, large.Length))
        {
            error = Assert.Throws<StorageException>(() =>
            {
                for (int i = 0; i < large.Length; i += 4096)
                {
                    ingest.Append(large.AsSpan(i, 4096));
                }
            });
            written = ingest.Offset;
        }

        Assert.Equal(StorageError.NoSpace, error.Error);
        Assert.Equal($"no space left on {store.Root}: needs {large.Length - written} bytes", error.Message);
        disk.Resize(8 * 1024 * 1024);
        using (BlobIngest ingest = store.Begin(digest, large.Length))
        {
            Assert.Equal(written, ingest.Offset);
            byte[] buffer = new byte[65536];
            while (ingest.Replay(buffer) > 0)
            {
            }

            ingest.Append(large.AsSpan((int)written));
            ingest.Commit();
        }

        Assert.True(store.Contains(digest, large.Length));
    }

    [Fact]
    public void CVE_2021_41103_no_other_user_can_reach_into_the_store()
    {
        ContentStore store = Open();

        Assert.All(
            Directory.GetDirectories(store.Root, "*", SearchOption.AllDirectories).Append(store.Root),
            d => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(d)));
    }

    private ContentStore Open() => ContentStore.Open(_root.Path);
}
