// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Gantry.Network;

/// <summary>Addresses as people write them. The framework's parser also takes "10" for 0.0.0.10, octal and hexadecimal parts, ports and zones.</summary>
internal static class IpText
{
    /// <returns>Whether it is four decimal numbers with dots, or an IPv6 address without brackets and zone.</returns>
    internal static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString() == text
            : text.IndexOfAny(['[', ']', '%']) < 0);
}
