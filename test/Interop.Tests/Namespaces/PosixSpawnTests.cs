// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop.Namespaces;

namespace Gantry.Interop.Tests.Namespaces;

public sealed class PosixSpawnTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Input_environment_output_and_exit_code_pass_through()
    {
        ProgramResult result = await PosixSpawn.RunAsync(
            Shell("cat; echo \"$NAME\"; echo oops >&2; exit 3") with { Environment = ["NAME=value"], Input = "in "u8.ToArray() }, Token);

        Assert.Equal(ProgramEnd.Exited, result.End);
        Assert.Equal(3, result.Exit.ExitCode);
        Assert.Equal("in value\n", Encoding.ASCII.GetString(result.Output));
        Assert.Equal("oops\n", result.Error);
    }

    [Fact]
    public async Task A_program_gets_descriptors_0_to_2_and_no_others()
    {
        ProgramResult result = await PosixSpawn.RunAsync(Shell("ls /proc/$$/fd"), Token);

        Assert.Equal("0\n1\n2\n", Encoding.ASCII.GetString(result.Output));
    }

    [Fact]
    public async Task A_program_has_no_blocked_and_no_ignored_signal()
    {
        ProgramResult result = await PosixSpawn.RunAsync(Shell("exec grep -E 'SigBlk|SigIgn' /proc/self/status"), Token);

        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", Encoding.ASCII.GetString(result.Output));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_ENOENT()
    {
        SyscallException error = await Assert.ThrowsAsync<SyscallException>(
            () => PosixSpawn.RunAsync(Shell("") with { Path = "/nonexistent/program" }, Token));

        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    [Fact]
    public async Task Large_input_and_output_do_not_block_each_other()
    {
        byte[] input = new byte[900_000];
        Random.Shared.NextBytes(input);

        ProgramResult result = await PosixSpawn.RunAsync(Shell("cat") with { Input = input }, Token);

        Assert.Equal(input, result.Output);
    }

    [Fact]
    public async Task A_program_that_does_not_read_its_input_is_fine()
    {
        ProgramResult result = await PosixSpawn.RunAsync(Shell("exec 0<&-; echo done") with { Input = new byte[900_000] }, Token);

        Assert.Equal("done\n", Encoding.ASCII.GetString(result.Output));
    }

    [Fact]
    public async Task Endless_output_ends_the_program_and_endless_errors_are_cut()
    {
        ProgramResult output = await PosixSpawn.RunAsync(Shell("exec yes") with { MaxOutput = 10_000 }, Token);
        ProgramResult errors = await PosixSpawn.RunAsync(Shell("yes | head -c 1000000 >&2") with { MaxError = 100 }, Token);

        Assert.Equal(ProgramEnd.TooMuchOutput, output.End);
        Assert.Equal(10_001, output.Output.Length);
        Assert.Equal((ProgramEnd.Exited, 100), (errors.End, errors.Error.Length));
    }

    private static ProgramRun Shell(string script) => new()
    {
        Path = "/bin/sh",
        Arguments = ["-c", script],
        Environment = [$"PATH={Environment.GetEnvironmentVariable("PATH")}"],
        Timeout = TimeSpan.FromSeconds(30),
    };
}
