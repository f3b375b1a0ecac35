// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using Gantry.Interop;
using Gantry.Monitor.Logs;

namespace Gantry.Monitor.Tests.Logs;

[SupportedOSPlatform("linux")]
public sealed class LogFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-logs-").FullName;

    private string LogPath => Path.Combine(_directory, "0.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_file_is_0640_and_appended_to()
    {
        File.WriteAllText(LogPath, "old\n");
        using (LogFile log = new(LogPath, null))
        {
            log.Write("new\n"u8);
        }

        File.Delete(LogPath + "x");
        using LogFile fresh = new(LogPath + "x", null);

        Assert.Equal("old\nnew\n", File.ReadAllText(LogPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(LogPath + "x") & ~UnixFileMode.OtherRead);
    }

    [Fact]
    public void What_is_written_after_a_reopen_goes_to_the_new_file()
    {
        using LogFile log = new(LogPath, null);
        log.Write("one\n"u8);
        File.Move(LogPath, LogPath + ".1");
        log.Write("two\n"u8);

        log.Reopen();
        log.Write("three\n"u8);

        Assert.Equal("one\ntwo\n", File.ReadAllText(LogPath + ".1"));
        Assert.Equal("three\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void A_failed_reopen_makes_no_file_and_the_old_one_goes_on()
    {
        string below = Path.Combine(_directory, "container");
        Directory.CreateDirectory(below);
        using LogFile log = new(Path.Combine(below, "0.log"), null);
        Directory.Move(below, below + ".gone");

        Assert.Throws<SyscallException>(log.Reopen);
        log.Write("kept\n"u8);

        Assert.Equal("kept\n", File.ReadAllText(Path.Combine(below + ".gone", "0.log")));
        Assert.False(Directory.Exists(below));
    }

    [Fact]
    public void A_planted_link_is_not_followed_CVE_2026_53489()
    {
        string victim = Path.Combine(_directory, "shadow");
        File.WriteAllText(victim, "secret");
        File.CreateSymbolicLink(LogPath, victim);

        Assert.Equal(Errno.ELOOP, Assert.Throws<SyscallException>(() => new LogFile(LogPath, null)).Errno);
        Assert.Equal("secret", File.ReadAllText(victim));
    }

    [Fact]
    public void A_planted_directory_link_is_not_followed_CVE_2026_53489()
    {
        string victim = Directory.CreateDirectory(Path.Combine(_directory, "victim")).FullName;
        string link = Path.Combine(_directory, "container");
        Directory.CreateSymbolicLink(link, victim);

        Assert.Throws<SyscallException>(() => new LogFile(Path.Combine(link, "0.log"), _directory));
        Assert.Throws<SyscallException>(() => new LogFile(Path.Combine(link, "0.log"), null));
        Assert.Empty(Directory.GetFileSystemEntries(victim));
    }

    [Fact]
    public void A_link_above_the_root_of_logs_is_the_nodes_business()
    {
        string real = Directory.CreateDirectory(Path.Combine(_directory, "real")).FullName;
        string link = Path.Combine(_directory, "var-log");
        Directory.CreateSymbolicLink(link, real);

        using LogFile log = new(Path.Combine(link, "0.log"), link);

        Assert.True(File.Exists(Path.Combine(real, "0.log")));
    }

    [Theory]
    [InlineData("mkfifo {0}")]
    [InlineData("mknod {0} c 1 3")]
    [InlineData("echo host > {0}.other; ln {0}.other {0}")]
    public void What_is_no_plain_file_of_its_own_is_refused_CVE_2026_53489(string plant)
    {
        using (Process shell = Process.Start("sh", ["-c", string.Format(System.Globalization.CultureInfo.InvariantCulture, plant, LogPath)]))
        {
            shell.WaitForExit();
        }

        Assert.Throws<SyscallException>(() => new LogFile(LogPath, null));
    }

    [Fact]
    public void A_full_disk_loses_output_but_tears_no_record_and_the_loss_is_told()
    {
        using (Process mount = Process.Start("mount", ["-t", "tmpfs", "-o", "size=64k", "gantry-test", _directory]))
        {
            mount.WaitForExit();
            Assert.SkipUnless(mount.ExitCode == 0, "cannot mount a tmpfs");
        }

        try
        {
            using LogFile log = new(LogPath, null);
            byte[] record = Encoding.ASCII.GetBytes(new string('r', 999) + "\n");
            for (int i = 0; i < 100; i++)
            {
                log.Write(record);
            }

            string[] full = File.ReadAllLines(LogPath);
            File.WriteAllText(LogPath, ""); // room again
            log.Write("after\n"u8);

            Assert.All(full, static line => Assert.Equal(999, line.Length));
            Assert.True(full.Length < 66);
            string[] lines = File.ReadAllLines(LogPath);
            Assert.Equal(2, lines.Length);
            Assert.EndsWith($" stderr F gantry: {(100 - full.Length) * 1000} bytes of log are missing here: ENOSPC", lines[0], StringComparison.Ordinal);
            Assert.Equal("after", lines[1]);
        }
        finally
        {
            using Process umount = Process.Start("umount", ["-l", _directory]);
            umount.WaitForExit();
        }
    }
}
