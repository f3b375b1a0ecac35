// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Spawn;

namespace Gantry.Interop;

internal static unsafe partial class Libc
{
    /// <summary>native/childstub.c: clones and runs a list of system calls in the child.</summary>
    /// <returns>The child's pid, or minus an errno of clone3.</returns>
    [LibraryImport("gantrystub")]
    internal static partial nint gantry_spawn(NativeRun* run);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitid(int idType, int id, void* info, int options);
}
