// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Spawn;

/// <summary>The result of an operation of a <see cref="SyscallList"/>, for use as an argument of a later one.</summary>
public readonly record struct Slot(int Index);

/// <summary>A number, an address in the list's memory, or the result of an earlier operation.</summary>
public readonly record struct Argument(long Value, bool IsSlot)
{
    public static implicit operator Argument(int value) => new(value, false);

    public static implicit operator Argument(uint value) => new(value, false);

    public static implicit operator Argument(long value) => new(value, false);

    public static implicit operator Argument(Slot slot) => new(slot.Index, true);
}

/// <summary>What happens when an operation does not succeed, or does.</summary>
public readonly record struct OnResult
{
    /// <summary>Errors that do not end the list; at most three.</summary>
    public IReadOnlyList<Errno>? Tolerated { get; init; }

    /// <summary>Every error is tolerated.</summary>
    public bool TolerateAll { get; init; }

    /// <summary>Operations left out after a tolerated error.</summary>
    public int SkipOnError { get; init; }

    /// <summary>Operations left out after success.</summary>
    public int SkipOnSuccess { get; init; }
}

/// <summary>
/// A prepared list of system calls that a cloned child runs between clone and execve, where no C# may run.
/// </summary>
/// <remarks>
/// The operations and everything they point to lie in unmanaged memory that this object owns; descriptors added with
/// <see cref="Fd"/> stay open until it is disposed. Not thread-safe.
/// </remarks>
public sealed unsafe class SyscallList : IDisposable
{
    private const int ChunkSize = 16 * 1024;
    private readonly List<nint> _chunks = [];
    private readonly List<SafeHandle> _leases = [];
    private readonly List<(string Call, string Subject)> _names = [];
    private NativeOp* _ops;
    private int _capacity;
    private byte* _free;
    private nuint _freeBytes;
    private bool _disposed;

    /// <summary>Number of operations so far.</summary>
    public int Count => _names.Count;

    internal NativeOp* Operations => _ops;

    /// <summary>Appends an operation.</summary>
    /// <param name="number">System call, from <see cref="SyscallNumber"/>.</param>
    /// <param name="call">Its name, for messages and for <see cref="Explain"/>.</param>
    /// <param name="subject">What it is about, for messages.</param>
    /// <param name="args">At most six.</param>
    public Slot Add(int number, string call, string subject, ReadOnlySpan<Argument> args, OnResult onResult = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(args.Length, 6);
        Grow();
        NativeOp* op = _ops + _names.Count;
        *op = new NativeOp { Number = number };
        for (int i = 0; i < args.Length; i++)
        {
            op->Args[i] = args[i].Value;
            op->References |= args[i].IsSlot ? 1u << i : 0;
        }

        SetTolerance(op, onResult);
        _names.Add((call, subject));
        return new Slot(_names.Count - 1);
    }

    /// <summary>Copies <paramref name="text"/> as a zero-terminated string; the address lives as long as the list.</summary>
    public long Text(string text) => Bytes(Files.CString.Encode(text));

    /// <summary>Copies bytes, aligned to 8.</summary>
    public long Bytes(ReadOnlySpan<byte> bytes)
    {
        byte* target = Allocate((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(target, bytes.Length));
        return (long)target;
    }

    /// <summary>Copies an unmanaged value.</summary>
    public long Value<T>(in T value)
        where T : unmanaged
    {
        T* target = (T*)Allocate((nuint)sizeof(T));
        *target = value;
        return (long)target;
    }

    /// <summary>Copies strings as a zero-terminated array of pointers, as execve takes them.</summary>
    public long TextArray(IReadOnlyList<string> texts)
    {
        long* target = (long*)Allocate((nuint)((texts.Count + 1) * sizeof(long)));
        for (int i = 0; i < texts.Count; i++)
        {
            target[i] = Text(texts[i]);
        }

        target[texts.Count] = 0;
        return (long)target;
    }

    /// <summary>The number of a descriptor that is kept open until the list is disposed.</summary>
    public int Fd(SafeHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        _leases.Add(handle);
        return (int)handle.DangerousGetHandle();
    }

    /// <summary>Call and subject of an operation.</summary>
    public (string Call, string Subject) NameOf(int index) => _names[index];

    /// <summary>The list as text, one operation a line, for people to read.</summary>
    public IEnumerable<string> Explain()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return ExplainOne(i);
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _leases.ForEach(static lease => lease.DangerousRelease());
        _chunks.ForEach(static chunk => NativeMemory.Free((void*)chunk));
        NativeMemory.Free(_ops);
        _ops = null;
    }

    private static void SetTolerance(NativeOp* op, OnResult onResult)
    {
        op->SkipOnError = (uint)onResult.SkipOnError;
        op->SkipOnSuccess = (uint)onResult.SkipOnSuccess;
        if (onResult.TolerateAll)
        {
            op->Tolerated[0] = -1;
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(onResult.Tolerated?.Count ?? 0, 3);
        for (int i = 0; i < (onResult.Tolerated?.Count ?? 0); i++)
        {
            op->Tolerated[i] = (int)onResult.Tolerated![i];
        }
    }

    private string ExplainOne(int index)
    {
        NativeOp* op = _ops + index;
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{index,4}  {_names[index].Call}(");
        int last = 5;
        while (last > 0 && op->Args[last] == 0)
        {
            last--;
        }

        for (int i = 0; i <= last; i++)
        {
            line.Append(i == 0 ? "" : ", ");
            bool slot = (op->References & (1u << i)) != 0;
            bool address = op->Args[i] is > 0x100000 or < -0x100000;
            line.Append(slot ? "#" : "").Append(address ? "&" : op->Args[i].ToString(CultureInfo.InvariantCulture));
        }

        line.Append(")  ").Append(_names[index].Subject);
        return line.ToString();
    }

    private void Grow()
    {
        if (_names.Count < _capacity)
        {
            return;
        }

        _capacity = _capacity == 0 ? 160 : _capacity * 2;
        _ops = (NativeOp*)NativeMemory.Realloc(_ops, (nuint)(_capacity * sizeof(NativeOp)));
    }

    private byte* Allocate(nuint size)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        size = (size + 7) & ~(nuint)7;
        if (size > _freeBytes)
        {
            nuint chunk = Math.Max(size, ChunkSize);
            _free = (byte*)NativeMemory.Alloc(chunk);
            _freeBytes = chunk;
            _chunks.Add((nint)_free);
        }

        byte* result = _free;
        _free += size;
        _freeBytes -= size;
        return result;
    }
}
