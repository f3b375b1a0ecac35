// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Ctl.Logs;

namespace Gantry.Ctl.Tests;

public sealed class CriLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-log-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("2026-01-02T03:04:05.123456789Z stdout F hello", false, false, "hello")]
    [InlineData("2026-01-02T03:04:05.1Z stderr P half", true, true, "half")]
    [InlineData("2026-01-02T03:04:05Z stdout F ", false, false, "")]
    [InlineData("2026-01-02T04:04:05.123456789+01:00 stdout F:x a b", false, false, "a b")]
    public void A_record_is_time_stream_tag_and_content(string record, bool isStderr, bool isPartial, string content)
    {
        CriLogLine line = Assert.NotNull(CriLogLine.Parse(Encoding.UTF8.GetBytes(record)));

        Assert.Equal(isStderr, line.IsStderr);
        Assert.Equal(isPartial, line.IsPartial);
        Assert.Equal(content, Encoding.UTF8.GetString(line.Content.Span));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5), line.Time.UtcDateTime, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("2026-01-02T03:04:05Z stdout")]
    [InlineData("2026-01-02T03:04:05Z stdin F x")]
    [InlineData("yesterday stdout F x")]
    public void What_is_no_record_is_refused(string record) => Assert.Null(CriLogLine.Parse(Encoding.UTF8.GetBytes(record)));

    [Fact]
    public void No_bytes_break_the_parser() => Gen.Byte.Array[0, 200].Sample(bytes => CriLogLine.Parse(bytes) is null || bytes.Length > 20);

    [Fact]
    public void Partial_records_become_one_line_and_streams_stay_apart()
    {
        string path = Write("0.log", "stdout P ab", "stderr F err", "stdout F cd", "stdout F next");

        (string output, string error) = Print(path, new LogView(null, null, Timestamps: false));

        Assert.Equal("abcd\nnext\n", output);
        Assert.Equal("err\n", error);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "three\n")]
    [InlineData(2, "two-a two-b\nthree\n")]
    [InlineData(9, "one\ntwo-a two-b\nthree\n")]
    public void Tail_counts_lines_and_not_records(int tail, string expected)
    {
        string path = Write("0.log", "stdout F one", "stdout P two-a ", "stdout F two-b", "stdout F three");

        Assert.Equal(expected, Print(path, new LogView(tail, null, Timestamps: false)).Output);
    }

    [Fact]
    public void Since_leaves_out_what_is_older_and_timestamps_stand_once_per_line()
    {
        string path = Path.Combine(_directory, "0.log");
        File.WriteAllText(path, "2026-01-02T03:04:05Z stdout F old\n2026-01-02T03:04:06Z stdout P ne\n2026-01-02T03:04:06Z stdout F w\n");

        var since = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero);

        Assert.Equal("2026-01-02T03:04:06.0000000Z new\n", Print(path, new LogView(null, since, Timestamps: true)).Output);
    }

    [Fact]
    public async Task Following_loses_nothing_when_the_file_is_rotated()
    {
        string path = Write("0.log", "stdout F 0");
        using var output = new MemoryStream();
        using var reader = new LogFileReader(path);
        var end = new TaskCompletionSource();

        Task follow = new LogPrinter(output, Stream.Null, new LogView(null, null, Timestamps: false))
            .FollowAsync(reader, end.Task, TestContext.Current.CancellationToken);
        for (int i = 1; i < 200; i++)
        {
            if (i % 40 == 0)
            {
                File.Move(path, $"{path}.{i}");
                File.AppendAllText($"{path}.{i}", Record($"stdout F {i}a"));
                File.WriteAllText(path, "");
                await Task.Delay(120, TestContext.Current.CancellationToken);
            }

            File.AppendAllText(path, Record($"stdout F {i}"));
        }

        end.SetResult();
        await follow;

        string[] lines = Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n').Split('\n');
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), lines.Where(line => !line.EndsWith('a')));
        Assert.Equal(4, lines.Count(line => line.EndsWith('a')));
    }

    [Fact]
    public void A_log_behind_a_symbolic_link_is_followed_without_reading_it_twice()
    {
        string path = Write("real.log", "stdout F one");
        string link = Path.Combine(_directory, "link.log");
        File.CreateSymbolicLink(link, path);
        using var reader = new LogFileReader(link);

        Assert.Single(reader.ReadAvailable());
        Assert.Empty(reader.ReadAvailable());
        File.AppendAllText(path, Record("stdout F two"));
        Assert.Single(reader.ReadAvailable());
    }

    private static string Record(string rest) => $"2026-01-02T03:04:05.000000001Z {rest}\n";

    private static (string Output, string Error) Print(string path, LogView view)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        using var reader = new LogFileReader(path);
        new LogPrinter(output, error, view).PrintAll(reader);
        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    private string Write(string name, params string[] records)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, string.Concat(records.Select(Record)));
        return path;
    }
}
