// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri;
using Gantry.Cri.Control;
using Gantry.DockerApi;
using Gantry.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon;

/// <summary>The doors: one small ASP.NET application for each. No configuration sources, no file watchers.</summary>
internal static class Servers
{
    /// <summary>For calls that are under way when the daemon stops.</summary>
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(5);

    internal static WebApplication Cri(string socket, GantryEngine engine, Func<DaemonFacts> facts, ILoggerFactory log)
    {
        WebApplicationBuilder builder = Builder(socket, HttpProtocols.Http2, log);
        builder.Services.AddCri(engine, facts);
        WebApplication app = builder.Build();
        app.MapCri();
        return app;
    }

    internal static WebApplication Docker(string socket, GantryEngine engine, ILoggerFactory log)
    {
        WebApplication app = Builder(socket, HttpProtocols.Http1, log).Build();
        app.MapDocker(engine, ProgramVersion.Text);
        return app;
    }

    private static WebApplicationBuilder Builder(string socket, HttpProtocols protocols, ILoggerFactory log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(log);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = s_shutdown);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // gRPC bounds its own messages; a list with deadlines may keep a stream open for long.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = protocols);
        });
        return builder;
    }
}
