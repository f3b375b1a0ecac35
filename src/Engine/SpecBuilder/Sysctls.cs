// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Engine.Pods;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Kernel parameters of a pod: only those of its own namespaces, only values that are one line of text.</summary>
internal static class Sysctls
{
    private const int MaxName = 253;
    private const int MaxValue = 1024;

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./");

    private static readonly string[] s_ipc =
    [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.msg_next_id", "kernel.sem_next_id", "kernel.shm_next_id",
    ];

    /// <summary>Returns them with dots between the names (a dot inside a name becomes a slash, as sysctl(8) has it).</summary>
    /// <remarks>CVE-2022-0811: a value is data for one file; control characters are refused, everything else is written as it is.</remarks>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static IReadOnlyDictionary<string, string> Check(
        IReadOnlyDictionary<string, string> sysctls, NamespaceOptions namespaces)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string given, string value) in sysctls)
        {
            string name = Dotted(given);
            CheckNamespace(given, name, namespaces);
            if (value.Length > MaxValue || value.Any(char.IsControl))
            {
                throw Refuse.Value($"linux.sysctls[{name}]", value, $"at most {MaxValue} characters, no control characters");
            }

            if (!result.TryAdd(name, value))
            {
                throw Refuse.Value("linux.sysctls", given, "each parameter once");
            }
        }

        return result;
    }

    private static string Dotted(string name)
    {
        bool wellFormed = name.Length is > 0 and <= MaxName
            && !name.AsSpan().ContainsAnyExcept(s_nameCharacters)
            && !name.Split('.', '/').Any(static part => part.Length == 0);
        if (!wellFormed)
        {
            throw Refuse.Value("linux.sysctls", name, $"names of letters, digits, '-' and '_' with dots between, at most {MaxName} characters");
        }

        int separator = name.AsSpan().IndexOfAny('.', '/');
        return separator < 0 || name[separator] == '.'
            ? name
            : string.Create(name.Length, name, static (span, source) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = source[i] switch { '.' => '/', '/' => '.', char other => other };
                }
            });
    }

    private static void CheckNamespace(string given, string name, NamespaceOptions namespaces)
    {
        bool ipc = s_ipc.Contains(name) || name.StartsWith("fs.mqueue.", StringComparison.Ordinal);
        bool network = name.StartsWith("net.", StringComparison.Ordinal);
        if (!ipc && !network)
        {
            throw Refuse.Value("linux.sysctls", given, "a parameter of a network or IPC namespace (net.*, kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*)");
        }

        if (ipc && namespaces.Ipc == NamespaceMode.Node)
        {
            throw Refuse.Value("linux.sysctls", given, "not together with the host's IPC namespace");
        }

        if (network && namespaces.Network == NamespaceMode.Node)
        {
            throw Refuse.Value("linux.sysctls", given, "not together with the host's network");
        }
    }
}
