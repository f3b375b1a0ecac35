// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;

namespace Gantry.Network.Builtin;

/// <summary>Who holds which address. On disk one symbolic link per address, named after it and pointing to the pod's id.</summary>
/// <remarks>
/// Making a link is one system call that either happened with its content or did not, so there is no state between
/// "free" and "held". The directory is named after the kernel's boot: after a reboot nothing is held.
/// A released address stays taken until its interface is gone (<see cref="Free"/>).
/// </remarks>
internal sealed class AddressStore
{
    private readonly Lock _lock = new();
    private readonly string _directory;
    private readonly Dictionary<IPAddress, string> _owners = [];
    private readonly Dictionary<string, DateTimeOffset> _released = [];
    private readonly Dictionary<string, ulong> _next = [];

    /// <param name="parent">Directory for this and earlier boots; made with mode 0700.</param>
    internal AddressStore(string parent, string bootId)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(parent, ownerOnly);
        foreach (string old in Directory.EnumerateDirectories(parent).Where(d => Path.GetFileName(d) != bootId))
        {
            Directory.Delete(old, recursive: true);
        }

        _directory = Path.Combine(parent, bootId);
        Directory.CreateDirectory(_directory, ownerOnly);
        Load();
    }

    /// <summary>Pods that hold addresses, released ones too.</summary>
    internal IReadOnlySet<string> Owners()
    {
        lock (_lock)
        {
            return _owners.Values.ToHashSet();
        }
    }

    /// <summary>Released pods and when.</summary>
    internal IReadOnlyList<KeyValuePair<string, DateTimeOffset>> Released()
    {
        lock (_lock)
        {
            return [.. _released];
        }
    }

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _owners.Count;
            }
        }
    }

    /// <summary>Takes the next free address after the last one given, so that a freed one is not used again at once.</summary>
    /// <returns><see langword="null"/>: the pool is used up.</returns>
    internal IPAddress? Take(IpPool pool, string podId)
    {
        lock (_lock)
        {
            string key = pool.ToString();
            ulong start = _next.TryGetValue(key, out ulong next) ? next : FirstGuess(pool);
            for (ulong i = 0; i < pool.Count; i++)
            {
                ulong n = (start + i) % pool.Count;
                IPAddress candidate = pool.At(n);
                if (!_owners.ContainsKey(candidate) && Hold(candidate, podId))
                {
                    _next[key] = (n + 1) % pool.Count;
                    return candidate;
                }
            }

            return null;
        }
    }

    /// <summary>Writes down again that a known pod holds an address.</summary>
    /// <returns><see langword="false"/>: another pod holds it.</returns>
    internal bool Adopt(IPAddress address, string podId)
    {
        lock (_lock)
        {
            return _owners.TryGetValue(address, out string? owner) ? owner == podId : Hold(address, podId);
        }
    }

    internal bool Holds(string podId)
    {
        lock (_lock)
        {
            return _owners.ContainsValue(podId);
        }
    }

    /// <summary>The pod no longer needs its addresses; they stay taken until <see cref="Free"/>.</summary>
    internal void Release(string podId, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_owners.ContainsValue(podId))
            {
                _released.TryAdd(podId, now);
            }
        }
    }

    /// <summary>The pod's interface is gone: its addresses may be used again.</summary>
    internal void Free(string podId)
    {
        lock (_lock)
        {
            foreach (IPAddress address in _owners.Where(o => o.Value == podId).Select(static o => o.Key).ToList())
            {
                File.Delete(PathOf(address));
                _owners.Remove(address);
            }

            _released.Remove(podId);
        }
    }

    private void Load()
    {
        foreach (FileInfo file in new DirectoryInfo(_directory).EnumerateFiles())
        {
            if (file.LinkTarget is string owner && RequestRules.IsId(owner) && IPAddress.TryParse(file.Name, out IPAddress? address))
            {
                _owners[address] = owner;
            }
        }
    }

    /// <summary>After the highest address in use: those after it were not used lately.</summary>
    private ulong FirstGuess(IpPool pool)
    {
        byte[]? highest = _owners.Keys
            .Where(pool.Contains)
            .Select(static a => a.GetAddressBytes())
            .MaxBy(static b => new System.Numerics.BigInteger(b, isUnsigned: true, isBigEndian: true));
        if (highest is null)
        {
            return 0;
        }

        System.Numerics.BigInteger distance = new System.Numerics.BigInteger(highest, isUnsigned: true, isBigEndian: true)
            - new System.Numerics.BigInteger(pool.At(0).GetAddressBytes(), isUnsigned: true, isBigEndian: true);
        return (ulong)(distance + 1) % pool.Count;
    }

    private bool Hold(IPAddress address, string podId)
    {
        try
        {
            File.CreateSymbolicLink(PathOf(address), podId);
        }
        catch (IOException) when (new FileInfo(PathOf(address)).LinkTarget is not null)
        {
            return false; // Held by somebody that this process does not know.
        }

        _owners[address] = podId;
        return true;
    }

    private string PathOf(IPAddress address) => Path.Combine(_directory, address.ToString());
}
