// SPDX-License-Identifier: Apache-2.0
namespace Gantry.MonitorApi.Tests.Client;

/// <summary>Waits of tests end: with the result, after a time, or when the run is cancelled.</summary>
internal static class TestTime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(s_patience, Token);

    public static Task Soon(this Task task) => task.WaitAsync(s_patience, Token);
}
