// SPDX-License-Identifier: Apache-2.0
using System.Threading.Channels;
using Gantry.Control.V1;
using Gantry.Engine.Images;
using Grpc.Core;
using WireProgress = Gantry.Control.V1.LayerProgress;

namespace Gantry.Cri.Control;

internal sealed partial class ControlService
{
    /// <summary>Reports that may wait for a slow client; older ones of the same layer are worthless, so they are dropped.</summary>
    private const int WaitingReports = 256;

    public override async Task Pull(PullRequest request, IServerStreamWriter<PullEvent> responseStream, ServerCallContext context)
    {
        var spec = new ImageSpec { Image = Require.Name("image", request.Image) };
        PullCredentials? credentials = request.Username.Length == 0
            ? null
            : new PullCredentials { Username = request.Username, Password = request.Password };
        Channel<Engine.Images.LayerProgress> reports = Channel.CreateBounded<Engine.Images.LayerProgress>(
            new BoundedChannelOptions(WaitingReports) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        Task<string> pull = PullAsync(spec, credentials, reports.Writer, context.CancellationToken);
        await foreach (Engine.Images.LayerProgress report in reports.Reader.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new PullEvent { Layer = ToWire(report) }, context.CancellationToken);
        }

        string id = await pull;
        await responseStream.WriteAsync(new PullEvent { Done = Done(id) }, context.CancellationToken);
    }

    private static WireProgress ToWire(Engine.Images.LayerProgress report) => new()
    {
        Digest = report.Digest,
        ReceivedBytes = report.Done,
        TotalBytes = report.Total,
        State = report.Status switch
        {
            "downloading" => LayerState.LayerReceiving,
            "unpacking" => LayerState.LayerCommitting,
            "done" => LayerState.LayerDone,
            "exists" => LayerState.LayerPresent,
            _ => LayerState.LayerWaiting,
        },
    };

    private async Task<string> PullAsync(
        ImageSpec spec, PullCredentials? credentials, ChannelWriter<Engine.Images.LayerProgress> reports, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Images.PullAsync(spec, credentials, new ChannelProgress(reports), cancellationToken);
        }
        finally
        {
            reports.Complete();
        }
    }

    private PullDone Done(string id)
    {
        var done = new PullDone { ImageId = id };
        if (engine.Images.Status(id) is ImageInfo image)
        {
            done.Size = image.Size;
            done.RepoTags.AddRange(image.Tags);
            done.RepoDigests.AddRange(image.Digests);
        }

        return done;
    }

    /// <summary>Reports straight into a channel: Progress&lt;T&gt; would hand them to the thread pool out of order.</summary>
    private sealed class ChannelProgress(ChannelWriter<Engine.Images.LayerProgress> writer) : IProgress<Engine.Images.LayerProgress>
    {
        public void Report(Engine.Images.LayerProgress value) => writer.TryWrite(value);
    }
}
