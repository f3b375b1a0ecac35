// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Tomlyn.Syntax;

namespace Gantry.Images.Distribution;

/// <summary>Reads containerd's <c>hosts.toml</c> (docs/hosts.md of containerd 2.x). What it does not know is an error.</summary>
internal sealed class HostsToml
{
    private readonly string _file;
    private readonly string _registry;
    private readonly HostSection _root = new();
    private readonly List<(string Url, HostSection Section, int Line)> _hosts = [];
    private (string Url, int Line) _server = ("", 0);

    private HostsToml(string file, string registry)
    {
        _file = file;
        _registry = registry;
    }

    /// <summary>Hosts in the order in which they are tried, the registry itself last.</summary>
    /// <param name="file">Its folder is where relative paths start.</param>
    /// <param name="registry">Host and port as the reference has it.</param>
    /// <param name="ownUrl">Where the registry is when the file has no <c>server</c>.</param>
    internal static IReadOnlyList<RegistryHost> Parse(string text, string file, string registry, string ownUrl)
    {
        var parsed = new HostsToml(file, registry);
        foreach (TomlEntry entry in TomlEntries.Read(text, file))
        {
            parsed.Apply(entry);
        }

        return parsed.Hosts(ownUrl);
    }

    private List<RegistryHost> Hosts(string ownUrl)
    {
        var hosts = new List<RegistryHost>();
        foreach ((string url, HostSection section, int line) in _hosts)
        {
            RegistryHost host = Build(url, section, line);
            bool own = string.Equals(host.Base.Authority, new Uri(ownUrl).Authority, StringComparison.OrdinalIgnoreCase);
            hosts.Add(host with { IsUpstream = own, Namespace = own ? "" : _registry });
        }

        bool configured = _server.Url.Length > 0;
        RegistryHost server = Build(configured ? _server.Url : ownUrl, _root, Math.Max(_server.Line, 1)) with { IsUpstream = true };
        bool elsewhere = !string.Equals(server.Base.Authority, new Uri(ownUrl).Authority, StringComparison.OrdinalIgnoreCase);
        hosts.Add(server with { Namespace = elsewhere ? _registry : "" });
        return hosts;
    }

    private void Apply(TomlEntry entry)
    {
        IReadOnlyList<string> path = entry.Path;
        if (path[0] == "server" && path.Count == 1)
        {
            _server = (String(entry), entry.Line);
        }
        else if (path[0] == "host")
        {
            if (path.Count >= 2)
            {
                Set(HostFor(path[1], entry.Line), [.. path.Skip(2)], entry);
            }
        }
        else
        {
            Set(_root, path, entry);
        }
    }

    private HostSection HostFor(string url, int line)
    {
        int index = _hosts.FindIndex(h => h.Url == url);
        if (index < 0)
        {
            index = _hosts.Count;
            _hosts.Add((url, new HostSection(), line));
        }

        return _hosts[index].Section;
    }

    private void Set(HostSection section, IReadOnlyList<string> path, TomlEntry entry)
    {
        switch (path)
        {
            case [] or ["header"] when entry.Value is null:
                break;
            case ["capabilities"]:
                section.Capabilities = Capabilities(entry);
                break;
            case ["ca"]:
                section.CaFiles = [.. Strings(entry).Select(f => ExistingFile(f, entry))];
                break;
            case ["client"]:
                section.Clients = Clients(entry);
                break;
            case ["skip_verify"]:
                section.SkipVerify = Boolean(entry);
                break;
            case ["override_path"]:
                section.OverridePath = Boolean(entry);
                break;
            case ["dial_timeout"]:
                section.DialTimeout = Duration(entry);
                break;
            case ["proxy"]:
                section.Proxy = Proxy(entry);
                break;
            case ["header", string name]:
                section.Headers.AddRange(Strings(entry).Select(v => KeyValuePair.Create(HeaderName(name, entry), HeaderValue(v, entry))));
                break;
            default:
                throw Wrong(entry, $"unknown key \"{string.Join('.', entry.Path)}\": server, host, capabilities, ca, client, skip_verify, override_path, dial_timeout, proxy and header are accepted");
        }
    }

    private RegistryHost Build(string url, HostSection section, int line)
    {
        string full = url.Contains("://", StringComparison.Ordinal) ? url
            : (RegistryHost.IsLoopback(url.Split(':')[0]) ? "http://" : "https://") + url;
        if (!Uri.TryCreate(full, UriKind.Absolute, out Uri? uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw TomlEntries.Wrong(_file, line, $"host \"{url}\": http:// or https:// with host, optional port and path");
        }

        string path = uri.AbsolutePath.TrimEnd('/');
        if (!section.OverridePath && !path.EndsWith("/v2", StringComparison.Ordinal))
        {
            path += "/v2";
        }

        return new RegistryHost
        {
            // containerd's own examples write docker.io, where no API is.
            Base = new Uri($"{uri.Scheme}://{(uri.Authority == "docker.io" ? "registry-1.docker.io" : uri.Authority)}{path}/"),
            Capabilities = section.Capabilities,
            Headers = section.Headers,
            Transport = new HostTransport
            {
                CaFiles = section.CaFiles,
                ClientCertificates = section.Clients,
                SkipVerify = section.SkipVerify,
                DialTimeout = section.DialTimeout,
                Proxy = section.Proxy,
            },
        };
    }

    private HostCapabilities Capabilities(TomlEntry entry)
    {
        HostCapabilities all = HostCapabilities.None;
        foreach (string name in Strings(entry))
        {
            all |= name switch
            {
                "pull" => HostCapabilities.Pull,
                "resolve" => HostCapabilities.Resolve,
                "push" => HostCapabilities.Push,
                _ => throw Wrong(entry, $"capability \"{name}\": pull, resolve or push"),
            };
        }

        return all;
    }

    private List<ClientCertificate> Clients(TomlEntry entry)
    {
        if (entry.Value is not ArraySyntax array)
        {
            return [new ClientCertificate(ExistingFile(String(entry), entry), "")];
        }

        var clients = new List<ClientCertificate>();
        foreach (ArrayItemSyntax item in array.Items)
        {
            IReadOnlyList<string> pair = Strings(entry with { Value = item.Value });
            clients.Add(pair switch
            {
                [string both] => new(ExistingFile(both, entry), ""),
                [string both, ""] => new(ExistingFile(both, entry), ""),
                [string certificate, string key] => new(ExistingFile(certificate, entry), ExistingFile(key, entry)),
                _ => throw Wrong(entry, "client: a path, or pairs of certificate and key"),
            });
        }

        return clients;
    }

    private Uri Proxy(TomlEntry entry) =>
        Uri.TryCreate(String(entry), UriKind.Absolute, out Uri? uri)
        && uri.Scheme is "http" or "https" or "socks5" && uri.AbsolutePath is "" or "/"
            ? uri
            : throw Wrong(entry, "proxy: an absolute http, https or socks5 URL without a path");

    /// <summary>Go's notation of durations, as far as a dial timeout needs it.</summary>
    private TimeSpan Duration(TomlEntry entry)
    {
        string text = String(entry);
        (string number, double unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ when text.EndsWith('h') => (text[..^1], 3600),
            _ => ("", 0),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * unit is >= 0.001 and <= 3600
            ? TimeSpan.FromSeconds(value * unit)
            : throw Wrong(entry, $"dial_timeout \"{text}\": 1ms to 1h, such as \"5s\"");
    }

    private string ExistingFile(string path, TomlEntry entry)
    {
        string full = Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(_file))!);
        return File.Exists(full) ? full : throw Wrong(entry, $"file \"{full}\": does not exist");
    }

    private string HeaderName(string name, TomlEntry entry) =>
        name.Length is > 0 and <= 128 && name.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
            ? name
            : throw Wrong(entry, $"header \"{name}\": a token of HTTP");

    private string HeaderValue(string value, TomlEntry entry) =>
        !value.Any(char.IsControl) ? value : throw Wrong(entry, "header: no control characters");

    private bool Boolean(TomlEntry entry) =>
        entry.Value is BooleanValueSyntax value ? value.Value : throw Wrong(entry, $"{entry.Path[^1]}: true or false");

    private string String(TomlEntry entry) =>
        entry.Value is StringValueSyntax value ? value.Value ?? "" : throw Wrong(entry, $"{entry.Path[^1]}: a string");

    private IReadOnlyList<string> Strings(TomlEntry entry) => entry.Value switch
    {
        StringValueSyntax value => [value.Value ?? ""],
        ArraySyntax array => [.. array.Items.Select(i => String(entry with { Value = i.Value }))],
        _ => throw Wrong(entry, $"{entry.Path[^1]}: a string or an array of strings"),
    };

    private ImageException Wrong(TomlEntry entry, string message) => TomlEntries.Wrong(_file, entry.Line, message);

    private sealed class HostSection
    {
        internal HostCapabilities Capabilities { get; set; } = HostCapabilities.All;

        internal IReadOnlyList<string> CaFiles { get; set; } = [];

        internal IReadOnlyList<ClientCertificate> Clients { get; set; } = [];

        internal bool SkipVerify { get; set; }

        internal bool OverridePath { get; set; }

        internal TimeSpan DialTimeout { get; set; } = TimeSpan.FromSeconds(30);

        internal Uri? Proxy { get; set; }

        internal List<KeyValuePair<string, string>> Headers { get; } = [];
    }
}
