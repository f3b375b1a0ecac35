// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Daemon.Configuration;

/// <summary>One key of config.toml.</summary>
internal sealed record ConfigKey
{
    /// <summary>With its table: <c>network.mtu</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What may stand there, for error messages.</summary>
    public required string Accepted { get; init; }

    /// <summary>Whether SIGHUP applies a change, or only a restart.</summary>
    public bool Reloadable { get; init; }

    /// <summary>Puts a value into a configuration; <see langword="null"/>: not accepted.</summary>
    public required Func<DaemonConfig, ConfigValue, DaemonConfig?> Set { get; init; }

    /// <summary>The value in a configuration, written as in the file.</summary>
    public required Func<DaemonConfig, ConfigValue> Get { get; init; }

    internal static ConfigKey AbsolutePath(
        string name, Func<DaemonConfig, string> get, Func<DaemonConfig, string, DaemonConfig> set, bool orEmpty = false) =>
        Text(name, orEmpty ? "an absolute path, or \"\"" : "an absolute path", value => IsPath(value) || (orEmpty && value.Length == 0), get, set);

    internal static ConfigKey Text(
        string name,
        string accepted,
        Func<string, bool> isGood,
        Func<DaemonConfig, string> get,
        Func<DaemonConfig, string, DaemonConfig> set) => new()
        {
            Name = name,
            Accepted = accepted,
            Get = config => new ConfigValue { Text = get(config) },
            Set = (config, value) => value.Text is string text && isGood(text) ? set(config, text) : null,
        };

    internal static ConfigKey Number(
        string name,
        long minimum,
        long maximum,
        Func<DaemonConfig, long> get,
        Func<DaemonConfig, long, DaemonConfig> set,
        bool orZero = false) => new()
        {
            Name = name,
            Accepted = $"an integer from {minimum} to {maximum}{(orZero ? ", or 0" : "")}",
            Get = config => new ConfigValue { Number = get(config) },
            Set = (config, value) => value.Number is long number && ((number >= minimum && number <= maximum) || (orZero && number == 0))
                ? set(config, number)
                : null,
        };

    internal static ConfigKey Truth(string name, Func<DaemonConfig, bool> get, Func<DaemonConfig, bool, DaemonConfig> set) => new()
    {
        Name = name,
        Accepted = "true, false",
        Get = config => new ConfigValue { Truth = get(config) },
        Set = (config, value) => value.Truth is bool truth ? set(config, truth) : null,
    };

    internal static ConfigKey List(
        string name,
        string accepted,
        Func<string, bool> isGood,
        Func<DaemonConfig, IReadOnlyList<string>> get,
        Func<DaemonConfig, IReadOnlyList<string>, DaemonConfig> set) => new()
        {
            Name = name,
            Accepted = accepted,
            Get = config => new ConfigValue { List = get(config) },
            Set = (config, value) => value.List is IReadOnlyList<string> list && list.All(isGood) ? set(config, list) : null,
        };

    /// <param name="words">Accepted words and what each stands for.</param>
    internal static ConfigKey Word<T>(
        string name,
        IReadOnlyList<(string Word, T Value)> words,
        Func<DaemonConfig, T> get,
        Func<DaemonConfig, T, DaemonConfig> set,
        bool reloadable = false) => new()
        {
            Name = name,
            Accepted = string.Join(", ", words.Select(word => $"\"{word.Word}\"")),
            Reloadable = reloadable,
            Get = config => new ConfigValue { Text = words.First(word => Equals(word.Value, get(config))).Word },
            Set = (config, value) =>
            {
                (string? word, T found) = words.FirstOrDefault(word => word.Word == value.Text);
                return word is null ? null : set(config, found);
            },
        };

    internal static bool IsPath(string value) =>
        value.Length is > 0 and < 4096 && value[0] == '/' && !value.AsSpan().ContainsAnyInRange('\0', '\x1f');
}
