// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Storage.Records;

/// <summary>One record in one file: <c>{"version":1,"bootId":"…","sha256":"…","record":{…}}</c>.</summary>
/// <remarks>The checksum covers the bytes of the member <c>record</c> as they stand in the file.</remarks>
internal static class RecordFile
{
    internal const int MaxBytes = 64 * 1024 * 1024;
    internal const string Suffix = ".json";
    internal const string TemporaryPrefix = ".new-";

    private static readonly FileStreamOptions s_private = new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    internal static byte[] Encode<T>(T record, JsonTypeInfo<T> type, int version, string bootId)
    {
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(record, type);
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", version);
            writer.WriteString("bootId", bootId);
            writer.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(payload)));
            writer.WritePropertyName("record");
            writer.WriteRawValue(payload, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">The file is damaged or of another version; the message says which.</exception>
    internal static T Decode<T>(ReadOnlyMemory<byte> file, JsonTypeInfo<T> type, int version, out string bootId)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(file);
            JsonElement root = json.RootElement;
            int found = root.GetProperty("version").GetInt32();
            if (found != version)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"version {found}: this program reads {version}"));
            }

            bootId = root.GetProperty("bootId").GetString() ?? "";
            JsonElement record = root.GetProperty("record");
            string sum = Convert.ToHexStringLower(SHA256.HashData(JsonMarshal.GetRawUtf8Value(record)));
            return !string.Equals(sum, root.GetProperty("sha256").GetString(), StringComparison.Ordinal)
                ? throw new InvalidDataException("checksum does not match")
                : record.Deserialize(type) ?? throw new InvalidDataException("record is null");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"not a record: {e.Message}", e);
        }
    }

    /// <exception cref="InvalidDataException">Larger than any record is.</exception>
    internal static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > MaxBytes)
        {
            throw new InvalidDataException($"{file.Length} bytes: at most {MaxBytes}");
        }

        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    /// <summary>Writes a file beside the records, for <see cref="Commit"/>. Nothing is left when it fails.</summary>
    /// <param name="durable">Also waits for the disk.</param>
    internal static string WriteTemporary(string directory, ReadOnlySpan<byte> content, bool durable)
    {
        string temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N"));
        try
        {
            using FileStream file = new(temporary, s_private);
            file.Write(content);
            if (durable)
            {
                file.Flush(flushToDisk: true);
            }

            return temporary;
        }
        catch (IOException e)
        {
            File.Delete(temporary);
            throw StorageException.IsNoSpace(e) ? StorageException.NoSpace(directory, content.Length, e) : e;
        }
    }

    /// <summary>Makes the temporary file the record.</summary>
    internal static void Commit(string temporary, string directory, string key)
    {
        try
        {
            File.Move(temporary, Path.Combine(directory, key + Suffix), overwrite: true);
        }
        catch (IOException e)
        {
            File.Delete(temporary);
            throw StorageException.IsNoSpace(e) ? StorageException.NoSpace(directory, 0, e) : e;
        }
    }
}
