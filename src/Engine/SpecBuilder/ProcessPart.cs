// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Program, environment, working directory and limits of a container's first process.</summary>
internal static class ProcessPart
{
    /// <summary>Enough for every server, few enough that a program which walks all of them still starts quickly.</summary>
    private const ulong OpenFiles = 1_048_576;

    internal static Process Build(SpecRequest request) => new()
    {
        Terminal = request.Container.Tty,
        Args = Arguments(request),
        Env = Environment(request),
        Cwd = WorkingDirectory(request),
        Capabilities = CapabilityPart.Build(request.Container.Security, request.Node),
        Rlimits = [OpenFilesLimit(request.Node)],
        NoNewPrivileges = request.Container.Security.NoNewPrivileges && !request.Container.Security.Privileged,
        OomScoreAdj = OomScoreAdj(request.Container.Resources.OomScoreAdj),
        ApparmorProfile = SecurityPart.AppArmor(request),
    };

    /// <remarks>Kubernetes: <c>command</c> takes the place of entrypoint and cmd, <c>args</c> that of cmd.</remarks>
    private static IReadOnlyList<string> Arguments(SpecRequest request)
    {
        IReadOnlyList<string> command = request.Container.Command;
        IReadOnlyList<string> args = request.Container.Args;
        if (command.Count == 0)
        {
            command = request.Image.Entrypoint ?? [];
            args = args.Count > 0 ? args : request.Image.Cmd ?? [];
        }

        IReadOnlyList<string> all = [.. command, .. args];
        if (all.Count == 0 || all[0].Length == 0)
        {
            throw new EngineException(
                EngineError.InvalidArgument, "command: neither the request nor the image names a program");
        }

        return all.FirstOrDefault(static a => a.Contains('\0')) is string broken
            ? throw Refuse.Value("command", broken, "text without NUL")
            : all;
    }

    /// <remarks>Later ones win: PATH, TERM, the image's, HOSTNAME, the request's.</remarks>
    private static IReadOnlyList<string> Environment(SpecRequest request)
    {
        var values = new OrderedDictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = request.Node.DefaultPath };
        if (request.Container.Tty)
        {
            values["TERM"] = "xterm";
        }

        foreach (string entry in request.Image.Env ?? [])
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && !entry.Contains('\0'))
            {
                values[entry[..equals]] = entry[(equals + 1)..];
            }
        }

        values["HOSTNAME"] = request.Pod.Hostname;
        foreach (Containers.EnvironmentVariable variable in request.Container.Environment)
        {
            CheckVariable(variable);
            values[variable.Name] = variable.Value;
        }

        return [.. values.Select(static v => $"{v.Key}={v.Value}")];
    }

    private static void CheckVariable(Containers.EnvironmentVariable variable)
    {
        if (variable.Name.Length == 0 || variable.Name.AsSpan().ContainsAny('=', '\0'))
        {
            throw Refuse.Value("envs.key", variable.Name, "a name without '=' and NUL");
        }

        // The value may be a secret: it is not quoted.
        if (variable.Value.Contains('\0'))
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"envs.value of '{Refuse.Quotable(variable.Name)}': text without NUL");
        }
    }

    private static string WorkingDirectory(SpecRequest request)
    {
        if (request.Container.WorkingDirectory.Length > 0)
        {
            return ContainerPath.Absolute("working_dir", request.Container.WorkingDirectory);
        }

        // Image builders also wrote relative ones; they count from the root.
        return string.IsNullOrEmpty(request.Image.WorkingDir)
            ? "/"
            : ContainerPath.Absolute("image WorkingDir", "/" + request.Image.WorkingDir);
    }

    private static Rlimit OpenFilesLimit(NodeFacts node)
    {
        ulong limit = Math.Min(OpenFiles, node.MaxOpenFiles);
        return new Rlimit { Type = "RLIMIT_NOFILE", Soft = limit, Hard = limit };
    }

    private static int? OomScoreAdj(long? value) => value switch
    {
        null => null,
        >= -1000 and <= 1000 => (int)value.Value,
        _ => throw Refuse.Value("linux.resources.oom_score_adj", $"{value}", "-1000 to 1000"),
    };
}
