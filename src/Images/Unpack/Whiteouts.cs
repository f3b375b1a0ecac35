// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Entries that remove something of the layers below (OCI image-spec 1.1, layer.md, "Whiteouts").</summary>
internal static class Whiteouts
{
    /// <summary>Is the file what overlayfs takes for "removed here"?</summary>
    internal static bool IsWhiteout(in FileStatus status) =>
        status.Type == FileType.CharacterDevice && status.NodeDevice == default;

    /// <param name="path">Its last name starts with <c>.wh.</c></param>
    internal static void Add(LayerTree tree, EntryPath path, TarEntry entry)
    {
        if (path.Last.SequenceEqual(".wh..wh..opq"u8))
        {
            MakeOpaque(tree.OpenParent(path));
            return;
        }

        // aufs kept its own books under these names; they say nothing about files.
        if (path.Last.StartsWith(".wh..wh."u8))
        {
            return;
        }

        ReadOnlySpan<byte> name = path.Terminated[".wh.".Length..];
        if (name.Length == 1 || name.SequenceEqual(".\0"u8) || name.SequenceEqual("..\0"u8))
        {
            throw new LayerException($"layer entry \"{EntryText.Show(entry.Name)}\": a whiteout names nothing");
        }

        Hide(tree, tree.OpenParent(path), name);
    }

    /// <summary>Nothing of the layers below shows through the directory.</summary>
    internal static void MakeOpaque(OpenedDirectory directory) =>
        Xattr.Set(directory.Fd, "trusted.overlay.opaque", "y"u8);

    // A whiteout speaks of lower layers only: what this layer has under the name stays, and hides them itself. Of a
    // directory that is true only when it is opaque.
    private static void Hide(LayerTree tree, OpenedDirectory parent, ReadOnlySpan<byte> terminated)
    {
        KernelText name = KernelText.FromTerminated(terminated);
        Errno errno = At.TryMknod(parent.Fd, name, FileType.CharacterDevice, 0, default);
        if (errno != Errno.EEXIST)
        {
            if (errno != Errno.None)
            {
                throw new SyscallException("mknodat", EntryText.Show(name.Bytes), errno);
            }

            return;
        }

        using OwnedFd? directory = At.TryOpen(parent.Fd, name, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, 0, out _);
        if (directory is not null)
        {
            MakeOpaque(new OpenedDirectory(directory, 0));
        }
    }
}
