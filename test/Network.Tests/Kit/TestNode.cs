// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;
using Gantry.Network.Builtin;

namespace Gantry.Network.Tests.Kit;

/// <summary>A node in a network namespace of its own, with an outside machine in another one, joined by a cable.</summary>
internal sealed class TestNode : IDisposable
{
    internal const string HostV4 = "192.0.2.1";
    internal const string OutsideV4 = "192.0.2.2";
    internal const string HostV6 = "2001:db8:1::1";
    internal const string OutsideV6 = "2001:db8:1::2";

    private readonly RouteSocket _hostRoute;

    internal TestNode()
    {
        (Host, _hostRoute) = NetworkNamespace.Create(OpenWithLoopback);
        (Outside, RouteSocket outside) = NetworkNamespace.Create(OpenWithLoopback);
        using (outside)
        {
            _hostRoute.Execute(new RouteBatch().AddVeth("up0", "eth0", Outside));
            Address(_hostRoute, "up0", HostV4, HostV6);
            Address(outside, "eth0", OutsideV4, OutsideV6);
        }

        Directory.CreateDirectory(Root);
        Network = Make();
    }

    internal OwnedFd Host { get; }

    internal OwnedFd Outside { get; }

    internal RouteSocket HostRoute => _hostRoute;

    internal string Root { get; } = Path.Combine(Path.GetTempPath(), "gantry-net-" + Guid.NewGuid().ToString("N")[..12]);

    internal ConcurrentQueue<NetworkNotice> Notices { get; } = [];

    internal BuiltinNetwork Network { get; private set; }

    internal BuiltinSettings Settings { get; set; } = new()
    {
        Bridge = "gt0",
        Table = "gantry_test",
        Ipv4Pool = "10.99.0.0/24",
        Ipv6Pool = "fd00:99::/64",
        Linger = TimeSpan.FromSeconds(30),
    };

    internal NetworkSettings NetworkSettings => new()
    {
        StateDirectory = Path.Combine(Root, "run"),
        RootDirectory = Path.Combine(Root, "lib"),
        Builtin = Settings,
        HostNamespace = Host,
        Notice = Notices.Enqueue,
    };

    /// <summary>As after a restart of the daemon: nothing in memory.</summary>
    internal BuiltinNetwork Restart()
    {
        Network.Dispose();
        return Network = Make();
    }

    internal async Task<TestPod> StartPodAsync(params PortMapping[] ports)
    {
        PodNetworkRecord record = Network.Reserve(NewRequest(ports));
        return new TestPod(await Network.AttachAsync(record, TestContext.Current.CancellationToken));
    }

    internal static PodNetworkRequest NewRequest(params PortMapping[] ports)
    {
        string id = Guid.NewGuid().ToString("N");
        return new PodNetworkRequest { PodId = id, Namespace = "default", Name = "pod-" + id[..6], Uid = id, Ports = ports };
    }

    /// <summary>Runs nft in the node.</summary>
    internal string Nft(string commands) => NetworkNamespace.Run(Host, () =>
    {
        using Interop.Nftables.NftContext context = new();
        return context.Run(commands);
    });

    internal T OnHost<T>(Func<T> work) => NetworkNamespace.Run(Host, work);

    internal T OnOutside<T>(Func<T> work) => NetworkNamespace.Run(Outside, work);

    internal void HostSysctl(string name, string value) => OnHost(() =>
    {
        File.WriteAllText("/proc/sys/net/" + name, value);
        return true;
    });

    public void Dispose()
    {
        Network.Dispose();
        _hostRoute.Dispose();
        Host.Dispose();
        Outside.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    private BuiltinNetwork Make() => new(NetworkSettings);

    private static RouteSocket OpenWithLoopback()
    {
        RouteSocket socket = RouteSocket.Open();
        socket.Execute(new RouteBatch().SetUp("lo"));
        return socket;
    }

    private static void Address(RouteSocket socket, string name, string v4, string v6)
    {
        int index = socket.FindLink(name)!.Index;
        socket.Execute(new RouteBatch()
            .AddAddress(index, IPAddress.Parse(v4), 24)
            .AddAddress(index, IPAddress.Parse(v6), 64)
            .SetUp(name));
    }
}

/// <summary>An attached pod.</summary>
internal sealed class TestPod(PodAttachment attachment) : IDisposable
{
    internal PodNetworkRecord Record => attachment.Record;

    internal SafeHandle Namespace => attachment.Namespace;

    internal IPAddress V4 => IPAddress.Parse(Record.Addresses.First(static a => !a.Ip.Contains(':', StringComparison.Ordinal)).Ip);

    internal IPAddress V6 => IPAddress.Parse(Record.Addresses.First(static a => a.Ip.Contains(':', StringComparison.Ordinal)).Ip);

    internal T Inside<T>(Func<T> work) => NetworkNamespace.Run(Namespace, work);

    public void Dispose() => attachment.Dispose();
}
