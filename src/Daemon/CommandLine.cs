// SPDX-License-Identifier: Apache-2.0
using Gantry.Daemon.Configuration;

namespace Gantry.Daemon;

/// <summary>gantryd's options. They win over config.toml.</summary>
internal sealed record CommandLine
{
    internal const string Usage =
        """
        Usage: gantryd [options]

        The container runtime daemon: CRI v1 on a unix socket.

          --config FILE        configuration (default /etc/gantry/config.toml, which may be absent)
          --root DIR           durable state (default /var/lib/gantry)
          --state DIR          volatile state (default /run/gantry)
          --listen PATH        socket (default gantry.sock in the state directory)
          --log-level LEVEL    trace, debug, info, warning, error (default info)
          --log-format FORMAT  auto, text, json, journald (default auto)
          --check              read the configuration, report errors, exit
          --version            print the version
          --help               print this text

        Signals: SIGTERM stops the daemon and leaves all pods running; SIGHUP reads the configuration again.
        """;

    private static readonly Dictionary<string, string> s_keys = new()
    {
        ["--root"] = "root",
        ["--state"] = "state",
        ["--listen"] = "listen",
        ["--log-level"] = "log.level",
        ["--log-format"] = "log.format",
    };

    /// <summary><see langword="null"/>: the default place, which may be empty.</summary>
    public string? ConfigFile { get; init; }

    public bool Help { get; init; }

    public bool Version { get; init; }

    public bool Check { get; init; }

    /// <summary>Options that stand for a key, in their order.</summary>
    public IReadOnlyList<(string Option, string Value)> Overrides { get; init; } = [];

    /// <exception cref="ConfigException">Unknown option, or one without its value.</exception>
    internal static CommandLine Parse(ReadOnlySpan<string> args)
    {
        var line = new CommandLine();
        List<(string, string)> overrides = [];
        for (int i = 0; i < args.Length; i++)
        {
            (string option, string? value) = Split(args[i]);
            switch (option)
            {
                case "--help" or "-h":
                    line = line with { Help = true };
                    break;
                case "--version" or "-v":
                    line = line with { Version = true };
                    break;
                case "--check":
                    line = line with { Check = true };
                    break;
                case "--config":
                    line = line with { ConfigFile = Path.GetFullPath(value ?? Next(args, ref i)) };
                    break;
                default:
                    overrides.Add(s_keys.ContainsKey(option)
                        ? (option, value ?? Next(args, ref i))
                        : throw new ConfigException([$"{args[i]}: unknown option; see gantryd --help"]));
                    break;
            }
        }

        return line with { Overrides = overrides };
    }

    /// <summary>The configuration of file and options together.</summary>
    /// <exception cref="ConfigException">Either is wrong.</exception>
    internal DaemonConfig Load()
    {
        DaemonConfig config = Configuration.ConfigFile.Read(
            ConfigFile ?? DaemonConfig.DefaultFile, required: ConfigFile is not null, new DaemonConfig());
        foreach ((string option, string value) in Overrides)
        {
            ConfigKey key = ConfigKeys.Find(s_keys[option])!;
            config = key.Set(config, ConfigValue.FromOption(value))
                ?? throw new ConfigException([$"{option}: \"{value}\"; accepted: {key.Accepted}"]);
        }

        return ConfigKeys.Checked(config);
    }

    private static (string Option, string? Value) Split(string argument)
    {
        int equals = argument.IndexOf('=');
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static string Next(ReadOnlySpan<string> args, ref int i) => i + 1 < args.Length
        ? args[++i]
        : throw new ConfigException([$"{args[i]}: needs a value; see gantryd --help"]);
}
