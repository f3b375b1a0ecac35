// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.MonitorApi.Framing;

/// <summary>Builds frames: 4 bytes little-endian length, then that many bytes of UTF-8 JSON.</summary>
public static class FrameWriter
{
    /// <summary>Bytes before the JSON.</summary>
    public const int HeaderSize = 4;

    /// <summary>Longest JSON of one frame, in bytes.</summary>
    public const int MaxLength = 16 << 20;

    public static byte[] Request<T>(long id, string call, int descriptors, T body, JsonTypeInfo<T> type) =>
        Build(id, "call", call, descriptors, body, type);

    public static byte[] Answer<T>(long id, T body, JsonTypeInfo<T> type) => Build(id, null, null, 0, body, type);

    public static byte[] Event<T>(string name, T body, JsonTypeInfo<T> type) => Build(null, "event", name, 0, body, type);

    public static byte[] Failure(long? id, MonitorError error)
    {
        ArrayBufferWriter<byte> buffer = Begin();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            WriteId(json, id);
            json.WritePropertyName("error");
            JsonSerializer.Serialize(json, error, MonitorJson.Default.MonitorError);
            json.WriteEndObject();
        }

        return Finish(buffer);
    }

    private static byte[] Build<T>(long? id, string? kind, string? name, int descriptors, T body, JsonTypeInfo<T> type)
    {
        ArrayBufferWriter<byte> buffer = Begin();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            WriteId(json, id);
            if (kind is not null)
            {
                json.WriteString(kind, name);
            }

            if (descriptors > 0)
            {
                json.WriteNumber("fds", descriptors);
            }

            json.WritePropertyName("body");
            JsonSerializer.Serialize(json, body, type);
            json.WriteEndObject();
        }

        return Finish(buffer);
    }

    private static ArrayBufferWriter<byte> Begin()
    {
        ArrayBufferWriter<byte> buffer = new(256);
        buffer.GetSpan(HeaderSize)[..HeaderSize].Clear();
        buffer.Advance(HeaderSize);
        return buffer;
    }

    private static void WriteId(Utf8JsonWriter json, long? id)
    {
        if (id is long value)
        {
            json.WriteNumber("id", value);
        }
    }

    private static byte[] Finish(ArrayBufferWriter<byte> buffer)
    {
        int length = buffer.WrittenCount - HeaderSize;
        if (length > MaxLength)
        {
            throw new MonitorException(
                MonitorErrorKind.InvalidArgument, $"message of {length} bytes: at most {MaxLength} are accepted");
        }

        byte[] frame = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(frame, length);
        return frame;
    }
}
