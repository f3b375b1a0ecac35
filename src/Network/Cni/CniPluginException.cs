// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network.Cni;

/// <summary>A plugin could not be run, or said no.</summary>
internal sealed class CniPluginException : Exception
{
    /// <summary>Specification, section 5: a transient condition.</summary>
    internal const int TryAgainLater = 11;

    internal CniPluginException(string plugin, string command, int code, string what)
        : base($"CNI plugin {plugin} {command}: {what}")
    {
        Code = code;
    }

    internal CniPluginException(string plugin, string command, string what, Exception cause)
        : base($"CNI plugin {plugin} {command}: {what}", cause)
    {
    }

    /// <summary>The plugin's error code; zero when it gave none.</summary>
    internal int Code { get; }
}
