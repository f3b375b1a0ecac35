// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Gantry.DockerApi;

/// <summary>The Docker Engine API, as far as it goes: docs/docker-coverage.md lists the routes.</summary>
/// <remarks>
/// Every route exists with and without a version in front (<c>/v1.43/version</c>). All versions from
/// <see cref="MinApiVersion"/> on are accepted for ever: Docker 29 raised its minimum and broke its ecosystem.
/// </remarks>
public static class DockerEndpoints
{
    public const string ApiVersion = "1.43";
    public const string MinApiVersion = "1.24";

    public static void MapDocker(this IEndpointRouteBuilder routes, GantryEngine engine, string version)
    {
        var system = new SystemRoutes(engine, version);
        foreach (string prefix in (string[])["", "/v{api}"])
        {
            routes.MapMethods($"{prefix}/_ping", ["GET", "HEAD"], SystemRoutes.PingAsync);
            routes.MapGet($"{prefix}/version", system.VersionAsync);
            routes.MapGet($"{prefix}/info", system.InfoAsync);
        }

        routes.MapFallback(SystemRoutes.NotServedAsync);
    }

    /// <summary>Docker's spelling of a processor.</summary>
    internal static string Architecture => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture other => other.ToString().ToLowerInvariant(),
    };
}
