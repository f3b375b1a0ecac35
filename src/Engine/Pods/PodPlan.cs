// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Engine.Node;
using Gantry.Engine.Records;
using Gantry.Engine.SpecBuilder;
using Gantry.MonitorApi;
using Gantry.Network;

namespace Gantry.Engine.Pods;

/// <summary>Checks a pod's request and works out what the pod will own, without touching anything.</summary>
internal static class PodPlan
{
    private const int MaxHostname = 64;
    private static readonly SearchValues<char> s_hostnameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/> names the field.</exception>
    internal static PodRecord Make(PodConfig config, string handler, EngineOptions options, DateTimeOffset now)
    {
        CheckMetadata(config.Metadata);
        if (handler.Length > 0 && !options.RuntimeHandlers.Contains(handler))
        {
            throw Refuse.Value("runtime_handler", handler, $"one of: '', {string.Join(", ", options.RuntimeHandlers)}");
        }

        NamespaceOptions namespaces = config.Security.Namespaces;
        CheckNamespaces(namespaces);
        _ = Sysctls.Check(config.Sysctls, namespaces);
        if (config.LogDirectory.Length > 0)
        {
            _ = ContainerPath.Absolute("log_directory", config.LogDirectory);
        }

        string id = Ids.New();
        return new PodRecord
        {
            Id = id,
            Config = config,
            RuntimeHandler = handler,
            Hostname = Hostname(config, id),
            CgroupPath = CgroupPlacement.PathOf(config.CgroupParent, id, options),
            CreatedAt = now,
        };
    }

    internal static PodNetworkRequest NetworkRequest(PodRecord pod) => new()
    {
        PodId = pod.Id,
        Namespace = pod.Config.Metadata.Namespace,
        Name = pod.Config.Metadata.Name,
        Uid = pod.Config.Metadata.Uid,
        Ports = [.. pod.Config.PortMappings.Where(static p => p.HostPort != 0).Select(static p => new Network.PortMapping
        {
            Protocol = p.Protocol switch
            {
                PortProtocol.Tcp => Network.PortProtocol.Tcp,
                PortProtocol.Udp => Network.PortProtocol.Udp,
                PortProtocol.Sctp => Network.PortProtocol.Sctp,
                _ => throw Refuse.Value("port_mappings.protocol", $"{(int)p.Protocol}", "0 (TCP), 1 (UDP) or 2 (SCTP)"),
            },
            ContainerPort = p.ContainerPort,
            HostPort = p.HostPort,
            HostIp = p.HostIp,
        })],
        Bandwidth = PodBandwidth.FromAnnotations(pod.Config.Annotations),
        Dns = PodFiles.Dns(pod.Config.Dns),
        CgroupParent = pod.Config.CgroupParent,
        RuntimeHandler = pod.RuntimeHandler,
        Annotations = pod.Config.Annotations,
    };

    internal static ConfigurePod Configuration(PodRecord pod)
    {
        NamespaceOptions namespaces = pod.Config.Security.Namespaces;
        return new ConfigurePod
        {
            PodId = pod.Id,
            Hostname = pod.HostNetwork ? "" : pod.Hostname,
            HostNetwork = pod.HostNetwork,
            Ipc = Source(namespaces.Ipc),
            Pid = Source(namespaces.Pid),
            Sysctls = Sysctls.Check(pod.Config.Sysctls, namespaces),
            CgroupPath = pod.CgroupPath,
        };
    }

    private static NamespaceSource Source(NamespaceMode mode) => mode switch
    {
        NamespaceMode.Pod => NamespaceSource.Pod,
        NamespaceMode.Node => NamespaceSource.Node,
        _ => NamespaceSource.Container,
    };

    private static void CheckMetadata(PodMetadata metadata)
    {
        CheckName("metadata.name", metadata.Name);
        CheckName("metadata.namespace", metadata.Namespace);
        CheckName("metadata.uid", metadata.Uid);
    }

    private static void CheckName(string field, string value)
    {
        const int Max = 253;
        if (value.Length is 0 or > Max || value.Any(char.IsControl))
        {
            throw Refuse.Value(field, value, $"1 to {Max} characters, no control characters");
        }
    }

    private static void CheckNamespaces(NamespaceOptions namespaces)
    {
        if (namespaces.Network is not (NamespaceMode.Pod or NamespaceMode.Node))
        {
            throw Refuse.Value("namespace_options.network", $"{namespaces.Network}", "POD or NODE");
        }

        if (namespaces.Ipc is not (NamespaceMode.Pod or NamespaceMode.Node))
        {
            throw Refuse.Value("namespace_options.ipc", $"{namespaces.Ipc}", "POD or NODE");
        }

        if (namespaces.Pid is not (NamespaceMode.Pod or NamespaceMode.Container or NamespaceMode.Node))
        {
            throw Refuse.Value("namespace_options.pid", $"{namespaces.Pid}", "POD, CONTAINER or NODE for a pod");
        }

        switch (namespaces.User?.Mode)
        {
            case null or NamespaceMode.Node:
                break;
            case NamespaceMode.Pod:
                throw Refuse.Unserved("namespace_options.userns_options", "a user namespace");
            default:
                throw Refuse.Value("namespace_options.userns_options.mode", $"{namespaces.User.Mode}", "POD or NODE");
        }
    }

    private static string Hostname(PodConfig config, string id)
    {
        string name = config.Hostname;
        if (name.Length == 0)
        {
            return config.Security.Namespaces.Network == NamespaceMode.Node ? NodeProbe.Hostname() : Ids.Short(id);
        }

        bool valid = name.Length <= MaxHostname
            && !name.AsSpan().ContainsAnyExcept(s_hostnameCharacters)
            && char.IsAsciiLetterOrDigit(name[0])
            && char.IsAsciiLetterOrDigit(name[^1]);
        return valid
            ? name
            : throw Refuse.Value("hostname", name, $"letters, digits, '-' and '.', at most {MaxHostname}, first and last a letter or digit");
    }
}
