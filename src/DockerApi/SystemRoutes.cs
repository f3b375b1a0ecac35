// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization.Metadata;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Microsoft.AspNetCore.Http;

namespace Gantry.DockerApi;

/// <summary>/_ping, /version and /info.</summary>
internal sealed class SystemRoutes(GantryEngine engine, string version)
{
    internal static async Task PingAsync(HttpContext context)
    {
        AddHeaders(context);
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.WriteAsync("OK", context.RequestAborted);
        }
    }

    internal static Task NotServedAsync(HttpContext context) => WriteAsync(
        context,
        StatusCodes.Status501NotImplemented,
        new ErrorAnswer($"{context.Request.Method} {context.Request.Path}: not served by gantryd yet; served: /_ping, /version, /info"),
        DockerJson.Answers.ErrorAnswer);

    internal Task VersionAsync(HttpContext context) => WriteAsync(
        context,
        StatusCodes.Status200OK,
        new VersionAnswer
        {
            Version = version,
            ApiVersion = DockerEndpoints.ApiVersion,
            MinAPIVersion = DockerEndpoints.MinApiVersion,
            Arch = DockerEndpoints.Architecture,
            KernelVersion = KernelRelease(),
            Components = [new ComponentAnswer("Engine", version)],
        },
        DockerJson.Answers.VersionAnswer);

    internal Task InfoAsync(HttpContext context)
    {
        IReadOnlyList<Container> containers = engine.Containers.List(new ContainerFilter());
        var answer = new InfoAnswer
        {
            ServerVersion = version,
            Containers = containers.Count,
            ContainersRunning = containers.Count(c => c.State == ContainerState.Running),
            ContainersStopped = containers.Count(c => c.State != ContainerState.Running),
            Images = engine.Images.List(null).Count,
            DockerRootDir = engine.Options.Root,
            CgroupDriver = engine.Options.CgroupDriver == CgroupDriver.Systemd ? "systemd" : "cgroupfs",
            KernelVersion = KernelRelease(),
            Architecture = DockerEndpoints.Architecture == "amd64" ? "x86_64" : "aarch64",
            NCPU = Environment.ProcessorCount,
            MemTotal = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Name = Environment.MachineName,
        };
        return WriteAsync(context, StatusCodes.Status200OK, answer, DockerJson.Answers.InfoAnswer);
    }

    private static async Task WriteAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        AddHeaders(context);
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(answer, type, cancellationToken: context.RequestAborted);
    }

    private static void AddHeaders(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = DockerEndpoints.ApiVersion;
        context.Response.Headers["Docker-Experimental"] = "false";
        context.Response.Headers["Ostype"] = "linux";
        context.Response.Headers.Server = "Gantry (linux)";
    }

    private static string KernelRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").TrimEnd();
}
