// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Network;

/// <summary>Which network new pods get.</summary>
public enum NetworkMode
{
    /// <summary>CNI when its directory holds a valid configuration, otherwise the embedded network.</summary>
    Auto,
    Builtin,
    Cni,
}

/// <summary>Configuration of pod networks.</summary>
public sealed record NetworkSettings
{
    public NetworkMode Mode { get; init; } = NetworkMode.Auto;

    /// <summary>Volatile state (address reservations), made with mode 0700.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Durable state (CNI attachments: a DEL must reach the plugins even after a reboot), made with mode 0700.</summary>
    public required string RootDirectory { get; init; }

    public BuiltinSettings Builtin { get; init; } = new();

    public CniSettings Cni { get; init; } = new();

    /// <summary>Lines for the log. Called from any thread; must not throw.</summary>
    public Action<NetworkNotice>? Notice { get; init; }

    /// <summary>Network namespace to work in as the host's; <see langword="null"/>: the process's own. Stays the caller's.</summary>
    public SafeHandle? HostNamespace { get; init; }
}

/// <summary>Configuration of the embedded network.</summary>
public sealed record BuiltinSettings
{
    /// <summary>Bridge, 1 to 15 characters; made when absent.</summary>
    public string Bridge { get; init; } = "gantry0";

    /// <summary>IPv4 prefix for pods, /8 to /30; <see langword="null"/>: no IPv4.</summary>
    public string? Ipv4Pool { get; init; } = "10.88.0.0/16";

    /// <summary>IPv6 prefix for pods, /48 to /124; <see langword="null"/>: no IPv6. Not used when the kernel has no IPv6.</summary>
    public string? Ipv6Pool { get; init; } = "fd67:616e:7472:1::/64";

    /// <summary>Bytes; 0: the smallest MTU of the host's default-route interfaces, else 1500.</summary>
    public int Mtu { get; init; }

    /// <summary>nftables table of family inet that holds all of this network's rules.</summary>
    public string Table { get; init; } = "gantry";

    /// <summary>Whether traffic from pods to elsewhere takes the host's address.</summary>
    public bool Masquerade { get; init; } = true;

    /// <summary>Prefixes that pods reach under their own address even so (other nodes' pods).</summary>
    public IReadOnlyList<string> NoMasquerade { get; init; } = [];

    /// <summary>How long a detached pod's interface may outlive it before it is deleted by name.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Configuration of CNI.</summary>
public sealed record CniSettings
{
    public string ConfigDirectory { get; init; } = "/etc/cni/net.d";

    /// <summary>Where plugins are looked for, in this order.</summary>
    public IReadOnlyList<string> PluginDirectories { get; init; } = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

    /// <summary>Where namespaces are pinned; the place that daemons of network plugins watch.</summary>
    public string NamespaceDirectory { get; init; } = "/run/netns";

    /// <summary>For one run of one plugin; then it is killed.</summary>
    public TimeSpan PluginTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

public enum NoticeLevel
{
    Debug,
    Information,
    Warning,
    Error,
}

/// <summary>Something for the log.</summary>
public sealed record NetworkNotice(NoticeLevel Level, string Message, Exception? Cause = null);
