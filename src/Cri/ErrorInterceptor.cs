// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace Gantry.Cri;

/// <summary>The one place where failures become gRPC status codes.</summary>
internal sealed class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    /// <summary>Says in a kubelet's events and logs whose error it is.</summary>
    internal const string Prefix = "gantry: ";

    /// <summary>Kubelets know this failure by how the message of an Unknown status begins (cri-api, pkg/errors).</summary>
    internal const string RegistryUnavailable = "RegistryUnavailable: ";

    private const string PullMethod = "/PullImage";

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            TResponse response = await continuation(request, context);
            if (logger.IsEnabled(LogLevel.Debug))
            {
                logger.Answered(context.Method, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }

            return response;
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Answer(e, context, begin);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Answer(e, context, begin);
        }
    }

    internal static StatusCode Code(EngineError error) => error switch
    {
        EngineError.InvalidArgument => StatusCode.InvalidArgument,
        EngineError.NotFound => StatusCode.NotFound,
        EngineError.AlreadyExists => StatusCode.AlreadyExists,
        EngineError.FailedPrecondition => StatusCode.FailedPrecondition,
        EngineError.ResourceExhausted => StatusCode.ResourceExhausted,
        EngineError.Unavailable => StatusCode.Unavailable,
        EngineError.DeadlineExceeded => StatusCode.DeadlineExceeded,
        EngineError.PermissionDenied => StatusCode.PermissionDenied,
        EngineError.Unimplemented => StatusCode.Unimplemented,
        EngineError.Internal => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };

    internal static Status StatusOf(string method, EngineException e) =>
        e.Error == EngineError.Unavailable && method.EndsWith(PullMethod, StringComparison.Ordinal)
            ? new Status(StatusCode.Unknown, RegistryUnavailable + e.Message)
            : new Status(Code(e.Error), Prefix + e.Message);

    private RpcException Answer(Exception cause, ServerCallContext context, long begin)
    {
        switch (cause)
        {
            case EngineException e:
                Status status = StatusOf(context.Method, e);
                logger.Refused(context.Method, status.StatusCode, Stopwatch.GetElapsedTime(begin).TotalMilliseconds, e.Message);
                return new RpcException(status);
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return context.Deadline <= DateTime.UtcNow
                    ? new RpcException(new Status(StatusCode.DeadlineExceeded, Prefix + "the caller's deadline has passed"))
                    : new RpcException(new Status(StatusCode.Cancelled, Prefix + "cancelled by the caller"));
            default:
                logger.Unexpected(context.Method, cause);
                return new RpcException(new Status(StatusCode.Internal, Prefix + cause.Message));
        }
    }
}
