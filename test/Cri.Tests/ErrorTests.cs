// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;
using Grpc.Core;

namespace Gantry.Cri.Tests;

public sealed class ErrorTests
{
    [Theory]
    [InlineData(EngineError.InvalidArgument, StatusCode.InvalidArgument)]
    [InlineData(EngineError.NotFound, StatusCode.NotFound)]
    [InlineData(EngineError.AlreadyExists, StatusCode.AlreadyExists)]
    [InlineData(EngineError.FailedPrecondition, StatusCode.FailedPrecondition)]
    [InlineData(EngineError.ResourceExhausted, StatusCode.ResourceExhausted)]
    [InlineData(EngineError.Unavailable, StatusCode.Unavailable)]
    [InlineData(EngineError.DeadlineExceeded, StatusCode.DeadlineExceeded)]
    [InlineData(EngineError.PermissionDenied, StatusCode.PermissionDenied)]
    [InlineData(EngineError.Unimplemented, StatusCode.Unimplemented)]
    [InlineData(EngineError.Internal, StatusCode.Internal)]
    public void A_kind_of_failure_has_one_code(EngineError error, StatusCode code)
    {
        Status status = ErrorInterceptor.StatusOf("/runtime.v1.RuntimeService/StartContainer", new EngineException(error, "why"));

        Assert.Equal(new Status(code, "gantry: why"), status);
    }

    [Fact]
    public void Every_kind_has_a_code_of_its_own() =>
        Assert.DoesNotContain(StatusCode.Unknown, Enum.GetValues<EngineError>().Select(ErrorInterceptor.Code));

    /// <summary>The kubelet compares the beginning of an Unknown status with this word.</summary>
    [Fact]
    public void A_registry_that_does_not_answer_is_told_in_the_kubelet_s_own_word()
    {
        var cause = new EngineException(EngineError.Unavailable, "registry.example: no route");

        Status status = ErrorInterceptor.StatusOf("/runtime.v1.ImageService/PullImage", cause);

        Assert.Equal(new Status(StatusCode.Unknown, "RegistryUnavailable: registry.example: no route"), status);
    }
}
