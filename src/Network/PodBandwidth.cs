// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gantry.Network;

/// <summary>Traffic limits of a pod.</summary>
public sealed partial record PodBandwidth
{
    private const decimal Least = 1_000;
    private const decimal Most = 1_000_000_000_000_000;
    private const int MaxLength = 32;

    /// <summary>Towards the pod.</summary>
    /// <value>Bits per second; <see langword="null"/>: no limit.</value>
    public long? IngressBitsPerSecond { get; init; }

    /// <summary>From the pod.</summary>
    /// <value>Bits per second; <see langword="null"/>: no limit.</value>
    public long? EgressBitsPerSecond { get; init; }

    /// <summary>Reads <c>kubernetes.io/ingress-bandwidth</c> and <c>kubernetes.io/egress-bandwidth</c>.</summary>
    /// <returns><see langword="null"/> when neither is there.</returns>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: not a quantity from 1k to 1P.</exception>
    public static PodBandwidth? FromAnnotations(IReadOnlyDictionary<string, string> annotations)
    {
        long? ingress = Read(annotations, "kubernetes.io/ingress-bandwidth");
        long? egress = Read(annotations, "kubernetes.io/egress-bandwidth");
        return ingress is null && egress is null
            ? null
            : new PodBandwidth { IngressBitsPerSecond = ingress, EgressBitsPerSecond = egress };
    }

    private static long? Read(IReadOnlyDictionary<string, string> annotations, string key)
    {
        if (!annotations.TryGetValue(key, out string? text))
        {
            return null;
        }

        decimal? value = text.Length <= MaxLength ? Parse(text) : null;
        return value is >= Least and <= Most
            ? (long)Math.Ceiling(value.Value)
            : throw RequestRules.Invalid($"annotation {key} '{text}': a quantity from 1k to 1P, as 10M");
    }

    /// <summary>A Kubernetes quantity: a decimal number with a decimal or binary suffix or an exponent.</summary>
    private static decimal? Parse(string text)
    {
        Match match = Quantity().Match(text);
        if (!match.Success
            || !decimal.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            return null;
        }

        try
        {
            return number * Factor(match.Groups[2].Value);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static decimal Factor(string suffix) => suffix switch
    {
        "" => 1,
        "m" => 0.001m,
        "k" => 1e3m,
        "M" => 1e6m,
        "G" => 1e9m,
        "T" => 1e12m,
        "P" => 1e15m,
        "E" => 1e18m,
        "Ki" => 1024m,
        "Mi" => 1024m * 1024,
        "Gi" => 1024m * 1024 * 1024,
        "Ti" => 1024m * 1024 * 1024 * 1024,
        "Pi" => 1024m * 1024 * 1024 * 1024 * 1024,
        "Ei" => 1024m * 1024 * 1024 * 1024 * 1024 * 1024,
        _ => decimal.Parse("1" + suffix, NumberStyles.AllowExponent, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"^\+?([0-9]+(?:\.[0-9]*)?)([eE][+-]?[0-9]{1,2}|m|k|[KMGTPE]i|[MGTPE])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Quantity();
}
