// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Images;
using Gantry.MonitorApi;
using Gantry.Network;
using Gantry.Storage;

namespace Gantry.Engine;

/// <summary>Turns failures of the parts below into the engine's own, with the step that failed in front.</summary>
internal static class EngineFailure
{
    /// <param name="step">Such as <c>network of pod default/web</c>.</param>
    internal static EngineException From(string step, Exception cause) => cause switch
    {
        EngineException e => e,
        AggregateException { InnerException: Exception inner } => From(step, inner),
        NetworkException e => new EngineException(Kind(e.Error), $"{step}: {e.Message}", e),
        MonitorException e => new EngineException(Kind(e.Kind), $"{step}: {e.Message}", e),
        ImageException e => new EngineException(Kind(e.Error), $"{step}: {e.Message}", e),
        StorageException { Error: StorageError.NotFound } e => new EngineException(EngineError.NotFound, $"{step}: {e.Message}", e),
        CgroupException e => new EngineException(EngineError.InvalidArgument, $"{step}: {e.Message}", e),
        TimeoutException or OperationCanceledException =>
            new EngineException(EngineError.DeadlineExceeded, $"{step}: took too long", cause),
        _ when StorageException.IsNoSpace(cause) => new EngineException(EngineError.ResourceExhausted, $"{step}: {cause.Message}", cause),
        _ => new EngineException(EngineError.Internal, $"{step}: {cause.Message}", cause),
    };

    private static EngineError Kind(NetworkError error) => error switch
    {
        NetworkError.InvalidArgument => EngineError.InvalidArgument,
        NetworkError.Conflict => EngineError.FailedPrecondition,
        NetworkError.Exhausted => EngineError.ResourceExhausted,
        NetworkError.NotReady or NetworkError.PluginFailed => EngineError.Unavailable,
        _ => EngineError.Internal,
    };

    private static EngineError Kind(MonitorErrorKind kind) => kind switch
    {
        MonitorErrorKind.InvalidArgument => EngineError.InvalidArgument,
        MonitorErrorKind.NotFound => EngineError.NotFound,
        MonitorErrorKind.AlreadyExists => EngineError.AlreadyExists,
        MonitorErrorKind.FailedPrecondition => EngineError.FailedPrecondition,
        MonitorErrorKind.Disconnected => EngineError.Unavailable,
        _ => EngineError.Internal,
    };

    private static EngineError Kind(ImageError error) => error switch
    {
        ImageError.InvalidReference => EngineError.InvalidArgument,
        ImageError.NotFound => EngineError.NotFound,
        ImageError.Unauthorized => EngineError.PermissionDenied,
        ImageError.Unavailable => EngineError.Unavailable,
        ImageError.NoSpace => EngineError.ResourceExhausted,
        ImageError.Unsupported => EngineError.FailedPrecondition,
        _ => EngineError.Internal,
    };
}
