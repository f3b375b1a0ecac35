// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Monitor.Logs;

/// <summary>The buffers through which all output of a pod goes, one stream after the other: one pair for each monitor.</summary>
internal sealed class LogBuffers
{
    private const int ReadSize = 64 * 1024;
    private const int WriteSize = 128 * 1024;

    /// <summary>What is left of a stream's last read, then the next read.</summary>
    internal byte[] Input { get; } = GC.AllocateUninitializedArray<byte>(CriLogFormat.MaxText + ReadSize);

    /// <summary>Records on their way to the file.</summary>
    internal byte[] Output { get; } = GC.AllocateUninitializedArray<byte>(WriteSize);
}
