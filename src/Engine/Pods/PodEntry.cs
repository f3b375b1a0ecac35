// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using Gantry.Engine.Containers;
using Gantry.Engine.Monitors;
using Gantry.Engine.Records;
using Gantry.Storage.Records;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine.Pods;

/// <summary>A pod in memory. Readers take <see cref="Snapshot"/> without a lock; changes go through <see cref="Update"/>.</summary>
internal sealed class PodEntry(RecordStore<PodRecord> store, PodRecord record)
{
    private readonly Lock _lock = new();
    private volatile PodRecord _record = record;
    private volatile Pod _snapshot = record.Snapshot(null);
    private volatile IPodMonitor? _monitor;
    private bool _deleted;

    internal string Id => _record.Id;

    internal PodRecord Record => _record;

    internal Pod Snapshot => _snapshot;

    /// <summary>Serialises stopping and removing. Never held by a reader, nor while another object's gate is waited for.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    internal ConcurrentDictionary<string, ContainerEntry> Containers { get; } = new(StringComparer.Ordinal);

    /// <summary>Lock of a dead monitor: keeps one that was just being started from coming up until the directory is gone.</summary>
    internal IDisposable? Place { get; set; }

    internal IPodMonitor? Monitor
    {
        get => _monitor;
        set
        {
            lock (_lock)
            {
                _monitor = value;
                _snapshot = _record.Snapshot(value?.Pid);
            }
        }
    }

    /// <summary>Writes the changed record, then shows it to readers.</summary>
    /// <exception cref="IOException">Not written: nothing has changed.</exception>
    internal PodRecord Update(Func<PodRecord, PodRecord> change)
    {
        lock (_lock)
        {
            PodRecord changed = change(_record);
            Write(changed);
            Show(changed);
            return changed;
        }
    }

    /// <summary>Deletes the record. Nothing that is reported later brings it back.</summary>
    internal void Delete()
    {
        lock (_lock)
        {
            store.Remove(Id);
            _deleted = true;
        }
    }

    /// <summary>For what has happened already: memory learns it even when the disk does not.</summary>
    internal void Note(Func<PodRecord, PodRecord> change, ILogger log)
    {
        lock (_lock)
        {
            PodRecord changed = change(_record);
            Show(changed);
            try
            {
                Write(changed);
            }
            catch (IOException e)
            {
                log.RecordNotWritten(Id, e);
            }
        }
    }

    /// <summary>Takes in a container, unless the pod is not ready. A pod that begins to stop sees all that came before.</summary>
    internal bool TryAdd(ContainerEntry container)
    {
        lock (_lock)
        {
            return _snapshot.State == SandboxState.Ready && Containers.TryAdd(container.Id, container);
        }
    }

    private void Write(PodRecord changed)
    {
        if (!_deleted)
        {
            store.Put(Id, changed);
        }
    }

    private void Show(PodRecord changed)
    {
        _record = changed;
        _snapshot = changed.Snapshot(_monitor?.Pid);
    }
}
