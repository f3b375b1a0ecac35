// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gantry.Bench.System.Measuring;

namespace Gantry.Bench.System.Report;

/// <summary>What a run found, as a table and as JSON.</summary>
internal sealed class BenchReport(BenchOptions options, MachineFacts machine)
{
    private const int TitleWidth = 42;
    private const int ValueWidth = 10;
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;

    internal Figures Figures { get; } = new();

    internal Dictionary<string, string> Versions { get; } = [];

    internal double LoadAfter { get; set; }

    private IEnumerable<string> Names => options.Runtimes.Select(r => r.Name);

    private IReadOnlyList<string> Peers => Names.Contains(RuntimeAddress.Gantry) ? [.. Names.Where(n => n != RuntimeAddress.Gantry)] : [];

    internal void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        File.WriteAllText(file, ToJson() + "\n");
    }

    internal string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Linux {machine.Kernel} {machine.Architecture}, {machine.Processors} processors, load {machine.Load:0.0} before, {LoadAfter:0.0} after");
        text.AppendLine(CultureInfo.InvariantCulture, $"{options.Iterations} rounds; {options.Bursts} bursts of {options.BurstPods} pods, {options.Concurrency} at once; many pods: {options.Density}");
        foreach ((string name, string version) in Versions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name}: {version}");
        }

        text.AppendLine();
        AppendTable(text);
        text.AppendLine();
        foreach (Target target in Target.All)
        {
            if (target.Value(Figures) is double value)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{(value <= target.Limit ? "met   " : "MISSED")}  {target.Says}: {target.Show(value)}");
            }
        }

        return text.ToString();
    }

    internal string ToJson() => JsonSerializer.Serialize(
        new
        {
            startedAt = _startedAt,
            machine,
            loadAfter = LoadAfter,
            versions = Versions,
            options = new { options.Iterations, options.WarmUps, options.Bursts, options.BurstPods, options.Concurrency, options.Density },
            figures = from measure in Measure.All
                      from name in Names
                      let s = Figures.Of(measure, name)
                      where s is not null
                      select new { measure = measure.Id, measure.Unit, runtime = name, s.Count, s.Median, s.P99, s.Min, s.Max },
            ratios = from measure in Measure.All
                     from peer in Peers
                     let ratio = Figures.Ratio(measure, RuntimeAddress.Gantry, peer)
                     where ratio is not null
                     select new { measure = measure.Id, peer, ratio },
            targets = from target in Target.All
                      let value = target.Value(Figures)
                      where value is not null
                      select new { measure = target.Measure.Id, target.Peer, target.Limit, value, met = value <= target.Limit },
        },
        s_json);

    private void AppendTable(StringBuilder text)
    {
        text.Append("median, p99".PadRight(TitleWidth));
        foreach (string name in Names)
        {
            text.Append(name.PadLeft(ValueWidth)).Append("p99".PadLeft(ValueWidth));
        }

        text.AppendLine(string.Concat(Peers.Select(peer => $"vs {peer}".PadLeft(ValueWidth))));
        foreach (Measure measure in Measure.All.Where(m => Names.Any(n => Figures.Of(m, n) is not null)))
        {
            text.Append($"{measure.Title} [{measure.Unit}]".PadRight(TitleWidth));
            foreach (string name in Names)
            {
                Samples? samples = Figures.Of(measure, name);
                text.Append(Number(samples?.Median).PadLeft(ValueWidth)).Append(Number(samples?.Count > 1 ? samples.P99 : null).PadLeft(ValueWidth));
            }

            text.AppendLine(string.Concat(Peers.Select(peer => Number(Figures.Ratio(measure, RuntimeAddress.Gantry, peer)).PadLeft(ValueWidth))));
        }
    }

    private static string Number(double? value) => value switch
    {
        null => "-",
        < 10 => value.Value.ToString("0.000", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
    };
}
