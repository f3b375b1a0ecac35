// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Gantry.Interop.Durability;

namespace Gantry.Storage.Records;

/// <summary>When a record must be on the disk.</summary>
public enum RecordDurability
{
    /// <summary>Survives the death of this process (page cache); what it describes does not survive a reboot anyway.</summary>
    Process,

    /// <summary>Survives a power cut: fsync of file and directory before the call returns.</summary>
    PowerLoss,
}

/// <summary>A record file that could not be read. It was moved aside so that the rest can be served.</summary>
/// <param name="Key">The object's name.</param>
/// <param name="MovedTo">Where the file is now.</param>
/// <param name="Reason">What was wrong with it.</param>
public sealed record QuarantinedRecord(string Key, string MovedTo, string Reason);

/// <summary>A record as stored.</summary>
/// <param name="BootId">Boot id of the kernel under which it was written (/proc/sys/kernel/random/boot_id).</param>
public sealed record StoredRecord<T>(T Value, string BootId);

/// <summary>Opens stores of records.</summary>
public static class RecordStore
{
    /// <summary>Opens the store, loads every record, moves damaged ones to <c>quarantine/</c> below it.</summary>
    /// <param name="directory">A directory of this store alone; made 0700 when absent.</param>
    /// <param name="type">From a source-generated context.</param>
    /// <param name="version">Version of <typeparamref name="T"/>'s form, 1 or more. A file of another version is quarantined.</param>
    public static RecordStore<T> Open<T>(string directory, JsonTypeInfo<T> type, int version, RecordDurability durability)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        string bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var store = new RecordStore<T>(StoreDirectory.Make(directory), type, version, durability, bootId);
        store.Load();
        return store;
    }
}

/// <summary>One versioned JSON record per object of one type. Readers see an immutable set in memory and take no lock.</summary>
/// <typeparam name="T">An immutable record type.</typeparam>
public sealed class RecordStore<T>
    where T : class
{
    private const int MaxKeyLength = 200;
    private static readonly SearchValues<char> s_keyCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private readonly string _directory;
    private readonly JsonTypeInfo<T> _type;
    private readonly int _version;
    private readonly bool _durable;
    private readonly string _bootId;
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, StoredRecord<T>> _records = ImmutableDictionary<string, StoredRecord<T>>.Empty;

    internal RecordStore(string directory, JsonTypeInfo<T> type, int version, RecordDurability durability, string bootId)
    {
        _directory = directory;
        _type = type;
        _version = version;
        _durable = durability == RecordDurability.PowerLoss;
        _bootId = bootId;
    }

    /// <summary>Files that were damaged when the store was opened; the owner reports them.</summary>
    public IReadOnlyList<QuarantinedRecord> Quarantined { get; private set; } = [];

    /// <summary>Boot id of the running kernel.</summary>
    public string BootId => _bootId;

    /// <summary>All records by key: one consistent view.</summary>
    public IReadOnlyDictionary<string, StoredRecord<T>> All => Volatile.Read(ref _records);

    public IEnumerable<T> Values => All.Values.Select(static r => r.Value);

    public T? Find(string key) => All.GetValueOrDefault(key)?.Value;

    /// <summary>Writes or replaces a record. When it returns, readers and the disk have it.</summary>
    /// <param name="key">1 to 200 letters, digits, '.', '_' or '-', not starting with a dot.</param>
    /// <exception cref="StorageException"><see cref="StorageError.NoSpace"/>: the old record stands.</exception>
    public void Put(string key, T record)
    {
        CheckKey(key);
        byte[] content = RecordFile.Encode(record, _type, _version, _bootId);
        string temporary = RecordFile.WriteTemporary(_directory, content, _durable);
        lock (_gate)
        {
            RecordFile.Commit(temporary, _directory, key);
            Volatile.Write(ref _records, _records.SetItem(key, new StoredRecord<T>(record, _bootId)));
        }

        if (_durable)
        {
            FileSync.FsyncDirectory(_directory);
        }
    }

    /// <summary>Deletes a record.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove(string key)
    {
        CheckKey(key);
        lock (_gate)
        {
            if (!_records.ContainsKey(key))
            {
                return false;
            }

            File.Delete(Path.Combine(_directory, key + RecordFile.Suffix));
            Volatile.Write(ref _records, _records.Remove(key));
        }

        if (_durable)
        {
            FileSync.FsyncDirectory(_directory);
        }

        return true;
    }

    private static void CheckKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is 0 or > MaxKeyLength || key[0] == '.' || key.AsSpan().ContainsAnyExcept(s_keyCharacters))
        {
            throw new ArgumentException($"record key \"{key}\": 1 to {MaxKeyLength} letters, digits, '.', '_', '-', not starting with '.'", nameof(key));
        }
    }

    internal void Load()
    {
        var records = ImmutableDictionary.CreateBuilder<string, StoredRecord<T>>();
        var quarantined = new List<QuarantinedRecord>();
        foreach (string path in Directory.EnumerateFiles(_directory))
        {
            string name = Path.GetFileName(path);
            if (name.StartsWith(RecordFile.TemporaryPrefix, StringComparison.Ordinal))
            {
                File.Delete(path);
            }
            else if (name.EndsWith(RecordFile.Suffix, StringComparison.Ordinal))
            {
                LoadOne(path, name[..^RecordFile.Suffix.Length], records, quarantined);
            }
        }

        _records = records.ToImmutable();
        Quarantined = quarantined;
    }

    private void LoadOne(
        string path,
        string key,
        ImmutableDictionary<string, StoredRecord<T>>.Builder records,
        List<QuarantinedRecord> quarantined)
    {
        try
        {
            T value = RecordFile.Decode(RecordFile.Read(path), _type, _version, out string bootId);
            records[key] = new StoredRecord<T>(value, bootId);
        }
        catch (InvalidDataException e)
        {
            string target = Path.Combine(StoreDirectory.Make(_directory, "quarantine"), $"{key}-{Guid.NewGuid():N}{RecordFile.Suffix}");
            File.Move(path, target);
            quarantined.Add(new QuarantinedRecord(key, target, e.Message));
        }
    }
}
