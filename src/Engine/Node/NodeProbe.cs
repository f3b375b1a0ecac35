// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Cgroups;
using Gantry.Engine.Containers;
using Gantry.Engine.SpecBuilder;

namespace Gantry.Engine.Node;

/// <summary>Asks the node what a specification must know of it.</summary>
internal sealed class NodeProbe(string defaultPath)
{
    private const string DeviceDirectory = "/dev";
    private const int MaxDevices = 4096;

    /// <summary>Every container gets these from the runtime, or has its own in their place.</summary>
    private static readonly string[] s_standard =
    [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
    ];

    private static readonly string[] s_skipped = ["/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd"];

    internal NodeFacts Facts { get; } = new()
    {
        Capabilities = Capabilities(File.ReadLines("/proc/self/status")),
        MaxOpenFiles = MaxOpenFiles(File.ReadLines("/proc/self/limits")),
        AppArmor = IsOn("/sys/module/apparmor/parameters/enabled"),
        Swap = File.Exists("/proc/swaps") && File.ReadLines("/proc/swaps").Skip(1).Any(),
        DefaultPath = defaultPath,
    };

    internal static string Hostname() => File.ReadAllText("/proc/sys/kernel/hostname").Trim();

    /// <summary>Looks the requested devices up; a directory stands for every device in it.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static IReadOnlyList<HostDevice> Find(IReadOnlyList<ContainerDevice> requested) =>
        [.. requested.SelectMany(Find)];

    /// <summary>Every device below /dev that is not standard in a container anyway.</summary>
    internal static IReadOnlyList<HostDevice> All() =>
        [.. Walk(DeviceDirectory).Where(static d => !s_standard.Contains(d.Path)).Select(static d => Device(d, d.Path, "rwm"))];

    internal static IReadOnlyList<string> Capabilities(IEnumerable<string> status)
    {
        const string Field = "CapBnd:";
        string line = status.FirstOrDefault(static l => l.StartsWith(Field, StringComparison.Ordinal)) ?? Field + "0";
        ulong bits = ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return [.. CapabilityPart.Names.Where((_, number) => (bits & (1UL << number)) != 0)];
    }

    internal static ulong MaxOpenFiles(IEnumerable<string> limits)
    {
        const string Field = "Max open files";
        string line = limits.FirstOrDefault(static l => l.StartsWith(Field, StringComparison.Ordinal)) ?? "";
        string[] columns = line.Length == 0 ? [] : line[Field.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length >= 2 && ulong.TryParse(columns[1], CultureInfo.InvariantCulture, out ulong hard)
            ? hard
            : ulong.MaxValue;
    }

    private static IEnumerable<HostDevice> Find(ContainerDevice requested)
    {
        string host = ContainerPath.Absolute("devices.host_path", requested.HostPath);
        string inside = requested.ContainerPath.Length == 0
            ? host
            : ContainerPath.Absolute("devices.container_path", requested.ContainerPath);
        string access = Access(requested.Permissions);
        if (DeviceNode.TryRead(host) is DeviceNode device)
        {
            return [Device(device, inside, access)];
        }

        HostDevice[] below = Directory.Exists(host)
            ? [.. Walk(host).Select(d => Device(d, inside + d.Path[host.Length..], access))]
            : [];
        return below.Length > 0
            ? below
            : throw Refuse.Value("devices.host_path", requested.HostPath, "a device, or a directory with devices");
    }

    private static IEnumerable<DeviceNode> Walk(string root)
    {
        var pending = new Stack<string>([root]);
        int found = 0;
        while (pending.TryPop(out string? directory))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            {
                if (entry.LinkTarget is not null || s_skipped.Contains(entry.FullName))
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    pending.Push(entry.FullName);
                }
                else if (DeviceNode.TryRead(entry.FullName) is DeviceNode device && ++found <= MaxDevices)
                {
                    yield return device;
                }
            }
        }
    }

    private static HostDevice Device(DeviceNode node, string path, string access) =>
        new(path, node.Type, node.Major, node.Minor, node.Mode, node.Uid, node.Gid, access);

    private static string Access(string permissions) => permissions switch
    {
        "" => "rwm",
        _ when permissions.Length <= 3 && permissions.All(static c => c is 'r' or 'w' or 'm') => permissions,
        _ => throw Refuse.Value("devices.permissions", permissions, "some of r, w and m"),
    };

    private static bool IsOn(string path) => File.Exists(path) && File.ReadAllText(path).StartsWith('Y');
}
