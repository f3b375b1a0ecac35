// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Tests.Kit;

internal static class Patience
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    /// <summary>Fails the test instead of hanging it.</summary>
    internal static Task Soon(this Task task) => task.WaitAsync(s_long, TestContext.Current.CancellationToken);

    /// <inheritdoc cref="Soon(Task)"/>
    internal static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(s_long, TestContext.Current.CancellationToken);
}
