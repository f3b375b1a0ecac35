// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network.Cni;

/// <summary>Many ADD, DEL and CHECK at once, or one GC alone: specification, section 3, "Lifecycle and Ordering".</summary>
internal sealed class OperationGate : IDisposable
{
    private const int Places = 1024;

    private readonly SemaphoreSlim _places = new(Places, Places);
    private readonly SemaphoreSlim _entrance = new(1, 1);

    internal async Task<T> SharedAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _entrance.WaitAsync(cancellationToken);
        try
        {
            await _places.WaitAsync(cancellationToken);
        }
        finally
        {
            _entrance.Release();
        }

        try
        {
            return await work();
        }
        finally
        {
            _places.Release();
        }
    }

    internal async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _entrance.WaitAsync(cancellationToken);
        int taken = 0;
        try
        {
            for (; taken < Places; taken++)
            {
                await _places.WaitAsync(cancellationToken);
            }

            return await work();
        }
        finally
        {
            if (taken > 0)
            {
                _places.Release(taken);
            }

            _entrance.Release();
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _entrance.Dispose();
    }
}
