// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Cgroups;

/// <summary>A process's cgroups: <c>/proc/PID/cgroup</c> (cgroups(7)).</summary>
public sealed class ProcessCgroups
{
    private readonly Dictionary<string, string> _paths;

    private ProcessCgroups(Dictionary<string, string> paths, string? unified)
    {
        _paths = paths;
        Unified = unified;
    }

    /// <summary>Path in the v2 hierarchy; <see langword="null"/> when there is none.</summary>
    public string? Unified { get; }

    /// <summary>Path in the hierarchy of a v1 controller, or of <c>name=systemd</c>.</summary>
    public string? this[string controller] => _paths.GetValueOrDefault(controller);

    /// <summary>Lines are <c>id:controllers:path</c>; others are left out.</summary>
    public static ProcessCgroups Parse(string text)
    {
        Dictionary<string, string> paths = [];
        string? unified = null;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            string[] fields = line.ToString().Split(':', 3);
            if (fields.Length != 3 || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                || !fields[2].StartsWith('/'))
            {
                continue;
            }

            if (id == 0 && fields[1].Length == 0)
            {
                unified = fields[2];
                continue;
            }

            foreach (string controller in fields[1].Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                paths[controller] = fields[2];
            }
        }

        return new ProcessCgroups(paths, unified);
    }
}
