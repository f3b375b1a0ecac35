// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    /// <summary>Version of the kubelet's API that all runtimes answer, since the beginning.</summary>
    private const string KubeApiVersion = "0.1.0";

    public override Task<VersionResponse> Version(VersionRequest request, ServerCallContext context) =>
        Task.FromResult(new VersionResponse
        {
            Version = KubeApiVersion,
            RuntimeName = "gantry",
            RuntimeVersion = ProgramVersion.Text,
            RuntimeApiVersion = "v1",
        });
}
