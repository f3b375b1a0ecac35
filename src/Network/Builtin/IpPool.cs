// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gantry.Network.Builtin;

/// <summary>A prefix for pods: the first address is the gateway, the following ones are handed out.</summary>
internal sealed class IpPool : IEquatable<IpPool>
{
    private const int FirstPod = 2;
    private const int MinV4 = 8;
    private const int MaxV4 = 30;
    private const int MinV6 = 48;
    private const int MaxV6 = 124;

    /// <summary>An IPv6 prefix holds more than anybody needs; this many are used.</summary>
    private const ulong MaxCount = 1UL << 32;

    private readonly UInt128 _base;

    private IpPool(AddressFamily family, UInt128 network, int prefixLength)
    {
        Family = family;
        PrefixLength = prefixLength;
        _base = network;
        int hostBits = Width(family) - prefixLength;
        UInt128 all = (UInt128)1 << hostBits;
        UInt128 usable = all - FirstPod - (family == AddressFamily.InterNetwork ? 1u : 0u);
        Count = usable > MaxCount ? MaxCount : (ulong)usable;
    }

    internal AddressFamily Family { get; }

    internal int PrefixLength { get; }

    /// <summary>Addresses for pods.</summary>
    internal ulong Count { get; }

    internal IPAddress Network => ToAddress(Family, _base);

    internal IPAddress Gateway => ToAddress(Family, _base + 1);

    /// <param name="text">Address and prefix length; host bits are ignored.</param>
    /// <param name="field">For the message.</param>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    internal static IpPool Parse(string text, string field)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0
            && IpText.TryParse(text[..slash], out IPAddress? address)
            && int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out int length)
            && Accepts(address.AddressFamily, length))
        {
            int hostBits = Width(address.AddressFamily) - length;
            return new IpPool(address.AddressFamily, ToNumber(address) >> hostBits << hostBits, length);
        }

        throw RequestRules.Invalid($"{field} '{text}': an IPv4 prefix of /{MinV4} to /{MaxV4} or an IPv6 prefix of /{MinV6} to /{MaxV6}");
    }

    /// <param name="n">Less than <see cref="Count"/>.</param>
    internal IPAddress At(ulong n) => ToAddress(Family, _base + FirstPod + n);

    internal bool Contains(IPAddress address) =>
        address.AddressFamily == Family && ToNumber(address) >> (Width(Family) - PrefixLength) == _base >> (Width(Family) - PrefixLength);

    public bool Equals(IpPool? other) =>
        other is not null && other.Family == Family && other.PrefixLength == PrefixLength && other._base == _base;

    public override bool Equals(object? obj) => Equals(obj as IpPool);

    public override int GetHashCode() => HashCode.Combine(Family, PrefixLength, _base);

    public override string ToString() => $"{Network}/{PrefixLength}";

    private static bool Accepts(AddressFamily family, int length) => family switch
    {
        AddressFamily.InterNetwork => length is >= MinV4 and <= MaxV4,
        AddressFamily.InterNetworkV6 => length is >= MinV6 and <= MaxV6,
        _ => false,
    };

    private static int Width(AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    private static UInt128 ToNumber(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int count);
        return count == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static IPAddress ToAddress(AddressFamily family, UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(family == AddressFamily.InterNetwork ? bytes[12..] : bytes);
    }
}
