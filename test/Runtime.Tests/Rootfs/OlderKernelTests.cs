// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Rootfs;

namespace Gantry.Runtime.Tests.Rootfs;

/// <summary>The ways round what kernels before 6.7 and 6.15 lack, taken on purpose.</summary>
public sealed class OlderKernelTests
{
    [Fact]
    public void An_overlay_mounted_by_options_is_detached_and_writable_like_the_other()
    {
        string directory = Directory.CreateTempSubdirectory("gantry-old-").FullName;
        string[] parts = [.. ((string[])["a", "b:c", "upper", "work"]).Select(name => Directory.CreateDirectory(Path.Combine(directory, name)).FullName)];
        File.WriteAllText(Path.Combine(parts[0], "x"), "topmost");
        File.WriteAllText(Path.Combine(parts[1], "x"), "below");
        File.WriteAllText(Path.Combine(parts[1], "y"), "below");

        using (OverlayRootfs rootfs = OverlayRootfs.MountByOptions([parts[0], parts[1]], parts[2], parts[3]))
        {
            Assert.Equal("topmost"u8, rootfs.Root.ReadFile("x", 100));
            Assert.Equal("below"u8, rootfs.Root.ReadFile("y", 100));
            rootfs.Root.CreateFile("z", 0b110_100_100).Dispose();
        }

        Assert.True(File.Exists(Path.Combine(parts[2], "z")));
        Assert.DoesNotContain(directory, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Shared_memory_that_had_to_be_attached_is_one_file_system_for_all_copies()
    {
        using SharedMemory memory = SharedMemory.Create(1 << 20);
        using RootDirectory first = new(memory.CloneAttached());
        using RootDirectory second = new(memory.Clone());

        first.CreateFile("x", 0b110_100_100).Dispose();

        Assert.True(second.Exists("x"));
    }
}
