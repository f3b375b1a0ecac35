// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Interop.Processes;

namespace Gantry.Interop.Tests.Processes;

public sealed class PidfdTests
{
    [Fact]
    public void WaitForExit_returns_true_once_the_child_is_gone()
    {
        using Process child = Process.Start("sleep", "30");
        using OwnedFd handle = Pidfd.Open(child.Id);

        Assert.False(Pidfd.WaitForExit(handle, TimeSpan.FromMilliseconds(20)));
        Assert.True(Pidfd.SendSignal(handle, Signal.SIGKILL));

        Assert.True(Pidfd.WaitForExit(handle, TimeSpan.FromSeconds(5)));
        child.WaitForExit();
        Assert.False(Pidfd.SendSignal(handle, Signal.SIGTERM));
    }

    [Fact]
    public void Open_reports_ESRCH_for_a_collected_process()
    {
        using Process child = Process.Start("true");
        child.WaitForExit();

        SyscallException error = Assert.Throws<SyscallException>(() => Pidfd.Open(child.Id));

        Assert.Equal(Errno.ESRCH, error.Errno);
    }

    [Fact]
    public void TryReap_returns_null_for_a_process_that_is_no_child()
    {
        using OwnedFd parent = Pidfd.Open(1);

        Assert.Null(Pidfd.TryReap(parent));
    }

    [Fact]
    public void An_exit_code_of_a_killed_process_is_128_plus_the_signal()
    {
        Assert.Equal(137, new ChildExit(1, 9, Signaled: true).ExitCode);
        Assert.Equal(9, new ChildExit(1, 9, Signaled: false).ExitCode);
    }
}
