// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.MonitorApi;

namespace Gantry.Monitor.Serving;

/// <summary>The descriptors of a request; closed with it unless taken.</summary>
internal sealed class ReceivedFds(IReadOnlyList<OwnedFd> descriptors) : IDisposable
{
    private readonly OwnedFd?[] _descriptors = [.. descriptors];

    internal int Count => _descriptors.Length;

    internal OwnedFd this[int index] => _descriptors[index]!;

    /// <summary>The caller owns it now.</summary>
    internal OwnedFd Take(int index)
    {
        OwnedFd taken = _descriptors[index]!;
        _descriptors[index] = null;
        return taken;
    }

    /// <exception cref="MonitorException">Another number came.</exception>
    internal void Expect(string call, int count)
    {
        if (Count != count)
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, $"{call}: {Count} descriptors came: {count} are accepted");
        }
    }

    public void Dispose()
    {
        foreach (OwnedFd? descriptor in _descriptors)
        {
            descriptor?.Dispose();
        }
    }
}
