// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Nftables;

/// <summary>nftables in this process, through libnftables; one context belongs to the network namespace of the thread that made it.</summary>
/// <remarks>
/// Run it on a thread of that namespace too: libnftables reopens its socket when the rules change while it reads them.
/// The library is not re-entrant, so all contexts take turns.
/// </remarks>
public sealed unsafe class NftContext : IDisposable
{
    private const uint NFT_CTX_OUTPUT_JSON = 1 << 4;

    private static readonly Lock s_library = new();
    private nint _context;

    /// <exception cref="NftException">The library is not installed.</exception>
    public NftContext()
    {
        try
        {
            lock (s_library)
            {
                _context = Libnftables.nft_ctx_new(0);
                if (_context == 0 || Libnftables.nft_ctx_buffer_output(_context) != 0 || Libnftables.nft_ctx_buffer_error(_context) != 0)
                {
                    throw new NftException("libnftables: no context, out of memory or no netlink socket");
                }
            }
        }
        catch (DllNotFoundException e)
        {
            throw new NftException(
                "libnftables.so.1 is missing: install the package libnftables1 (Debian, Ubuntu) or nftables-libs / nftables (Fedora, RHEL, openSUSE)", e);
        }
    }

    /// <summary>Runs commands as one transaction: all of them or none.</summary>
    /// <param name="commands">In the language of nft(8).</param>
    /// <param name="json">Whether output is JSON.</param>
    /// <returns>What a <c>list</c> or <c>get</c> command printed.</returns>
    /// <exception cref="NftException">Nothing was changed.</exception>
    public string Run(string commands, bool json = false)
    {
        lock (s_library)
        {
            ObjectDisposedException.ThrowIf(_context == 0, this);
            Libnftables.nft_ctx_output_set_flags(_context, json ? NFT_CTX_OUTPUT_JSON : 0);
            int result;
            fixed (byte* p = CString.Encode(commands))
            {
                result = Libnftables.nft_run_cmd_from_buffer(_context, p);
            }

            // Both buffers are emptied by being read.
            string output = Marshal.PtrToStringUTF8((nint)Libnftables.nft_ctx_get_output_buffer(_context)) ?? "";
            string error = Marshal.PtrToStringUTF8((nint)Libnftables.nft_ctx_get_error_buffer(_context)) ?? "";
            return result == 0 ? output : throw new NftException($"nftables: {error.Trim()}");
        }
    }

    public void Dispose()
    {
        lock (s_library)
        {
            if (_context != 0)
            {
                Libnftables.nft_ctx_free(_context);
                _context = 0;
            }
        }
    }
}

/// <summary>nftables refused commands, or is not there.</summary>
public sealed class NftException : IOException
{
    public NftException(string message)
        : base(message)
    {
    }

    public NftException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
