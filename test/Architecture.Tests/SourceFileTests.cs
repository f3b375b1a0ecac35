// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Architecture.Tests;

public sealed class SourceFileTests
{
    private const int MaxLines = 400;
    private const int MaxStubLines = 150;
    private const string License = "SPDX-License-Identifier: Apache-2.0";

    private static readonly string[] s_patterns = ["*.cs", "*.c", "*.h", "*.proto", "*.sh"];

    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        Assert.Empty(s_patterns.SelectMany(Repository.Files).Where(f => File.ReadLines(f).Count() > MaxLines).Select(Repository.Relative));

    [Fact]
    public void Every_file_names_its_licence() =>
        Assert.Empty(Licensed().Where(f => !File.ReadLines(f).Take(2).Any(l => l.Contains(License, StringComparison.Ordinal))).Select(Repository.Relative));

    [Fact]
    public void The_child_stub_is_short_and_alone()
    {
        string native = Path.Combine(Repository.Root, "native");

        Assert.Equal(["childstub.c"], Directory.EnumerateFiles(native, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(native, f)));
        Assert.InRange(File.ReadLines(Path.Combine(native, "childstub.c")).Count(), 1, MaxStubLines);
    }

    [Fact]
    public void Source_is_CSharp_only() =>
        Assert.DoesNotContain(
            new[] { "*.c", "*.h", "*.cpp", "*.py", "*.go", "*.rs", "*.js", "*.vb", "*.fs" }.SelectMany(Repository.Files).Select(Repository.Relative),
            f => f.StartsWith("src/", StringComparison.Ordinal));

    [Fact]
    public void No_name_hides_what_is_inside() =>
        Assert.Empty(Repository.Files("*.cs").Where(f => Path.GetFileNameWithoutExtension(f) is string name
            && (name.EndsWith("Manager", StringComparison.Ordinal) || name.EndsWith("Helper", StringComparison.Ordinal)
                || name.EndsWith("Helpers", StringComparison.Ordinal) || name.EndsWith("Util", StringComparison.Ordinal)
                || name.EndsWith("Utils", StringComparison.Ordinal))).Select(Repository.Relative));

    private static IEnumerable<string> Licensed() => s_patterns.SelectMany(Repository.Files)
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "native"), "*.c"))
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "api"), "*.proto", SearchOption.AllDirectories));
}
