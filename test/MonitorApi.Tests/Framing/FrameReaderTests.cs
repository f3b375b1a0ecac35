// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Interop;
using Gantry.MonitorApi.Framing;

namespace Gantry.MonitorApi.Tests.Framing;

public sealed class FrameReaderTests
{
    [Fact]
    public void However_reads_cut_the_stream_the_frames_are_the_same() =>
        Gen.Select(Gen.Byte.Array[1, 9000].Array[0, 12], Gen.Int[1, 5000].Array[1, 20]).Sample((frames, cuts) =>
        {
            byte[] stream = [.. frames.SelectMany(static f => BitConverter.GetBytes(f.Length).Concat(f))];
            using FrameReader reader = new();
            List<byte[]> taken = [];

            int cut = 0;
            for (int at = 0; at < stream.Length;)
            {
                Span<byte> free = reader.Free();
                int count = Math.Min(Math.Min(free.Length, cuts[cut++ % cuts.Length]), stream.Length - at);
                stream.AsSpan(at, count).CopyTo(free);
                reader.Advance(count, []);
                at += count;
                while (reader.TryTake(out ReadOnlySpan<byte> json, out _))
                {
                    taken.Add(json.ToArray());
                }
            }

            Assert.Equal(frames, taken);
        });

    [Fact]
    public void Any_bytes_are_frames_or_a_format_error_and_memory_follows_what_arrived() =>
        Gen.Byte.Array[0, 20_000].Sample(bytes =>
        {
            using FrameReader reader = new();
            try
            {
                for (int at = 0; at < bytes.Length;)
                {
                    Span<byte> free = reader.Free();
                    Assert.InRange(free.Length, 1, 64 * 1024);
                    int count = Math.Min(free.Length, bytes.Length - at);
                    bytes.AsSpan(at, count).CopyTo(free);
                    reader.Advance(count, []);
                    at += count;
                    while (reader.TryTake(out _, out _))
                    {
                    }
                }
            }
            catch (FormatException)
            {
            }
        });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((16 << 20) + 1)]
    public void A_length_out_of_range_is_refused_at_once(int length)
    {
        using FrameReader reader = new();
        BitConverter.GetBytes(length).CopyTo(reader.Free());
        reader.Advance(4, []);

        Assert.Throws<FormatException>(() => reader.TryTake(out _, out _));
    }

    [Fact]
    public void Descriptors_belong_to_the_last_frame_that_begins_in_their_read()
    {
        using FrameReader reader = new();
        OwnedFd first = NewFd();
        OwnedFd second = NewFd();
        // One read: the whole of "aa", and the head of "bb" with a descriptor. Then the rest of "bb". Then "cc" with another.
        Feed(reader, [.. Frame("aa"), .. Frame("bb")[..5]], first);
        Assert.True(reader.TryTake(out ReadOnlySpan<byte> json, out IReadOnlyList<OwnedFd> owned));
        Assert.Equal("aa", Encoding.ASCII.GetString(json));
        Assert.Empty(owned);
        Assert.False(reader.TryTake(out _, out _));

        Feed(reader, Frame("bb")[5..]);
        Feed(reader, Frame("cc"), second);

        Assert.True(reader.TryTake(out _, out owned));
        Assert.Same(first, Assert.Single(owned));
        Assert.True(reader.TryTake(out _, out owned));
        Assert.Same(second, Assert.Single(owned));
        first.Dispose();
        second.Dispose();
    }

    [Fact]
    public void Descriptors_in_the_middle_of_a_frame_are_surplus_and_closed()
    {
        using FrameReader reader = new();
        using OwnedFd surplus = NewFd();
        Feed(reader, Frame("abcd")[..3]);
        Feed(reader, Frame("abcd")[3..], surplus);

        Assert.True(reader.TryTake(out _, out IReadOnlyList<OwnedFd> owned));

        Assert.Empty(owned);
        Assert.True(surplus.IsClosed);
    }

    [Fact]
    public void Descriptors_of_an_unfinished_frame_are_closed_with_the_reader()
    {
        using OwnedFd pending = NewFd();
        FrameReader reader = new();
        Feed(reader, Frame("abcd")[..6], pending);

        reader.Dispose();

        Assert.True(pending.IsClosed);
    }

    private static byte[] Frame(string json) => [.. BitConverter.GetBytes(json.Length), .. Encoding.ASCII.GetBytes(json)];

    private static void Feed(FrameReader reader, byte[] bytes, params OwnedFd[] descriptors)
    {
        bytes.CopyTo(reader.Free());
        reader.Advance(bytes.Length, descriptors);
    }

    private static OwnedFd NewFd() => Interop.Files.Openat2.Open(
        null, "/dev/null", Interop.Files.OpenFlags.O_RDONLY, Interop.Files.ResolveFlags.None);
}
