// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Kit;

/// <summary>A directory of one test, removed with it.</summary>
public sealed class TempRoot : IDisposable
{
    public TempRoot() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"gantry-test-{Guid.NewGuid():N}");

    /// <summary>A path below the root.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
