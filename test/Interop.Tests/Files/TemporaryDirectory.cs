// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Files;

namespace Gantry.Interop.Tests.Files;

/// <summary>A directory of one test, with the handle the calls want; gone afterwards with all in it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory()
    {
        Path = Directory.CreateTempSubdirectory("gantry-files-").FullName;
        Handle = At.Open(null, Path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
    }

    public string Path { get; }

    public OwnedFd Handle { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose()
    {
        Handle.Dispose();
        using OwnedFd parent = At.Open(null, System.IO.Path.GetDirectoryName(Path)!, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        TreeRemoval.Remove(parent, System.IO.Path.GetFileName(Path), CancellationToken.None);
    }
}
