// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Gives directories that a layer uses without describing them what the layers below say of them.</summary>
/// <remarks>
/// overlayfs shows owner and mode of the topmost directory. A layer with only <c>tmp/file</c> would turn /tmp from
/// 1777 into 0755: layers are unpacked apart, so this is put right before the commit, when those below are there.
/// </remarks>
public sealed class LowerDirectories : IDisposable
{
    private const OpenFlags PathOnly = OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW;
    private const ResolveFlags Strict = ResolveFlags.RESOLVE_BENEATH | ResolveFlags.RESOLVE_NO_SYMLINKS;

    private readonly SafeHandle _layer;
    private readonly List<OwnedFd> _lower = [];

    // By path in Latin-1, which keeps every byte: the layers below in which the directory shows, topmost first.
    private readonly Dictionary<string, IReadOnlyList<OwnedFd>> _showing = new(StringComparer.Ordinal);

    private LowerDirectories(SafeHandle layer) => _layer = layer;

    /// <summary>Changes the directories named; what is not below, or hidden there, keeps 0755 and root.</summary>
    /// <param name="layer">The layer's directory, not yet committed.</param>
    /// <param name="paths">Parents before children, as <see cref="UnpackResult.ImplicitDirectories"/> has them.</param>
    /// <param name="lower">Absolute paths of the layers below, topmost first.</param>
    public static void Adopt(SafeHandle layer, IReadOnlyList<byte[]> paths, IReadOnlyList<string> lower)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(lower);
        if (paths.Count == 0)
        {
            return;
        }

        using LowerDirectories directories = new(layer);
        foreach (string path in lower)
        {
            directories._lower.Add(At.Open(null, path, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY));
        }

        // Children first: a change inside moves the time of the directory around it.
        foreach (byte[] path in paths.Reverse())
        {
            directories.AdoptOne(Encoding.Latin1.GetString(path));
        }
    }

    public void Dispose() => _lower.ForEach(static fd => fd.Dispose());

    private static bool IsOpaque(SafeHandle directory) => Xattr.Get(directory, "trusted.overlay.opaque") is [(byte)'y'];

    private static OwnedFd? Open(SafeHandle root, string path)
    {
        byte[] bytes = [.. Encoding.Latin1.GetBytes(path), 0];
        OwnedFd? fd = Openat2.TryOpen(root, KernelText.FromTerminated(bytes), PathOnly, Strict, out Errno errno);
        return fd is not null || errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
            ? fd
            : throw new SyscallException("openat2", EntryText.Show(bytes), errno);
    }

    private void AdoptOne(string path)
    {
        if (Showing(path) is not [OwnedFd topmost, ..])
        {
            return;
        }

        using OwnedFd? source = Open(topmost, path);
        using OwnedFd? target = Open(_layer, path);
        if (source is not null && target is not null)
        {
            TreeCopy.CopyMetadata(source, target, OpenFile.Status(source));
        }
    }

    private IReadOnlyList<OwnedFd> Showing(string path)
    {
        if (!_showing.TryGetValue(path, out IReadOnlyList<OwnedFd>? showing))
        {
            int slash = path.LastIndexOf('/');
            IReadOnlyList<OwnedFd> around = path == "." ? _lower : Showing(slash < 0 ? "." : path[..slash]);
            showing = Find(path, around);
            _showing[path] = showing;
        }

        return showing;
    }

    private List<OwnedFd> Find(string path, IReadOnlyList<OwnedFd> around)
    {
        List<OwnedFd> showing = [];
        using OwnedFd? own = around.Count > 0 ? Open(_layer, path) : null;
        if (own is null || IsOpaque(own))
        {
            return showing;
        }

        foreach (OwnedFd lower in around)
        {
            using OwnedFd? directory = Open(lower, path);
            if (directory is not null && OpenFile.Status(directory).Type != FileType.Directory)
            {
                // A whiteout, a file or a link hides what is further down.
                break;
            }

            if (directory is not null)
            {
                showing.Add(lower);
                if (IsOpaque(directory))
                {
                    break;
                }
            }
        }

        return showing;
    }
}
