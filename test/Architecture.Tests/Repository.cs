// SPDX-License-Identifier: Apache-2.0
using System.Reflection;
using System.Xml.Linq;

namespace Gantry.Architecture.Tests;

/// <summary>A project file below src, test or bench.</summary>
internal sealed record ProjectFile(string Path, XDocument Content)
{
    /// <summary>The folder's name: <c>Engine</c> of src/Engine/Gantry.Engine.csproj.</summary>
    internal string Name => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(Path))!;

    internal string AssemblyName =>
        Content.Descendants("AssemblyName").FirstOrDefault()?.Value ?? System.IO.Path.GetFileNameWithoutExtension(Path);

    internal IReadOnlyList<string> References => Content.Descendants("ProjectReference")
        .Select(r => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(r.Attribute("Include")!.Value))!).ToList();

    internal IReadOnlyList<string> Frameworks =>
        Content.Descendants("FrameworkReference").Select(r => r.Attribute("Include")!.Value).ToList();
}

/// <summary>The working tree that this test program was built from.</summary>
internal static class Repository
{
    private static readonly string[] s_areas = ["src", "test", "bench"];
    private static readonly string[] s_generated = ["bin", "obj", "artifacts"];

    internal static string Root { get; } = Path.GetFullPath(Metadata("Repository"));

    internal static IReadOnlyList<ProjectFile> Projects { get; } =
        Files("*.csproj").Select(f => new ProjectFile(f, XDocument.Load(f))).ToList();

    internal static IReadOnlyList<ProjectFile> Sources { get; } = Projects.Where(p => Relative(p.Path).StartsWith("src/", StringComparison.Ordinal)).ToList();

    internal static string Relative(string path) => Path.GetRelativePath(Root, path);

    /// <summary>Files of the three areas, without what a build leaves.</summary>
    internal static IEnumerable<string> Files(string pattern) => s_areas
        .Select(area => Path.Combine(Root, area))
        .Where(Directory.Exists)
        .SelectMany(area => Directory.EnumerateFiles(area, pattern, SearchOption.AllDirectories))
        .Where(file => !Relative(file).Split('/').Any(s_generated.Contains))
        .Order(StringComparer.Ordinal);

    internal static string AssemblyOf(ProjectFile project) => Path.Combine(
        Metadata("Binaries"), Path.GetFileNameWithoutExtension(project.Path), Metadata("Pivot"), project.AssemblyName + ".dll");

    private static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
