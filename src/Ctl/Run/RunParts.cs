// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using Google.Protobuf;
using Gantry.Cri.V1;

namespace Gantry.Ctl.Run;

/// <summary>Reads the small languages of run's options. Errors name the option, the value and what is accepted.</summary>
internal static class RunParts
{
    private const int MaxPort = 65535;

    internal static PortMapping Port(string text)
    {
        (string rest, Protocol protocol) = SplitProtocol(text);
        int containerColon = rest.LastIndexOf(':');
        int hostColon = containerColon <= 0 ? -1 : rest.LastIndexOf(':', containerColon - 1);
        string host = containerColon < 0 ? "" : rest[(hostColon + 1)..containerColon];
        string address = hostColon > 0 ? rest[..hostColon].Trim('[', ']') : "";
        if (!TryPort(rest[(containerColon + 1)..], out int containerPort) || !TryPort(host, out int hostPort)
            || (address.Length > 0 && !IPAddress.TryParse(address, out _)))
        {
            throw Wrong("--publish", text, "[IP:]HOST:CONTAINER[/tcp|udp|sctp] with ports from 1 to 65535");
        }

        return new PortMapping { Protocol = protocol, HostIp = address, HostPort = hostPort, ContainerPort = containerPort };
    }

    internal static string Show(PortMapping port) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(port.HostIp.Length > 0 ? port.HostIp + ":" : "")}{port.HostPort}->{port.ContainerPort}/{port.Protocol.ToString().ToLowerInvariant()}");

    internal static KeyValue Variable(string text)
    {
        int equals = text.IndexOf('=');
        string name = equals < 0 ? text : text[..equals];
        if (name.Length == 0)
        {
            throw Wrong("--env", text, "NAME=VALUE or NAME");
        }

        string value = equals < 0 ? System.Environment.GetEnvironmentVariable(name) ?? "" : text[(equals + 1)..];
        return new KeyValue { Key = name, Value = ByteString.CopyFromUtf8(value) };
    }

    internal static Mount Volume(string text)
    {
        string[] parts = text.Split(':');
        bool good = parts.Length is 2 or 3 && parts[0].StartsWith('/') && parts[1].StartsWith('/')
            && (parts.Length == 2 || parts[2] is "ro" or "rw");
        return good
            ? new Mount { HostPath = parts[0], ContainerPath = parts[1], Readonly = parts.Length == 3 && parts[2] == "ro" }
            : throw Wrong("--volume", text, "HOST:CONTAINER[:ro|:rw] with absolute paths");
    }

    internal static (string Name, string Value) Label(string text)
    {
        int equals = text.IndexOf('=');
        return equals != 0
            ? equals < 0 ? (text, "") : (text[..equals], text[(equals + 1)..])
            : throw Wrong("--label", text, "NAME=VALUE");
    }

    /// <returns>Bytes.</returns>
    internal static long Memory(string text)
    {
        string digits = text.TrimEnd('b', 'B');
        long unit = digits.Length == 0 ? 0 : char.ToLowerInvariant(digits[^1]) switch
        {
            'k' => 1L << 10,
            'm' => 1L << 20,
            'g' => 1L << 30,
            't' => 1L << 40,
            _ => 1,
        };
        string number = unit > 1 ? digits[..^1] : digits;
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value > 0 && value * unit < long.MaxValue
            ? (long)(value * unit)
            : throw Wrong("--memory", text, "a number with k, m, g or t behind it, such as 512m");
    }

    internal static void User(string text, LinuxContainerSecurityContext security)
    {
        string[] parts = text.Split(':');
        bool isNumber = long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long uid);
        long gid = 0;
        bool hasGroup = parts.Length == 2;
        if (parts.Length > 2 || parts[0].Length == 0 || uid >= uint.MaxValue
            || (hasGroup && (!long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out gid) || gid >= uint.MaxValue)))
        {
            throw Wrong("--user", text, "UID, UID:GID, NAME, NAME:GID");
        }

        if (isNumber)
        {
            security.RunAsUser = new Int64Value { Value = uid };
        }
        else
        {
            security.RunAsUsername = parts[0];
        }

        security.RunAsGroup = hasGroup ? new Int64Value { Value = gid } : null;
    }

    internal static string Name(string text) =>
        text.Length is > 0 and <= 63 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw Wrong("--name", text, "1 to 63 letters, digits, '-', '_', '.', a letter or digit first");

    private static (string Ports, Protocol Protocol) SplitProtocol(string text)
    {
        int slash = text.LastIndexOf('/');
        string word = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        return (slash < 0 ? text : text[..slash], word switch
        {
            "tcp" => Protocol.Tcp,
            "udp" => Protocol.Udp,
            "sctp" => Protocol.Sctp,
            _ => throw Wrong("--publish", text, "tcp, udp or sctp behind the slash"),
        });
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= MaxPort;

    private static CommandFailure Wrong(string option, string value, string accepted) =>
        new($"{option} \"{value}\": accepted: {accepted}", "gantry run --help", ExitCode.RunFailed);
}
