// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>Turns a plugin's configuration into what it reads: specification, section 3, "Deriving request configuration".</summary>
internal static class CniRequest
{
    /// <summary>Token bucket size for bandwidth, bits: as large as the field allows, so only the rate limits.</summary>
    private const int Burst = int.MaxValue;

    /// <param name="capabilities">What this attachment offers; only what the plugin declares goes in.</param>
    internal static JsonObject ForAttachment(CniConfiguration network, JsonObject plugin, JsonObject capabilities, JsonObject? previous)
    {
        JsonObject request = ForNetwork(network, plugin);
        JsonObject runtime = [];
        foreach ((string name, JsonNode? declared) in plugin["capabilities"] as JsonObject ?? [])
        {
            if (declared is JsonValue value && value.TryGetValue(out bool wanted) && wanted && capabilities[name] is JsonNode offered)
            {
                runtime[name] = offered.DeepClone();
            }
        }

        if (runtime.Count > 0)
        {
            request["runtimeConfig"] = runtime;
        }

        if (previous is not null)
        {
            request["prevResult"] = CniResult.Convert(previous, network.Version);
        }

        return request;
    }

    internal static JsonObject ForNetwork(CniConfiguration network, JsonObject plugin)
    {
        JsonObject request = (JsonObject)plugin.DeepClone();
        request.Remove("capabilities");
        request.Remove("runtimeConfig");
        request.Remove("cniVersions");
        foreach (string reserved in request.Select(static p => p.Key).Where(static k => k.StartsWith("cni.dev/", StringComparison.Ordinal)).ToList())
        {
            request.Remove(reserved);
        }

        request["cniVersion"] = network.Version;
        request["name"] = network.Name;
        return request;
    }

    internal static JsonObject ForGc(CniConfiguration network, JsonObject plugin, IEnumerable<(string ContainerId, string Interface)> valid)
    {
        JsonObject request = ForNetwork(network, plugin);
        request["cni.dev/valid-attachments"] = new JsonArray([.. valid.Select(static a => new JsonObject
        {
            ["containerID"] = a.ContainerId,
            ["ifname"] = a.Interface,
        })]);
        return request;
    }

    /// <summary>Everything that a pod can offer, by the names of CNI's conventions.</summary>
    internal static JsonObject Capabilities(PodNetworkRequest request, string podCidr)
    {
        JsonObject offered = [];
        AddPorts(offered, request);
        AddBandwidth(offered, request.Bandwidth);
        if (request.Dns.Servers.Count + request.Dns.Searches.Count + request.Dns.Options.Count > 0)
        {
            offered["dns"] = new JsonObject
            {
                ["servers"] = Strings(request.Dns.Servers),
                ["searches"] = Strings(request.Dns.Searches),
                ["options"] = Strings(request.Dns.Options),
            };
        }

        if (request.CgroupParent.Length > 0)
        {
            offered["cgroupPath"] = request.CgroupParent;
        }

        if (request.Annotations.Count > 0)
        {
            JsonObject annotations = [];
            foreach ((string key, string value) in request.Annotations)
            {
                annotations[key] = value;
            }

            offered["io.kubernetes.cri.pod-annotations"] = annotations;
        }

        if (podCidr.Length > 0)
        {
            offered["ipRanges"] = new JsonArray([.. podCidr.Split(',').Select(static c => new JsonArray(new JsonObject { ["subnet"] = c.Trim() }))]);
        }

        return offered;
    }

    /// <summary>The value of CNI_ARGS.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a name would break out of its field.</exception>
    internal static string Arguments(PodNetworkRequest request)
    {
        (string Key, string Value)[] pairs =
        [
            ("IgnoreUnknown", "1"),
            ("K8S_POD_NAMESPACE", request.Namespace),
            ("K8S_POD_NAME", request.Name),
            ("K8S_POD_INFRA_CONTAINER_ID", request.PodId),
            ("K8S_POD_UID", request.Uid),
        ];
        foreach ((string key, string value) in pairs)
        {
            if (value.Length > 512 || value.Any(static c => c is ';' or '=' || char.IsControl(c)))
            {
                throw RequestRules.Invalid($"{key} '{PodFiles.HostText.Printable(value)}': at most 512 characters without ';', '=' and control characters");
            }
        }

        return string.Join(';', pairs.Select(static p => $"{p.Key}={p.Value}"));
    }

    private static void AddPorts(JsonObject offered, PodNetworkRequest request)
    {
        JsonArray ports = [];
        foreach (PortMapping port in request.Ports.Where(static p => p.HostPort > 0).Distinct())
        {
            JsonNode entry = new JsonObject
            {
                ["hostPort"] = port.HostPort,
                ["containerPort"] = port.ContainerPort,
                ["protocol"] = port.Protocol.ToString().ToLowerInvariant(),
                ["hostIP"] = port.HostIp,
            };
            ports.Add(entry);
        }

        if (ports.Count > 0)
        {
            offered["portMappings"] = ports;
        }
    }

    private static void AddBandwidth(JsonObject offered, PodBandwidth? bandwidth)
    {
        if (bandwidth is null)
        {
            return;
        }

        JsonObject limits = [];
        if (bandwidth.IngressBitsPerSecond is long ingress)
        {
            limits["ingressRate"] = ingress;
            limits["ingressBurst"] = Burst;
        }

        if (bandwidth.EgressBitsPerSecond is long egress)
        {
            limits["egressRate"] = egress;
            limits["egressBurst"] = Burst;
        }

        offered["bandwidth"] = limits;
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(static v => (JsonNode)JsonValue.Create(v)!)]);
}
