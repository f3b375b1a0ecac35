// SPDX-License-Identifier: Apache-2.0
using Gantry.OciCli;

namespace Gantry.OciCli.Tests;

public sealed class OciProgramTests : IDisposable
{
    private const string Config =
        """
        {
          "ociVersion": "1.2.0",
          "process": { "args": ["/bin/busybox", "sh", "-c", "exit 3"], "cwd": "/", "env": ["PATH=/bin"] },
          "root": { "path": "rootfs" },
          "mounts": [{ "destination": "/proc", "type": "proc", "source": "proc" }],
          "linux": { "namespaces": [{ "type": "mount" }, { "type": "pid" }, { "type": "network" }],
                     "resources": { "devices": [{ "allow": false, "access": "rwm" }] } }
        }
        """;

    private readonly string _bundle = Directory.CreateTempSubdirectory("gantry-bundle-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public OciProgramTests()
    {
        Directory.CreateDirectory(Path.Combine(_bundle, "rootfs/bin"));
        File.Copy("/usr/bin/busybox", Path.Combine(_bundle, "rootfs/bin/busybox"));
        File.WriteAllText(Path.Combine(_bundle, "config.json"), Config);
    }

    [Fact]
    public void Run_returns_the_exit_code_of_the_bundles_process_and_leaves_no_cgroup()
    {
        string id = $"test-{Guid.NewGuid():N}";

        Assert.Equal(3, Call("run", "--bundle", _bundle, id));

        Assert.DoesNotContain(Directory.GetDirectories("/sys/fs/cgroup"), h => Directory.Exists($"{h}/gantry-oci/{id}"));
    }

    [Fact]
    public void Explain_prints_the_calls_and_runs_nothing()
    {
        Assert.Equal(0, Call("run", "--explain", "--bundle", _bundle, "x"));

        string[] lines = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, static line => line.Contains("pivot_root(", StringComparison.Ordinal));
        Assert.Contains("execve(", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"cwd\": \"/\"", "\"cwd\": 7", "$.process.cwd")]
    [InlineData("\"type\": \"network\"", "\"type\": \"nettwork\"", "linux.namespaces.type: nettwork")]
    [InlineData("\"destination\": \"/proc\"", "\"destination\": \"/../proc\"", "mounts.destination: /../proc")]
    public void A_wrong_configuration_is_refused_with_its_place(string good, string bad, string named)
    {
        File.WriteAllText(Path.Combine(_bundle, "config.json"), Config.Replace(good, bad, StringComparison.Ordinal));

        Assert.Equal(1, Call("run", "--bundle", _bundle, $"test-{Guid.NewGuid():N}"));
        Assert.Contains(named, _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run", "../x")]
    [InlineData("run", "a", "b")]
    [InlineData("checkpoint", "x")]
    public void Wrong_usage_is_code_2(params string[] arguments) => Assert.Equal(2, Call(arguments));

    public void Dispose()
    {
        Directory.Delete(_bundle, recursive: true);
        _output.Dispose();
        _error.Dispose();
    }

    private int Call(params string[] arguments) => OciProgram.Main(arguments, _output, _error);
}
