// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Text.Json;
using Gantry.Interop;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;
using Gantry.Network.Cni;

namespace Gantry.Network.Tests.Kit;

/// <summary>A node in a namespace of its own with CNI directories of its own.</summary>
internal sealed class CniNode : IDisposable
{
    /// <summary>Debian's directory of the reference plugins.</summary>
    internal const string ReferencePlugins = "/usr/lib/cni";

    private readonly RouteSocket _route;

    internal CniNode(TimeSpan? timeout = null)
    {
        (Host, _route) = NetworkNamespace.Create(() =>
        {
            RouteSocket socket = RouteSocket.Open();
            socket.Execute(new RouteBatch().SetUp("lo"));
            return socket;
        });
        Directory.CreateDirectory(Plugins);
        Directory.CreateDirectory(Configurations);
        Settings = new NetworkSettings
        {
            StateDirectory = Path.Combine(Root, "run"),
            RootDirectory = Path.Combine(Root, "lib"),
            HostNamespace = Host,
            Notice = Notices.Enqueue,
            Builtin = new BuiltinSettings { Bridge = "gt0", Table = "gantry_test", Ipv4Pool = "10.99.0.0/24", Ipv6Pool = null },
            Cni = new CniSettings
            {
                ConfigDirectory = Configurations,
                PluginDirectories = [Plugins, ReferencePlugins],
                NamespaceDirectory = Path.Combine(Root, "netns"),
                PluginTimeout = timeout ?? TimeSpan.FromSeconds(30),
            },
        };
        Network = new CniNetwork(Settings);
    }

    internal string Root { get; } = Path.Combine(Path.GetTempPath(), "gantry-cni-" + Guid.NewGuid().ToString("N")[..12]);

    internal string Plugins => Path.Combine(Root, "bin");

    internal string Configurations => Path.Combine(Root, "net.d");

    internal string Attachments => Path.Combine(Root, "lib", "cni");

    internal OwnedFd Host { get; }

    internal RouteSocket HostRoute => _route;

    internal NetworkSettings Settings { get; }

    internal ConcurrentQueue<NetworkNotice> Notices { get; } = [];

    internal CniNetwork Network { get; private set; }

    /// <summary>As after a restart of the daemon.</summary>
    internal CniNetwork Restart()
    {
        Network.Dispose();
        return Network = new CniNetwork(Settings);
    }

    internal void Configure(string file, string json) => File.WriteAllText(Path.Combine(Configurations, file), json);

    /// <summary>A plugin that notes each call in <c>&lt;name&gt;.calls</c> (command, namespace, input), then runs <paramref name="body"/>.</summary>
    internal void Plugin(string name, string body)
    {
        string path = Path.Combine(Plugins, name);
        File.WriteAllText(path, $$"""
            #!/bin/sh
            input=$(cat)
            printf '%s\t%s\t%s\t%s\t%s\n' "$CNI_COMMAND" "$CNI_NETNS" "$CNI_IFNAME" "$CNI_ARGS" "$(printf %s "$input" | tr -d '\n')" >> {{Root}}/{{name}}.calls
            if [ "$CNI_COMMAND" = VERSION ]; then echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}'; exit 0; fi
            {{body}}

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    internal IReadOnlyList<PluginCall> Calls(string name)
    {
        string path = Path.Combine(Root, name + ".calls");
        return File.Exists(path) ? [.. File.ReadAllLines(path).Select(PluginCall.Parse)] : [];
    }

    public void Dispose()
    {
        Network.Dispose();
        _route.Dispose();
        Host.Dispose();
        string pins = Settings.Cni.NamespaceDirectory;
        if (Directory.Exists(pins))
        {
            foreach (string pin in Directory.EnumerateFiles(pins))
            {
                NetworkNamespace.Unpin(pin);
            }
        }

        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>One run of a scripted plugin.</summary>
internal sealed record PluginCall(string Command, string Namespace, string Interface, string Arguments, JsonElement Input)
{
    internal static PluginCall Parse(string line)
    {
        string[] fields = line.Split('\t');
        return new PluginCall(fields[0], fields[1], fields[2], fields[3], JsonDocument.Parse(fields[4]).RootElement);
    }
}
