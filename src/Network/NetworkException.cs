// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>What kind of failure; front ends turn it into a status code.</summary>
public enum NetworkError
{
    /// <summary>The request itself is wrong.</summary>
    InvalidArgument,

    /// <summary>A host port or a name belongs to another pod.</summary>
    Conflict,

    /// <summary>No address is left.</summary>
    Exhausted,

    /// <summary>No usable network now; later it may work.</summary>
    NotReady,

    /// <summary>A CNI plugin reported an error, broke the protocol or ran out of time.</summary>
    PluginFailed,

    /// <summary>The kernel refused.</summary>
    Failed,
}

/// <summary>An expected failure of a pod network.</summary>
public sealed class NetworkException : Exception
{
    public NetworkException(NetworkError error, string message)
        : base(message)
    {
        Error = error;
    }

    public NetworkException(NetworkError error, string message, Exception cause)
        : base(message, cause)
    {
        Error = error;
    }

    public NetworkError Error { get; }
}
