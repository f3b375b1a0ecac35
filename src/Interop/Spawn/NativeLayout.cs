// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Spawn;

/// <summary><c>struct gantry_op</c> of native/childstub.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOp
{
    public long Number;
    public fixed long Args[6];
    public long Result;
    public uint References;
    public fixed int Tolerated[3];
    public uint SkipOnError;
    public uint SkipOnSuccess;
}

/// <summary><c>struct gantry_run</c> of native/childstub.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeRun
{
    public NativeOp* Ops;
    public long Count;
    public void* Stack;
    public ulong StackSize;
    public CloneArgs Clone;
    public int FailedOp;
    public int FailedErrno;
}

/// <summary>struct clone_args of linux/sched.h, version 2 (88 bytes).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArgs
{
    public ulong Flags;
    public ulong Pidfd;
    public ulong ChildTid;
    public ulong ParentTid;
    public ulong ExitSignal;
    public ulong Stack;
    public ulong StackSize;
    public ulong Tls;
    public ulong SetTid;
    public ulong SetTidSize;
    public ulong Cgroup;
}
