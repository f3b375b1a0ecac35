// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Nftables;

/// <summary>Imports of libnftables.so.1 (nftables 0.9 and later) under their own names. Bound at the first call.</summary>
internal static unsafe partial class Libnftables
{
    private const string Library = "libnftables.so.1";

    [LibraryImport(Library)]
    internal static partial nint nft_ctx_new(uint flags);

    [LibraryImport(Library)]
    internal static partial void nft_ctx_free(nint context);

    [LibraryImport(Library)]
    internal static partial int nft_ctx_buffer_output(nint context);

    [LibraryImport(Library)]
    internal static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport(Library)]
    internal static partial byte* nft_ctx_get_output_buffer(nint context);

    [LibraryImport(Library)]
    internal static partial byte* nft_ctx_get_error_buffer(nint context);

    [LibraryImport(Library)]
    internal static partial void nft_ctx_output_set_flags(nint context, uint flags);

    [LibraryImport(Library)]
    internal static partial int nft_run_cmd_from_buffer(nint context, byte* commands);
}
