// SPDX-License-Identifier: Apache-2.0
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>One pod on one network: what ADD was called with, so that DEL can be called with the same, whatever happened in between.</summary>
internal sealed record CniAttachment
{
    private const int Layout = 1;

    internal required string PodId { get; init; }

    internal required string Interface { get; init; }

    /// <summary>Where the namespace is pinned.</summary>
    internal required string NamespacePath { get; init; }

    internal required CniConfiguration Network { get; init; }

    /// <summary>Value of CNI_ARGS.</summary>
    internal required string Arguments { get; init; }

    /// <summary>What the runtime offers, by capability.</summary>
    internal required JsonObject Capabilities { get; init; }

    /// <summary>Result of the last plugin; <see langword="null"/>: ADD has not come to its end.</summary>
    internal JsonObject? Result { get; init; }

    internal JsonObject ToJson() => new()
    {
        ["layout"] = Layout,
        ["podId"] = PodId,
        ["interface"] = Interface,
        ["namespacePath"] = NamespacePath,
        ["network"] = Network.ToJson(),
        ["arguments"] = Arguments,
        ["capabilities"] = Capabilities.DeepClone(),
        ["result"] = Result?.DeepClone(),
    };

    /// <exception cref="FormatException">The file is damaged.</exception>
    internal static CniAttachment Parse(byte[] json)
    {
        JsonObject root = CniJson.ParseObject(json, "the attachment", 2 * CniJson.MaxDepth);
        return new CniAttachment
        {
            PodId = Text(root, "podId"),
            Interface = Text(root, "interface"),
            NamespacePath = Text(root, "namespacePath"),
            Network = CniConfiguration.Parse(Encoding.UTF8.GetBytes(root["network"]?.ToJsonString() ?? "null")),
            Arguments = Text(root, "arguments"),
            Capabilities = root["capabilities"]?.DeepClone() as JsonObject ?? [],
            Result = root["result"]?.DeepClone() as JsonObject,
        };
    }

    private static string Text(JsonObject root, string name) =>
        CniJson.Text(root[name]) ?? throw new FormatException($"{name}: a string");
}

/// <summary>Attachments on disk. Durable: after a reboot the plugins must still be told to release what they hold.</summary>
internal sealed class CniAttachmentStore
{
    private const int MaxBytes = 8 * 1024 * 1024;

    private readonly string _directory;
    private readonly Action<NoticeLevel, string, Exception?> _report;

    internal CniAttachmentStore(string directory, Action<NoticeLevel, string, Exception?> report)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(directory, ownerOnly);
        _directory = directory;
        _report = report;
        foreach (string unfinished in Directory.EnumerateFiles(directory, "*.new"))
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Replaces the file as a whole.</summary>
    internal void Write(CniAttachment attachment)
    {
        string path = PathOf(attachment.PodId, attachment.Interface);
        string temporary = path + ".new";
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write))
        {
            using Utf8JsonWriter writer = new(stream);
            attachment.ToJson().WriteTo(writer);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <returns><see langword="null"/>: there is none.</returns>
    /// <exception cref="FormatException">The file is damaged.</exception>
    internal CniAttachment? Read(string podId, string interfaceName)
    {
        FileInfo file = new(PathOf(podId, interfaceName));
        if (!file.Exists)
        {
            return null;
        }

        return file.Length <= MaxBytes
            ? CniAttachment.Parse(File.ReadAllBytes(file.FullName))
            : throw new FormatException($"{file.FullName}: at most {MaxBytes} bytes");
    }

    internal bool Exists(string podId) => Directory.EnumerateFiles(_directory, podId + "-*.json").Any();

    internal void Delete(string podId, string interfaceName) => File.Delete(PathOf(podId, interfaceName));

    /// <summary>All that can be read; a damaged file is reported and left for people to look at.</summary>
    internal IReadOnlyList<CniAttachment> All()
    {
        List<CniAttachment> found = [];
        foreach (string path in Directory.EnumerateFiles(_directory, "*.json"))
        {
            try
            {
                found.Add(CniAttachment.Parse(File.ReadAllBytes(path)));
            }
            catch (FormatException e)
            {
                _report(NoticeLevel.Error, $"CNI attachment {path} is damaged; what its plugins hold may leak", e);
            }
        }

        return found;
    }

    private string PathOf(string podId, string interfaceName) => Path.Combine(_directory, $"{podId}-{interfaceName}.json");
}
