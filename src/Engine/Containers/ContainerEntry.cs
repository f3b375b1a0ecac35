// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Storage.Records;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine.Containers;

/// <summary>A container in memory. Readers take <see cref="Snapshot"/> without a lock; changes go through <see cref="Update"/>.</summary>
internal sealed class ContainerEntry(RecordStore<ContainerRecord> store, PodEntry pod, ContainerRecord record)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ContainerRecord _record = record;
    private volatile Container _snapshot = record.Snapshot();
    private int _stopSignalSent;
    private bool _deleted;

    internal string Id => _record.Id;

    internal PodEntry Pod { get; } = pod;

    internal ContainerRecord Record => _record;

    internal Container Snapshot => _snapshot;

    /// <summary>Serialises creation, start and removal. Not held during a stop's grace time.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Undoing its creation failed: shown, so that a client can remove it.</summary>
    internal bool Stuck { get; set; }

    /// <summary>A half-made container is nobody's business.</summary>
    internal bool Visible => _record.Complete || Stuck;

    /// <summary>Completes when the container has ended.</summary>
    internal Task Exited => _record.Exited ? Task.CompletedTask : _exited.Task;

    /// <summary>True for the first who asks: an application that takes a second SIGTERM for impatience must not get it from two callers.</summary>
    internal bool TakeStopSignal() => Interlocked.Exchange(ref _stopSignalSent, 1) == 0;

    /// <summary>Writes the changed record, then shows it to readers.</summary>
    /// <exception cref="IOException">Not written: nothing has changed.</exception>
    internal ContainerRecord Update(Func<ContainerRecord, ContainerRecord> change)
    {
        lock (_lock)
        {
            ContainerRecord changed = change(_record);
            Write(changed);
            return Show(changed);
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

        // Whoever waits for its end need not wait for a report that finds no container any more.
        _exited.TrySetResult();
    }

    /// <summary>For what has happened already: memory learns it even when the disk does not.</summary>
    /// <returns>True when it changed something.</returns>
    internal bool Note(Func<ContainerRecord, ContainerRecord> change, ILogger log)
    {
        lock (_lock)
        {
            ContainerRecord changed = change(_record);
            if (ReferenceEquals(changed, _record))
            {
                return false;
            }

            Show(changed);
            try
            {
                Write(changed);
            }
            catch (IOException e)
            {
                log.RecordNotWritten(Id, e);
            }

            return true;
        }
    }

    private void Write(ContainerRecord changed)
    {
        if (!_deleted)
        {
            store.Put(Id, changed);
        }
    }

    private ContainerRecord Show(ContainerRecord changed)
    {
        _record = changed;
        _snapshot = changed.Snapshot();
        if (changed.Exited)
        {
            _exited.TrySetResult();
        }

        return changed;
    }
}
