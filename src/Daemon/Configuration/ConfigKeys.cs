// SPDX-License-Identifier: Apache-2.0
using System.Net;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Configuration;

/// <summary>Every key that config.toml may hold. A test holds docs/configuration.md and packaging/config.toml to this list.</summary>
internal static class ConfigKeys
{
    private const int MaxInterfaceName = 15;
    private const int MaxTableName = 32;

    /// <summary>sun_path is 108 bytes with its NUL.</summary>
    private const int MaxSocketPath = 107;

    private static readonly IReadOnlyList<(string, LogLevel)> s_levels =
    [
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information),
        ("warning", LogLevel.Warning), ("error", LogLevel.Error),
    ];

    private static readonly IReadOnlyList<(string, LogFormat)> s_formats =
        [("auto", LogFormat.Auto), ("text", LogFormat.Text), ("json", LogFormat.Json), ("journald", LogFormat.Journald)];

    private static readonly IReadOnlyList<(string, CgroupDriverChoice)> s_drivers =
        [("auto", CgroupDriverChoice.Auto), ("cgroupfs", CgroupDriverChoice.Cgroupfs), ("systemd", CgroupDriverChoice.Systemd)];

    private static readonly IReadOnlyList<(string, NetworkChoice)> s_networks =
        [("auto", NetworkChoice.Auto), ("builtin", NetworkChoice.Builtin), ("cni", NetworkChoice.Cni)];

    internal static IReadOnlyList<ConfigKey> All { get; } =
    [
        ConfigKey.AbsolutePath("root", c => c.Root, (c, v) => c with { Root = v }),
        ConfigKey.AbsolutePath("state", c => c.State, (c, v) => c with { State = v }),
        SocketPath("listen", c => c.Listen, (c, v) => c with { Listen = v }),
        ConfigKey.AbsolutePath("monitor", c => c.Monitor, (c, v) => c with { Monitor = v }, orEmpty: true),
        ConfigKey.List("runtime_handlers", "names of lower-case letters, digits, '-', '.'", IsHandler,
            c => c.RuntimeHandlers, (c, v) => c with { RuntimeHandlers = v }),
        ConfigKey.AbsolutePath("resolv_conf", c => c.ResolvConf, (c, v) => c with { ResolvConf = v }),
        ConfigKey.Word("log.level", s_levels, c => c.LogLevel, (c, v) => c with { LogLevel = v }, reloadable: true),
        ConfigKey.Word("log.format", s_formats, c => c.LogFormat, (c, v) => c with { LogFormat = v }),
        ConfigKey.Word("cgroup.driver", s_drivers, c => c.CgroupDriver, (c, v) => c with { CgroupDriver = v }),
        ConfigKey.Text("cgroup.parent", "an absolute path, or the name of a systemd slice", IsCgroupParent,
            c => c.CgroupParent, (c, v) => c with { CgroupParent = v }),
        ConfigKey.Word("network.mode", s_networks, c => c.NetworkMode, (c, v) => c with { NetworkMode = v }),
        ConfigKey.Text("network.bridge", "1 to 15 letters, digits, '-', '_', a letter first", value => IsWord(value, MaxInterfaceName, "-_"),
            c => c.Bridge, (c, v) => c with { Bridge = v }),
        ConfigKey.Text("network.ipv4_pool", "an IPv4 prefix from /8 to /30, or \"\"", v => v.Length == 0 || IsPrefix(v, 4, 8, 30),
            c => c.Ipv4Pool, (c, v) => c with { Ipv4Pool = v }),
        ConfigKey.Text("network.ipv6_pool", "an IPv6 prefix from /48 to /124, or \"\"", v => v.Length == 0 || IsPrefix(v, 16, 48, 124),
            c => c.Ipv6Pool, (c, v) => c with { Ipv6Pool = v }),
        ConfigKey.Number("network.mtu", 1280, 65535, c => c.Mtu, (c, v) => c with { Mtu = v }, orZero: true),
        ConfigKey.Truth("network.masquerade", c => c.Masquerade, (c, v) => c with { Masquerade = v }),
        ConfigKey.List("network.no_masquerade", "IPv4 and IPv6 prefixes", v => IsPrefix(v, 4, 0, 32) || IsPrefix(v, 16, 0, 128),
            c => c.NoMasquerade, (c, v) => c with { NoMasquerade = v }),
        ConfigKey.Text("network.nftables_table", "1 to 32 letters, digits, '_', a letter first", value => IsWord(value, MaxTableName, "_"),
            c => c.FirewallTable, (c, v) => c with { FirewallTable = v }),
        ConfigKey.AbsolutePath("cni.config_dir", c => c.CniConfigDirectory, (c, v) => c with { CniConfigDirectory = v }),
        ConfigKey.List("cni.plugin_dirs", "absolute paths", ConfigKey.IsPath,
            c => c.CniPluginDirectories, (c, v) => c with { CniPluginDirectories = v }),
        ConfigKey.Number("cni.timeout", 1, 600, c => c.CniTimeout, (c, v) => c with { CniTimeout = v }),
        ConfigKey.AbsolutePath("registry.config_dir", c => c.RegistryConfigDirectory, (c, v) => c with { RegistryConfigDirectory = v }),
        ConfigKey.AbsolutePath("registry.credentials", c => c.RegistryCredentials, (c, v) => c with { RegistryCredentials = v }, orEmpty: true),
        ConfigKey.Truth("docker.enabled", c => c.DockerEnabled, (c, v) => c with { DockerEnabled = v }),
        SocketPath("docker.listen", c => c.DockerListen, (c, v) => c with { DockerListen = v }),
    ];

    /// <summary>What no single key can see.</summary>
    /// <exception cref="ConfigException">Two keys do not go together.</exception>
    internal static DaemonConfig Checked(DaemonConfig config)
    {
        if (config.Ipv4Pool.Length == 0 && config.Ipv6Pool.Length == 0 && config.NetworkMode != NetworkChoice.Cni)
        {
            throw new ConfigException(["network.ipv4_pool, network.ipv6_pool: both are empty; accepted: at least one prefix, or network.mode = \"cni\""]);
        }

        return config.ListenPath != config.DockerListenPath
            ? config
            : throw new ConfigException([$"listen, docker.listen: both are \"{config.ListenPath}\"; accepted: two different paths"]);
    }

    internal static ConfigKey? Find(string name) => All.FirstOrDefault(key => key.Name == name);

    private static ConfigKey SocketPath(string name, Func<DaemonConfig, string> get, Func<DaemonConfig, string, DaemonConfig> set) =>
        ConfigKey.Text(
            name,
            "an absolute path of at most 107 bytes, or \"\"",
            value => value.Length == 0 || (ConfigKey.IsPath(value) && System.Text.Encoding.UTF8.GetByteCount(value) <= MaxSocketPath),
            get,
            set);

    private static bool IsHandler(string value) =>
        value.Length is > 0 and < 64 && value.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');

    private static bool IsWord(string value, int maxLength, string marks) =>
        value.Length > 0 && value.Length <= maxLength && char.IsAsciiLetter(value[0])
        && value.All(c => char.IsAsciiLetterOrDigit(c) || marks.Contains(c));

    private static bool IsCgroupParent(string value) =>
        (ConfigKey.IsPath(value) && !value.Split('/').Contains("..")) || value.EndsWith(".slice", StringComparison.Ordinal);

    /// <summary>A network without host bits (.NET 10 would clear them without a word).</summary>
    private static bool IsPrefix(string value, int bytes, int minimum, int maximum) =>
        IPNetwork.TryParse(value, out IPNetwork network)
        && IPAddress.TryParse(value.AsSpan(0, value.IndexOf('/')), out IPAddress? address) && network.BaseAddress.Equals(address)
        && network.BaseAddress.GetAddressBytes().Length == bytes
        && network.PrefixLength >= minimum && network.PrefixLength <= maximum;
}
