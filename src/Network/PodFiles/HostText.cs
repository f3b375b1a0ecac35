// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Network.PodFiles;

/// <summary>Bounded reads of the host's files, and the rule for what goes into a pod's files.</summary>
internal static class HostText
{
    /// <returns>At most <paramref name="limit"/> bytes of the file, cut at a line's end; empty when it is not there.</returns>
    internal static string Read(string path, int limit)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] buffer = new byte[limit + 1];
            int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            int end = count <= limit ? count : buffer.AsSpan(0, limit).LastIndexOf((byte)'\n') + 1;
            return Encoding.UTF8.GetString(buffer, 0, end);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
    }

    /// <summary>One word: no space, no line break, no other control character could start a second entry (the class of CVE-2022-4318).</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    internal static string Word(string field, string value, int maxLength)
    {
        bool fits = value.Length > 0 && value.Length <= maxLength && !value.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c));
        return fits ? value : throw RequestRules.Invalid($"{field} '{Printable(value)}': 1 to {maxLength} characters without spaces and control characters");
    }

    internal static string Printable(string value)
    {
        const int shown = 80;
        string cut = value.Length > shown ? value[..shown] + "…" : value;
        return string.Concat(cut.Select(static c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
    }
}
