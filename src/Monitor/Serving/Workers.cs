// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Events;

namespace Gantry.Monitor.Serving;

/// <summary>
/// Takes what waits for the kernel (starts, mounts, removal of cgroups) off the loop: one short-lived thread each, no thread pool.
/// What comes after an <c>await</c> of it runs on the loop's thread again.
/// </summary>
internal sealed class Workers(EventLoop loop)
{
    private const int StackSize = 256 * 1024;

    internal Task<T> Run<T>(Func<T> work)
    {
        // Completed on the loop's thread, so continuations run there, inline.
        TaskCompletionSource<T> done = new();
        Thread thread = new(Body, StackSize) { IsBackground = true };
        thread.Start();
        return done.Task;

        void Body()
        {
            try
            {
                T result = work();
                loop.Post(() => done.SetResult(result));
            }
            catch (Exception e)
            {
                loop.Post(() => done.SetException(e));
            }
        }
    }

    internal Task Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <summary>Waits for a task of the loop, but not for ever.</summary>
    /// <returns><see langword="false"/>: the time is over.</returns>
    internal async Task<bool> Within(Task task, TimeSpan time)
    {
        TaskCompletionSource<bool> first = new();
        using EventLoop.Deadline deadline = loop.After(time, () => first.TrySetResult(false));
        _ = task.ContinueWith(
            _ => first.TrySetResult(true), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return await first.Task;
    }
}

/// <summary>Lets one operation after the other change a container. For the loop's thread only.</summary>
internal sealed class Gate
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _held;

    internal async Task<T> Enter<T>(Func<Task<T>> operation)
    {
        if (_held)
        {
            TaskCompletionSource turn = new();
            _waiting.Enqueue(turn);
            await turn.Task;
        }

        _held = true;
        try
        {
            return await operation();
        }
        finally
        {
            if (_waiting.TryDequeue(out TaskCompletionSource? next))
            {
                next.SetResult(); // still held: now by the next
            }
            else
            {
                _held = false;
            }
        }
    }
}
