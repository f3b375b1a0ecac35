// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Gantry.Interop;
using Gantry.MonitorApi.Framing;

namespace Gantry.MonitorApi.Client;

/// <summary>Matches answers with requests and sorts out events.</summary>
internal sealed class MonitorConnection : IDisposable
{
    private const long MaxQueued = 64 << 20;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _pending = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<int>> _execs = new(StringComparer.Ordinal);
    private readonly Channel<MonitorEvent> _events = Channel.CreateUnbounded<MonitorEvent>();
    private readonly TaskCompletionSource<MonitorReady> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FrameChannel _channel;
    private long _nextId;
    private volatile MonitorException? _ended;

    /// <param name="socket">Owned from now on.</param>
    internal MonitorConnection(MonitorLoop loop, OwnedFd socket) =>
        _channel = new FrameChannel(loop.Events, socket, MaxQueued, OnFrame, OnClosed);

    internal ChannelReader<MonitorEvent> Events => _events.Reader;

    internal Task Disconnected => _disconnected.Task;

    /// <summary>Fails with <see cref="MonitorException"/> when the monitor says that it cannot start, or ends.</summary>
    internal Task<MonitorReady> Ready => _ready.Task;

    public void Dispose() => _channel.Dispose();

    internal async Task<TResult> CallAsync<TBody, TResult>(
        string call, TBody body, JsonTypeInfo<TBody> type, JsonTypeInfo<TResult> resultType,
        CancellationToken cancellationToken, params SafeHandle[] descriptors)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long id = Interlocked.Increment(ref _nextId);
        byte[] frame = FrameWriter.Request(id, call, descriptors.Length, body, type);
        TaskCompletionSource<JsonElement> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        if (!_channel.Send(frame, descriptors) || _ended is not null)
        {
            // OnClosed may have emptied the table before this request was in it.
            answer.TrySetException(_ended ?? Lost(null));
        }

        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<JsonElement>)state!).TrySetCanceled(token), answer);
        try
        {
            JsonElement result = await answer.Task;
            return result.Deserialize(resultType)
                ?? throw new MonitorException(MonitorErrorKind.Internal, $"{call}: the monitor's answer has no body");
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>The exit code of an exec that will be asked for next; its event then comes here only.</summary>
    internal Task<int> ExpectExec(string execId)
    {
        TaskCompletionSource<int> exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_execs.TryAdd(execId, exit))
        {
            throw new MonitorException(MonitorErrorKind.AlreadyExists, $"exec id \"{execId}\" is in use");
        }

        if (_ended is MonitorException ended)
        {
            Fail(exit, ended);
        }

        return exit.Task;
    }

    internal void ForgetExec(string execId) => _execs.TryRemove(execId, out _);

    private static MonitorException Lost(Exception? cause) => new(
        MonitorErrorKind.Disconnected,
        cause is null ? "the connection to the monitor ended" : $"the connection to the monitor broke: {cause.Message}", cause);

    // Nobody may be waiting: an error that nobody reads is no unobserved one.
    private static void Fail<T>(TaskCompletionSource<T> source, MonitorException error)
    {
        source.TrySetException(error);
        _ = source.Task.Exception;
    }

    private static void Complete(TaskCompletionSource<JsonElement> answer, Envelope envelope)
    {
        if (envelope.Error is MonitorError error)
        {
            Fail(answer, new MonitorException(error));
        }
        else
        {
            answer.TrySetResult(envelope.Body);
        }
    }

    private void OnFrame(ReadOnlySpan<byte> json, IReadOnlyList<OwnedFd> descriptors)
    {
        foreach (OwnedFd surplus in descriptors)
        {
            surplus.Dispose();
        }

        try
        {
            Envelope envelope = JsonSerializer.Deserialize(json, MonitorJson.Default.Envelope)
                ?? throw new JsonException("null is no message");
            if (envelope.Event is not null)
            {
                OnEvent(envelope);
            }
            else if (envelope.Id is long id && _pending.TryRemove(id, out TaskCompletionSource<JsonElement>? answer))
            {
                Complete(answer, envelope);
            }
        }
        catch (JsonException e)
        {
            _channel.End(e);
        }
    }

    private void OnEvent(Envelope envelope)
    {
        switch (envelope.Event)
        {
            case MonitorCalls.Ready:
                _ready.TrySetResult(envelope.Body.Deserialize(MonitorJson.Default.MonitorReady)!);
                break;
            case MonitorCalls.StartFailed:
                Fail(_ready, new MonitorException(envelope.Body.Deserialize(MonitorJson.Default.MonitorError)!));
                break;
            case MonitorCalls.ContainerExited:
                ContainerExit exit = envelope.Body.Deserialize(MonitorJson.Default.ContainerExit)!;
                _events.Writer.TryWrite(new MonitorEvent.ContainerExited(exit));
                break;
            case MonitorCalls.ContainerOom:
                ContainerOom oom = envelope.Body.Deserialize(MonitorJson.Default.ContainerOom)!;
                _events.Writer.TryWrite(new MonitorEvent.OutOfMemory(oom.ContainerId));
                break;
            case MonitorCalls.ExecExited:
                OnExecExited(envelope.Body.Deserialize(MonitorJson.Default.ExecExit)!);
                break;
            default:
                break; // a newer monitor
        }
    }

    private void OnExecExited(ExecExit exit)
    {
        if (_execs.TryRemove(exit.ExecId, out TaskCompletionSource<int>? waiter))
        {
            waiter.TrySetResult(exit.ExitCode);
        }
        else
        {
            _events.Writer.TryWrite(new MonitorEvent.ExecExited(exit));
        }
    }

    private void OnClosed(Exception? cause)
    {
        MonitorException error = Lost(cause);
        _ended = error;
        Fail(_ready, error);
        foreach (TaskCompletionSource<JsonElement> pending in _pending.Values)
        {
            Fail(pending, error);
        }

        foreach (TaskCompletionSource<int> exec in _execs.Values)
        {
            Fail(exec, error);
        }

        _events.Writer.TryComplete();
        _disconnected.TrySetResult();
    }
}
