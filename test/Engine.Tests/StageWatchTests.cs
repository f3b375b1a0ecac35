// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Tests.Kit;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine.Tests;

public sealed class StageWatchTests
{
    [Fact]
    public async Task An_operation_that_hangs_is_reported_with_its_stage()
    {
        var log = new FirstLine();
        using var watch = new StageWatch(log, TimeProvider.System, TimeSpan.FromMilliseconds(20), "creation of container c", "snapshot");
        watch.Enter("host paths of mounts");

        string line = await log.Line.Task.Soon();

        Assert.Contains("creation of container c does not get on: at stage 'host paths of mounts'", line, StringComparison.Ordinal);
    }

    private sealed class FirstLine : ILogger
    {
        internal TaskCompletionSource<string> Line { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Line.TrySetResult(formatter(state, exception));
    }
}
