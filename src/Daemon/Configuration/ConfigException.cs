// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Daemon.Configuration;

/// <summary>The configuration is wrong. One line per error: <c>file:line: key: value: what is accepted</c>.</summary>
internal sealed class ConfigException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
