// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Turns a request into an OCI runtime specification: a pure function.</summary>
/// <remarks>
/// Labels and annotations of pod, container and image are data: none of them is read here (CVE-2023-6476, CVE-2024-3154, CVE-2026-53488).
/// What the specification leaves to the monitor stands in docs/processes.md.
/// </remarks>
internal static class ContainerSpec
{
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/> names the field; <see cref="EngineError.Unimplemented"/>, <see cref="EngineError.FailedPrecondition"/>.</exception>
    internal static Spec Build(SpecRequest request, IReadOnlyList<PlannedVolume> volumes)
    {
        ContainerConfig container = request.Container;
        if (container.CdiDevices.Count > 0)
        {
            throw Refuse.Unserved("CDI_devices", "a CDI device");
        }

        Process process = ProcessPart.Build(request);
        return new Spec
        {
            OciVersion = "1.2.0",
            Process = process,
            Root = new Root { Path = "rootfs", Readonly = container.Security.ReadonlyRootfs },
            Mounts = MountPart.Build(request, volumes),
            Linux = new Linux
            {
                CgroupsPath = $"{request.Pod.CgroupPath}/{request.ContainerId}",
                Namespaces = Namespaces(container.Security, request.Pod.Config.Security.Namespaces),
                Devices = DevicePart.Nodes(request),
                Resources = ResourcePart.Build(request),
                Seccomp = SecurityPart.Seccomp(request, process.Capabilities!),
                MaskedPaths = SecurityPart.MaskedPaths(container.Security),
                ReadonlyPaths = SecurityPart.ReadonlyPaths(container.Security),
            },
        };
    }

    /// <remarks>
    /// Network, IPC and UTS are the pod's whatever the container says, as every runtime has it; UTS goes with the network: a pod
    /// on the host's network also has the host's name.
    /// </remarks>
    private static List<LinuxNamespace> Namespaces(ContainerSecurity security, NamespaceOptions pod)
    {
        var namespaces = new List<LinuxNamespace> { New("mount") };
        if (!security.Privileged)
        {
            namespaces.Add(New("cgroup"));
        }

        if (pod.Network != NamespaceMode.Node)
        {
            namespaces.Add(New("network"));
            namespaces.Add(New("uts"));
        }

        if (pod.Ipc != NamespaceMode.Node)
        {
            namespaces.Add(New("ipc"));
        }

        bool hostPid = security.Namespaces.Pid == NamespaceMode.Node
            || (security.Namespaces.Pid == NamespaceMode.Pod && pod.Pid == NamespaceMode.Node);
        if (!hostPid)
        {
            namespaces.Add(New("pid"));
        }

        return namespaces;
    }

    private static LinuxNamespace New(string type) => new() { Type = type };
}
