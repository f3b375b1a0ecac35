// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gantry.Network.Cni;

/// <summary>A network configuration: which plugins, in which order, with what. CNI specification, section 1.</summary>
internal sealed partial record CniConfiguration
{
    private const int MaxPlugins = 32;
    private const int MaxName = 128;

    internal required string Name { get; init; }

    /// <summary>The protocol version to speak: the highest one that both sides know.</summary>
    internal required string Version { get; init; }

    internal bool DisableCheck { get; init; }

    internal bool DisableGc { get; init; }

    /// <summary>Whether plugins from the sibling directory of the network's name are to be left out.</summary>
    internal bool OnlyInlined { get; init; }

    /// <summary>At least one, each with a <c>type</c>. Shared: clone before changing.</summary>
    internal required IReadOnlyList<JsonObject> Plugins { get; init; }

    /// <summary>Reads a list of plugins, or the configuration of a single plugin.</summary>
    /// <exception cref="FormatException">What is wrong, with field and value.</exception>
    internal static CniConfiguration Parse(ReadOnlySpan<byte> json)
    {
        JsonObject root = CniJson.ParseObject(json, "the file");
        bool single = !root.ContainsKey("plugins") && root.ContainsKey("type");
        string name = Text(root, "name");
        if (!NetworkName().IsMatch(name) || name.Length > MaxName)
        {
            throw new FormatException($"name '{name}': 1 to {MaxName} letters, digits, '_', '.', '-', the first one a letter or digit");
        }

        bool onlyInlined = Flag(root, "loadOnlyInlinedPlugins");
        CniConfiguration configuration = new()
        {
            Name = name,
            Version = ChooseVersion(root),
            DisableCheck = Flag(root, "disableCheck"),
            DisableGc = Flag(root, "disableGC"),
            OnlyInlined = onlyInlined || single,
            Plugins = single ? [root] : Inlined(root),
        };
        foreach (JsonObject plugin in configuration.Plugins)
        {
            CheckPlugin(plugin);
        }

        return configuration;
    }

    /// <summary>One plugin's own configuration file.</summary>
    /// <exception cref="FormatException">What is wrong.</exception>
    internal static JsonObject ParsePlugin(ReadOnlySpan<byte> json)
    {
        JsonObject plugin = CniJson.ParseObject(json, "the file");
        CheckPlugin(plugin);
        return plugin;
    }

    /// <summary>With further plugins behind its own.</summary>
    /// <exception cref="FormatException">There is none at all, or too many.</exception>
    internal CniConfiguration With(IReadOnlyList<JsonObject> further)
    {
        IReadOnlyList<JsonObject> all = [.. Plugins, .. further];
        return all.Count is > 0 and <= MaxPlugins
            ? this with { Plugins = all }
            : throw new FormatException($"plugins: {all.Count} entries, 1 to {MaxPlugins}");
    }

    /// <summary>In the form that <see cref="Parse"/> reads, with all plugins inlined.</summary>
    internal JsonObject ToJson() => new()
    {
        ["cniVersion"] = Version,
        ["name"] = Name,
        ["disableCheck"] = DisableCheck,
        ["disableGC"] = DisableGc,
        ["loadOnlyInlinedPlugins"] = true,
        ["plugins"] = new JsonArray([.. Plugins.Select(static p => p.DeepClone())]),
    };

    private static string ChooseVersion(JsonObject root)
    {
        List<string> offered = [];
        if (root["cniVersion"] is not null)
        {
            offered.Add(Text(root, "cniVersion"));
        }

        if (root["cniVersions"] is JsonArray list)
        {
            offered.AddRange(list.Select(static v => CniJson.Text(v) ?? throw new FormatException("cniVersions: a list of strings")));
        }

        return CniVersion.Highest(offered)
            ?? throw new FormatException($"cniVersion '{string.Join(", ", offered)}': {string.Join(", ", CniVersion.Supported)}");
    }

    private static List<JsonObject> Inlined(JsonObject root)
    {
        if (root["plugins"] is not JsonArray list)
        {
            return root["plugins"] is null ? [] : throw new FormatException("plugins: a list of objects");
        }

        return list.Count <= MaxPlugins
            ? [.. list.Select(static p => p as JsonObject ?? throw new FormatException("plugins: a list of objects"))]
            : throw new FormatException($"plugins: {list.Count} entries, at most {MaxPlugins}");
    }

    private static void CheckPlugin(JsonObject plugin)
    {
        string type = Text(plugin, "type");
        if (!PluginType().IsMatch(type))
        {
            throw new FormatException($"type '{type}': the name of a plugin's file, without a path");
        }

        if (plugin["capabilities"] is JsonNode capabilities and not JsonObject)
        {
            throw new FormatException($"capabilities of {type}: an object, not {capabilities.GetValueKind()}");
        }
    }

    private static string Text(JsonObject root, string name) =>
        CniJson.Text(root[name]) ?? throw new FormatException($"{name}: a string is missing");

    /// <summary>libcni also takes the strings "true" and "false".</summary>
    private static bool Flag(JsonObject root, string name) => root[name] switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        JsonValue value when value.TryGetValue(out string? text) && bool.TryParse(text, out bool flag) => flag,
        _ => throw new FormatException($"{name}: true or false"),
    };

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]*\z")]
    private static partial Regex NetworkName();

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,127}\z")]
    private static partial Regex PluginType();
}
