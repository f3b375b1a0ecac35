// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Cri;

/// <summary>Log events of the CRI front door: ids 3000 to 3999. An id is never reused for another meaning.</summary>
internal static partial class CriLog
{
    [LoggerMessage(3001, LogLevel.Error, "{Method} failed unexpectedly")]
    internal static partial void Unexpected(this ILogger logger, string method, Exception cause);

    [LoggerMessage(3002, LogLevel.Debug, "{Method} answered {Code} in {ElapsedMs} ms: {Cause}")]
    internal static partial void Refused(this ILogger logger, string method, Grpc.Core.StatusCode code, double elapsedMs, string cause);

    [LoggerMessage(3003, LogLevel.Debug, "{Method} answered in {ElapsedMs} ms")]
    internal static partial void Answered(this ILogger logger, string method, double elapsedMs);
}
