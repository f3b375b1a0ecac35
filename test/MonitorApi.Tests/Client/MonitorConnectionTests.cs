// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.MonitorApi.Client;
using Gantry.MonitorApi.Framing;
using Microsoft.Win32.SafeHandles;

namespace Gantry.MonitorApi.Tests.Client;

public sealed class MonitorConnectionTests
{
    [Fact]
    public async Task Answers_find_their_requests_in_any_order()
    {
        using MonitorLoop loop = new();
        List<Envelope> held = [];
        using FakeMonitor monitor = new(loop, (self, request, _) =>
        {
            held.Add(request);
            if (held.Count == 200)
            {
                held.Reverse();
                held.ForEach(r => self.Send(FrameWriter.Answer(
                    r.Id!.Value, new StartedExec((int)r.Id.Value * 10), MonitorJson.Default.StartedExec)));
            }
        });

        StartedExec[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => monitor.Client.CallAsync(
            MonitorCalls.Exec, new KillExec($"{i}"), MonitorJson.Default.KillExec, MonitorJson.Default.StartedExec, TestTime.Token))).Soon();

        Assert.Equal(200, answers.Select(static a => a.Pid).Distinct().Count());
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_stream_whole()
    {
        using MonitorLoop loop = new();
        using FakeMonitor monitor = new(loop, static (self, request, _) =>
        {
            if (request.Call != "never")
            {
                self.Answer(request);
            }
        });
        using CancellationTokenSource cancel = new();
        Task lost = monitor.CallAsync("never", cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost);
        await monitor.CallAsync("after", TestTime.Token).Soon();
    }

    [Fact]
    public async Task The_end_of_the_connection_fails_what_waits_and_what_comes_and_is_told_once()
    {
        using MonitorLoop loop = new();
        using FakeMonitor monitor = new(loop, static (self, _, _) => self.Disconnect());

        MonitorException waiting = await Assert.ThrowsAsync<MonitorException>(() => monitor.CallAsync("x", TestTime.Token).Soon());
        await monitor.Client.Disconnected.Soon();
        MonitorException late = await Assert.ThrowsAsync<MonitorException>(() => monitor.CallAsync("y", TestTime.Token).Soon());

        Assert.Equal(MonitorErrorKind.Disconnected, waiting.Kind);
        Assert.Equal(MonitorErrorKind.Disconnected, late.Kind);
        Assert.False(await monitor.Client.Events.WaitToReadAsync(TestTime.Token));
    }

    [Fact]
    public async Task Descriptors_go_with_their_request_and_large_frames_wait_for_the_reader()
    {
        using MonitorLoop loop = new();
        int descriptors = 0;
        using FakeMonitor monitor = new(loop, (self, request, fds) =>
        {
            if (request.Call == MonitorCalls.Exec)
            {
                descriptors = fds.Count;
                Interop.Events.ByteIo.Write(fds[0], "from the other side"u8, out _);
            }

            foreach (OwnedFd fd in fds)
            {
                fd.Dispose();
            }

            self.Answer(request);
        });
        (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
        using SafeFileHandle ownReader = reader, ownWriter = writer;
        ExecProcess huge = new() { ContainerId = "c", ExecId = "e", Args = [new string('x', 8 << 20)] };

        Task plain = monitor.CallAsync("plain", TestTime.Token);
        Task<Done> exec = monitor.Client.CallAsync(
            MonitorCalls.Exec, huge, MonitorJson.Default.ExecProcess, MonitorJson.Default.Done, TestTime.Token, writer);
        Task after = monitor.CallAsync("after", TestTime.Token);
        await Task.WhenAll(plain, exec, after).Soon();

        byte[] buffer = new byte[64];
        Assert.Equal(1, descriptors);
        Assert.Equal(19, OpenFile.Read(reader, buffer));
    }

    [Fact]
    public async Task Surplus_descriptors_of_an_answer_are_closed()
    {
        using MonitorLoop loop = new();
        (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
        using SafeFileHandle ownReader = reader;
        (OwnedFd ours, OwnedFd theirs) = UnixSocket.Pair();
        using OwnedFd server = ours;
        using MonitorConnection client = new(loop, theirs);
        byte[] ready = FrameWriter.Event(MonitorCalls.Ready, new MonitorReady(1, 42), MonitorJson.Default.MonitorReady);

        UnixMessages.Send(server, ready, [writer]);
        writer.Dispose();

        Assert.Equal(42, (await client.Ready.Soon()).Pid);
        Assert.Equal(0, OpenFile.Read(reader, new byte[1])); // the end: nobody has the other end any more
    }

    [Fact]
    public async Task A_message_that_is_no_JSON_ends_the_connection()
    {
        using MonitorLoop loop = new();
        (OwnedFd ours, OwnedFd theirs) = UnixSocket.Pair();
        using OwnedFd server = ours;
        using MonitorConnection client = new(loop, theirs);

        UnixMessages.Send(server, [3, 0, 0, 0, (byte)'{', (byte)'x', (byte)'}'], []);

        MonitorException error = await Assert.ThrowsAsync<MonitorException>(() => client.Ready.Soon());
        Assert.Equal(MonitorErrorKind.Disconnected, error.Kind);
    }

    [Fact]
    public async Task Collected_output_stops_growing_at_its_limit_and_the_writer_is_not_blocked_CVE_2022_1708()
    {
        using MonitorLoop loop = new();
        (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
        Pipe.SetNonBlocking(reader);
        using OutputCollector collector = new(loop, reader, 1 << 20);
        byte[] chunk = new byte[1 << 16];
        chunk.AsSpan().Fill((byte)'y');

        using (writer)
        {
            for (int i = 0; i < 3200; i++) // 200 MiB
            {
                OpenFile.Write(writer, chunk);
            }
        }

        byte[] kept = await collector.Output.Soon();
        Assert.Equal(1 << 20, kept.Length);
    }

    [Fact]
    public async Task Output_is_complete_although_somebody_else_keeps_the_pipe_open()
    {
        using MonitorLoop loop = new();
        (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
        using SafeFileHandle held = writer;
        Pipe.SetNonBlocking(reader);
        using OutputCollector collector = new(loop, reader, 1 << 20);
        OpenFile.Write(writer, "all of it"u8);

        collector.FinishSoon(TimeSpan.FromMilliseconds(20));

        Assert.Equal("all of it"u8.ToArray(), await collector.Output.Soon());
    }
}
