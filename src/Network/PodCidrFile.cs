// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>The pod CIDR that the kubelet gave last. It says it only when it changes, so a restart must remember it.</summary>
internal sealed class PodCidrFile
{
    private const int MaxLength = 256;

    private readonly string _path;

    internal PodCidrFile(string directory)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(directory, ownerOnly);
        _path = Path.Combine(directory, "pod-cidr");
    }

    /// <returns>Empty: none was given.</returns>
    internal string Read()
    {
        FileInfo file = new(_path);
        return file.Exists && file.Length <= MaxLength ? File.ReadAllText(_path).Trim() : "";
    }

    internal void Write(string podCidr)
    {
        string temporary = _path + ".new";
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(podCidr + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
    }
}
