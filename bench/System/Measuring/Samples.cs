// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Bench.System.Measuring;

/// <summary>Values of one measure on one runtime.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    internal int Count => _values.Count;

    internal double Median => Quantile(0.5);

    internal double P99 => Quantile(0.99);

    internal double Min => _values.Min();

    internal double Max => _values.Max();

    internal void Add(double value) => _values.Add(value);

    /// <summary>Between two values, by linear interpolation.</summary>
    private double Quantile(double part)
    {
        double[] sorted = [.. _values.Order()];
        double place = part * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}

/// <summary>All values of a run. Scenarios may add from many tasks.</summary>
internal sealed class Figures
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Measure, string), Samples> _samples = [];

    internal void Add(Measure measure, string runtime, TimeSpan time) => Add(measure, runtime, time.TotalMilliseconds);

    /// <param name="value">In the measure's unit.</param>
    internal void Add(Measure measure, string runtime, double value)
    {
        lock (_lock)
        {
            if (!_samples.TryGetValue((measure, runtime), out Samples? samples))
            {
                _samples[(measure, runtime)] = samples = new Samples();
            }

            samples.Add(value);
        }
    }

    /// <returns><see langword="null"/>: not measured.</returns>
    internal Samples? Of(Measure measure, string runtime) => _samples.GetValueOrDefault((measure, runtime));

    /// <summary>Median of <paramref name="runtime"/> as a part of that of <paramref name="peer"/>.</summary>
    internal double? Ratio(Measure measure, string runtime, string peer) =>
        Of(measure, runtime) is Samples own && Of(measure, peer) is Samples other && other.Median > 0 ? own.Median / other.Median : null;
}
