// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using Gantry.Interop.Files;

namespace Gantry.Interop.Tests.Files;

/// <summary>Everything there is to know of a tree, one line a file, for comparing two of them.</summary>
public static class TreeListing
{
    public static string Of(string path)
    {
        List<string> lines = [];
        using OwnedFd root = At.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        lines.Add(Line(".", root));
        Walk(root, "", lines);
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private static void Walk(OwnedFd directory, string prefix, List<string> lines)
    {
        DirectoryReader reader = new(directory);
        while (reader.MoveNext())
        {
            string name = prefix + Convert.ToHexString(reader.Name.Bytes);
            using OwnedFd file = At.Open(directory, reader.Name, OpenFlags.O_PATH);
            lines.Add(Line(name, file));
            if (OpenFile.Status(file).Type == FileType.Directory)
            {
                using OwnedFd child = OpenFile.Reopen(file, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
                Walk(child, name + "/", lines);
            }
        }
    }

    private static string Line(string name, OwnedFd file)
    {
        FileStatus s = OpenFile.Status(file);
        string content = s.Type switch
        {
            FileType.Regular => Hash(file),
            FileType.SymbolicLink => Convert.ToHexString(OpenFile.ReadLinkTerminated(file)),
            FileType.CharacterDevice or FileType.BlockDevice => s.NodeDevice.ToString(),
            _ => "",
        };
        IEnumerable<string> attributes = Xattr.List(file).Order().Select(x => $"{x}={Convert.ToHexString(Xattr.Get(file, x)!)}");
        long size = s.Type == FileType.Directory ? 0 : s.Size;
        uint links = s.Type == FileType.Directory ? 0 : s.Links;
        return $"{name} {s.Type} {Convert.ToString(s.Mode, 8)} {s.Uid}:{s.Gid} {size} {links} {s.ModifyTime} {content} {string.Join(',', attributes)}";
    }

    private static string Hash(OwnedFd file)
    {
        using OwnedFd readable = OpenFile.Reopen(file, OpenFlags.O_RDONLY);
        using FileStream stream = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(readable.DangerousGetHandle(), false), FileAccess.Read);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
