// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

/// <summary>A child process that loads a filter and then makes calls: what the kernel itself says.</summary>
internal sealed unsafe class FilteredChild : IDisposable
{
    private const int SECCOMP_SET_MODE_FILTER = 1;
    private const int CLOCK_MONOTONIC = 1;
    private static readonly OnResult s_whatever = new() { TolerateAll = true };

    private readonly SyscallList _list = new();
    private readonly List<Slot> _calls = [];
    private readonly long _begin;
    private readonly long _end;

    internal FilteredChild(SeccompFilter filter)
    {
        _begin = _list.Bytes(new byte[16]);
        _end = _list.Bytes(new byte[16]);
        FilterProgram program = new() { Length = filter.InstructionCount, Instructions = _list.Bytes(filter.Program.Span) };
        int clock = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 113 : 228;
        _list.Add(clock, "clock_gettime", "before", [CLOCK_MONOTONIC, _begin]);
        _list.Add(SyscallNumber.SYS_seccomp, "seccomp", "filter", [SECCOMP_SET_MODE_FILTER, filter.Flags, _list.Value(program)]);
        _list.Add(clock, "clock_gettime", "after", [CLOCK_MONOTONIC, _end], s_whatever);
    }

    /// <summary>How long the kernel took to load the filter.</summary>
    internal TimeSpan LoadTime => Clock(_end) - Clock(_begin);

    /// <summary>Results of the calls: negative ones are errors.</summary>
    internal IReadOnlyList<long> Results => _calls.Select(slot => _list.Operations[slot.Index].Result).ToList();

    internal void Call(uint number, params ulong[] args) =>
        _calls.Add(_list.Add((int)number, "call", $"{number}", [.. args.Select(a => (Argument)(long)a)], s_whatever));

    /// <summary>Address of zeroed memory in the list, for calls that want one.</summary>
    internal ulong Buffer(int bytes) => (ulong)_list.Bytes(new byte[bytes]);

    internal ulong Text(string text) => (ulong)_list.Text(text);

    internal ulong TextArray(params string[] texts) => (ulong)_list.TextArray(texts);

    /// <summary>Runs the calls and exits with 0.</summary>
    internal ChildExit Run()
    {
        ChildStub.EnsureLoaded();
        _list.Add(SyscallNumber.SYS_exit_group, "exit_group", "0", [0]);
        SpawnedChild child = ChildStub.Spawn(_list, 0);
        using OwnedFd pidfd = child.Pidfd;
        Assert.True(Pidfd.WaitForExit(pidfd, TimeSpan.FromSeconds(20)));
        return Pidfd.TryReap(pidfd)!.Value;
    }

    public void Dispose() => _list.Dispose();

    private static TimeSpan Clock(long address) =>
        TimeSpan.FromSeconds(*(long*)address) + TimeSpan.FromMicroseconds(((long*)address)[1] / 1000.0);

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public long Instructions;
    }
}
