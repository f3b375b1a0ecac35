// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Bench.System.Measuring;

/// <summary>The processes of this machine at one moment: who is whose parent, and who carries a variable.</summary>
internal sealed class ProcessTable
{
    private const double BytesPerMegabyte = 1e6;
    private const double BytesPerKilobyte = 1024;
    private readonly Dictionary<int, int> _parents = [];

    private ProcessTable()
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out int pid) && Parent(pid) is int parent)
            {
                _parents[pid] = parent;
            }
        }
    }

    internal static ProcessTable Read() => new();

    /// <summary>Processes that were started with the variable.</summary>
    internal List<int> With(string variable, string value)
    {
        byte[] wanted = Encoding.UTF8.GetBytes($"\0{variable}={value}\0");
        return [.. _parents.Keys.Where(pid => Bytes($"/proc/{pid}/environ") is byte[] environment
            && ((ReadOnlySpan<byte>)[0, .. environment]).IndexOf(wanted) >= 0)];
    }

    /// <returns>0: it ended.</returns>
    internal int ParentOf(int pid) => _parents.GetValueOrDefault(pid);

    /// <summary>The process and all below it.</summary>
    internal List<int> Family(int root)
    {
        List<int> family = [root];
        for (int i = 0; i < family.Count; i++)
        {
            family.AddRange(_parents.Where(p => p.Value == family[i]).Select(p => p.Key));
        }

        return family;
    }

    /// <summary>Proportional set size: memory of its own, and its part of what it shares.</summary>
    /// <returns>Millions of bytes; 0: it ended.</returns>
    internal static double ProportionalMegabytes(int pid)
    {
        string? line = Bytes($"/proc/{pid}/smaps_rollup") is byte[] text
            ? Encoding.ASCII.GetString(text).Split('\n').FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal))
            : null;
        return line is null
            ? 0
            : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * BytesPerKilobyte / BytesPerMegabyte;
    }

    private static int? Parent(int pid)
    {
        // The name, in parentheses, may hold anything; the fields after it are state and parent.
        string? stat = Bytes($"/proc/{pid}/stat") is byte[] text ? Encoding.Latin1.GetString(text) : null;
        return stat?[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] is string parent ? int.Parse(parent, CultureInfo.InvariantCulture) : null;
    }

    /// <returns><see langword="null"/>: the process ended.</returns>
    private static byte[]? Bytes(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
