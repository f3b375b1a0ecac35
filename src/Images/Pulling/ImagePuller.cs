// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Distribution;
using Gantry.Oci.Image;
using Gantry.Storage;
using Gantry.Storage.Content;
using Gantry.Storage.Leases;
using Gantry.Storage.Snapshots;

namespace Gantry.Images.Pulling;

/// <summary>One pull: resolve, documents, layers, record.</summary>
internal sealed class ImagePuller
{
    private const int MaxIndexDepth = 3;
    private readonly ContentStore _content;
    private readonly SnapshotStore _snapshots;
    private readonly LeaseStore _leases;
    private readonly LayerPuller _layers;
    private readonly ImageCatalog _catalog;
    private readonly HttpClients _clients;
    private readonly RegistryHosts _hosts;
    private readonly CredentialsFile _credentials;
    private readonly TimeProvider _clock;

    internal ImagePuller(
        ContentStore content, SnapshotStore snapshots, LeaseStore leases, LayerPuller layers, ImageCatalog catalog, HttpClients clients, ImageServiceOptions options)
    {
        _content = content;
        _snapshots = snapshots;
        _leases = leases;
        _layers = layers;
        _catalog = catalog;
        _clients = clients;
        _hosts = new RegistryHosts(options.CertsDirectories, options.PlainHttpHosts);
        _credentials = new CredentialsFile(options.CredentialsFile);
        _clock = options.Clock;
    }

    /// <exception cref="ImageException">See <see cref="ImageError"/>.</exception>
    internal async Task<ImageRecord> PullAsync(PullRequest request, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            progress.Report(new PullProgress(default, PullPhase.Resolving, 0, 0));
            using Lease lease = _leases.Acquire();
            ImageRecord record = await PullAsync(request, lease, progress, cancellationToken);
            lease.Complete();
            return record;
        }
        catch (Exception e) when (PullFailures.Map(e, request.Reference.ToString(), _content.Root, 0) is ImageException mapped)
        {
            throw ReferenceEquals(mapped, e) ? e : mapped;
        }
    }

    private async Task<ImageRecord> PullAsync(
        PullRequest request, Lease lease, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        RegistrySession session = OpenSession(request);
        var client = new ManifestClient(session, _content);
        Digest top = await client.ResolveAsync(lease, cancellationToken);
        (Manifest manifest, List<RegistryDocument> documents) = await FindManifestAsync(request, client, top, lease, cancellationToken);
        Descriptor configBlob = manifest.Config!;
        lease.Add(configBlob.Digest);
        ImageConfig config = ImageDocument.ReadConfig(await client.GetBlobAsync(configBlob, cancellationToken));
        CheckPlatform(request, config);
        LayerPlan plan = LayerPlan.Make(session, manifest, config);
        lease.Add(plan.Layers.Select(static l => l.Digest).Concat(plan.ChainIds));
        RequireSpace(plan);
        await _layers.PullAllAsync(plan, progress, cancellationToken);
        await SyncAsync(cancellationToken);
        return _catalog.Add(NewRecord(request, plan, config, configBlob, documents), request.Reference, top);
    }

    /// <summary>One wait for the disk for all layers and content; it may be long, so on a thread of its own.</summary>
    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        using var stages = new Stages(cancellationToken);
        stages.Start("image-sync", _snapshots.Sync);
        await stages.RunAsync(static () => Task.CompletedTask);
    }

    private RegistrySession OpenSession(PullRequest request)
    {
        IReadOnlyList<RegistryHost> hosts = _hosts.For(request.Reference.Domain);
        return new RegistrySession(request.Reference, hosts, h => CredentialsFor(h, request), _clients, _clock);
    }

    /// <summary>The credentials of a pull are for the registry that the reference names; mirrors have their own in the node's file.</summary>
    private HostCredentials CredentialsFor(RegistryHost host, PullRequest request)
    {
        string domain = request.Reference.Domain;
        if (host.IsUpstream && request.Credentials is RegistryCredentials given
            && (given.ServerAddress.Length == 0
                || CredentialsFile.HostOf(given.ServerAddress) == CredentialsFile.HostOf(domain)))
        {
            return HostCredentials.From(given, "auth");
        }

        return _credentials.Find(host.IsUpstream ? domain : host.Base.Authority, request.Reference.Path);
    }

    /// <summary>Goes from the document that the reference names to the manifest for the platform.</summary>
    private static async Task<(Manifest Manifest, List<RegistryDocument> Documents)> FindManifestAsync(
        PullRequest request, ManifestClient client, Digest top, Lease lease, CancellationToken cancellationToken)
    {
        var documents = new List<RegistryDocument>();
        Digest digest = top;
        string? type = null;
        while (documents.Count < MaxIndexDepth)
        {
            lease.Add(digest);
            RegistryDocument document = await client.GetAsync(digest, type, cancellationToken);
            documents.Add(document);
            if (MediaTypes.IsManifest(document.MediaType))
            {
                return (ImageDocument.ReadManifest(document.Content), documents);
            }

            Descriptor chosen = PlatformChoice.Choose(
                ImageDocument.ReadIndex(document.Content), request.Platform ?? Platform.Local, request.Reference.ToString());
            (digest, type) = (chosen.Digest, chosen.MediaType);
        }

        throw new ImageException(ImageError.Corrupt, $"{request.Reference}: indexes inside indexes; at most {MaxIndexDepth - 1} are followed");
    }

    private static void CheckPlatform(PullRequest request, ImageConfig config)
    {
        Platform wanted = request.Platform ?? Platform.Local;
        bool named = !string.IsNullOrEmpty(config.Os) && !string.IsNullOrEmpty(config.Architecture);

        // The level of the processor was the index's choice; here only another system or architecture is refused.
        if (named && !(wanted with { Variant = null }).Accepts(config.Platform with { Variant = null })
            && !wanted.Accepts(config.Platform))
        {
            throw new ImageException(
                ImageError.NotFound, $"{request.Reference}: the image is for {UntrustedText.Quote(config.Platform.ToString())}, wanted is {wanted}");
        }
    }

    /// <summary>Says that the disk is too small before a long download shows it.</summary>
    private void RequireSpace(LayerPlan plan)
    {
        long needed = 0;
        for (int i = 0; i < plan.Layers.Count; i++)
        {
            Descriptor layer = plan.Layers[i];
            needed += _snapshots.HasLayer(plan.ChainIds[i]) || _content.Contains(layer.Digest) ? 0 : layer.Size;
        }

        long free = new DriveInfo(_content.Root).AvailableFreeSpace;
        if (needed > free && needed > free + _content.PartialBytes())
        {
            throw StorageException.NoSpace(_content.Root, needed);
        }
    }

    private ImageRecord NewRecord(
        PullRequest request, LayerPlan plan, ImageConfig config, Descriptor configBlob, List<RegistryDocument> documents) => new()
        {
            Id = configBlob.Digest,
            Size = documents[^1].Content.Length + configBlob.Size + plan.Layers.Sum(static l => l.Size),
            Layers = [.. plan.Layers.Select((l, i) => new LayerRecord(l.Digest, plan.DiffIds[i], plan.ChainIds[i], l.Size))],
            Documents = [.. documents.Select(static d => d.Digest)],
            Config = config,
            PulledAt = _clock.GetUtcNow(),
            UserSpecified = request.UserSpecified,
        };
}
