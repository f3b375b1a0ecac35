// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Unpack;

/// <summary>A layer's archive is damaged, hostile, or larger than allowed. Nothing of it may be used.</summary>
public sealed class LayerException : IOException
{
    public LayerException(string message)
        : base(message)
    {
    }

    public LayerException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
