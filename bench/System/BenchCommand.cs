// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Bench.System.Report;
using Grpc.Core;

namespace Gantry.Bench.System;

/// <summary>The command line.</summary>
internal static class BenchCommand
{
    private static readonly Option<string[]> s_runtimes = new("--runtime")
    {
        Description = "a runtime to measure, repeatable", HelpName = "NAME=SOCKET", Required = true,
    };

    private static readonly Option<string[]> s_images = new("--image")
    {
        Description = "image with /bin/sleep and /bin/true, for one runtime or (without a name) for all", HelpName = "[NAME=]REFERENCE", Required = true,
    };

    private static readonly Option<int> s_iterations = Number("--iterations", 50, "measured pods for each runtime, one at a time");
    private static readonly Option<int> s_warmUps = Number("--warm-ups", 5, "pods before those");
    private static readonly Option<int> s_burst = Number("--burst", 40, "pods in a burst of whole cycles");
    private static readonly Option<int> s_bursts = Number("--bursts", 3, "bursts for each runtime; 0: none");
    private static readonly Option<int> s_concurrency = Number("--concurrency", 10, "pods at once in a burst");
    private static readonly Option<int> s_density = Number("--density", 100, "pods that run while lists and memory are measured; 0: none");
    private static readonly Option<string> s_files = new("--files")
    {
        Description = "directory for logs and mounted files, the same path for every runtime", DefaultValueFactory = _ => "/tmp/gantry-bench",
    };

    private static readonly Option<string> s_cgroup = new("--cgroup-parent")
    {
        Description = "cgroup of all pods; empty: each runtime's own", HelpName = "PATH", DefaultValueFactory = _ => "",
    };

    private static readonly Option<string?> s_gantryd = new("--gantryd") { Description = "gantryd whose start is timed", HelpName = "PROGRAM" };
    private static readonly Option<string?> s_gantrydConfig = new("--gantryd-config") { Description = "its configuration" };
    private static readonly Option<string?> s_gantrydSocket = new("--gantryd-socket") { Description = "the socket it will listen on" };
    private static readonly Option<string> s_results = new("--results")
    {
        Description = "file for the figures as JSON", DefaultValueFactory = _ => "artifacts/bench/system.json",
    };

    private static readonly Option<string> s_output = new("--output") { Description = "text or json", DefaultValueFactory = _ => "text" };

    internal static RootCommand Create()
    {
        s_output.AcceptOnlyFromAmong("text", "json");
        var command = new RootCommand("Measures CRI runtimes beside each other, round by round, in one run")
        {
            s_runtimes, s_images, s_iterations, s_warmUps, s_burst, s_bursts, s_concurrency, s_density, s_files, s_cgroup,
            s_gantryd, s_gantrydConfig, s_gantrydSocket, s_results, s_output,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static Option<int> Number(string name, int value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            BenchOptions options = Read(arguments);
            BenchReport report = await Bench.RunAsync(options, cancellationToken);
            report.Save(options.Results);
            Console.Write(options.Json ? report.ToJson() + "\n" : report.ToText());
            return 0;
        }
        catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or ArgumentException)
        {
            Console.Error.WriteLine($"bench: {(e is RpcException rpc ? rpc.Status.Detail : e.Message)}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("bench: interrupted");
            return 130;
        }
    }

    private static BenchOptions Read(ParseResult arguments) => new()
    {
        Runtimes = Runtimes(arguments.GetRequiredValue(s_runtimes), arguments.GetRequiredValue(s_images)),
        Iterations = arguments.GetValue(s_iterations),
        WarmUps = arguments.GetValue(s_warmUps),
        BurstPods = arguments.GetValue(s_burst),
        Bursts = arguments.GetValue(s_bursts),
        Concurrency = arguments.GetValue(s_concurrency),
        Density = arguments.GetValue(s_density),
        Files = Path.GetFullPath(arguments.GetRequiredValue(s_files)),
        CgroupParent = arguments.GetRequiredValue(s_cgroup),
        Daemon = arguments.GetValue(s_gantryd) is string program
            ? new DaemonProgram(program, Need(arguments, s_gantrydConfig), Need(arguments, s_gantrydSocket))
            : null,
        Results = arguments.GetRequiredValue(s_results),
        Json = arguments.GetValue(s_output) == "json",
    };

    private static string Need(ParseResult arguments, Option<string?> option) =>
        arguments.GetValue(option) ?? throw new ArgumentException($"{option.Name}: needed with {s_gantryd.Name}");

    private static List<RuntimeAddress> Runtimes(string[] runtimes, string[] images)
    {
        List<RuntimeAddress> addresses = [];
        foreach (string runtime in runtimes)
        {
            (string? name, string socket) = Split(runtime);
            string image = images.Select(Split).LastOrDefault(i => i.Name == name || i.Name is null).Value
                ?? throw new ArgumentException($"--image: none for {name}");
            addresses.Add(new RuntimeAddress(name ?? throw new ArgumentException($"--runtime: {runtime}: NAME=SOCKET"), socket, image));
        }

        return addresses;
    }

    private static (string? Name, string Value) Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is int at and > 0 ? (text[..at], text[(at + 1)..]) : (null, text);
}
