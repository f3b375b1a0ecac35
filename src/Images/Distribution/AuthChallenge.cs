// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Distribution;

/// <summary>One challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1).</summary>
/// <param name="Scheme">Lower case.</param>
/// <param name="Parameters">Names in lower case.</param>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int MaxHeaderLength = 8192;
    private const int MaxChallenges = 16;

    /// <summary>Parses one header value, which may hold several challenges. What does not fit the grammar is left out.</summary>
    internal static List<AuthChallenge> Parse(string header)
    {
        var challenges = new List<AuthChallenge>();
        if (header.Length > MaxHeaderLength)
        {
            return challenges;
        }

        var reader = new HeaderReader(header);
        Dictionary<string, string>? parameters = null;
        while (challenges.Count < MaxChallenges && reader.Token() is string name)
        {
            if (parameters is not null && reader.Take('='))
            {
                parameters[name.ToLowerInvariant()] = reader.Value();
                reader.Take(',');
            }
            else
            {
                parameters = new Dictionary<string, string>(StringComparer.Ordinal);
                challenges.Add(new AuthChallenge(name.ToLowerInvariant(), parameters));
                reader.Take(',');
            }
        }

        return challenges;
    }

    private struct HeaderReader(string text)
    {
        private int _at;

        /// <summary>Next token, or <see langword="null"/> at the end or at something else.</summary>
        internal string? Token()
        {
            SkipSpace();
            int start = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || "!#$%&'*+-.^_`|~/".Contains(text[_at], StringComparison.Ordinal)))
            {
                _at++;
            }

            return _at > start ? text[start.._at] : null;
        }

        internal bool Take(char c)
        {
            SkipSpace();
            bool there = _at < text.Length && text[_at] == c;
            _at += there ? 1 : 0;
            return there;
        }

        internal string Value()
        {
            if (!Take('"'))
            {
                return Token() ?? "";
            }

            var value = new System.Text.StringBuilder();
            for (; _at < text.Length && text[_at] != '"'; _at++)
            {
                _at += text[_at] == '\\' && _at + 1 < text.Length ? 1 : 0;
                value.Append(text[_at]);
            }

            _at = Math.Min(_at + 1, text.Length);
            return value.ToString();
        }

        private void SkipSpace()
        {
            while (_at < text.Length && (text[_at] is ' ' or '\t'))
            {
                _at++;
            }
        }
    }
}
