// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;

namespace Gantry.Network;

/// <summary>The host's side: its network namespace, netlink in it, its kernel parameters, and where to report.</summary>
/// <remarks>Usually the process's own namespace; tests give one of their own making.</remarks>
internal sealed class HostNetwork : IDisposable
{
    private readonly SafeHandle? _namespace;
    private readonly Action<NetworkNotice>? _notice;
    private readonly Lazy<RouteSocket> _route;
    private readonly Lazy<NetfilterSocket> _netfilter;

    internal HostNetwork(NetworkSettings settings)
    {
        _namespace = settings.HostNamespace;
        _notice = settings.Notice;
        _route = new(() => Run(RouteSocket.Open));
        _netfilter = new(() => Run(NetfilterSocket.Open));
    }

    /// <summary><see langword="null"/>: the process's own.</summary>
    internal SafeHandle? Namespace => _namespace;

    internal RouteSocket Route => _route.Value;

    internal NetfilterSocket Netfilter => _netfilter.Value;

    internal T Run<T>(Func<T> work) => NetworkNamespace.Run(_namespace, work);

    internal void Report(NoticeLevel level, string message, Exception? cause = null) =>
        _notice?.Invoke(new NetworkNotice(level, message, cause));

    /// <summary>A kernel parameter of the host's network.</summary>
    /// <param name="name">Path below /proc/sys/net.</param>
    /// <returns><see langword="null"/>: the kernel has no such parameter.</returns>
    internal string? ReadSysctl(string name) => Run(() =>
    {
        string path = "/proc/sys/net/" + name;
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    });

    internal void WriteSysctl(string name, string value) => Run(() =>
    {
        File.WriteAllText("/proc/sys/net/" + name, value);
        return true;
    });

    public void Dispose()
    {
        if (_route.IsValueCreated)
        {
            _route.Value.Dispose();
        }

        if (_netfilter.IsValueCreated)
        {
            _netfilter.Value.Dispose();
        }
    }
}
