// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>What an ADD gave back. Specification, section 5. The JSON is kept: fields that we do not know go on to the next plugin.</summary>
internal static class CniResult
{
    private const int MaxAddresses = 64;
    private const int MaxInterfaces = 256;

    private static readonly string[] s_interface11 = ["mtu", "socketPath", "pciID"];
    private static readonly string[] s_route11 = ["mtu", "advmss", "priority", "table", "scope"];

    /// <summary>Reads and checks what a plugin printed.</summary>
    /// <param name="version">The version that the plugin was spoken to in.</param>
    /// <returns>A result of that version.</returns>
    /// <exception cref="FormatException">Field, value and what is accepted.</exception>
    internal static JsonObject Parse(ReadOnlySpan<byte> json, string version)
    {
        JsonObject result = CniJson.ParseObject(json, "the result");
        string own = Text(result["cniVersion"], "cniVersion") ?? version;
        if (!CniVersion.IsSupported(own))
        {
            throw new FormatException($"cniVersion '{own}' of the result: {string.Join(", ", CniVersion.Supported)}");
        }

        Addresses(result, "");
        return Convert(result, version);
    }

    /// <summary>The same result in another version: drops and adds what the versions differ in.</summary>
    internal static JsonObject Convert(JsonObject result, string version)
    {
        JsonObject converted = (JsonObject)result.DeepClone();
        converted["cniVersion"] = version;
        bool families = !CniVersion.AtLeast(version, CniVersion.V100);
        foreach (JsonObject ip in Objects(converted, "ips"))
        {
            ip.Remove("version");
            if (families && IPAddress.TryParse(Text(ip["address"], "ips.address")?.Split('/')[0], out IPAddress? address))
            {
                ip["version"] = address.AddressFamily == AddressFamily.InterNetwork ? "4" : "6";
            }
        }

        if (!CniVersion.AtLeast(version, CniVersion.V110))
        {
            Strip(converted, "interfaces", s_interface11);
            Strip(converted, "routes", s_route11);
        }

        return converted;
    }

    /// <summary>The pod's addresses: those of interfaces in a sandbox, or all when none says where it belongs.</summary>
    /// <param name="interfaceName">Prefers addresses of this interface; empty: of any in the sandbox.</param>
    /// <exception cref="FormatException">An address is malformed.</exception>
    internal static IReadOnlyList<PodAddress> Addresses(JsonObject result, string interfaceName)
    {
        List<JsonObject> interfaces = [.. Objects(result, "interfaces")];
        List<JsonObject> ips = [.. Objects(result, "ips")];
        if (interfaces.Count > MaxInterfaces || ips.Count > MaxAddresses)
        {
            throw new FormatException($"the result: {interfaces.Count} interfaces and {ips.Count} ips, at most {MaxInterfaces} and {MaxAddresses}");
        }

        List<(PodAddress Address, string Interface)> found = [];
        foreach (JsonObject ip in ips)
        {
            JsonObject? owner = Owner(ip, interfaces);
            if (owner is null || !string.IsNullOrEmpty(Text(owner["sandbox"], "interfaces.sandbox")))
            {
                found.Add((Address(ip), Text(owner?["name"], "interfaces.name") ?? ""));
            }
        }

        List<PodAddress> preferred = [.. found.Where(f => f.Interface == interfaceName).Select(static f => f.Address)];
        return preferred.Count > 0 ? preferred : [.. found.Select(static f => f.Address)];
    }

    /// <returns>The last interface that the plugins made on the host; <see langword="null"/>: they name none.</returns>
    internal static string? HostInterface(JsonObject result) =>
        Objects(result, "interfaces")
            .Where(static i => string.IsNullOrEmpty(Text(i["sandbox"], "interfaces.sandbox")))
            .Select(static i => Text(i["name"], "interfaces.name"))
            .LastOrDefault();

    internal static string? MacAddress(JsonObject result, string interfaceName) =>
        Objects(result, "interfaces")
            .Where(i => Text(i["name"], "interfaces.name") == interfaceName && !string.IsNullOrEmpty(Text(i["sandbox"], "interfaces.sandbox")))
            .Select(static i => Text(i["mac"], "interfaces.mac"))
            .FirstOrDefault();

    private static JsonObject? Owner(JsonObject ip, List<JsonObject> interfaces)
    {
        if (ip["interface"] is not JsonNode node)
        {
            return null;
        }

        bool number = node is JsonValue value && value.TryGetValue(out int index) && index >= 0 && index < interfaces.Count;
        return number
            ? interfaces[node.GetValue<int>()]
            : throw new FormatException($"ips.interface {node.ToJsonString()}: an index into the {interfaces.Count} interfaces");
    }

    private static PodAddress Address(JsonObject ip)
    {
        string text = Text(ip["address"], "ips.address") ?? throw new FormatException("ips.address: a string is missing");
        string gateway = Text(ip["gateway"], "ips.gateway") ?? "";
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !IpText.TryParse(parts[0], out IPAddress? address)
            || !int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out int length)
            || length > (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
        {
            throw new FormatException($"ips.address '{text}': an address with a prefix length, as 10.1.2.3/24");
        }

        if (gateway.Length > 0 && !IpText.TryParse(gateway, out _))
        {
            throw new FormatException($"ips.gateway '{gateway}': an address");
        }

        return new PodAddress(address.ToString(), length, gateway);
    }

    private static void Strip(JsonObject result, string list, string[] names)
    {
        foreach (JsonObject item in Objects(result, list))
        {
            foreach (string name in names)
            {
                item.Remove(name);
            }
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonObject result, string name) => result[name] switch
    {
        null => [],
        JsonArray list => list.Select(item => item as JsonObject ?? throw new FormatException($"{name}: a list of objects")),
        _ => throw new FormatException($"{name}: a list of objects"),
    };

    private static string? Text(JsonNode? node, string field) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => throw new FormatException($"{field} {node.ToJsonString()}: a string"),
    };
}
