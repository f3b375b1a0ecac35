// SPDX-License-Identifier: Apache-2.0
using System.Runtime.ExceptionServices;

namespace Gantry.Images.Pulling;

/// <summary>Threads that work on one stream together. The first failure stops all; the end is when all have ended.</summary>
/// <remarks>
/// Threads of their own, not the pool's: they block on each other and on the disk, and the pool serves the kubelet.
/// </remarks>
internal sealed class Stages : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _caller;
    private readonly List<Task> _running = [];
    private Exception? _first;

    internal Stages(CancellationToken cancellationToken)
    {
        _caller = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Set when the caller left or a stage failed.</summary>
    internal CancellationToken Stop => _stop.Token;

    internal void Start(string name, Action body)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running.Add(ended.Task);
        var thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                Failed(e);
            }

            ended.SetResult();
        })
        {
            Name = name,
            IsBackground = true,
        };
        thread.Start();
    }

    /// <summary>Runs the stage that reads the network, waits for all, and throws what failed first.</summary>
    internal async Task RunAsync(Func<Task> source)
    {
        try
        {
            await source();
        }
        catch (Exception e)
        {
            Failed(e);
        }

        await Task.WhenAll(_running);
        if (_first is not null)
        {
            _caller.ThrowIfCancellationRequested();
            ExceptionDispatchInfo.Throw(_first);
        }
    }

    public void Dispose() => _stop.Dispose();

    private void Failed(Exception e)
    {
        Interlocked.CompareExchange(ref _first, e, null);
        _stop.Cancel();
    }
}
