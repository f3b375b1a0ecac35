// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Kit;

/// <summary>A small file system that can be filled up; unmounted and removed with the test.</summary>
public sealed class TmpfsMount : IDisposable
{
    private readonly TempRoot _root = new();

    /// <param name="bytes">Size.</param>
    public TmpfsMount(long bytes)
    {
        try
        {
            Tool.Run("mount", "-t", "tmpfs", "-o", $"size={bytes},mode=700", "gantry-test", Path);
        }
        catch
        {
            _root.Dispose();
            throw;
        }
    }

    public string Path => _root.Path;

    /// <summary>Changes the size: space returns.</summary>
    public void Resize(long bytes) => Tool.Run("mount", "-o", $"remount,size={bytes}", Path);

    public void Dispose()
    {
        Tool.Run("umount", Path);
        _root.Dispose();
    }
}
