// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Exec;

/// <summary>What a command in a container left behind.</summary>
/// <param name="Stdout">At most 16 MiB; what came after was dropped.</param>
/// <param name="Stderr">At most 16 MiB; what came after was dropped.</param>
/// <param name="ExitCode">0 to 255; 128 + n when signal n ended it.</param>
public sealed record ExecResult(ReadOnlyMemory<byte> Stdout, ReadOnlyMemory<byte> Stderr, int ExitCode);
