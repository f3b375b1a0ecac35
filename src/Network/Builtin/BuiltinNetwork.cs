// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using Gantry.Interop;
using Gantry.Interop.Netlink;
using Gantry.Interop.Nftables;

namespace Gantry.Network.Builtin;

/// <summary>The embedded network: a bridge, a pair of interfaces per pod, addresses from a pool, host ports in nftables. In this process alone.</summary>
public sealed class BuiltinNetwork : IPodNetwork, IDisposable
{
    private readonly BuiltinSettings _settings;
    private readonly HostNetwork _host;
    private readonly Bridge _bridge;
    private readonly PodLink _links;
    private readonly LinkReadiness _readiness;
    private readonly Firewall _firewall;
    private readonly HostPorts _ports = new();
    private readonly PodCidrFile _podCidr;
    private readonly AddressStore _addresses;
    private readonly AddressRelease _release;
    private readonly Lock _readyLock = new();
    private readonly string _bootId;
    private IReadOnlyList<IpPool> _configured;
    private IReadOnlyList<IpPool> _older = [];
    private string _forwardWarning = "";
    private volatile bool _ready;

    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a setting is wrong.</exception>
    public BuiltinNetwork(NetworkSettings settings)
    {
        _settings = BuiltinRules.Check(settings.Builtin);
        _host = new HostNetwork(settings);
        _bridge = new Bridge(_host, _settings);
        _links = new PodLink(_host, _settings);
        _readiness = new LinkReadiness(_host, _settings);
        _firewall = new Firewall(_host, _settings);
        _bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        _addresses = new AddressStore(Path.Combine(settings.StateDirectory, "addresses"), _bootId);
        _release = new AddressRelease(_host, _addresses, _settings.Bridge, _settings.Linger);
        _podCidr = new PodCidrFile(settings.RootDirectory);
        _configured = BuiltinRules.Pools(_settings, _podCidr.Read());
    }

    /// <inheritdoc/>
    public PodNetworkRecord Reserve(PodNetworkRequest request)
    {
        RequestRules.Check(request);
        if (_addresses.Holds(request.PodId))
        {
            throw new NetworkException(NetworkError.Conflict, $"pod {request.PodId} holds addresses already");
        }

        if (request.Bandwidth is not null)
        {
            _host.Report(NoticeLevel.Warning, $"pod {request.PodId}: the embedded network does not limit bandwidth; its annotations have no effect");
        }

        _ports.Hold(request);
        try
        {
            List<PodAddress> addresses = [];
            foreach (IpPool pool in Pools())
            {
                IPAddress address = _release.Take(pool, request.PodId);
                addresses.Add(new PodAddress(address.ToString(), pool.PrefixLength, pool.Gateway.ToString()));
            }

            PodNetworkRecord record = Record(request, addresses);
            FirewallText.Elements(record); // Refuses a host address of a family that the pod lacks, before anything is made.
            return record;
        }
        catch
        {
            _addresses.Free(request.PodId);
            _ports.Free(request.PodId);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (reserved.BootId != _bootId)
        {
            throw new NetworkException(NetworkError.NotReady, $"pod {reserved.Request.PodId}: its network was reserved before the last reboot");
        }

        EnsureReady();
        (PodAttachment attachment, RouteSocket inside) = Guard("attach", reserved, () => Attach(reserved));
        using (inside)
        {
            await _readiness.WaitAsync(reserved, inside);
            return attachment;
        }
    }

    /// <inheritdoc/>
    public Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken) =>
        Task.FromResult(Guard("detach", record, () =>
        {
            _firewall.Remove(record);
            _ports.Free(record.Request.PodId);
            _release.Release(record.Request.PodId);
            return true;
        }));

    /// <inheritdoc/>
    public Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken)
    {
        EnsureReady();
        return Task.FromResult(Guard("check", record, () =>
        {
            _links.Check(record, _bridge.Index);
            return _firewall.Has(record)
                ? true
                : throw new NetworkException(NetworkError.Failed, $"network of pod {record.Request.PodId}: a host port is not open");
        }));
    }

    /// <inheritdoc/>
    public Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            EnsureReady();
            return Task.FromResult(new NetworkStatus(
                true, "", $"embedded network {_settings.Bridge}: {string.Join(", ", Pools())}{_forwardWarning}"));
        }
        catch (NetworkException e)
        {
            return Task.FromResult(new NetworkStatus(false, "EmbeddedNetworkFailed", e.Message));
        }
    }

    /// <inheritdoc/>
    public Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken)
    {
        List<PodNetworkRecord> mine = [.. known.Where(r => r.Kind == NetworkKind.Builtin && r.BootId == _bootId)];
        foreach (PodNetworkRecord record in mine)
        {
            Adopt(record);
        }

        _older = [.. mine.SelectMany(static r => r.Addresses).Select(BuiltinRules.PoolOf).Distinct()];
        HashSet<string> pods = [.. mine.Select(static r => r.Request.PodId)];
        _release.FreeOrphans(pods, mine.Select(static r => r.HostInterface!).ToHashSet());
        if (mine.Count > 0)
        {
            EnsureReady();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void UpdatePodCidr(string podCidr)
    {
        if (podCidr.Length == 0)
        {
            return;
        }

        IReadOnlyList<IpPool> pools = BuiltinRules.Pools(_settings, podCidr);
        lock (_readyLock)
        {
            if (pools.SequenceEqual(_configured))
            {
                return;
            }

            _podCidr.Write(podCidr);
            _older = [.. _older.Concat(_configured).Distinct()];
            _configured = pools;
            _ready = false;
        }

        _host.Report(NoticeLevel.Information, $"new pods get addresses from {string.Join(", ", pools)}");
    }

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken stopping) =>
        await Task.WhenAll(_release.RunAsync(stopping), RepairAsync(stopping));

    public void Dispose()
    {
        _firewall.Dispose();
        _host.Dispose();
    }

    /// <summary>Makes bridge and firewall unless they are known to be there.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.NotReady"/>.</exception>
    internal void EnsureReady()
    {
        if (_ready)
        {
            return;
        }

        lock (_readyLock)
        {
            if (_ready)
            {
                return;
            }

            try
            {
                IReadOnlyList<IpPool> pools = Pools();
                _bridge.Ensure(pools);
                _firewall.Install(pools.Concat(_older));
                WarnOfForwardPolicies();
                _ready = true;
            }
            catch (Exception e) when (e is SyscallException or NftException or IOException or UnauthorizedAccessException)
            {
                throw new NetworkException(NetworkError.NotReady, $"embedded network: {e.Message}", e);
            }
        }
    }

    private (PodAttachment Attachment, RouteSocket Inside) Attach(PodNetworkRecord reserved)
    {
        (OwnedFd podNamespace, RouteSocket inside) = MakeLink(reserved);
        try
        {
            _firewall.Add(reserved);
            return (new PodAttachment(podNamespace, reserved), inside);
        }
        catch
        {
            _host.Route.DeleteLink(reserved.HostInterface!);
            inside.Dispose();
            podNamespace.Dispose();
            throw;
        }
    }

    private (OwnedFd Namespace, RouteSocket Inside) MakeLink(PodNetworkRecord reserved)
    {
        try
        {
            return _links.Make(reserved, _bridge.Index, _bridge.Mtu);
        }
        catch (SyscallException e) when (_host.Route.FindLink(_settings.Bridge)?.Index != _bridge.Index)
        {
            _host.Report(NoticeLevel.Warning, $"bridge {_settings.Bridge} was removed; making it anew", e);
            _ready = false;
            EnsureReady();
            return _links.Make(reserved, _bridge.Index, _bridge.Mtu);
        }
    }

    private PodNetworkRecord Record(PodNetworkRequest request, List<PodAddress> addresses) => new()
    {
        Kind = NetworkKind.Builtin,
        Request = request,
        HostInterface = PodLink.HostInterface(request.PodId),
        Bridge = _settings.Bridge,
        MacAddress = PodLink.MacAddress(request.PodId, [.. addresses.Select(static a => IPAddress.Parse(a.Ip))]),
        Addresses = addresses,
        BootId = _bootId,
    };

    private IReadOnlyList<IpPool> Pools()
    {
        bool ipv6 = _bridge.HasIpv6;
        return [.. _configured.Where(p => ipv6 || p.Family == AddressFamily.InterNetwork)];
    }

    private void Adopt(PodNetworkRecord record)
    {
        foreach (PodAddress address in record.Addresses)
        {
            if (!_addresses.Adopt(IPAddress.Parse(address.Ip), record.Request.PodId))
            {
                _host.Report(NoticeLevel.Error, $"pod {record.Request.PodId}: its address {address.Ip} is held by another pod");
            }
        }

        try
        {
            _ports.Hold(record.Request);
            _firewall.Know(record);
        }
        catch (NetworkException e)
        {
            _host.Report(NoticeLevel.Error, $"pod {record.Request.PodId}: its host ports stay closed", e);
        }
    }

    private void WarnOfForwardPolicies()
    {
        IReadOnlyList<string> dropping = ForwardPolicies.Dropping(_firewall.ListChains(), _settings.Table);
        _forwardWarning = dropping.Count == 0
            ? ""
            : $"; {string.Join(", ", dropping)} drops forwarded packets by default, so pods reach only what it accepts";
        if (dropping.Count > 0)
        {
            _host.Report(NoticeLevel.Warning, $"firewall {_forwardWarning[2..]}; see docs/network.md");
        }
    }

    private async Task RepairAsync(CancellationToken stopping)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(10));
        while (await Ticks.NextAsync(timer, stopping))
        {
            Repair();
        }
    }

    /// <summary>Puts the table back if somebody removed or emptied it.</summary>
    internal void Repair()
    {
        try
        {
            if (_firewall.Repair())
            {
                _host.Report(NoticeLevel.Warning, $"nftables table {_settings.Table} was removed or changed by somebody; put back");
            }
        }
        catch (Exception e) when (e is SyscallException or NftException)
        {
            _host.Report(NoticeLevel.Error, $"nftables table {_settings.Table} cannot be put back", e);
        }
    }

    private static T Guard<T>(string action, PodNetworkRecord record, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is SyscallException or NftException or InvalidDataException or IOException)
        {
            throw new NetworkException(NetworkError.Failed, $"{action} network of pod {record.Request.PodId}: {e.Message}", e);
        }
    }
}
