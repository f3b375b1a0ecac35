// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Engine.Tests.Kit;

/// <summary>The engine's log in the test's output.</summary>
internal sealed class TestLog : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{logLevel} {eventId.Id}: {formatter(state, exception)} {exception}");
}
