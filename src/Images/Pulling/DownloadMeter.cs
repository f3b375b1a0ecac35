// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;

namespace Gantry.Images.Pulling;

/// <summary>Reports a download a few times a second.</summary>
internal sealed class DownloadMeter(Descriptor layer, IProgress<PullProgress> progress, TimeProvider clock)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private long _reported;
    private bool _complete;

    internal void At(long offset)
    {
        bool complete = offset == layer.Size;
        if (complete ? !_complete : _reported == 0 || clock.GetElapsedTime(_reported) >= s_interval)
        {
            _reported = clock.GetTimestamp();
            _complete = complete;
            progress.Report(new PullProgress(layer.Digest, complete ? PullPhase.Unpacking : PullPhase.Downloading, offset, layer.Size));
        }
    }
}
