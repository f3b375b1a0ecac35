// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Nodes;

namespace Gantry.Network.Cni;

/// <summary>The directory of network configurations: sorted by file name, the first valid one counts. Read again when it changes.</summary>
internal sealed class CniConfigurationDirectory(string directory, Action<NoticeLevel, string, Exception?> report)
{
    private const int MaxFiles = 128;
    private const int MaxBytes = 1024 * 1024;

    private static readonly string[] s_extensions = [".conf", ".conflist", ".json"];

    private readonly Lock _lock = new();
    private string _signature = "never read";
    private CniConfiguration? _current;
    private IReadOnlyList<string> _problems = [];

    internal string Path => directory;

    /// <summary>What was wrong with the files that were not taken.</summary>
    internal IReadOnlyList<string> Problems
    {
        get
        {
            lock (_lock)
            {
                return _problems;
            }
        }
    }

    /// <returns><see langword="null"/>: no file is valid.</returns>
    internal CniConfiguration? Current()
    {
        lock (_lock)
        {
            List<FileInfo> files = List();
            string signature = string.Join('\n', files.Concat(files.SelectMany(SiblingFiles))
                .Select(static f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"));
            if (signature != _signature)
            {
                _signature = signature;
                Read(files);
            }

            return _current;
        }
    }

    private void Read(List<FileInfo> files)
    {
        List<string> problems = [];
        CniConfiguration? found = null;
        foreach (FileInfo file in files)
        {
            try
            {
                found = Load(file);
                break;
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add($"{file.FullName}: {e.Message}");
                report(NoticeLevel.Warning, $"CNI configuration {file.FullName} is not used: {e.Message}", e);
            }
        }

        _problems = problems;
        if (found is null && files.Count > 0 && _current is not null)
        {
            // Somebody may be half way through writing it: pods must not switch networks for that.
            report(NoticeLevel.Warning, $"CNI: no valid file is left in {directory}; going on with network {_current.Name} as it was", null);
            return;
        }

        if (found?.Name != _current?.Name)
        {
            report(NoticeLevel.Information, found is null ? $"CNI: no configuration in {directory}" : $"CNI: network {found.Name}, version {found.Version}", null);
        }

        _current = found;
    }

    private CniConfiguration Load(FileInfo file)
    {
        CniConfiguration own = CniConfiguration.Parse(ReadBounded(file));
        return own.With(own.OnlyInlined ? [] : Siblings(own.Name));
    }

    /// <summary>Specification 1.1: plugins may also lie in a directory of the network's name.</summary>
    private List<JsonObject> Siblings(string name)
    {
        List<JsonObject> plugins = [];
        foreach (FileInfo file in Files(System.IO.Path.Combine(directory, name), static f => f.Extension == ".conf"))
        {
            try
            {
                plugins.Add(CniConfiguration.ParsePlugin(ReadBounded(file)));
            }
            catch (FormatException e)
            {
                throw new FormatException($"{file.FullName}: {e.Message}", e);
            }
        }

        return plugins;
    }

    private List<FileInfo> List() => Files(directory, static f => s_extensions.Contains(f.Extension));

    private static IEnumerable<FileInfo> SiblingFiles(FileInfo file) =>
        file.Directory!.EnumerateDirectories().Take(MaxFiles).SelectMany(static d => Files(d.FullName, static f => f.Extension == ".conf"));

    private static List<FileInfo> Files(string path, Func<FileInfo, bool> wanted)
    {
        try
        {
            return [.. new DirectoryInfo(path).EnumerateFiles().Where(wanted).OrderBy(static f => f.Name, StringComparer.Ordinal).Take(MaxFiles)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static byte[] ReadBounded(FileInfo file)
    {
        using FileStream stream = file.OpenRead();
        byte[] buffer = new byte[Math.Min(MaxBytes, stream.Length) + 1];
        int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return count <= MaxBytes ? buffer[..count] : throw new FormatException($"the file: at most {MaxBytes} bytes");
    }
}
