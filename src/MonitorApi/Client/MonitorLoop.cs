// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Events;

namespace Gantry.MonitorApi.Client;

/// <summary>The one thread on which gantryd talks to all its monitors and collects the output of execs.</summary>
public sealed class MonitorLoop : IDisposable
{
    private const int StackSize = 512 * 1024;
    private const int ScratchSize = 64 * 1024;
    private readonly Thread _thread;

    /// <param name="onError">Hears of a callback that threw, to log it; <see langword="null"/>: it ends the program.</param>
    public MonitorLoop(Action<Exception>? onError = null)
    {
        Events = new EventLoop(onError);
        _thread = new Thread(Events.Run, StackSize) { Name = "monitors", IsBackground = true };
        _thread.Start();
    }

    internal EventLoop Events { get; }

    /// <summary>Bytes on their way to where they belong; only for callbacks of this loop.</summary>
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize);

    /// <summary>Ends the thread. Dispose the clients first.</summary>
    public void Dispose()
    {
        Events.Stop();
        _thread.Join();
        Events.Dispose();
    }
}
