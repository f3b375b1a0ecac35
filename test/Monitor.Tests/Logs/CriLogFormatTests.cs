// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.Monitor.Logs;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor.Tests.Logs;

public sealed class CriLogFormatTests
{
    private const int Max = CriLogFormat.MaxText;

    [Fact]
    public void A_prefix_has_nine_digits_of_a_second_in_UTC()
    {
        DateTimeOffset time = new(2016, 10, 6, 2, 17, 9, TimeSpan.FromHours(2));

        string prefix = Encoding.ASCII.GetString(CriLogFormat.Prefix(time.AddTicks(6697942), "stdout"));

        Assert.Equal("2016-10-06T00:17:09.669794200Z stdout F ", prefix);
    }

    public static TheoryData<string, string> Cases => new()
    {
        { "", "" },
        { "a\n", "F a" },
        { "a\nb\n", "F a|F b" },
        { "\n\n", "F |F " },
        { "a", "P a" },
        { "a\nb", "F a|P b" },
        { new string('x', Max) + "\n", $"F {new string('x', Max)}" },
        { new string('x', Max + 1) + "\n", $"P {new string('x', Max)}|F x" },
        { new string('x', (2 * Max) + 1) + "\n", $"P {new string('x', Max)}|P {new string('x', Max)}|F x" },
        { new string('x', Max), $"P {new string('x', Max)}" },
        { "\r\nb\r", "F \r|P b\r" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_stream_becomes_these_records(string stream, string records) =>
        Assert.Equal(records, string.Join('|', Records(Encoding.ASCII.GetBytes(stream), [int.MaxValue])));

    [Fact]
    public void However_the_container_writes_the_records_are_the_same_and_no_byte_is_lost() =>
        Gen.Select(Gen.OneOf(Gen.Const((byte)'\n'), Gen.Byte, Gen.Const((byte)'x')).Array[0, 60_000], Gen.Int[1, 20_000].Array[1, 8]).Sample(
            (stream, cuts) =>
            {
                string[] whole = Records(stream, [int.MaxValue]);

                Assert.Equal(whole, Records(stream, cuts));
                Assert.Equal(Encoding.Latin1.GetString(stream), Join(whole));
            },
            iter: 60);

    [Fact]
    public void A_line_of_a_megabyte_is_cut_and_joins_to_itself()
    {
        byte[] line = new byte[1 << 20];
        line.AsSpan().Fill((byte)'z');
        line[^1] = (byte)'\n';

        string[] records = Records(line, [int.MaxValue]);

        Assert.Equal(64, records.Length);
        Assert.All(records[..^1], static r => Assert.StartsWith("P ", r, StringComparison.Ordinal));
        Assert.Equal(Encoding.Latin1.GetString(line), Join(records));
    }

    private static string Join(string[] records) =>
        string.Concat(records.Select(static r => r[0] == 'F' ? r[2..] + "\n" : r[2..]));

    // Through a pipe, a LogStream and a file, as in the monitor. Tag and text of each record.
    private static string[] Records(byte[] stream, int[] cuts)
    {
        string path = Path.Combine(Path.GetTempPath(), $"gantry-log-{Guid.NewGuid():N}");
        try
        {
            using EventLoop loop = new();
            (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
            Pipe.SetNonBlocking(reader);
            using LogFile file = new(path, null);
            using LogStream log = new(loop, reader, "stdout", file, new LogBuffers(), loop.Stop);
            Thread feeder = new(() => Feed(writer, stream, cuts));
            feeder.Start();
            loop.Run();
            feeder.Join();
            string text = Encoding.Latin1.GetString(File.ReadAllBytes(path));
            return [.. text.Split('\n')[..^1].Select(static r => r[(r.IndexOf(" stdout ", StringComparison.Ordinal) + 8)..])];
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Feed(SafeFileHandle writer, byte[] stream, int[] cuts)
    {
        using SafeFileHandle own = writer;
        int cut = 0;
        for (int at = 0; at < stream.Length;)
        {
            int count = Math.Min(cuts[cut++ % cuts.Length], stream.Length - at);
            OpenFile.Write(writer, stream.AsSpan(at, count));
            at += count;
        }
    }
}
