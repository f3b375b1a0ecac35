// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Devices;

/// <summary>Kinds of devices, bits as in BPF_DEVCG_DEV_*.</summary>
[Flags]
internal enum DeviceKinds
{
    Block = 1,
    Character = 2,
    All = Block | Character,
}

/// <summary>What is done with a device, bits as in BPF_DEVCG_ACC_*.</summary>
[Flags]
internal enum DeviceAccess
{
    None = 0,
    Make = 1,
    Read = 2,
    Write = 4,
    All = Make | Read | Write,
}

/// <summary>A checked rule.</summary>
/// <param name="Major"><see langword="null"/>: all.</param>
internal readonly record struct DeviceRule(bool Allow, DeviceKinds Kinds, uint? Major, uint? Minor, DeviceAccess Access)
{
    private const long MaxNumber = uint.MaxValue;

    /// <summary>Speaks of every access to every device.</summary>
    internal bool IsTotal => Kinds == DeviceKinds.All && Major is null && Minor is null && Access == DeviceAccess.All;

    /// <exception cref="CgroupException">A wrong type, number or access.</exception>
    internal static DeviceRule Parse(LinuxDeviceRule rule)
    {
        DeviceKinds kinds = rule.Type switch
        {
            null or "" or "a" => DeviceKinds.All,
            "c" or "u" => DeviceKinds.Character,
            "b" => DeviceKinds.Block,
            _ => throw new CgroupException("linux.resources.devices.type", rule.Type, "a, b or c"),
        };
        return new DeviceRule(rule.Allow, kinds, Number("major", rule.Major), Number("minor", rule.Minor), ParseAccess(rule.Access));
    }

    /// <summary>Speaks of every device that <paramref name="other"/> speaks of.</summary>
    internal bool Covers(DeviceRule other) =>
        (Kinds & other.Kinds) == other.Kinds
        && (Major is null || Major == other.Major)
        && (Minor is null || Minor == other.Minor);

    /// <summary>There may be a device that both speak of.</summary>
    internal bool Overlaps(DeviceRule other) =>
        (Kinds & other.Kinds) != 0
        && (Major is null || other.Major is null || Major == other.Major)
        && (Minor is null || other.Minor is null || Minor == other.Minor);

    /// <summary>The lines for <c>devices.allow</c> and <c>devices.deny</c>: <c>c 1:3 rw</c>.</summary>
    internal IEnumerable<string> Lines()
    {
        string letters = Letters(Access);
        return IsTotal ? ["a"] : Devices().Select(device => $"{device} {letters}");
    }

    /// <summary>The devices as v1 names them, kind by kind: <c>c 1:3</c>, <c>b 8:*</c>.</summary>
    internal IEnumerable<string> Devices()
    {
        string numbers = $"{Star(Major)}:{Star(Minor)}";
        if ((Kinds & DeviceKinds.Character) != 0)
        {
            yield return $"c {numbers}";
        }

        if ((Kinds & DeviceKinds.Block) != 0)
        {
            yield return $"b {numbers}";
        }
    }

    internal static string Letters(DeviceAccess access) => string.Concat(
        (access & DeviceAccess.Read) != 0 ? "r" : "",
        (access & DeviceAccess.Write) != 0 ? "w" : "",
        (access & DeviceAccess.Make) != 0 ? "m" : "");

    /// <summary>Reads <c>devices.list</c>.</summary>
    internal static List<DeviceRule> ParseList(string text)
    {
        List<DeviceRule> rules = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(' ', ':');
            if (fields.Length == 4)
            {
                rules.Add(Parse(new LinuxDeviceRule
                {
                    Allow = true, Type = fields[0], Major = Unstar(fields[1]), Minor = Unstar(fields[2]), Access = fields[3],
                }));
            }
        }

        return rules;
    }

    private static long? Unstar(string number) =>
        long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string Star(uint? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "*";

    private static uint? Number(string field, long? value) => value switch
    {
        null or -1 => null,
        >= 0 and <= MaxNumber => (uint)value,
        _ => throw new CgroupException(
            $"linux.resources.devices.{field}", value.Value.ToString(CultureInfo.InvariantCulture), "-1 (all), or 0 to 4294967295"),
    };

    private static DeviceAccess ParseAccess(string? letters)
    {
        DeviceAccess access = DeviceAccess.None;
        foreach (char letter in letters ?? "")
        {
            access |= letter switch
            {
                'r' => DeviceAccess.Read,
                'w' => DeviceAccess.Write,
                'm' => DeviceAccess.Make,
                _ => throw new CgroupException("linux.resources.devices.access", letters!, "letters of rwm"),
            };
        }

        return access == DeviceAccess.None ? DeviceAccess.All : access;
    }
}
