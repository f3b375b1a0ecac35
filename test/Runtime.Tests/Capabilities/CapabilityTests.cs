// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using CsCheck;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Capabilities;

namespace Gantry.Runtime.Tests.Capabilities;

public sealed class CapabilityTests
{
    [Theory]
    [InlineData("CAP_CHOWN", 0)]
    [InlineData("CAP_KILL", 5)]
    [InlineData("CAP_NET_ADMIN", 12)]
    [InlineData("CAP_SYS_ADMIN", 21)]
    [InlineData("CAP_MKNOD", 27)]
    [InlineData("CAP_SYSLOG", 34)]
    [InlineData("CAP_CHECKPOINT_RESTORE", 40)]
    public void A_name_has_the_number_of_the_kernel(string name, int number) => Assert.Equal(number, Capability.TryParse(name));

    [Fact]
    public void There_are_forty_one()
    {
        Assert.Equal(41, Capability.Names.Distinct().Count());
        Assert.InRange(Capability.LastOfKernel, 37, 63);
    }

    [Theory]
    [InlineData("CHOWN")]
    [InlineData("cap_chown")]
    [InlineData("CAP_CHOWN ")]
    [InlineData("")]
    [InlineData("CAP_ALL")]
    public void A_wrong_name_is_an_error_that_says_where(string name)
    {
        var error = Assert.Throws<CapabilityException>(() => CapabilitySets.Parse(new LinuxCapabilities { Ambient = [name] }));

        Assert.Equal("process.capabilities.ambient", error.Field);
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_sets_are_empty() => Assert.Equal(default, CapabilitySets.Parse(null));

    [Fact]
    public void Dropped_and_kept_capabilities_are_all_there_are() =>
        Gen.ULong.Sample(bounding =>
        {
            IReadOnlyList<int> drops = new CapabilitySets(bounding, 0, 0, 0, 0).BoundingDrops();

            for (int n = 0; n <= Capability.LastOfKernel; n++)
            {
                Assert.Equal((bounding & (1UL << n)) == 0, drops.Contains(n));
            }
        });

    [Fact]
    public void What_the_kernel_would_refuse_is_clamped()
    {
        CapabilitySets sets = new CapabilitySets(Bounding: 7, Effective: 7, Inheritable: 2, Permitted: 3, Ambient: 7).Clamped();

        Assert.Equal(new CapabilitySets(7, 3, 2, 3, 2), sets);
    }

    // CVE-2022-24769: inheritable capabilities stay empty unless the specification asks for them, and what is asked for is what is had.
    [Fact]
    public void A_child_has_exactly_the_sets_that_were_given()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        CapabilitySets sets = CapabilitySets.Parse(new LinuxCapabilities
        {
            Bounding = ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE", "CAP_KILL"],
            Permitted = ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"],
            Effective = ["CAP_CHECKPOINT_RESTORE"],
        });

        (byte[] data, List<int> bounding) = ReadBack(sets);

        Assert.Equal(sets.Data(), data);
        Assert.Equal([0, 5, 40], bounding);
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(8)));
    }

    private static unsafe (byte[] Data, List<int> Bounding) ReadBack(CapabilitySets sets)
    {
        const int PR_CAPBSET_READ = 23;
        const int PR_CAPBSET_DROP = 24;
        ChildStub.EnsureLoaded();
        using SyscallList list = new();
        foreach (int drop in sets.BoundingDrops())
        {
            list.Add(SyscallNumber.SYS_prctl, "prctl", "drop", [PR_CAPBSET_DROP, drop]);
        }

        long header = list.Bytes(CapabilitySets.Header());
        long result = list.Bytes(new byte[24]);
        list.Add(SyscallNumber.SYS_capset, "capset", "sets", [header, list.Bytes(sets.Data())]);
        list.Add(SyscallNumber.SYS_capget, "capget", "sets", [header, result]);
        List<Slot> reads = Enumerable.Range(0, Capability.LastOfKernel + 1)
            .Select(n => list.Add(SyscallNumber.SYS_prctl, "prctl", "read", [PR_CAPBSET_READ, n])).ToList();
        list.Add(SyscallNumber.SYS_exit_group, "exit_group", "0", [0]);
        SpawnedChild child = ChildStub.Spawn(list, 0);
        using OwnedFd pidfd = child.Pidfd;
        Assert.True(Pidfd.WaitForExit(pidfd, TimeSpan.FromSeconds(10)));
        Pidfd.TryReap(pidfd);
        List<int> bounding = reads.Select((slot, n) => (list.Operations[slot.Index].Result, n)).Where(p => p.Result == 1).Select(p => p.n).ToList();
        return (new ReadOnlySpan<byte>((void*)result, 24).ToArray(), bounding);
    }
}
