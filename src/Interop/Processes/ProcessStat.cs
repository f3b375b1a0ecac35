// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Text;

namespace Gantry.Interop.Processes;

/// <summary>Facts about a process from <c>/proc/PID/stat</c> (proc_pid_stat(5)).</summary>
/// <param name="State">Field 3: R, S, D, Z, T, t, X, I.</param>
/// <param name="ParentPid">Field 4.</param>
/// <param name="Session">Field 6: pid of the session's leader.</param>
/// <param name="StartTime">Field 22, clock ticks since boot. With the pid it names one process for ever.</param>
public readonly record struct ProcessStat(char State, int ParentPid, int Session, ulong StartTime)
{
    private const int MaxLength = 4096;
    private const int ParentField = 4;
    private const int SessionField = 6;
    private const int StartTimeField = 22;

    /// <summary>Reads the facts of a process.</summary>
    /// <returns><see langword="null"/>: no such process.</returns>
    public static ProcessStat? TryRead(int pid)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle($"/proc/{pid}/stat");
            Span<byte> buffer = stackalloc byte[MaxLength];
            int length = RandomAccess.Read(file, buffer, 0);
            return Parse(buffer[..length]);
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException || e.HResult == (int)Errno.ESRCH)
        {
            return null;
        }
    }

    /// <summary>Start time of a process, clock ticks since boot.</summary>
    /// <exception cref="SyscallException"><see cref="Errno.ESRCH"/>: no such process.</exception>
    public static ulong StartTimeOf(int pid) =>
        TryRead(pid)?.StartTime ?? throw new SyscallException("open", $"/proc/{pid}/stat", Errno.ESRCH);

    /// <summary>Parses one line. The command (field 2) stands in parentheses and may itself hold spaces and parentheses.</summary>
    /// <exception cref="FormatException">Not a stat line.</exception>
    public static ProcessStat Parse(ReadOnlySpan<byte> line)
    {
        int close = line.LastIndexOf((byte)')');
        if (close < 0 || line.Length < close + 3)
        {
            throw new FormatException("/proc/PID/stat: no command in parentheses");
        }

        ReadOnlySpan<byte> rest = line[(close + 2)..];
        char state = (char)rest[0];
        int parent = 0;
        int session = 0;
        int field = 3;
        foreach (Range range in rest.Split((byte)' '))
        {
            ReadOnlySpan<byte> text = rest[range];
            if ((field == ParentField && !Utf8Parser.TryParse(text, out parent, out _))
                || (field == SessionField && !Utf8Parser.TryParse(text, out session, out _)))
            {
                break;
            }

            if (field == StartTimeField && Utf8Parser.TryParse(text, out ulong start, out _))
            {
                return new ProcessStat(state, parent, session, start);
            }

            field++;
        }

        throw new FormatException("/proc/PID/stat: no numbers in fields 4, 6 and 22");
    }
}
