// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Ctl.Commands;
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("ps -a -o json")]
    [InlineData("run -d --name web -p 8080:80 -p 53:53/udp -e A=1 -e B -v /a:/b:ro --rm -m 64m --cpus 0.5 image")]
    [InlineData("run image sh -c exit")]
    [InlineData("run --network host --user 1:1 image ls -la --color")]
    [InlineData("exec web ls -la")]
    [InlineData("exec --timeout 5 web cat /etc/passwd")]
    [InlineData("logs -f --tail 5 --since 10m -t web")]
    [InlineData("rm -f a b c")]
    [InlineData("stop -t 0 a")]
    [InlineData("pull --user me --password-stdin registry.example/x:1")]
    [InlineData("completion zsh")]
    public void Good_command_lines_are_understood(string line) => Assert.Empty(GantryCommand.Create().Parse(line).Errors);

    [Theory]
    [InlineData("")]
    [InlineData("bogus")]
    [InlineData("run")]
    [InlineData("ps -o yaml")]
    [InlineData("run --network bridge image")]
    [InlineData("run --pull sometimes image")]
    [InlineData("logs --tail many web")]
    [InlineData("exec web")]
    [InlineData("completion fish")]
    public void Wrong_command_lines_are_errors(string line) => Assert.NotEmpty(GantryCommand.Create().Parse(line).Errors);

    [Fact]
    public void What_follows_the_image_belongs_to_the_container()
    {
        ParseResult result = GantryCommand.Create().Parse("run -d image -p -d --name x");

        Assert.Equal(["-p", "-d", "--name", "x"], result.GetValue(Run.RunOptions.Command)!);
        Assert.Null(result.GetValue(Run.RunOptions.Name));
    }

    [Fact]
    public async Task A_daemon_that_is_not_there_is_one_line_and_a_next_step()
    {
        (int code, string output, string error) = await InvokeAsync("ps --address /nonexistent/gantry.sock");

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Equal(2, error.TrimEnd('\n').Split('\n').Length);
        Assert.StartsWith("gantry: gantryd is not running: /nonexistent/gantry.sock does not exist\n  next: start it: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_fails_with_125_when_the_daemon_is_not_there()
    {
        (int code, _, _) = await InvokeAsync("run --address /nonexistent/gantry.sock image");

        Assert.Equal(125, code);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    public void Since_takes_how_long_ago(string text, int seconds)
    {
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        Assert.Equal(now.AddSeconds(-seconds), LogsCommand.ParseSince(text, now));
    }

    [Fact]
    public void Since_takes_a_time_and_refuses_the_rest()
    {
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), LogsCommand.ParseSince("2026-01-02T03:04:05Z", default));
        Assert.Equal(2, Assert.Throws<CommandFailure>(() => LogsCommand.ParseSince("soon", default)).Code);
    }

    [Theory]
    [InlineData("registry.example:5000/app", "registry.example:5000/app", "<none>")]
    [InlineData("registry.example:5000/app:1", "registry.example:5000/app", "1")]
    [InlineData("app@sha256:00", "app", "sha256:00")]
    public void An_image_name_splits_before_its_tag_and_not_before_a_port(string name, string repository, string tag) =>
        Assert.Equal((repository, tag), ImagesCommand.Split(name));

    private static async Task<(int Code, string Output, string Error)> InvokeAsync(string line)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using var newOutput = new StringWriter();
        using var newError = new StringWriter();
        Console.SetOut(newOutput);
        Console.SetError(newError);
        try
        {
            int code = await GantryCommand.Create().Parse(line).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
            return (code, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
