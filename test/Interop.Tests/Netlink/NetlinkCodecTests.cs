// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Interop.Netlink;

namespace Gantry.Interop.Tests.Netlink;

public sealed class NetlinkCodecTests
{
    [Fact]
    public void What_is_written_reads_back() =>
        Gen.Select(Gen.UShort[1, 0x3fff], Gen.Byte.Array[0, 300]).Array[0, 20].Sample(attributes =>
        {
            NetlinkWriter writer = new(7);
            writer.Begin(16, 4, "test");
            int nest = writer.Nest(99);
            foreach ((ushort type, byte[] value) in attributes)
            {
                writer.Bytes(type, value);
            }

            writer.End(nest);
            NetlinkMessages messages = new(writer.Finish());
            Assert.True(messages.TryNext(out NetlinkMessage message));
            Assert.Equal((16, 7U), (message.Type, message.Sequence));
            NetlinkAttributes inner = new(NetlinkAttributes.Find(message.Body, 99));
            foreach ((ushort type, byte[] value) in attributes)
            {
                Assert.True(inner.TryNext(out ushort gotType, out ReadOnlySpan<byte> gotValue));
                Assert.Equal(type, gotType);
                Assert.Equal(value, gotValue.ToArray());
            }

            Assert.False(inner.TryNext(out _, out _));
            Assert.False(messages.TryNext(out _));
        });

    /// <summary>A length above 65535 was cut to 16 bits, and the rest of the value was read as further attributes.</summary>
    [Theory]
    [InlineData(65531, true)]
    [InlineData(65532, false)]
    [InlineData(65536, false)]
    [InlineData(70000, false)]
    public void CVE_2021_43784_an_attribute_is_never_longer_than_its_length_field(int size, bool fits)
    {
        NetlinkWriter alone = new(1);
        byte[] value = new byte[size];
        if (fits)
        {
            alone.Bytes(1, value);
            Assert.Equal(65535, BitConverter.ToUInt16(alone.Finish()));
        }
        else
        {
            Assert.Throws<ArgumentException>(() => alone.Bytes(1, value));
        }
    }

    [Fact]
    public void CVE_2021_43784_a_nest_is_never_longer_than_its_length_field()
    {
        NetlinkWriter writer = new(1);
        writer.Begin(16, 0, "test");

        Assert.Throws<ArgumentException>(() =>
        {
            int nest = writer.Nest(1);
            for (int i = 0; i < 40; i++)
            {
                writer.Bytes(2, new byte[2000]);
            }

            writer.End(nest);
        });
    }

    [Fact]
    public void Text_with_a_NUL_is_refused() =>
        Assert.Throws<ArgumentException>(() => new NetlinkWriter(1).Text(3, "eth0\0x"));

    [Fact]
    public void Arbitrary_bytes_are_read_within_their_bounds_or_refused() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            try
            {
                int total = 0;
                NetlinkMessages messages = new(bytes);
                while (messages.TryNext(out NetlinkMessage message))
                {
                    total += message.Body.Length + 16;
                    NetlinkAttributes attributes = new(message.Body);
                    while (attributes.TryNext(out _, out ReadOnlySpan<byte> value))
                    {
                        Assert.InRange(value.Length, 0, message.Body.Length);
                    }
                }

                Assert.InRange(total, 0, bytes.Length);
            }
            catch (InvalidDataException)
            {
                // A length that does not fit.
            }
        });
}
