// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;

namespace Gantry.Images.Tests.Pulling;

public sealed class ResumeTests
{
    private readonly TestLayer _layer = Some.RandomLayer(2_000_000);
    private readonly TestImage _image;
    private readonly Func<ScriptedRequest, ScriptedResponse> _serve;

    public ResumeTests()
    {
        _image = TestImage.Build([_layer, Some.Layer("d/a", "b")]);
        _serve = ScriptedServer.Serving(_image);
    }

    private string LayerPath => $"/blobs/{_layer.Blob.Digest}";

    [Fact]
    public async Task A_broken_download_goes_on_from_where_it_broke()
    {
        int times = 0;
        await using var server = new ScriptedServer(r =>
            !IsLayer(r) ? _serve(r) : Interlocked.Increment(ref times) <= 3 ? Broken(r, 400_000) : Rest(r));
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync($"{server.Host}/a/b:v1");

        Assert.Equal(_image.Id, record.Id);
        Assert.Equal([0, 400_000, 800_000, 1_200_000], server.Requests.Where(IsLayer).Select(r => r.RangeStart));
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_read_past_what_is_here()
    {
        int times = 0;
        await using var server = new ScriptedServer(r =>
            !IsLayer(r) || Interlocked.Increment(ref times) > 1 ? _serve(r) : Broken(r, 700_000));
        await using TestNode node = TestNode.Create();

        Assert.Equal(_image.Id, (await node.PullAsync($"{server.Host}/a/b:v1")).Id);

        Assert.Equal([0, 700_000], server.Requests.Where(IsLayer).Select(r => r.RangeStart));
    }

    [Fact]
    public async Task A_download_that_breaks_for_ever_is_unavailable_and_goes_on_after_a_restart()
    {
        bool broken = true;
        await using var server = new ScriptedServer(r =>
            !IsLayer(r) ? _serve(r)
            : !Volatile.Read(ref broken) ? Rest(r)
            : r.RangeStart == 0 ? Broken(r, 900_000)
            : new ScriptedResponse(503));
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync($"{server.Host}/a/b:v1");
        Assert.Equal(ImageError.Unavailable, error.Error);
        Assert.Contains("503", error.Message, StringComparison.Ordinal);
        Assert.Equal(900_000, new FileInfo(Assert.Single(node.Partial())).Length);
        await node.RestartAsync();
        await node.Service.CollectAsync(TestContext.Current.CancellationToken);
        Volatile.Write(ref broken, false);
        server.Requests.Clear();

        ImageRecord record = await node.PullAsync($"{server.Host}/a/b:v1");

        Assert.Equal(_image.Id, record.Id);
        Assert.Equal(900_000, Assert.Single(server.Requests, IsLayer).RangeStart);
        Assert.Empty(node.Partial());
    }

    [Fact]
    public async Task An_unfinished_blob_that_was_damaged_is_fetched_anew()
    {
        await using var server = new ScriptedServer(r => IsLayer(r) ? Rest(r) : _serve(r));
        await using TestNode node = TestNode.Create();
        string partial = Path.Combine(node.StoreRoot, "content", "ingest", _layer.Blob.Digest.ToString().Replace(':', '-'));
        byte[] damaged = _layer.Blob.Content[..500_000];
        damaged[400_000] ^= 1;
        await File.WriteAllBytesAsync(partial, damaged, TestContext.Current.CancellationToken);

        Assert.Equal(_image.Id, (await node.PullAsync($"{server.Host}/a/b:v1")).Id);

        Assert.Equal(0, server.Requests.Last(IsLayer).RangeStart);
    }

    [Fact]
    public async Task A_stored_blob_that_was_damaged_is_fetched_anew()
    {
        await using var server = new ScriptedServer(_serve);
        await using TestNode node = TestNode.Create();
        ImageRecord record = await node.PullAsync($"{server.Host}/a/b:v1");
        await File.WriteAllBytesAsync(
            node.Blobs().Single(b => b.EndsWith(_layer.Blob.Digest.Hex, StringComparison.Ordinal)),
            new byte[_layer.Blob.Content.Length],
            TestContext.Current.CancellationToken);
        node.Snapshots.RemoveLayer(record.ChainIds[0]);
        await node.RestartAsync();

        Assert.Equal(record.Id, (await node.PullAsync($"{server.Host}/a/b:v1")).Id);

        Assert.Equal(2, server.Requests.Count(IsLayer));
    }

    [Fact]
    public async Task A_layer_whose_files_are_gone_is_unpacked_from_the_stored_blob()
    {
        await using var server = new ScriptedServer(_serve);
        await using TestNode node = TestNode.Create();
        ImageRecord record = await node.PullAsync($"{server.Host}/a/b:v1");
        node.Snapshots.RemoveLayer(record.ChainIds[0]);
        await node.RestartAsync();

        Assert.Equal(record.Id, (await node.PullAsync($"{server.Host}/a/b:v1")).Id);

        Assert.Single(server.Requests, IsLayer);
    }

    [Fact]
    public async Task A_caller_who_leaves_does_not_stop_the_others()
    {
        var gate = new TaskCompletionSource();
        await using var server = new ScriptedServer(r => IsLayer(r) ? (r.RangeStart == 0 ? Slow(r, gate.Task) : Rest(r)) : _serve(r));
        await using TestNode node = TestNode.Create();
        using var leave = new CancellationTokenSource();
        var progress = new ProgressLog();
        Task<ImageRecord> leaving = node.PullAsync($"{server.Host}/a/b:v1", token: leave.Token);
        Task<ImageRecord> staying = node.PullAsync($"{server.Host}/a/b:v1", progress: progress);
        await WaitForAsync(() => server.Requests.Any(IsLayer));

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        gate.SetResult();

        Assert.Equal(_image.Id, (await staying).Id);
        Assert.Equal([0, 200_000], server.Requests.Where(IsLayer).Select(r => r.RangeStart));
        Assert.Contains(progress.Reports, r => r.Layer == _layer.Blob.Digest && r.Phase == PullPhase.Done);
    }

    [Fact]
    public async Task When_the_last_caller_leaves_the_pull_ends_and_the_next_one_goes_on_from_there()
    {
        var gate = new TaskCompletionSource();
        await using var server = new ScriptedServer(r => IsLayer(r) ? (r.RangeStart == 0 ? Slow(r, gate.Task) : Rest(r)) : _serve(r));
        await using TestNode node = TestNode.Create();
        using var leave = new CancellationTokenSource();
        Task<ImageRecord>[] pulls = [.. Enumerable.Range(0, 5).Select(_ => node.PullAsync($"{server.Host}/a/b:v1", token: leave.Token))];
        await WaitForAsync(() => node.Partial().Any(p => new FileInfo(p).Length >= 100_000));

        await leave.CancelAsync();
        foreach (Task<ImageRecord> pull in pulls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        }

        Assert.Empty(node.Staged());
        Assert.Empty(node.Service.List());
        gate.SetResult();
        Assert.Equal(_image.Id, (await node.PullAsync($"{server.Host}/a/b:v1")).Id);
        Assert.True(server.Requests.Last(IsLayer).RangeStart >= 100_000);
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            // The server and the disk have no event for this; the test's own time limit ends it.
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private bool IsLayer(ScriptedRequest request) => request.Path.EndsWith(LayerPath, StringComparison.Ordinal);

    /// <summary>Announces all that is asked for, sends a part, ends the connection.</summary>
    private ScriptedResponse Broken(ScriptedRequest request, int bytes)
    {
        ScriptedResponse rest = Rest(request);
        return rest with { AnnouncedLength = rest.Body.Length, Body = rest.Body[..bytes] };
    }

    /// <summary>Sends a part and the rest never; the connection stays open until the gate opens.</summary>
    private ScriptedResponse Slow(ScriptedRequest request, Task gate)
    {
        ScriptedResponse rest = Rest(request);
        return rest with { AnnouncedLength = rest.Body.Length, Body = rest.Body[..200_000], Afterwards = () => gate.WaitAsync(TimeSpan.FromSeconds(30)) };
    }

    private ScriptedResponse Rest(ScriptedRequest request)
    {
        byte[] all = _layer.Blob.Content;
        long start = request.RangeStart;
        return start == 0
            ? ScriptedResponse.Blob(_layer.Blob)
            : new ScriptedResponse(206)
            {
                Body = all[(int)start..],
                Headers = { ["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{all.Length - 1}/{all.Length}") },
            };
    }
}
