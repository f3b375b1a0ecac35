// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Kit;
using Gantry.Oci.Image;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Tests.Snapshots;

public sealed class SnapshotStoreTests : IDisposable
{
    private static readonly Digest s_base = Digest.Of("base"u8);
    private static readonly Digest s_top = Digest.Of("top"u8);

    private readonly TempRoot _root = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_layer_is_visible_only_once_committed()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        using LayerStaging staging = store.StageLayer(s_base);
        At.Create(staging.Directory, "f", 0).Dispose();

        Assert.False(store.HasLayer(s_base));
        staging.Commit();

        Assert.True(store.HasLayer(s_base));
        Assert.Equal([s_base], store.Layers());
        Assert.True(File.Exists(_root[$"snapshots/layers/{s_base.Hex}/fs/f"]));
        Assert.Empty(Directory.GetFileSystemEntries(_root["snapshots/staging"]));
    }

    [Fact]
    public async Task A_staging_that_is_given_up_leaves_nothing()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        using (LayerStaging staging = store.StageLayer(s_base))
        {
            At.Create(staging.Directory, "f", 0).Dispose();
        }

        await store.EmptyTrashAsync(Token);

        Assert.False(store.HasLayer(s_base));
        AssertEmpty("staging", "trash", "layers");
    }

    [Fact]
    public async Task The_first_of_two_commits_of_a_layer_stays()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        using LayerStaging first = store.StageLayer(s_base);
        using LayerStaging second = store.StageLayer(s_base);
        At.Create(first.Directory, "first", 0).Dispose();

        first.Commit();
        second.Commit();
        await store.EmptyTrashAsync(Token);

        Assert.Equal(["first"], Directory.GetFiles(_root[$"snapshots/layers/{s_base.Hex}/fs"]).Select(Path.GetFileName));
        AssertEmpty("staging", "trash");
    }

    [Fact]
    public async Task Prepare_names_the_layers_topmost_first_and_makes_a_writable_one()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        AddLayer(store, s_base, "base");
        AddLayer(store, s_top, "top", uid: 77);

        Snapshot snapshot = store.Prepare("c1", [s_base, s_top]);

        string snapshots = _root["snapshots"];
        Assert.Equal([$"{snapshots}/layers/{s_top.Hex}/fs", $"{snapshots}/layers/{s_base.Hex}/fs"], snapshot.Lower);
        Assert.Equal($"{snapshots}/containers/c1/upper", snapshot.Upper);
        FileStatus upper = At.Status(null, snapshot.Upper);
        Assert.Equal((0b111_101_101u, 77u), (upper.Mode, upper.Uid));
        Assert.True(Directory.Exists(snapshot.Work));
        Assert.Equal(snapshot.Upper, store.Prepare("c1", [s_base, s_top]).Upper);
        Assert.Equal(snapshot.Lower, store.Find("c1")!.Lower);
        Assert.Null(store.Find("c2"));
        var error = Assert.Throws<StorageException>(() => store.Prepare("c1", [s_base]));
        Assert.Equal(StorageError.Busy, error.Error);
    }

    [Fact]
    public async Task An_opaque_layer_hides_all_below_it()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        AddLayer(store, s_base, "base");
        using (LayerStaging staging = store.StageLayer(s_top))
        {
            Xattr.Set(staging.Directory, "trusted.overlay.opaque", "y"u8);
            staging.Commit();
        }

        Assert.Single(store.Prepare("c1", [s_base, s_top]).Lower);
        Assert.Equal(2, store.UsedLayers().Count);
    }

    [Fact]
    public async Task An_image_without_layers_has_an_empty_lower_directory()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);

        Snapshot snapshot = store.Prepare("c1", []);

        Assert.Empty(Directory.GetFileSystemEntries(Assert.Single(snapshot.Lower)));
    }

    [Fact]
    public async Task A_missing_layer_and_a_malformed_id_are_refused_and_leave_nothing()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);

        var error = Assert.Throws<StorageException>(() => store.Prepare("c1", [s_base]));
        foreach (string id in new[] { "", "..", ".", "a/b", "../x", new string('x', 65), ".hidden", "a\0" })
        {
            Assert.Throws<ArgumentException>(() => store.Prepare(id, []));
            Assert.Throws<ArgumentException>(() => store.Remove(id));
        }

        Assert.Equal(StorageError.NotFound, error.Error);
        AssertEmpty("containers", "staging");
    }

    [Fact]
    public async Task Layers_of_containers_are_kept_until_the_last_one_goes()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        AddLayer(store, s_base, "base");
        store.Prepare("c1", [s_base]);
        store.Prepare("c2", [s_base]);

        Assert.Equal([s_base], store.UsedLayers());
        store.Remove("c1");
        var error = Assert.Throws<StorageException>(() => store.RemoveLayer(s_base));
        store.Remove("c2");
        store.Remove("c2");
        store.RemoveLayer(s_base);
        store.RemoveLayer(s_base);
        await store.EmptyTrashAsync(Token);

        Assert.Equal(StorageError.Busy, error.Error);
        Assert.Contains("\"c2\"", error.Message, StringComparison.Ordinal);
        Assert.False(store.HasLayer(s_base));
        Assert.Null(store.LastTrashFailure);
        AssertEmpty("layers", "containers", "trash");
    }

    [Fact]
    public async Task A_new_start_knows_layers_and_containers_and_clears_what_a_crash_left()
    {
        await using (SnapshotStore store = SnapshotStore.Open(_root.Path))
        {
            AddLayer(store, s_base, "base");
            store.Prepare("c1", [s_base]);
        }

        Directory.CreateDirectory(_root["snapshots/staging/half/fs/a"]);
        Directory.CreateDirectory(_root["snapshots/trash/old/fs/a"]);
        Directory.CreateDirectory(_root["snapshots/layers/no-digest"]);
        Directory.CreateDirectory(_root[$"snapshots/layers/{s_top.Hex}"]);

        await using SnapshotStore again = SnapshotStore.Open(_root.Path);
        await again.EmptyTrashAsync(Token);

        Assert.Equal([s_base], again.Layers());
        Assert.Equal(["c1"], again.Containers());
        Assert.Equal([s_base], again.UsedLayers());
        Assert.EndsWith($"{s_base.Hex}/fs", Assert.Single(again.Find("c1")!.Lower), StringComparison.Ordinal);
        AssertEmpty("staging", "trash");
    }

    [Fact]
    public async Task A_layer_not_synced_before_a_power_cut_is_not_trusted_after_it()
    {
        await using (SnapshotStore store = SnapshotStore.Open(_root.Path))
        {
            AddLayer(store, s_base, "base");
            store.Sync();
            AddLayer(store, s_top, "top");
        }

        string mark = _root[$"snapshots/layers/{s_top.Hex}/unsynced"];
        Assert.True(File.Exists(mark));
        Assert.False(File.Exists(_root[$"snapshots/layers/{s_base.Hex}/unsynced"]));
        File.WriteAllText(mark, "00000000-0000-0000-0000-000000000000");

        await using SnapshotStore again = SnapshotStore.Open(_root.Path);

        Assert.Equal([s_base], again.Layers());
    }

    [Fact]
    public async Task A_damaged_record_keeps_the_container_in_the_list_for_removal()
    {
        await using (SnapshotStore store = SnapshotStore.Open(_root.Path))
        {
            store.Prepare("c1", []);
        }

        File.WriteAllText(_root["snapshots/containers/c1/snapshot.json"], "");
        await using SnapshotStore again = SnapshotStore.Open(_root.Path);

        Assert.Equal(["c1"], again.Containers());
        again.Remove("c1");
        Assert.Empty(again.Containers());
    }

    [Fact]
    public async Task Usage_counts_allocated_bytes_and_inodes_once()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        Snapshot snapshot = store.Prepare("c1", []);
        SnapshotUsage empty = store.Usage("c1", Token);
        Directory.CreateDirectory(snapshot.Upper + "/d");
        File.WriteAllBytes(snapshot.Upper + "/d/f", RandomNumberGenerator.GetBytes(1 << 20));
        At.Link(null, snapshot.Upper + "/d/f", null, snapshot.Upper + "/hard");
        using (FileStream sparse = File.Create(snapshot.Upper + "/sparse"))
        {
            sparse.SetLength(1L << 30);
        }

        using (OwnedFd upper = At.Open(null, snapshot.Upper, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY))
        {
            OpenFile.SyncFileSystem(upper);
        }

        SnapshotUsage usage = store.Usage("c1", Token);

        Assert.Equal(1, empty.Inodes);
        Assert.Equal(4, usage.Inodes);
        Assert.InRange(usage.Bytes - empty.Bytes, 1 << 20, (1 << 20) + 20_000);
        Assert.Equal(default, store.Usage("absent", Token));
    }

    [Fact]
    public async Task CVE_2021_41103_no_other_user_can_reach_into_the_store()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        await using ImageVolumes volumes = ImageVolumes.Open(_root.Path);
        store.Prepare("c1", []);
        volumes.Create("c1", 0);

        foreach (string path in new[] { "snapshots", "snapshots/layers", "snapshots/containers", "snapshots/containers/c1", "snapshots/staging", "snapshots/trash", "volumes", "volumes/c1" })
        {
            Assert.Equal(0b111_000_000u, At.Status(null, _root[path]).Mode);
        }
    }

    [Fact]
    public async Task A_full_disk_is_said_and_the_store_works_once_there_is_space()
    {
        using TmpfsMount disk = new(1 << 20);
        await using SnapshotStore store = SnapshotStore.Open(disk.Path);
        AddLayer(store, s_base, "base");
        FillUp(disk.Path);

        var prepare = Assert.Throws<StorageException>(() => store.Prepare("c1", [s_base]));
        StorageException commit;
        using (LayerStaging staging = store.StageLayer(s_top))
        {
            commit = Assert.Throws<StorageException>(staging.Commit);
        }


        Assert.Equal((StorageError.NoSpace, StorageError.NoSpace), (prepare.Error, commit.Error));
        Assert.Empty(store.Containers());
        Assert.Equal([s_base], store.Layers());
        disk.Resize(4 << 20);
        AddLayer(store, s_top, "top");
        Assert.Equal(2, store.Prepare("c1", [s_base, s_top]).Lower.Count);
        await store.EmptyTrashAsync(Token);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path + "/snapshots/staging"));
    }

    [Fact]
    public async Task Volumes_are_made_once_and_removed_with_their_container()
    {
        await using ImageVolumes volumes = ImageVolumes.Open(_root.Path);

        string first = volumes.Create("c1", 0);
        string second = volumes.Create("c1", 1);
        File.WriteAllText(first + "/f", "kept");

        Assert.Equal(_root["volumes/c1/0"], first);
        Assert.Equal(first, volumes.Create("c1", 0));
        Assert.True(File.Exists(first + "/f"));
        Assert.Equal(0b111_101_101u, At.Status(null, second).Mode);
        Assert.Equal(["c1"], volumes.Containers());
        volumes.Remove("c1");
        volumes.Remove("c1");
        await volumes.EmptyTrashAsync(Token);
        Assert.Equal([".trash"], Directory.GetFileSystemEntries(_root["volumes"]).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFileSystemEntries(_root["volumes/.trash"]));
        Assert.Throws<ArgumentException>(() => volumes.Create(".trash", 0));
    }

    [Fact]
    public async Task Many_at_once_make_and_remove_without_a_trace()
    {
        await using SnapshotStore store = SnapshotStore.Open(_root.Path);
        AddLayer(store, s_base, "base");
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            Snapshot snapshot = store.Prepare($"c{i}", [s_base]);
            File.WriteAllText(snapshot.Upper + "/f", "x");
            store.Usage($"c{i}", CancellationToken.None);
            store.Remove($"c{i}");
        });
        await store.EmptyTrashAsync(Token);

        AssertEmpty("containers", "staging", "trash");
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, before + 5);
    }

    private static void AddLayer(SnapshotStore store, Digest chainId, string content, uint uid = 0)
    {
        using LayerStaging staging = store.StageLayer(chainId);
        using (OwnedFd file = At.Create(staging.Directory, "f", 0b110_100_100))
        {
            OpenFile.Write(file, Encoding.UTF8.GetBytes(content));
        }

        OpenFile.Chown(staging.Directory, uid, 0);
        staging.Commit();
    }

    private static void FillUp(string path)
    {
        using FileStream file = File.Create(path + "/filler");
        byte[] block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full: that is what it is for.
        }
    }

    private void AssertEmpty(params string[] names)
    {
        foreach (string name in names)
        {
            Assert.Empty(Directory.GetFileSystemEntries(_root["snapshots/" + name]));
        }
    }
}
