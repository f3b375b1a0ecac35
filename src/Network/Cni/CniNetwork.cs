// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Interop;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;

namespace Gantry.Network.Cni;

/// <summary>Pods connected by CNI plugins: executed as the specification says, versions 0.3.0 to 1.1.0.</summary>
public sealed class CniNetwork : IPodNetwork, IDisposable
{
    private const string PinPrefix = "gantry-";

    private readonly CniSettings _settings;
    private readonly HostNetwork _host;
    private readonly CniConfigurationDirectory _configurations;
    private readonly CniAttachmentStore _attachments;
    private readonly CniChain _chain;
    private readonly CniReadiness _readiness;
    private readonly OperationGate _gate = new();
    private readonly PodCidrFile _podCidr;
    private readonly string _bootId;

    public CniNetwork(NetworkSettings settings)
    {
        _settings = settings.Cni;
        _host = new HostNetwork(settings);
        _configurations = new CniConfigurationDirectory(_settings.ConfigDirectory, _host.Report);
        _attachments = new CniAttachmentStore(Path.Combine(settings.RootDirectory, "cni"), _host.Report);
        _chain = new CniChain(new CniPlugin(_host, _settings));
        _readiness = new CniReadiness(_configurations, _chain);
        _podCidr = new PodCidrFile(settings.RootDirectory);
        _bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
    }

    /// <summary>Whether the directory holds a valid configuration.</summary>
    public bool IsConfigured => _configurations.Current() is not null;

    /// <inheritdoc/>
    public PodNetworkRecord Reserve(PodNetworkRequest request)
    {
        RequestRules.Check(request);
        CniConfiguration network = _configurations.Current()
            ?? throw new NetworkException(NetworkError.NotReady, _readiness.NoConfiguration());
        if (_attachments.Exists(request.PodId))
        {
            throw new NetworkException(NetworkError.Conflict, $"pod {request.PodId} has an attachment already");
        }

        PodNetworkRecord record = new()
        {
            Kind = NetworkKind.Cni,
            Request = request,
            NamespacePath = Path.Combine(_settings.NamespaceDirectory, PinPrefix + request.PodId),
            CniNetwork = network.Name,
            BootId = _bootId,
        };
        _attachments.Write(new CniAttachment
        {
            PodId = request.PodId,
            Interface = record.InterfaceName,
            NamespacePath = record.NamespacePath,
            Network = network,
            Arguments = CniRequest.Arguments(request),
            Capabilities = CniRequest.Capabilities(request, _podCidr.Read()),
        });
        return record;
    }

    /// <inheritdoc/>
    public Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken) =>
        _gate.SharedAsync(() => GuardAsync("attach", reserved, () => AddAsync(reserved, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken) =>
        _gate.SharedAsync(() => GuardAsync("detach", record, () => DeleteAsync(record, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken) =>
        _gate.SharedAsync(
            () => GuardAsync("check", record, async () =>
            {
                await _chain.CheckAsync(Attachment(record), cancellationToken);
                return true;
            }),
            cancellationToken);

    /// <inheritdoc/>
    public Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken) => _readiness.StatusAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken)
    {
        HashSet<string> pods = [.. known.Where(static r => r.Kind == NetworkKind.Cni).Select(static r => r.Request.PodId)];
        foreach (CniAttachment orphan in _attachments.All().Where(a => !pods.Contains(a.PodId)))
        {
            await ForgetAsync(orphan, cancellationToken);
        }

        if (_configurations.Current() is CniConfiguration network)
        {
            await CollectGarbageAsync(network, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void UpdatePodCidr(string podCidr)
    {
        if (podCidr.Length > 0)
        {
            foreach (string part in podCidr.Split(','))
            {
                Builtin.IpPool.Parse(part.Trim(), "pod_cidr");
            }

            _podCidr.Write(podCidr);
        }
    }

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken stopping) => Task.CompletedTask;

    public void Dispose()
    {
        _gate.Dispose();
        _readiness.Dispose();
        _host.Dispose();
    }

    private async Task<PodAttachment> AddAsync(PodNetworkRecord reserved, CancellationToken cancellationToken)
    {
        if (reserved.BootId != _bootId)
        {
            throw new NetworkException(NetworkError.NotReady, $"pod {reserved.Request.PodId}: its network was reserved before the last reboot");
        }

        CniAttachment attachment = Attachment(reserved);
        OwnedFd podNamespace = MakeNamespace(attachment.NamespacePath);
        try
        {
            JsonObject result = await _chain.AddAsync(attachment, cancellationToken);
            _attachments.Write(attachment with { Result = result });
            return new PodAttachment(podNamespace, Attached(reserved, result));
        }
        catch
        {
            podNamespace.Dispose();
            await UndoAsync(attachment);
            throw;
        }
    }

    /// <summary>The specification wants a DEL after a failed ADD. When that fails too, the attachment stays on disk for <see cref="DetachAsync"/>.</summary>
    private async Task UndoAsync(CniAttachment attachment)
    {
        try
        {
            await _chain.DeleteAsync(attachment, attachment.NamespacePath, CancellationToken.None);
        }
        catch (CniPluginException e)
        {
            _host.Report(NoticeLevel.Warning, $"pod {attachment.PodId}: cleaning up after a failed ADD failed too; detaching will try again", e);
        }

        NetworkNamespace.Unpin(attachment.NamespacePath);
    }

    private async Task<bool> DeleteAsync(PodNetworkRecord record, CancellationToken cancellationToken)
    {
        if (_attachments.Read(record.Request.PodId, record.InterfaceName) is CniAttachment attachment)
        {
            await ReleaseAsync(attachment, cancellationToken);
        }
        else if (record.NamespacePath is string path)
        {
            NetworkNamespace.Unpin(path);
        }

        return true;
    }

    private async Task ReleaseAsync(CniAttachment attachment, CancellationToken cancellationToken)
    {
        await _chain.DeleteAsync(attachment, LivingNamespace(attachment.NamespacePath), cancellationToken);
        NetworkNamespace.Unpin(attachment.NamespacePath);
        _attachments.Delete(attachment.PodId, attachment.Interface);
    }

    private async Task ForgetAsync(CniAttachment orphan, CancellationToken cancellationToken)
    {
        try
        {
            await ReleaseAsync(orphan, cancellationToken);
            _host.Report(NoticeLevel.Information, $"CNI: released what pod {orphan.PodId}, which has no record, had on network {orphan.Network.Name}");
        }
        catch (Exception e) when (e is CniPluginException or SyscallException or IOException)
        {
            _host.Report(NoticeLevel.Error, $"CNI: pod {orphan.PodId} has no record and cannot be released; the next start tries again", e);
        }
    }

    private Task<bool> CollectGarbageAsync(CniConfiguration network, CancellationToken cancellationToken) => _gate.AloneAsync(
        async () =>
        {
            List<(string, string)> valid = [.. _attachments.All().Where(a => a.Network.Name == network.Name).Select(static a => (a.PodId, a.Interface))];
            foreach (CniPluginException failure in await _chain.CollectGarbageAsync(network, valid, cancellationToken))
            {
                _host.Report(NoticeLevel.Warning, $"CNI: network {network.Name}: {failure.Message}", failure);
            }

            return true;
        },
        cancellationToken);

    /// <summary>A namespace with its loopback up (what the loopback plugin would do), under the path that plugins get.</summary>
    private static OwnedFd MakeNamespace(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        (OwnedFd created, _) = NetworkNamespace.Create(static () =>
        {
            using RouteSocket route = RouteSocket.Open();
            route.Execute(new RouteBatch().SetUp("lo"));
            return true;
        });
        try
        {
            NetworkNamespace.Unpin(path); // Left by an attempt that a crash cut off.
            NetworkNamespace.Pin(created, path);
            return created;
        }
        catch
        {
            created.Dispose();
            throw;
        }
    }

    /// <returns>Empty when nothing is pinned there any more.</returns>
    private static string LivingNamespace(string path)
    {
        try
        {
            NetworkNamespace.Open(path).Dispose();
            return path;
        }
        catch (SyscallException)
        {
            return "";
        }
    }

    private CniAttachment Attachment(PodNetworkRecord record) =>
        _attachments.Read(record.Request.PodId, record.InterfaceName)
        ?? throw new NetworkException(NetworkError.Failed, $"pod {record.Request.PodId}: no CNI attachment of that name on disk");

    private static PodNetworkRecord Attached(PodNetworkRecord reserved, JsonObject result)
    {
        using JsonDocument document = JsonDocument.Parse(result.ToJsonString());
        return reserved with
        {
            Addresses = CniResult.Addresses(result, reserved.InterfaceName),
            HostInterface = CniResult.HostInterface(result),
            MacAddress = CniResult.MacAddress(result, reserved.InterfaceName),
            CniResult = document.RootElement.Clone(),
        };
    }

    private static async Task<T> GuardAsync<T>(string action, PodNetworkRecord record, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (CniPluginException e)
        {
            NetworkError kind = e.Code == CniPluginException.TryAgainLater ? NetworkError.NotReady : NetworkError.PluginFailed;
            throw new NetworkException(kind, $"{action} pod {record.Request.PodId} on network {record.CniNetwork}: {e.Message}", e);
        }
        catch (Exception e) when (e is SyscallException or IOException or FormatException or UnauthorizedAccessException)
        {
            throw new NetworkException(NetworkError.Failed, $"{action} pod {record.Request.PodId} on network {record.CniNetwork}: {e.Message}", e);
        }
    }
}
