// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine;

/// <summary>Says in the log where an operation stands that does not get on: a dead volume, a stuck plugin (containerd#4604).</summary>
internal sealed class StageWatch : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);
    private readonly ILogger _log;
    private readonly string _operation;
    private readonly ITimer _timer;
    private volatile string _stage;
    private long _since = Stopwatch.GetTimestamp();

    /// <param name="operation">Such as <c>creation of container …</c>.</param>
    internal StageWatch(EngineContext engine, string operation, string stage)
        : this(engine.Log, engine.Clock, s_every, operation, stage)
    {
    }

    internal StageWatch(ILogger log, TimeProvider clock, TimeSpan every, string operation, string stage)
    {
        _log = log;
        _operation = operation;
        _stage = stage;
        _timer = clock.CreateTimer(static watch => ((StageWatch)watch!).Report(), this, every, every);
    }

    /// <summary>What the operation does now.</summary>
    internal void Enter(string stage)
    {
        _stage = stage;
        Interlocked.Exchange(ref _since, Stopwatch.GetTimestamp());
    }

    public void Dispose() => _timer.Dispose();

    private void Report() => _log.StillAtStage(
        _operation, _stage, Stopwatch.GetElapsedTime(Interlocked.Read(ref _since)).TotalSeconds);
}
