// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Pulling;

/// <summary>Work done once for all who ask for it at the same time. It stops when the last of them has left.</summary>
internal sealed class SharedWork<TKey, TResult>
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    /// <summary>Joins the work under way for the key, or starts it.</summary>
    /// <param name="work">Runs with a token of its own, which is set when nobody waits any more.</param>
    /// <exception cref="OperationCanceledException">This caller left; when it was the last one, the work has ended.</exception>
    internal async Task<SharedResult<TResult>> RunAsync(
        TKey key,
        Func<IProgress<PullProgress>, CancellationToken, Task<TResult>> work,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Flight flight = Join(key, work, out bool started);
        flight.Progress.Add(progress);
        try
        {
            TResult result = await flight.Task!.WaitAsync(cancellationToken);
            return new SharedResult<TResult>(result, null, started);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new SharedResult<TResult>(default, e, started);
        }
        finally
        {
            flight.Progress.Remove(progress);
            await LeaveAsync(key, flight);
        }
    }

    private Flight Join(TKey key, Func<IProgress<PullProgress>, CancellationToken, Task<TResult>> work, out bool started)
    {
        lock (_gate)
        {
            started = !_flights.TryGetValue(key, out Flight? flight);
            if (flight is null)
            {
                flight = new Flight();
                _flights[key] = flight;
                Flight mine = flight;

                // The pool starts it: the first caller's context must not run what others wait for, nor hold this lock.
                flight.Task = Task.Run(() => work(mine.Progress, mine.Stop.Token), CancellationToken.None);
            }

            flight.Callers++;
            return flight;
        }
    }

    private async Task LeaveAsync(TKey key, Flight flight)
    {
        lock (_gate)
        {
            if (--flight.Callers > 0)
            {
                return;
            }

            if (_flights.GetValueOrDefault(key) == flight)
            {
                _flights.Remove(key);
            }
        }

        await flight.Stop.CancelAsync();
        await flight.Task!.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        flight.Stop.Dispose();
    }

    private sealed class Flight
    {
        internal Task<TResult>? Task { get; set; }

        internal ProgressHub Progress { get; } = new();

        internal CancellationTokenSource Stop { get; } = new();

        internal int Callers { get; set; }
    }
}

/// <param name="Failure"><see langword="null"/>: it succeeded.</param>
/// <param name="Started">This caller started the work; otherwise it joined somebody else's.</param>
internal readonly record struct SharedResult<T>(T? Value, Exception? Failure, bool Started);
