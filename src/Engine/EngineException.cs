// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine;

/// <summary>What kind of failure an <see cref="EngineException"/> is. A front end turns it into its own status code.</summary>
public enum EngineError
{
    /// <summary>A defect of ours, or an answer of the kernel that nobody foresaw.</summary>
    Internal,
    InvalidArgument,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
    DeadlineExceeded,
    PermissionDenied,
    Unimplemented,
}

/// <summary>A failure that callers are meant to see: lower case, names the field, the value, and what is accepted.</summary>
public sealed class EngineException : Exception
{
    public EngineException(EngineError error, string message)
        : base(message)
    {
        Error = error;
    }

    public EngineException(EngineError error, string message, Exception cause)
        : base(message, cause)
    {
        Error = error;
    }

    public EngineError Error { get; }
}
