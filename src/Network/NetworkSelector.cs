// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>Sends each pod to the embedded network or to CNI: new pods by the settings, existing ones by their record.</summary>
public sealed class NetworkSelector : IPodNetwork, IDisposable
{
    private readonly NetworkSettings _settings;

    public NetworkSelector(NetworkSettings settings) => _settings = settings;

    public PodNetworkRecord Reserve(PodNetworkRequest request) => throw new NotImplementedException(_settings.StateDirectory);

    public Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken) => throw new NotImplementedException();

    public void UpdatePodCidr(string podCidr) => throw new NotImplementedException();

    public Task RunAsync(CancellationToken stopping) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
