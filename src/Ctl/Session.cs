// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Output;

namespace Gantry.Ctl;

/// <summary>What every command has at hand: where to write, how, and to which daemon to talk.</summary>
internal sealed class Session(ParseResult arguments, Screen screen) : IDisposable
{
    private DaemonClient? _daemon;

    internal ParseResult Arguments { get; } = arguments;

    internal Screen Screen { get; } = screen;

    internal DaemonClient Daemon => _daemon ??= new DaemonClient(Arguments.GetValue(GlobalOptions.Address)!);

    internal bool WantsJson => Arguments.GetValue(GlobalOptions.Output) == OutputFormat.Json;

    internal T Get<T>(Option<T> option) => Arguments.GetValue(option)!;

    internal T Get<T>(Argument<T> argument) => Arguments.GetValue(argument)!;

    public void Dispose() => _daemon?.Dispose();
}

internal enum OutputFormat
{
    Table,
    Json,
}

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    internal static readonly Option<string> Address = new("--address")
    {
        Description = "gantryd's socket (environment: GANTRY_ADDRESS)",
        HelpName = "PATH",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("GANTRY_ADDRESS") ?? DaemonClient.DefaultSocket,
    };

    internal static readonly Option<OutputFormat> Output = new("--output", "-o")
    {
        Description = "how to print: table (default) or json",
        HelpName = "table|json",
        Recursive = true,
        CustomParser = result => result.Tokens is [var token] && token.Value is "table" or "json"
            ? result.Tokens[0].Value == "json" ? OutputFormat.Json : OutputFormat.Table
            : Fail(result),
    };

    static GlobalOptions() => Output.CompletionSources.Add("table", "json");

    private static OutputFormat Fail(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError("--output: accepted: table, json");
        return OutputFormat.Table;
    }
}
