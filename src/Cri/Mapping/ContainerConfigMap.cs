// SPDX-License-Identifier: Apache-2.0
using System.Text;
using System.Text.Unicode;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>CreateContainer's configuration.</summary>
internal static class ContainerConfigMap
{
    internal static ContainerConfig FromWire(Wire.ContainerConfig wire)
    {
        if (wire.Windows is not null)
        {
            throw Require.Invalid("config.windows", "set", "nothing: this is a Linux node");
        }

        Wire.ContainerMetadata metadata = Require.Present("config.metadata", wire.Metadata);
        return new ContainerConfig
        {
            Metadata = new ContainerMetadata(Require.Name("config.metadata.name", metadata.Name), metadata.Attempt),
            Image = ImageMap.FromWire(Require.Image("config.image", wire.Image)),
            Command = [.. wire.Command],
            Args = [.. wire.Args],
            WorkingDirectory = wire.WorkingDir,
            Environment = [.. wire.Envs.Select(Variable)],
            Mounts = [.. wire.Mounts.Select(MountMap.FromWire)],
            Devices = [.. wire.Devices.Select(Device)],
            CdiDevices = [.. wire.CDIDevices.Select(device => device.Name)],
            Labels = new Dictionary<string, string>(wire.Labels),
            Annotations = new Dictionary<string, string>(wire.Annotations),
            LogPath = Require.RelativePathOrEmpty("config.log_path", wire.LogPath),
            Stdin = wire.Stdin,
            StdinOnce = wire.StdinOnce,
            Tty = wire.Tty,
            Resources = ResourcesMap.FromWire("config.linux.resources", wire.Linux?.Resources),
            Security = SecurityMap.FromWire("config.linux.security_context", wire.Linux?.SecurityContext),
            StopSignal = SignalMap.FromWire("config.stop_signal", wire.StopSignal),
        };
    }

    private static EnvironmentVariable Variable(Wire.KeyValue wire, int index)
    {
        string field = $"config.envs[{index}]";
        if (wire.Key.Length == 0 || wire.Key.AsSpan().ContainsAny('=', '\0'))
        {
            throw Require.Invalid($"{field}.key", wire.Key, "a name without '=' and NUL");
        }

        ReadOnlySpan<byte> value = wire.Value.Span;
        return !value.Contains((byte)0) && Utf8.IsValid(value)
            ? new EnvironmentVariable(wire.Key, Encoding.UTF8.GetString(value))
            : throw new EngineException(EngineError.InvalidArgument, $"{field}.value of \"{wire.Key}\": accepted: UTF-8 without NUL");
    }

    private static ContainerDevice Device(Wire.Device wire, int index)
    {
        string field = $"config.devices[{index}]";
        if (wire.Permissions.AsSpan().ContainsAnyExcept('r', 'w', 'm'))
        {
            throw Require.Invalid($"{field}.permissions", wire.Permissions, "some of r, w, m");
        }

        return new ContainerDevice(
            Require.AbsolutePath($"{field}.container_path", wire.ContainerPath),
            Require.AbsolutePath($"{field}.host_path", wire.HostPath),
            wire.Permissions);
    }
}
