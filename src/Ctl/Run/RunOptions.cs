// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Gantry.Ctl.Run;

/// <summary>Options of "gantry run"; names and meaning are those of docker run where that has them.</summary>
internal static class RunOptions
{
    internal static readonly Argument<string> Image = new("IMAGE") { Description = "reference or id" };

    internal static readonly Argument<string[]> Command = new("COMMAND")
    {
        Description = "arguments for the image's entrypoint, or a program when it has none",
        Arity = ArgumentArity.ZeroOrMore,
        CaptureRemainingTokens = true,
    };

    internal static readonly Option<bool> Detach = new("--detach", "-d") { Description = "do not wait: print the id and return" };
    internal static readonly Option<bool> Remove = new("--rm") { Description = "remove the container when it has ended" };
    internal static readonly Option<string?> Name = new("--name") { Description = "default: the image's last word and four digits", HelpName = "NAME" };
    internal static readonly Option<string[]> Ports = Many("--publish", "-p", "[IP:]HOST:CONTAINER[/tcp|udp|sctp]", "give the container a port of the host");
    internal static readonly Option<string[]> Environment = Many("--env", "-e", "NAME[=VALUE]", "set a variable; without a value: as it is here");
    internal static readonly Option<string[]> Volumes = Many("--volume", "-v", "HOST:CONTAINER[:ro]", "mount a file or directory of the host");
    internal static readonly Option<string[]> Labels = Many("--label", "-l", "NAME=VALUE", "put a label on the container");
    internal static readonly Option<string?> WorkingDirectory = new("--workdir", "-w") { Description = "directory to start in", HelpName = "DIR" };
    internal static readonly Option<string?> User = new("--user", "-u") { Description = "user to run as", HelpName = "UID[:GID]|NAME" };
    internal static readonly Option<string?> Entrypoint = new("--entrypoint") { Description = "program in place of the image's", HelpName = "PROGRAM" };
    internal static readonly Option<string?> Hostname = new("--hostname") { Description = "default: the name", HelpName = "NAME" };
    internal static readonly Option<string?> Memory = new("--memory", "-m") { Description = "limit, such as 512m or 2g", HelpName = "SIZE" };
    internal static readonly Option<double?> Cpus = new("--cpus") { Description = "limit, such as 0.5", HelpName = "NUMBER" };
    internal static readonly Option<bool> ReadOnly = new("--read-only") { Description = "the container cannot write to its root file system" };
    internal static readonly Option<bool> Privileged = new("--privileged") { Description = "all capabilities and devices, no seccomp: root on this node" };
    internal static readonly Option<string[]> AddCapabilities = Many("--cap-add", null, "NAME", "give a capability");
    internal static readonly Option<string[]> DropCapabilities = Many("--cap-drop", null, "NAME", "take a capability away");

    internal static readonly Option<string> Network = new("--network")
    {
        Description = "pod: its own address; host: the node's network",
        DefaultValueFactory = _ => "pod",
    };

    internal static readonly Option<string> Pull = new("--pull")
    {
        Description = "when to pull the image",
        DefaultValueFactory = _ => "missing",
    };

    internal static readonly Option<bool> Interactive = new("--interactive", "-i") { Description = "not yet: hand stdin to the container" };
    internal static readonly Option<bool> Tty = new("--tty", "-t") { Description = "not yet: give the container a terminal" };

    static RunOptions()
    {
        Network.AcceptOnlyFromAmong("pod", "host");
        Pull.AcceptOnlyFromAmong("always", "missing", "never");
    }

    internal static Command AddTo(Command command)
    {
        Option[] options =
        [
            Detach, Remove, Name, Ports, Environment, Volumes, Labels, WorkingDirectory, User, Entrypoint, Hostname, Memory, Cpus,
            ReadOnly, Privileged, AddCapabilities, DropCapabilities, Network, Pull, Interactive, Tty,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        command.Add(Image);
        command.Add(Command);
        return command;
    }

    private static Option<string[]> Many(string name, string? alias, string helpName, string description) =>
        new(name, alias is null ? [] : [alias])
        {
            Description = description,
            HelpName = helpName,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
}
