// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>Runs a network's plugins in their order: specification, section 3.</summary>
internal sealed class CniChain(CniPlugin plugin)
{
    /// <returns>The last plugin's result.</returns>
    /// <exception cref="CniPluginException">The first that failed; the caller must run DEL all the same.</exception>
    internal async Task<JsonObject> AddAsync(CniAttachment attachment, CancellationToken cancellationToken)
    {
        JsonObject? previous = null;
        foreach (JsonObject entry in attachment.Network.Plugins)
        {
            string type = TypeOf(entry);
            JsonObject request = CniRequest.ForAttachment(attachment.Network, entry, attachment.Capabilities, previous);
            byte[] output = await plugin.RunAsync(type, Call("ADD", attachment, attachment.NamespacePath), request, cancellationToken);
            try
            {
                previous = CniResult.Parse(output, attachment.Network.Version);
            }
            catch (FormatException e)
            {
                throw new CniPluginException(type, "ADD", e.Message, e);
            }
        }

        return previous!;
    }

    /// <param name="namespacePath">Empty when the namespace is gone (after a reboot): the plugins release what they hold elsewhere.</param>
    internal async Task DeleteAsync(CniAttachment attachment, string namespacePath, CancellationToken cancellationToken)
    {
        // Passing prevResult to DEL came with 0.4.0.
        JsonObject? previous = CniVersion.AtLeast(attachment.Network.Version, CniVersion.V040) ? attachment.Result : null;
        foreach (JsonObject entry in attachment.Network.Plugins.Reverse())
        {
            JsonObject request = CniRequest.ForAttachment(attachment.Network, entry, attachment.Capabilities, previous);
            await plugin.RunAsync(TypeOf(entry), Call("DEL", attachment, namespacePath), request, cancellationToken);
        }
    }

    internal async Task CheckAsync(CniAttachment attachment, CancellationToken cancellationToken)
    {
        if (attachment.Network.DisableCheck || !CniVersion.AtLeast(attachment.Network.Version, CniVersion.V040))
        {
            return;
        }

        foreach (JsonObject entry in attachment.Network.Plugins)
        {
            JsonObject request = CniRequest.ForAttachment(attachment.Network, entry, attachment.Capabilities, attachment.Result);
            await plugin.RunAsync(TypeOf(entry), Call("CHECK", attachment, attachment.NamespacePath), request, cancellationToken);
        }
    }

    /// <summary>Whether the plugins are there and, from version 1.1, whether they could serve an ADD now.</summary>
    internal async Task StatusAsync(CniConfiguration network, CancellationToken cancellationToken)
    {
        foreach (JsonObject entry in network.Plugins)
        {
            string type = TypeOf(entry);
            plugin.Find(type, "STATUS");
            if (CniVersion.AtLeast(network.Version, CniVersion.V110))
            {
                await plugin.RunAsync(type, new CniCall("STATUS"), CniRequest.ForNetwork(network, entry), cancellationToken);
            }
        }
    }

    /// <summary>Tells the plugins which attachments there are, so that they drop all others. From version 1.1.</summary>
    /// <returns>What failed; the others were asked all the same.</returns>
    internal async Task<IReadOnlyList<CniPluginException>> CollectGarbageAsync(
        CniConfiguration network, IReadOnlyList<(string ContainerId, string Interface)> valid, CancellationToken cancellationToken)
    {
        List<CniPluginException> failures = [];
        if (network.DisableGc || !CniVersion.AtLeast(network.Version, CniVersion.V110))
        {
            return failures;
        }

        foreach (JsonObject entry in network.Plugins)
        {
            try
            {
                await plugin.RunAsync(TypeOf(entry), new CniCall("GC"), CniRequest.ForGc(network, entry, valid), cancellationToken);
            }
            catch (CniPluginException e)
            {
                failures.Add(e);
            }
        }

        return failures;
    }

    /// <summary>The versions that a plugin says it speaks.</summary>
    internal async Task<IReadOnlyList<string>> VersionsAsync(string type, CancellationToken cancellationToken)
    {
        byte[] output = await plugin.RunAsync(type, new CniCall("VERSION"), new JsonObject { ["cniVersion"] = CniVersion.V110 }, cancellationToken);
        try
        {
            return CniJson.ParseObject(output, "the answer")["supportedVersions"] is JsonArray list
                ? [.. list.Select(CniJson.Text).OfType<string>()]
                : throw new CniPluginException(type, "VERSION", 0, "supportedVersions: a list is missing");
        }
        catch (FormatException e)
        {
            throw new CniPluginException(type, "VERSION", e.Message, e);
        }
    }

    internal static string TypeOf(JsonObject entry) => entry["type"]!.GetValue<string>();

    private static CniCall Call(string command, CniAttachment attachment, string namespacePath) => new(command)
    {
        ContainerId = attachment.PodId,
        Namespace = namespacePath,
        Interface = attachment.Interface,
        Arguments = attachment.Arguments,
    };
}
