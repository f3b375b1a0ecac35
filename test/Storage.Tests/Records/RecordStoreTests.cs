// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Kit;
using Gantry.Storage.Records;

namespace Gantry.Storage.Tests.Records;

internal sealed record Note(string Text, int Number);

[JsonSerializable(typeof(Note))]
internal sealed partial class NoteJson : JsonSerializerContext;

public sealed class RecordStoreTests : IDisposable
{
    private readonly TempRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(RecordDurability.Process)]
    [InlineData(RecordDurability.PowerLoss)]
    public void A_record_is_there_after_the_store_is_opened_again(RecordDurability durability)
    {
        RecordStore<Note> store = Open(durability);
        store.Put("a", new Note("ä\"\u0001", 1));
        store.Put("b", new Note("two", 2));
        store.Put("b", new Note("three", 3));
        Assert.True(store.Remove("a"));
        Assert.False(store.Remove("a"));

        RecordStore<Note> again = Open(durability);

        Assert.Null(again.Find("a"));
        Assert.Equal(new Note("three", 3), again.Find("b"));
        Assert.Equal(again.BootId, again.All["b"].BootId);
        Assert.Empty(again.Quarantined);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":\"x\"}")]
    [InlineData("{\"version\":2,\"bootId\":\"\",\"sha256\":\"\",\"record\":{}}")]
    [InlineData("{\"version\":1,\"bootId\":\"\",\"sha256\":\"00\",\"record\":{\"Text\":\"x\",\"Number\":1}}")]
    public void A_damaged_record_is_moved_aside_and_the_others_are_served(string content)
    {
        Open().Put("good", new Note("x", 1));
        File.WriteAllText(Path.Combine(_root.Path, "bad.json"), content);

        RecordStore<Note> store = Open();

        Assert.Equal("x", Assert.Single(store.Values).Text);
        QuarantinedRecord bad = Assert.Single(store.Quarantined);
        Assert.Equal("bad", bad.Key);
        Assert.Equal(content, File.ReadAllText(bad.MovedTo));
        Assert.Empty(Open().Quarantined);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_noticed()
    {
        Open().Put("one", new Note("some text", 12345));
        string path = Path.Combine(_root.Path, "one.json");
        byte[] good = File.ReadAllBytes(path);
        int survived = 0;
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 1;
            File.WriteAllBytes(path, bad);
            Note? found = Open().Find("one");
            survived += found is null ? 0 : 1;
            Assert.True(found is null || found == new Note("some text", 12345));
            File.WriteAllBytes(path, good);
        }

        // The boot id is not covered: it says nothing about the record itself.
        Assert.InRange(survived, 0, 36);
    }

    [Fact]
    public void A_temporary_file_of_a_crash_is_removed()
    {
        Open();
        string left = Path.Combine(_root.Path, ".new-123");
        File.WriteAllText(left, "half");

        Open();

        Assert.False(File.Exists(left));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("../a")]
    [InlineData("a\0")]
    public void A_key_that_is_no_file_name_is_refused(string key)
    {
        RecordStore<Note> store = Open();

        Assert.Throws<ArgumentException>(() => store.Put(key, new Note("x", 1)));
        Assert.Throws<ArgumentException>(() => store.Remove(key));
    }

    [Fact]
    public void On_a_full_disk_the_old_record_stands_and_nothing_is_left()
    {
        using var disk = new TmpfsMount(256 * 1024);
        string directory = Path.Combine(disk.Path, "records");
        RecordStore<Note> store = RecordStore.Open(directory, NoteJson.Default.Note, 1, RecordDurability.PowerLoss);
        store.Put("a", new Note("old", 1));

        var error = Assert.Throws<StorageException>(() => store.Put("a", new Note(new string('x', 512 * 1024), 2)));

        Assert.Equal(StorageError.NoSpace, error.Error);
        Assert.Contains("no space left on " + directory, error.Message, StringComparison.Ordinal);
        Assert.Equal("old", store.Find("a")!.Text);
        Assert.Equal("old", RecordStore.Open(directory, NoteJson.Default.Note, 1, RecordDurability.PowerLoss).Find("a")!.Text);
        Assert.Single(Directory.GetFiles(directory));
        store.Put("a", new Note("new", 3));
    }

    [Fact]
    public void Writers_of_one_key_leave_memory_and_disk_the_same()
    {
        RecordStore<Note> store = Open();

        Parallel.For(0, 500, i => store.Put("k", new Note("n", i)));

        Assert.Equal(store.Find("k"), Open().Find("k"));
    }

    private RecordStore<Note> Open(RecordDurability durability = RecordDurability.Process) =>
        RecordStore.Open(_root.Path, NoteJson.Default.Note, 1, durability);
}
