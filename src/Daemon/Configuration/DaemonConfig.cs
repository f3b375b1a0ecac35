// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Configuration;

internal enum LogFormat
{
    /// <summary>The journal when systemd connected stderr to it, text otherwise.</summary>
    Auto,
    Text,
    Json,
    Journald,
}

internal enum CgroupDriverChoice
{
    /// <summary>systemd when it is the node's init, cgroupfs otherwise.</summary>
    Auto,
    Cgroupfs,
    Systemd,
}

internal enum NetworkChoice
{
    /// <summary>CNI when its directory holds a configuration, the built-in network otherwise.</summary>
    Auto,
    Builtin,
    Cni,
}

/// <summary>Everything that config.toml and the options decide. docs/configuration.md explains each key.</summary>
internal sealed record DaemonConfig
{
    internal const string DefaultFile = "/etc/gantry/config.toml";

    public string Root { get; init; } = "/var/lib/gantry";

    public string State { get; init; } = "/run/gantry";

    /// <summary>Empty: gantry.sock in <see cref="State"/>.</summary>
    public string Listen { get; init; } = "";

    /// <summary>Empty: beside gantryd.</summary>
    public string Monitor { get; init; } = "";

    public IReadOnlyList<string> RuntimeHandlers { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public LogFormat LogFormat { get; init; }

    public CgroupDriverChoice CgroupDriver { get; init; }

    public string CgroupParent { get; init; } = "/gantry";

    public NetworkChoice NetworkMode { get; init; }

    public string Bridge { get; init; } = "gantry0";

    /// <summary>Empty: no IPv4.</summary>
    public string Ipv4Pool { get; init; } = "10.88.0.0/16";

    /// <summary>Empty: no IPv6.</summary>
    public string Ipv6Pool { get; init; } = "fd67:616e:7472:1::/64";

    /// <summary>0: that of the host's default route.</summary>
    public long Mtu { get; init; }

    public bool Masquerade { get; init; } = true;

    public IReadOnlyList<string> NoMasquerade { get; init; } = [];

    public string FirewallTable { get; init; } = "gantry";

    public string CniConfigDirectory { get; init; } = "/etc/cni/net.d";

    public IReadOnlyList<string> CniPluginDirectories { get; init; } = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

    /// <value>Seconds.</value>
    public long CniTimeout { get; init; } = 60;

    public string RegistryConfigDirectory { get; init; } = "/etc/gantry/certs.d";

    /// <summary>Empty: none.</summary>
    public string RegistryCredentials { get; init; } = "";

    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    public bool DockerEnabled { get; init; }

    /// <summary>Empty: docker.sock in <see cref="State"/>.</summary>
    public string DockerListen { get; init; } = "";

    public string ListenPath => Listen.Length > 0 ? Listen : Path.Combine(State, "gantry.sock");

    public string DockerListenPath => DockerListen.Length > 0 ? DockerListen : Path.Combine(State, "docker.sock");

    public string MonitorPath => Monitor.Length > 0 ? Monitor : Path.Combine(AppContext.BaseDirectory, "gantry-monitor");
}
