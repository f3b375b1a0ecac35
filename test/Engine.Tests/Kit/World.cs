// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;

namespace Gantry.Engine.Tests.Kit;

/// <summary>
/// What lives outside gantryd and outlives it: monitors and the network. Every request to them is a step; a test can make a
/// step fail, wait, or be the last one that a dying gantryd ever took.
/// </summary>
internal sealed class World
{
    private readonly ConcurrentQueue<string> _steps = new();
    private int _crashAt = -1;

    internal ConcurrentDictionary<string, ScriptedMonitor> Monitors { get; } = new();

    internal ScriptedNetwork Network { get; }

    /// <summary>Called with the name of each step, before its effect (<c>create</c>) and after it (<c>create done</c>).</summary>
    internal Func<string, Task>? OnStep { get; set; }

    internal IReadOnlyList<string> Steps => [.. _steps];

    internal World() => Network = new ScriptedNetwork(this);

    /// <summary>Lets the n-th step from now, and all after it, never return: the caller is dead.</summary>
    internal void CrashAt(int step) => Volatile.Write(ref _crashAt, _steps.Count + step);

    /// <summary>The dead gantryd's connections are gone; a new one may come.</summary>
    internal void Revive()
    {
        Volatile.Write(ref _crashAt, -1);
        OnStep = null;
        foreach (ScriptedMonitor monitor in Monitors.Values)
        {
            monitor.Listener = null;
        }
    }

    internal void Fail(string step, Exception cause) =>
        OnStep = name => name == step ? Task.FromException(cause) : Task.CompletedTask;

    /// <summary>Holds a step until the returned source is completed.</summary>
    internal TaskCompletionSource Hold(string step)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnStep = name => name == step ? gate.Task : Task.CompletedTask;
        return gate;
    }

    internal async Task StepAsync(string name)
    {
        int number = Record(name);
        int crashAt = Volatile.Read(ref _crashAt);
        if (crashAt >= 0 && number >= crashAt)
        {
            await Task.Delay(Timeout.Infinite);
        }

        if (OnStep is { } hook)
        {
            await hook(name);
        }
    }

    /// <summary>For a request that does not wait: it can fail, but not hang.</summary>
    internal void Step(string name)
    {
        Record(name);
        OnStep?.Invoke(name).GetAwaiter().GetResult();
    }

    private int Record(string name)
    {
        lock (_steps)
        {
            _steps.Enqueue(name);
            return _steps.Count - 1;
        }
    }
}
