// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>A timer for background loops that ends quietly.</summary>
internal static class Ticks
{
    /// <returns><see langword="false"/>: asked to end.</returns>
    internal static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
