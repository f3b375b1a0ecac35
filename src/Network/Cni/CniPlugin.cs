// SPDX-License-Identifier: Apache-2.0
using System.Collections;
using System.Text;
using System.Text.Json.Nodes;
using Gantry.Interop;
using Gantry.Interop.Namespaces;

namespace Gantry.Network.Cni;

/// <summary>Parameters of one run: specification, section 2.</summary>
/// <param name="Command">ADD, DEL, CHECK, STATUS, GC or VERSION.</param>
internal sealed record CniCall(string Command)
{
    internal string ContainerId { get; init; } = "";

    /// <summary>Path of the namespace; empty when it is gone.</summary>
    internal string Namespace { get; init; } = "";

    internal string Interface { get; init; } = "";

    internal string Arguments { get; init; } = "";
}

/// <summary>Runs plugins: environment in, JSON in, JSON out, bounded in time and size.</summary>
internal sealed class CniPlugin(HostNetwork host, CniSettings settings)
{
    private const int MaxErrorText = 2048;

    /// <returns>What it printed.</returns>
    /// <exception cref="CniPluginException">It is missing, failed, printed too much or ran out of time.</exception>
    /// <exception cref="OperationCanceledException">It was killed because the caller asked.</exception>
    internal async Task<byte[]> RunAsync(string type, CniCall call, JsonObject request, CancellationToken cancellationToken)
    {
        ProgramResult result = await StartAsync(type, call, request, cancellationToken);
        return result switch
        {
            { End: ProgramEnd.Cancelled } => throw new OperationCanceledException(cancellationToken),
            { End: ProgramEnd.TimedOut } => throw new CniPluginException(type, call.Command, 0, $"killed after {settings.PluginTimeout.TotalSeconds:0.###} s{Tail(result.Error)}"),
            { End: ProgramEnd.TooMuchOutput } => throw new CniPluginException(type, call.Command, 0, $"killed: it printed more than {result.Output.Length - 1} bytes"),
            { Exit: { Signaled: false, Status: 0 } } => result.Output,
            _ => throw Failure(type, call.Command, result),
        };
    }

    /// <summary>The file of a plugin.</summary>
    /// <exception cref="CniPluginException">In none of the directories.</exception>
    internal string Find(string type, string command) =>
        settings.PluginDirectories.Select(d => Path.Combine(d, type)).FirstOrDefault(File.Exists)
        ?? throw new CniPluginException(type, command, 0, $"no such file in {string.Join(", ", settings.PluginDirectories)}");

    private async Task<ProgramResult> StartAsync(string type, CniCall call, JsonObject request, CancellationToken cancellationToken)
    {
        ProgramRun run = new()
        {
            Path = Find(type, call.Command),
            Environment = Environment(call),
            Input = Encoding.UTF8.GetBytes(request.ToJsonString()),
            Timeout = settings.PluginTimeout,
            NetworkNamespace = host.Namespace,
        };
        try
        {
            return await PosixSpawn.RunAsync(run, cancellationToken);
        }
        catch (SyscallException e)
        {
            throw new CniPluginException(type, call.Command, e.Message, e);
        }
    }

    private List<string> Environment(CniCall call)
    {
        List<string> environment =
        [
            $"CNI_COMMAND={call.Command}",
            $"CNI_PATH={string.Join(':', settings.PluginDirectories)}",
        ];
        Add(environment, "CNI_CONTAINERID", call.ContainerId, call.ContainerId);
        Add(environment, "CNI_NETNS", call.Namespace, call.ContainerId);
        Add(environment, "CNI_IFNAME", call.Interface, call.ContainerId);
        Add(environment, "CNI_ARGS", call.Arguments, call.ContainerId);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (!name.StartsWith("CNI_", StringComparison.Ordinal) && !name.StartsWith("LISTEN_", StringComparison.Ordinal) && name != "NOTIFY_SOCKET")
            {
                environment.Add($"{name}={variable.Value}");
            }
        }

        return environment;
    }

    /// <summary>For calls about an attachment all variables are there, though some may be empty.</summary>
    private static void Add(List<string> environment, string name, string value, string containerId)
    {
        if (containerId.Length > 0)
        {
            environment.Add($"{name}={value}");
        }
    }

    private static CniPluginException Failure(string type, string command, ProgramResult result)
    {
        string how = result.Exit.Signaled ? $"killed by signal {result.Exit.Status}" : $"exit code {result.Exit.Status}";
        try
        {
            JsonObject error = CniJson.ParseObject(result.Output, "the error");
            if (CniJson.Text(error["msg"]) is string message)
            {
                int code = error["code"] is JsonValue number && number.TryGetValue(out int n) ? n : 0;
                string details = CniJson.Text(error["details"]) is { Length: > 0 } more ? $"; {more}" : "";
                return new CniPluginException(type, command, code, Cut(message + details) + $" (code {code})");
            }
        }
        catch (FormatException)
        {
            // Not the error structure: the exit code and its standard error must do.
        }

        return new CniPluginException(type, command, 0, how + Tail(result.Error.Length > 0 ? result.Error : Encoding.UTF8.GetString(result.Output)));
    }

    private static string Tail(string text)
    {
        string trimmed = text.Trim();
        return trimmed.Length == 0 ? "" : $": {Cut(trimmed)}";
    }

    private static string Cut(string text) => text.Length <= MaxErrorText ? text : text[..MaxErrorText] + "…";
}
