// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine;
using Gantry.Images;
using Gantry.Network;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Configuration;

/// <summary>The configuration as the parts below want it.</summary>
internal static class PartSettings
{
    internal static EngineOptions Engine(DaemonConfig config) => new()
    {
        Root = config.Root,
        State = config.State,
        MonitorProgram = config.MonitorPath,
        CgroupDriver = config.CgroupDriver switch
        {
            CgroupDriverChoice.Cgroupfs => CgroupDriver.Cgroupfs,
            CgroupDriverChoice.Systemd => CgroupDriver.Systemd,
            _ => Directory.Exists("/run/systemd/system") ? CgroupDriver.Systemd : CgroupDriver.Cgroupfs,
        },
        DefaultCgroupParent = config.CgroupParent,
        ResolvConf = config.ResolvConf,
        RuntimeHandlers = config.RuntimeHandlers,
    };

    internal static NetworkSettings Network(DaemonConfig config, ILogger log) => new()
    {
        Mode = config.NetworkMode switch
        {
            NetworkChoice.Builtin => NetworkMode.Builtin,
            NetworkChoice.Cni => NetworkMode.Cni,
            _ => NetworkMode.Auto,
        },
        StateDirectory = Path.Combine(config.State, "network"),
        RootDirectory = Path.Combine(config.Root, "network"),
        Builtin = new BuiltinSettings
        {
            Bridge = config.Bridge,
            Ipv4Pool = config.Ipv4Pool.Length > 0 ? config.Ipv4Pool : null,
            Ipv6Pool = config.Ipv6Pool.Length > 0 ? config.Ipv6Pool : null,
            Mtu = (int)config.Mtu,
            Table = config.FirewallTable,
            Masquerade = config.Masquerade,
            NoMasquerade = config.NoMasquerade,
        },
        Cni = new CniSettings
        {
            ConfigDirectory = config.CniConfigDirectory,
            PluginDirectories = config.CniPluginDirectories,
            PluginTimeout = TimeSpan.FromSeconds(config.CniTimeout),
        },
        Notice = notice => Write(log, notice),
    };

    internal static ImageServiceOptions Images(DaemonConfig config) => new()
    {
        Root = config.Root,
        CertsDirectories = [config.RegistryConfigDirectory],
        CredentialsFile = config.RegistryCredentials.Length > 0 ? config.RegistryCredentials : null,
    };

    internal static string CgroupVersion(CgroupLayout layout) => layout switch
    {
        CgroupLayout.Legacy => "v1",
        CgroupLayout.Hybrid => "hybrid",
        _ => "v2",
    };

    private static void Write(ILogger log, NetworkNotice notice)
    {
        switch (notice.Level)
        {
            case NoticeLevel.Debug:
                log.NetworkDebug(notice.Message, notice.Cause);
                break;
            case NoticeLevel.Information:
                log.NetworkInformation(notice.Message, notice.Cause);
                break;
            case NoticeLevel.Warning:
                log.NetworkWarning(notice.Message, notice.Cause);
                break;
            default:
                log.NetworkError(notice.Message, notice.Cause);
                break;
        }
    }
}
