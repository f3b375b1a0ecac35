// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Control;
using Gantry.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gantry.Cri;

/// <summary>Puts the services on a server.</summary>
public static class CriEndpoints
{
    /// <summary>The largest request of a kubelet: its own client allows 16 MiB.</summary>
    private const int MaxRequestBytes = 16 * 1024 * 1024;

    public static IServiceCollection AddCri(this IServiceCollection services, GantryEngine engine, Func<DaemonFacts> daemon)
    {
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxRequestBytes;

            // ExecSync may answer 16 MiB on each of two streams.
            options.MaxSendMessageSize = null;
            options.Interceptors.Add<ErrorInterceptor>();
        });
        return services
            .AddSingleton<ErrorInterceptor>()
            .AddSingleton(new RuntimeService(engine))
            .AddSingleton(new ImageService(engine))
            .AddSingleton(new ControlService(engine, daemon));
    }

    public static void MapCri(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<RuntimeService>();
        routes.MapGrpcService<ImageService>();
        routes.MapGrpcService<ControlService>();
    }
}
