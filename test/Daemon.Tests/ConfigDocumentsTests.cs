// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using Gantry.Daemon.Configuration;

namespace Gantry.Daemon.Tests;

/// <summary>The list of keys is the truth; the sample file and the page follow it.</summary>
public sealed class ConfigDocumentsTests
{
    [Fact]
    public void The_sample_file_holds_every_key_with_its_default()
    {
        string path = Path.Combine(Repository(), "packaging/config.toml");
        DaemonConfig unlike = new()
        {
            Root = "/other", State = "/other", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error, LogFormat = LogFormat.Json,
            CgroupDriver = CgroupDriverChoice.Systemd, CgroupParent = "/other", NetworkMode = NetworkChoice.Cni, Bridge = "other",
            Ipv4Pool = "", Ipv6Pool = "", Mtu = 9, Masquerade = false, NoMasquerade = ["10.0.0.0/8"], FirewallTable = "other",
            CniConfigDirectory = "/other", CniPluginDirectories = [], CniTimeout = 9, RegistryConfigDirectory = "/other",
            RegistryCredentials = "/other", ResolvConf = "/other", DockerEnabled = true, DockerListen = "/other", Listen = "/other",
            Monitor = "/other", RuntimeHandlers = ["other"],
        };
        Assert.Equal(ConfigKeys.All.Count, ConfigChanges.Between(new DaemonConfig(), unlike).Count);

        DaemonConfig sample = ConfigFile.Read(path, required: true, unlike);

        Assert.Empty(ConfigChanges.Between(new DaemonConfig(), sample));
    }

    [Fact]
    public void The_page_explains_every_key_with_its_default()
    {
        string page = File.ReadAllText(Path.Combine(Repository(), "docs/configuration.md"));

        Assert.All(ConfigKeys.All, key => Assert.Contains($"| `{key.Name}` | `{key.Get(new DaemonConfig())}` |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_explains_no_key_that_does_not_exist()
    {
        IEnumerable<string> names = File.ReadLines(Path.Combine(Repository(), "docs/configuration.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.Count(c => c == '|') >= 6)
            .Select(line => line.Split('`')[1]);

        Assert.Equal(ConfigKeys.All.Select(key => key.Name).Order(), names.Order());
    }

    private static string Repository([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../.."));
}
