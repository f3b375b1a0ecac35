// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics.CodeAnalysis;
using Gantry.Interop;

namespace Gantry.Images.Unpack;

/// <summary>An open directory of the layer.</summary>
/// <param name="Fd">O_PATH. Owned by the cache.</param>
/// <param name="Inode">Names the directory among <see cref="DirectoryRecords"/>.</param>
internal sealed record OpenedDirectory(OwnedFd Fd, ulong Inode);

/// <summary>Open directories by path, the least recently used forgotten.</summary>
/// <remarks>Archives list a directory's files one after another: nearly every look-up is the last one's answer.</remarks>
internal sealed class DirectoryCache : IDisposable
{
    private const int Capacity = 128;

    private readonly Dictionary<byte[], LinkedListNode<Slot>> _slots = new(new BytesComparer());
    private readonly Dictionary<byte[], LinkedListNode<Slot>>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly LinkedList<Slot> _order = new();
    private readonly List<OwnedFd> _retired = [];

    internal DirectoryCache() => _lookup = _slots.GetAlternateLookup<ReadOnlySpan<byte>>();

    internal OpenedDirectory? Find(ReadOnlySpan<byte> path)
    {
        LinkedListNode<Slot>? first = _order.First;
        if (first is not null && path.SequenceEqual(first.Value.Path))
        {
            return first.Value.Directory;
        }

        if (!_lookup.TryGetValue(path, out LinkedListNode<Slot>? node))
        {
            return null;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        return node.Value.Directory;
    }

    /// <summary>Takes ownership of <paramref name="directory"/>.</summary>
    internal void Add(ReadOnlySpan<byte> path, OpenedDirectory directory)
    {
        if (_lookup.TryGetValue(path, out LinkedListNode<Slot>? same))
        {
            Retire(same);
        }
        else if (_slots.Count >= Capacity && _order.Last is { } oldest)
        {
            Retire(oldest);
        }

        byte[] key = path.ToArray();
        _slots.Add(key, _order.AddFirst(new Slot(key, directory)));
    }

    /// <summary>Forgets all: a directory or a link was replaced, so paths may lead elsewhere.</summary>
    internal void Clear()
    {
        while (_order.First is { } slot)
        {
            Retire(slot);
        }
    }

    /// <summary>Closes what was forgotten; until then those who got it before may go on using it.</summary>
    internal void CloseRetired()
    {
        if (_retired.Count > 0)
        {
            _retired.ForEach(static fd => fd.Dispose());
            _retired.Clear();
        }
    }

    public void Dispose()
    {
        Clear();
        CloseRetired();
    }

    private void Retire(LinkedListNode<Slot> node)
    {
        _order.Remove(node);
        _slots.Remove(node.Value.Path);
        _retired.Add(node.Value.Directory.Fd);
    }

    private sealed record Slot(byte[] Path, OpenedDirectory Directory);

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default;
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
