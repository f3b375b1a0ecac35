// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>CRI's NetworkReady condition.</summary>
/// <param name="Ready">Whether a pod could be attached now.</param>
/// <param name="Reason">One CamelCase word; empty when ready.</param>
/// <param name="Message">For people: which network, or what is wrong and where.</param>
public sealed record NetworkStatus(bool Ready, string Reason, string Message);
