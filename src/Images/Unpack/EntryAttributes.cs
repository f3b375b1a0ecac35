// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Extended attributes from the archive.</summary>
internal static class EntryAttributes
{
    /// <summary>Sets them on the file; what the file system or the kind of file cannot hold is left out.</summary>
    /// <returns>For a directory the default access list, to be set at the end.</returns>
    /// <exception cref="LayerException">An attribute that steers overlayfs: an archive may not pretend to be one.</exception>
    internal static byte[]? Set(TarEntry entry, SafeHandle file)
    {
        byte[]? defaultAcl = null;
        foreach (EntryAttribute attribute in entry.Attributes)
        {
            ReadOnlySpan<byte> name = attribute.Name.AsSpan(0, attribute.Name.Length - 1);
            if (name.StartsWith("trusted.overlay."u8) || name.StartsWith("user.overlay."u8))
            {
                throw new LayerException(
                    $"layer entry \"{EntryText.Show(entry.Name)}\": extended attribute \"{EntryText.Show(name)}\" is not accepted from an archive");
            }

            if (name.SequenceEqual("system.posix_acl_default"u8))
            {
                defaultAcl = entry.Kind == EntryKind.Directory ? attribute.Value.ToArray() : null;
                continue;
            }

            KernelText terminated = KernelText.FromTerminated(attribute.Name);
            Errno errno = Xattr.TrySet(file, terminated, attribute.Value.Span);
            bool userOfSpecial = errno == Errno.EPERM && name.StartsWith("user."u8)
                && entry.Kind is not (EntryKind.Regular or EntryKind.Directory);
            if (errno is not (Errno.None or Errno.EOPNOTSUPP) && !userOfSpecial)
            {
                throw new SyscallException("setxattr", EntryText.Show(name), errno);
            }
        }

        return defaultAcl;
    }
}
