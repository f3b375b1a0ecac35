// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon;

/// <summary>Log events of the daemon: ids 1000 to 1999. An id is never reused for another meaning.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1001, LogLevel.Information, "gantryd {Version} serves CRI v1 on {Socket} after {ElapsedMs} ms, {Pods} pods recovered")]
    internal static partial void Serving(this ILogger logger, string version, string socket, double elapsedMs, int pods);

    [LoggerMessage(1002, LogLevel.Information, "gantryd stops; pods run on")]
    internal static partial void Stopping(this ILogger logger);

    [LoggerMessage(1003, LogLevel.Information, "Configuration read again: {Key} was {Before}, is {After}")]
    internal static partial void Reloaded(this ILogger logger, string key, string before, string after);

    [LoggerMessage(1004, LogLevel.Warning, "Configuration read again: {Key} was {Before}, {After} takes effect after a restart")]
    internal static partial void NeedsRestart(this ILogger logger, string key, string before, string after);

    [LoggerMessage(1005, LogLevel.Information, "Configuration read again: nothing changed")]
    internal static partial void NothingChanged(this ILogger logger);

    [LoggerMessage(1006, LogLevel.Error, "Configuration refused, the old one stays: {ConfigError}")]
    internal static partial void ReloadRefused(this ILogger logger, string configError);

    [LoggerMessage(1007, LogLevel.Information, "Docker API on {Socket}")]
    internal static partial void ServingDocker(this ILogger logger, string socket);

    [LoggerMessage(1008, LogLevel.Error, "gantryd cannot go on")]
    internal static partial void Failed(this ILogger logger, Exception cause);

    [LoggerMessage(1009, LogLevel.Error, "gantryd cannot go on: {Reason}")]
    internal static partial void CannotGoOn(this ILogger logger, string reason);

    [LoggerMessage(1014, LogLevel.Warning, "node: {Finding}: {Why}; {Fix}")]
    internal static partial void NodeFinding(this ILogger logger, string finding, string why, string fix);

    [LoggerMessage(1010, LogLevel.Debug, "network: {Notice}")]
    internal static partial void NetworkDebug(this ILogger logger, string notice, Exception? cause);

    [LoggerMessage(1011, LogLevel.Information, "network: {Notice}")]
    internal static partial void NetworkInformation(this ILogger logger, string notice, Exception? cause);

    [LoggerMessage(1012, LogLevel.Warning, "network: {Notice}")]
    internal static partial void NetworkWarning(this ILogger logger, string notice, Exception? cause);

    [LoggerMessage(1013, LogLevel.Error, "network: {Notice}")]
    internal static partial void NetworkError(this ILogger logger, string notice, Exception? cause);
}
