// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.Json;

namespace Gantry.Daemon.Logging;

/// <summary>One JSON object per line.</summary>
internal sealed class JsonLogWriter(Stream output) : ILogWriter
{
    private readonly MemoryStream _line = new();

    public void Write(in LogEntry entry)
    {
        _line.SetLength(0);
        using (var json = new Utf8JsonWriter(_line))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time.UtcDateTime);
            json.WriteString("level", TextLogWriter.Level(entry.Level).TrimEnd());
            json.WriteString("source", entry.Source);
            json.WriteNumber("id", entry.Id.Id);
            json.WriteString("message", entry.Message);
            foreach ((string name, object? value) in entry.Fields)
            {
                if (name != LogEntry.Template)
                {
                    WriteField(json, JsonNamingPolicy.CamelCase.ConvertName(name), value);
                }
            }

            if (entry.Cause is not null)
            {
                json.WriteString("error", entry.Cause.ToString());
            }

            json.WriteEndObject();
        }

        _line.WriteByte((byte)'\n');
        try
        {
            output.Write(_line.GetBuffer().AsSpan(0, (int)_line.Length));
            output.Flush();
        }
        catch (IOException)
        {
            // Whoever read our stderr is gone: a log line is no reason to stop serving.
        }
    }

    public void Dispose() => output.Dispose();

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case bool truth:
                json.WriteBoolean(name, truth);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
