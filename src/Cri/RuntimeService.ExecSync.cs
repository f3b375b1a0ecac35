// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<ExecSyncResponse> ExecSync(ExecSyncRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);
        IReadOnlyList<string> command = Require.Command("cmd", request.Cmd);
        TimeSpan timeout = Require.Seconds("timeout", request.Timeout);

        Engine.Exec.ExecResult result = await engine.Containers.ExecSyncAsync(
            id, command, timeout == TimeSpan.Zero ? null : timeout, context.CancellationToken);

        // The result is the answer's alone: nobody writes to its memory any more.
        return new ExecSyncResponse
        {
            Stdout = UnsafeByteOperations.UnsafeWrap(result.Stdout),
            Stderr = UnsafeByteOperations.UnsafeWrap(result.Stderr),
            ExitCode = result.ExitCode,
        };
    }
}
