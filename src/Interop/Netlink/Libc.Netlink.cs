// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop;

internal static unsafe partial class Libc
{
    /// <summary>struct ifinfomsg of linux/rtnetlink.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IfInfoMsg
    {
        public byte Family;
        private readonly byte _pad;
        public ushort Type;
        public int Index;
        public uint Flags;
        public uint Change;
    }

    /// <summary>struct ifaddrmsg of linux/if_addr.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IfAddrMsg
    {
        public byte Family;
        public byte PrefixLength;
        public byte Flags;
        public byte Scope;
        public int Index;
    }

    /// <summary>struct rtmsg of linux/rtnetlink.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RtMsg
    {
        public byte Family;
        public byte DestinationLength;
        public byte SourceLength;
        public byte Tos;
        public byte Table;
        public byte Protocol;
        public byte Scope;
        public byte Type;
        public uint Flags;
    }

    /// <summary>struct nfgenmsg of linux/netfilter/nfnetlink.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NfGenMsg
    {
        public byte Family;
        public byte Version;
        public ushort ResourceId;
    }
}
