// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>A name or path as the kernel takes it: bytes with one NUL at the end.</summary>
/// <remarks>
/// A <see langword="string"/> converts by itself (UTF-8, one allocation). File names are bytes, not text: whoever
/// reads them from a directory or an archive keeps the bytes and uses <see cref="FromTerminated"/>.
/// </remarks>
public readonly ref struct KernelText
{
    private readonly ReadOnlySpan<byte> _bytes;

    private KernelText(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>For calls with AT_EMPTY_PATH.</summary>
    internal static KernelText Empty => new("\0"u8);

    /// <summary>The bytes without the NUL.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.IsEmpty ? default : _bytes[..^1];

    /// <param name="bytes">Bytes whose last one, and no other, is NUL. Not copied.</param>
    /// <exception cref="ArgumentException">No NUL at the end, or one before it.</exception>
    public static KernelText FromTerminated(ReadOnlySpan<byte> bytes) =>
        !bytes.IsEmpty && bytes.IndexOf((byte)0) == bytes.Length - 1
            ? new KernelText(bytes)
            : throw new ArgumentException("text for the kernel: exactly one NUL, at the end", nameof(bytes));

    /// <exception cref="ArgumentException">The text holds a NUL.</exception>
    public static implicit operator KernelText(string text) => FromString(text);

    /// <exception cref="ArgumentException">The text holds a NUL.</exception>
    public static KernelText FromString(string text) => new(CString.Encode(text));

    /// <summary>For messages: the bytes read as UTF-8.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    internal ref readonly byte GetPinnableReference() => ref _bytes.GetPinnableReference();
}
