// SPDX-License-Identifier: Apache-2.0
namespace Gantry.MonitorApi;

/// <summary>Why a monitor refused, for the caller to decide on.</summary>
public enum MonitorErrorKind
{
    /// <summary>A bug or the kernel; the message says more.</summary>
    Internal,
    InvalidArgument,
    NotFound,
    AlreadyExists,
    FailedPrecondition,

    /// <summary>The process could not be started; <see cref="MonitorError.ExitCode"/> says what its exit code would be.</summary>
    LaunchFailed,

    /// <summary>The connection ended before the answer came: whether the request took effect is not known.</summary>
    Disconnected,
}

/// <summary>Error of an answer.</summary>
/// <param name="Message">For people: names the field, the value and what is accepted.</param>
/// <param name="ExitCode">With <see cref="MonitorErrorKind.LaunchFailed"/>: 126, 127 or 128.</param>
public sealed record MonitorError(MonitorErrorKind Kind, string Message, int? ExitCode = null);

/// <summary>A request to a monitor failed.</summary>
public sealed class MonitorException : Exception
{
    public MonitorException(MonitorErrorKind kind, string message, Exception? cause = null)
        : base(message, cause) => Error = new MonitorError(kind, message);

    public MonitorException(MonitorError error)
        : base(error.Message) => Error = error;

    public MonitorError Error { get; }

    public MonitorErrorKind Kind => Error.Kind;
}
