// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>The NetworkReady condition under CNI. Plugins are asked at most every few seconds, and for their versions once per configuration.</summary>
internal sealed class CniReadiness(CniConfigurationDirectory configurations, CniChain chain) : IDisposable
{
    private static readonly TimeSpan s_age = TimeSpan.FromSeconds(4);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private CniConfiguration? _versionsChecked;
    private (CniConfiguration Network, NetworkStatus Status, long At)? _last;

    internal async Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken)
    {
        if (configurations.Current() is not CniConfiguration network)
        {
            return new NetworkStatus(false, "CniNotConfigured", NoConfiguration());
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_last is not { } last || !ReferenceEquals(last.Network, network) || Environment.TickCount64 - last.At > s_age.TotalMilliseconds)
            {
                _last = last = (network, await AskAsync(network, cancellationToken), Environment.TickCount64);
            }

            return last.Status;
        }
        finally
        {
            _turn.Release();
        }
    }

    internal string NoConfiguration()
    {
        IReadOnlyList<string> problems = configurations.Problems;
        return problems.Count == 0
            ? $"CNI: no *.conflist, *.conf or *.json file in {configurations.Path}; install a network add-on, or set network.mode to \"builtin\""
            : $"CNI: no valid file in {configurations.Path}: {string.Join("; ", problems)}";
    }

    public void Dispose() => _turn.Dispose();

    private async Task<NetworkStatus> AskAsync(CniConfiguration network, CancellationToken cancellationToken)
    {
        try
        {
            await CheckVersionsAsync(network, cancellationToken);
            await chain.StatusAsync(network, cancellationToken);
            return new NetworkStatus(true, "", $"CNI network {network.Name}, version {network.Version}");
        }
        catch (CniPluginException e)
        {
            return new NetworkStatus(false, "CniPluginNotReady", $"CNI network {network.Name}: {e.Message}");
        }
    }

    private async Task CheckVersionsAsync(CniConfiguration network, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(_versionsChecked, network))
        {
            return;
        }

        foreach (JsonObject entry in network.Plugins)
        {
            string type = CniChain.TypeOf(entry);
            IReadOnlyList<string> spoken = await chain.VersionsAsync(type, cancellationToken);
            if (!spoken.Contains(network.Version))
            {
                throw new CniPluginException(type, "VERSION", 1, $"speaks {string.Join(", ", spoken)}, the configuration asks for {network.Version}");
            }
        }

        _versionsChecked = network;
    }
}
