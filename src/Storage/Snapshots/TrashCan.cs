// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Storage.Snapshots;

/// <summary>Deletes trees in the background: a rename takes them out of sight, one thread removes them.</summary>
/// <remarks>What a crash leaves in the directory is deleted after the next start. What cannot be deleted stays for then.</remarks>
internal sealed class TrashCan : IAsyncDisposable
{
    private readonly OwnedFd _directory;
    private readonly Channel<Work> _queue = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _worker;

    /// <param name="directory">On the file system of everything thrown in; owned from now on. What it holds is deleted.</param>
    internal TrashCan(OwnedFd directory)
    {
        _directory = directory;
        foreach (string left in DirectoryReader.Names(directory))
        {
            _queue.Writer.TryWrite(new Work(left, null));
        }

        _worker = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The last deletion that failed.</summary>
    internal Exception? LastFailure { get; private set; }

    /// <summary>Takes a tree away; absent is success.</summary>
    internal void Throw(SafeHandle parent, string name)
    {
        string target = Guid.NewGuid().ToString("N");
        Errno errno = At.TryRename(parent, name, _directory, target, RenameFlags.RENAME_NOREPLACE);
        switch (errno)
        {
            case Errno.None:
                _queue.Writer.TryWrite(new Work(target, null));
                break;
            case Errno.ENOENT:
                break;
            default:
                throw new SyscallException("renameat2", name, errno);
        }
    }

    /// <summary>Waits until all that was thrown so far is deleted or has failed.</summary>
    internal Task EmptyAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(new Work(null, done)) ? done.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Stops in the middle: the next start goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        await _stop.CancelAsync();
        await _worker;
        _directory.Dispose();
        _stop.Dispose();
    }

    // One thread of its own for all deletions: they block, and a second one would only fight for the same disk.
    private void Run()
    {
        while (WaitForWork())
        {
            while (_queue.Reader.TryRead(out Work? work))
            {
                Delete(work.Name);
                work.Done?.TrySetResult();
            }
        }
    }

    private bool WaitForWork() => _queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    private void Delete(string? name)
    {
        if (name is null || _stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            TreeRemoval.Remove(_directory, name, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: it stays in the directory, which is the list of what is left to do.
        }
        catch (IOException e)
        {
            LastFailure = e;
        }
    }

    private sealed record Work(string? Name, TaskCompletionSource? Done);
}
