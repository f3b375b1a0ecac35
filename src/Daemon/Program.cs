// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Runtime.InteropServices;
using Gantry.Cgroups;
using Gantry.Cri;
using Gantry.Cri.Control;
using Gantry.Daemon;
using Gantry.Daemon.Configuration;
using Gantry.Daemon.Logging;
using Gantry.Daemon.Startup;
using Gantry.Daemon.Systemd;
using Gantry.Engine;
using Gantry.Engine.Pods;
using Gantry.Images;
using Gantry.Interop.Processes;
using Gantry.MonitorApi.Client;
using Gantry.Network;
using Gantry.NodeSetup;
using Gantry.Storage.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

const int Success = 0;
const int Failure = 1;
const int UsageError = 2;
const uint UsualUmask = 0b000_010_010;
long begin = Stopwatch.GetTimestamp();
try
{
    CommandLine options = CommandLine.Parse(args);
    if (options.Help || options.Version)
    {
        Console.WriteLine(options.Help ? CommandLine.Usage : $"gantryd {ProgramVersion.Text}");
        return Success;
    }

    DaemonConfig config = options.Load();
    return options.Check ? Success : await RunAsync(options, config);
}
catch (ConfigException e)
{
    foreach (string error in e.Errors)
    {
        Console.Error.WriteLine($"gantryd: {error}");
    }

    return UsageError;
}

async Task<int> RunAsync(CommandLine options, DaemonConfig config)
{
    using LogOutput output = LogOutput.Open(config.LogFormat, config.LogLevel);
    using var log = new LoggerFactory([output], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
    ILogger logger = log.CreateLogger("Gantry.Daemon");
    try
    {
        await ServeAsync(options, config, output, log);
        return Success;
    }
    catch (Exception e) when (e is EngineException or NetworkException or ImageException or CgroupException or IOException or UnauthorizedAccessException)
    {
        logger.CannotGoOn(e.Message);
        return Failure;
    }
    catch (Exception e) when (e is not ConfigException)
    {
        logger.Failed(e);
        return Failure;
    }
}

async Task ServeAsync(CommandLine options, DaemonConfig config, LogOutput output, ILoggerFactory log)
{
    ILogger logger = log.CreateLogger("Gantry.Daemon");
    ServiceNotifier systemd = ServiceNotifier.FromEnvironment();

    // The node: what files and containers inherit, directories, one daemon per directory.
    ProcessControl.SetUmask(UsualUmask);
    using InstanceLock state = StateDirectory.Claim(config.State);
    using InstanceLock root = StateDirectory.Claim(config.Root);

    // What the daemon is made of, from the bottom to the doors.
    using CgroupHierarchies cgroups = CgroupHierarchies.Detect();
    await using SnapshotStore snapshots = SnapshotStore.Open(config.Root);
    await using ImageVolumes volumes = ImageVolumes.Open(config.Root);
    using ImageService images = ImageService.Open(PartSettings.Images(config), snapshots);
    using var network = new NetworkSelector(PartSettings.Network(config, log.CreateLogger("Gantry.Network")));
    using var monitors = new MonitorLoop();
    var parts = new EngineParts
    {
        Images = images,
        Snapshots = snapshots,
        Volumes = volumes,
        Network = network,
        Cgroups = cgroups,
        Monitors = new MonitorLauncher(monitors, config.MonitorPath, []),
    };
    await using var engine = new GantryEngine(
        PartSettings.Engine(config), parts, TimeProvider.System, log.CreateLogger<GantryEngine>());
    await engine.RecoverAsync(CancellationToken.None);

    // The doors.
    var reload = new Reload(options, config, output, systemd, log.CreateLogger<Reload>());
    var facts = new DaemonFacts
    {
        StartedAt = TimeProvider.System.GetUtcNow(),
        ConfigFile = options.ConfigFile ?? (File.Exists(DaemonConfig.DefaultFile) ? DaemonConfig.DefaultFile : ""),
        CgroupVersion = PartSettings.CgroupVersion(cgroups.Layout),
        Settings = ConfigChanges.Settings(config),
    };
    await using WebApplication cri = Servers.Cri(
        config.ListenPath, engine, () => facts with { Settings = ConfigChanges.Settings(reload.Current) }, log);
    await using WebApplication? docker = config.DockerEnabled ? Servers.Docker(config.DockerListenPath, engine, log) : null;

    // Serve until SIGTERM.
    using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        reload.Run();
    });
    await ListenSocket.OpenAsync(config.ListenPath, cri);
    if (docker is not null)
    {
        await ListenSocket.OpenAsync(config.DockerListenPath, docker);
        logger.ServingDocker(config.DockerListenPath);
    }

    systemd.Ready();
    logger.Serving(
        ProgramVersion.Text, config.ListenPath, Stopwatch.GetElapsedTime(begin).TotalMilliseconds, engine.Pods.List(new PodFilter()).Count);
    foreach (Finding finding in NodeChecks.Run().Where(finding => finding.Severity >= FindingSeverity.Warning))
    {
        logger.NodeFinding(finding.What, finding.Why, finding.Fix);
    }

    using CancellationTokenRegistration stopping = cri.Lifetime.ApplicationStopping.Register(() =>
    {
        systemd.Stopping();
        logger.Stopping();
    });
    await cri.WaitForShutdownAsync();
}
