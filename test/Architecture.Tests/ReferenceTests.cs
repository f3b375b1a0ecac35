// SPDX-License-Identifier: Apache-2.0
using System.Xml.Linq;

namespace Gantry.Architecture.Tests;

public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> s_table = ReadTable();

    [Fact]
    public void The_table_speaks_of_every_project_and_of_no_other() =>
        Assert.Equal(Repository.Sources.Select(p => p.Name).Order(), s_table.Keys.Order());

    [Fact]
    public void Project_files_reference_what_the_table_allows() =>
        Assert.All(Repository.Sources, project =>
            Assert.Equal(s_table[project.Name].Order(), project.References.Order()));

    [Theory]
    [InlineData("Daemon", "Runtime")]
    [InlineData("Daemon", "Monitor")]
    [InlineData("Daemon", "OciCli")]
    [InlineData("Ctl", "Runtime")]
    [InlineData("Ctl", "Engine")]
    [InlineData("Monitor", "Images")]
    [InlineData("Monitor", "Storage")]
    [InlineData("Monitor", "Network")]
    [InlineData("Monitor", "Engine")]
    [InlineData("Monitor", "Cri")]
    [InlineData("Monitor", "DockerApi")]
    public void A_program_never_links(string program, string part) => Assert.DoesNotContain(part, Reachable(program));

    [Theory]
    [InlineData("Monitor")]
    [InlineData("Ctl")]
    public void A_small_program_brings_no_framework(string program) =>
        Assert.All(Repository.Sources.Where(p => p.Name == program || Reachable(program).Contains(p.Name)), p => Assert.Empty(p.Frameworks));

    [Fact]
    public void The_engine_does_not_see_system_calls() => Assert.DoesNotContain("Interop", s_table["Engine"]);

    [Fact]
    public void The_solution_holds_every_project()
    {
        XDocument solution = XDocument.Load(Path.Combine(Repository.Root, "Gantry.slnx"));

        Assert.Equal(
            Repository.Projects.Select(p => Repository.Relative(p.Path)).Order(),
            solution.Descendants("Project").Select(p => p.Attribute("Path")!.Value).Order());
    }

    private static HashSet<string> Reachable(string project)
    {
        HashSet<string> reached = [];
        Queue<string> open = new([project]);
        while (open.TryDequeue(out string? next))
        {
            foreach (string reference in Repository.Sources.Single(p => p.Name == next).References.Where(reached.Add))
            {
                open.Enqueue(reference);
            }
        }

        return reached;
    }

    private static Dictionary<string, string[]> ReadTable()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "architecture.md"));
        int header = Array.FindIndex(lines, l => l.StartsWith("| Project | References |", StringComparison.Ordinal));
        Assert.True(header >= 0, "docs/architecture.md: no table with the columns Project and References");
        return lines.Skip(header + 2).TakeWhile(l => l.StartsWith('|'))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1], cells => cells[2] == "none" ? [] : cells[2].Split(", "));
    }
}
