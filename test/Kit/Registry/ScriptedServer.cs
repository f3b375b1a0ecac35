// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gantry.Kit.Images;

namespace Gantry.Kit.Registry;

/// <summary>A request as the server saw it.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Names in lower case.</param>
public sealed record ScriptedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Path => Target.Split('?')[0];

    public string? Authorization => Headers.GetValueOrDefault("authorization");

    /// <summary>First byte of a Range header; 0 without one.</summary>
    public long RangeStart => Headers.TryGetValue("range", out string? range)
        ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
        : 0;
}

/// <summary>What the server sends back.</summary>
public sealed record ScriptedResponse(int Status)
{
    public byte[] Body { get; init; } = [];

    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Content-Length as it is announced; <see langword="null"/>: that of the body.</summary>
    public long? AnnouncedLength { get; init; }

    /// <summary>Called after headers and body were sent, before the connection ends.</summary>
    public Func<Task>? Afterwards { get; init; }

    public static ScriptedResponse Blob(TestBlob blob, string mediaType = "application/octet-stream")
    {
        ArgumentNullException.ThrowIfNull(blob);
        return new(200)
        {
            Body = blob.Content,
            Headers = { ["Content-Type"] = mediaType, ["Docker-Content-Digest"] = blob.Digest.ToString() },
        };
    }
}

/// <summary>A small HTTP server that does what a real registry cannot be made to do. One connection, one request.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ScriptedRequest, ScriptedResponse> _script;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <param name="script">Answers each request; called on several threads.</param>
    public ScriptedServer(Func<ScriptedRequest, ScriptedResponse> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public string Url => $"http://{Host}";

    public ConcurrentQueue<ScriptedRequest> Requests { get; } = new();

    public int Count(string method, string pathPart) =>
        Requests.Count(r => r.Method == method && r.Target.Contains(pathPart, StringComparison.Ordinal));

    /// <summary>Answers manifests and blobs of an image under any repository; what it has not is a 404.</summary>
    public static Func<ScriptedRequest, ScriptedResponse> Serving(params IReadOnlyList<TestImage> images) => request =>
    {
        string name = request.Path.Split('/')[^1];
        foreach (TestImage image in images)
        {
            if (request.Path.Contains("/manifests/", StringComparison.Ordinal)
                && (name == image.Manifest.Digest.ToString() || !name.StartsWith("sha256:", StringComparison.Ordinal)))
            {
                return ScriptedResponse.Blob(image.Manifest, image.MediaType);
            }

            TestBlob? blob = image.Blobs.FirstOrDefault(b => b.Digest.ToString() == name);
            if (blob is not null)
            {
                return ScriptedResponse.Blob(blob);
            }
        }

        return new ScriptedResponse(404)
        {
            Body = Encoding.UTF8.GetBytes("""{"errors":[{"code":"NOT_HERE","message":"the script has no such thing"}]}"""),
        };
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private static async Task<ScriptedRequest?> ReadAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync() is not { Length: > 0 } first)
        {
            return null;
        }

        var headers = new Dictionary<string, string>();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }

        char[] body = new char[headers.TryGetValue("content-length", out string? length) ? int.Parse(length, CultureInfo.InvariantCulture) : 0];
        if (body.Length > 0)
        {
            await reader.ReadBlockAsync(body);
        }

        string[] parts = first.Split(' ');
        return new ScriptedRequest(parts[0], parts[1], headers, new string(body));
    }

    private static async Task WriteAsync(Stream stream, ScriptedRequest request, ScriptedResponse response)
    {
        var head = new StringBuilder($"HTTP/1.1 {response.Status} Scripted\r\nConnection: close\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {response.AnnouncedLength ?? response.Body.Length}\r\n");
        foreach ((string name, string value) in response.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
        if (request.Method != "HEAD")
        {
            await stream.WriteAsync(response.Body);
        }

        if (response.Afterwards is not null)
        {
            await stream.FlushAsync();
            await response.Afterwards();
        }
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (_stop.Token.Register(client.Close))
            {
                await using NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                if (await ReadAsync(reader) is ScriptedRequest request)
                {
                    Requests.Enqueue(request);
                    await WriteAsync(stream, request, _script(request));
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The client left, or the test is over.
        }
    }
}
