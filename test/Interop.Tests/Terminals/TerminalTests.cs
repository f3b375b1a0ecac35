// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Terminals;

namespace Gantry.Interop.Tests.Terminals;

public sealed class TerminalTests
{
    [Fact]
    public void What_the_peer_writes_arrives_at_the_master()
    {
        Assert.SkipUnless(File.Exists("/dev/pts/ptmx"), "no devpts");
        using OwnedFd devpts = Openat2.Open(null, "/dev/pts", OpenFlags.O_PATH, ResolveFlags.None);
        using var master = Terminal.OpenMaster(devpts);
        using var peer = Terminal.OpenPeer(master);
        Terminal.SetSize(master, 132, 50);

        ByteIo.Write(peer, "hi\n"u8, out _);
        byte[] buffer = new byte[16];
        int count = ByteIo.Read(master, buffer, out _);

        Assert.Equal("hi\r\n", Encoding.UTF8.GetString(buffer, 0, count));
        Assert.True(File.Exists($"/dev/pts/{Terminal.GetNumber(master)}"));
    }
}
