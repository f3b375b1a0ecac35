// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Unpacks one layer into a directory in overlayfs form.</summary>
/// <remarks>
/// OCI image-spec 1.1, layer.md. Whiteouts become character devices 0/0, opaque directories get
/// <c>trusted.overlay.opaque</c>. A directory that the archive lacks is made 0755 and root's;
/// <see cref="LowerDirectories"/> can then give it what the layers below have.
/// </remarks>
public static class LayerUnpacker
{
    /// <summary>Reads <paramref name="tar"/> to its very end (so that a hash on the way sees all of it) and unpacks it.</summary>
    /// <param name="tar">
    /// The uncompressed archive. Read synchronously on a thread of its own; not disposed. A read that blocks is ended
    /// by whoever owns the stream, the token is looked at between reads.
    /// </param>
    /// <param name="target">An empty directory (O_PATH is enough) that nobody else knows. On failure it holds a part: remove it.</param>
    /// <exception cref="LayerException">The archive is refused.</exception>
    /// <exception cref="SyscallException">The host failed: ENOSPC, EDQUOT, EIO, EPERM.</exception>
    public static Task<UnpackResult> UnpackAsync(
        Stream tar, SafeHandle target, UnpackLimits limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tar);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(limits);
        TaskCompletionSource<UnpackResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() => Run(tar, target, limits, done, cancellationToken))
        {
            IsBackground = true,
            Name = "gantry-unpack",
        };
        thread.Start();
        return done.Task;
    }

    private static void Run(
        Stream tar, SafeHandle target, UnpackLimits limits, TaskCompletionSource<UnpackResult> done, CancellationToken cancellationToken)
    {
        try
        {
            done.SetResult(Unpack(tar, target, limits, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            done.SetCanceled(cancellationToken);
        }
        catch (Exception e)
        {
            // The top of this thread: whatever it is goes to the one who awaits.
            done.SetException(e);
        }
    }

    private static UnpackResult Unpack(Stream tar, SafeHandle target, UnpackLimits limits, CancellationToken cancellationToken)
    {
        // This thread is thrown away afterwards, so it may have a umask of its own: modes are then exact from the start.
        bool exactModes = ThreadUmask.TryClear();
        TarReader reader = new(new ArchiveSource(tar, limits.MaximumBytes, cancellationToken), limits);
        using LayerWriter writer = new(target, limits, exactModes);
        while (reader.Next())
        {
            try
            {
                writer.Add(reader);
            }
            catch (SyscallException e) when (!IsHostFailure(e.Errno))
            {
                throw new LayerException($"layer entry \"{EntryText.Show(reader.Entry.Name)}\": {e.Message}", e);
            }
        }

        writer.Finish(cancellationToken);
        return new UnpackResult(writer.Entries, writer.Bytes) { ImplicitDirectories = writer.ImplicitDirectories };
    }

    /// <summary>Another archive would fail as well.</summary>
    private static bool IsHostFailure(Errno errno) => errno is
        Errno.ENOSPC or Errno.EDQUOT or Errno.EIO or Errno.EROFS or Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE
        or Errno.EPERM or Errno.EACCES or Errno.EBADF or Errno.ESTALE or Errno.ENOSYS;
}
