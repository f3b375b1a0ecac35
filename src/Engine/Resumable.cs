// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Engine;

/// <summary>
/// Creations under way, by name. A caller that gives up leaves the creation running; the same request sent again joins it
/// instead of meeting its own reservation (containerd#4604).
/// </summary>
internal sealed class Resumable<TName>(ILogger logger)
    where TName : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TName, Operation> _running = [];

    /// <param name="fingerprint">Of the whole request: the same name with another one is refused.</param>
    /// <param name="find">The id of a finished object that this request may have, or <see langword="null"/> when there is none of that name; throws when the name is another object's. Must not block.</param>
    /// <param name="create">Runs to its end, whatever happens to the callers.</param>
    /// <param name="cancellationToken">Of this caller alone.</param>
    internal async Task<string> RunAsync(
        TName name,
        string fingerprint,
        Func<string?> find,
        Func<Task<string>> create,
        CancellationToken cancellationToken)
    {
        Operation? mine = null;
        Operation? running;
        lock (_lock)
        {
            if (!_running.TryGetValue(name, out running))
            {
                if (find() is string existing)
                {
                    return existing;
                }

                running = mine = new Operation(fingerprint);
                _running.Add(name, mine);
            }
        }

        if (running.Fingerprint != fingerprint)
        {
            throw new EngineException(EngineError.AlreadyExists, $"{name}: another object of this name is being made");
        }

        Interlocked.Increment(ref running.Waiting);
        if (mine is not null)
        {
            _ = DriveAsync(name, mine, create);
        }

        try
        {
            return await running.Result.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref running.Waiting);
        }
    }

    private async Task DriveAsync(TName name, Operation operation, Func<Task<string>> create)
    {
        try
        {
            string id = await create();
            Forget(name);
            operation.Result.SetResult(id);
        }
        catch (Exception e)
        {
            Forget(name);
            operation.Result.SetException(e);
            if (Volatile.Read(ref operation.Waiting) == 0)
            {
                logger.CreationFailedUnheard($"{name}", operation.Result.Task.Exception!.InnerException!);
            }
        }
    }

    private void Forget(TName name)
    {
        lock (_lock)
        {
            _running.Remove(name);
        }
    }

    private sealed class Operation(string fingerprint)
    {
        internal int Waiting;

        internal string Fingerprint { get; } = fingerprint;

        internal TaskCompletionSource<string> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
