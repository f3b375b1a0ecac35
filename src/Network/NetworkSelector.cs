// SPDX-License-Identifier: Apache-2.0
using Gantry.Network.Builtin;
using Gantry.Network.Cni;

namespace Gantry.Network;

/// <summary>Sends each pod to the embedded network or to CNI: new pods by the settings, existing ones by their record.</summary>
public sealed class NetworkSelector : IPodNetwork, IDisposable
{
    private readonly NetworkMode _mode;
    private readonly BuiltinNetwork _builtin;
    private readonly CniNetwork _cni;

    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a setting is wrong.</exception>
    public NetworkSelector(NetworkSettings settings)
    {
        _mode = settings.Mode;
        _builtin = new BuiltinNetwork(settings);
        _cni = new CniNetwork(settings);
    }

    /// <summary>The network that the next pod gets. The CNI directory is looked at each time, so a change counts at once.</summary>
    public NetworkKind Current => _mode switch
    {
        NetworkMode.Builtin => NetworkKind.Builtin,
        NetworkMode.Cni => NetworkKind.Cni,
        _ => _cni.IsConfigured ? NetworkKind.Cni : NetworkKind.Builtin,
    };

    public PodNetworkRecord Reserve(PodNetworkRequest request) => Of(Current).Reserve(request);

    public Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken) =>
        Of(reserved.Kind).AttachAsync(reserved, cancellationToken);

    public Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken) =>
        Of(record.Kind).DetachAsync(record, cancellationToken);

    public Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken) =>
        Of(record.Kind).CheckAsync(record, cancellationToken);

    public Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken) => Of(Current).StatusAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken)
    {
        await _builtin.RecoverAsync(known, cancellationToken);
        await _cni.RecoverAsync(known, cancellationToken);
        if (Current == NetworkKind.Builtin)
        {
            // Bridge and firewall before the first pod asks; if it fails, the status says why.
            await _builtin.StatusAsync(cancellationToken);
        }
    }

    public void UpdatePodCidr(string podCidr)
    {
        _builtin.UpdatePodCidr(podCidr);
        _cni.UpdatePodCidr(podCidr);
    }

    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(_builtin.RunAsync(stopping), _cni.RunAsync(stopping));

    public void Dispose()
    {
        _builtin.Dispose();
        _cni.Dispose();
    }

    private IPodNetwork Of(NetworkKind kind) => kind == NetworkKind.Cni ? _cni : _builtin;
}
