// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Images.Distribution;

/// <summary>Credentials in the one form that requests use.</summary>
/// <param name="BasicUser">Empty: no name and password.</param>
/// <param name="IdentityToken">OAuth2 refresh token; empty: none.</param>
/// <param name="RegistryToken">Bearer token; empty: none.</param>
internal sealed record HostCredentials(string BasicUser, string BasicPassword, string IdentityToken, string RegistryToken)
{
    internal static HostCredentials None { get; } = new("", "", "", "");

    internal bool HasBasic => BasicUser.Length > 0 || BasicPassword.Length > 0;

    internal string BasicParameter => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{BasicUser}:{BasicPassword}"));

    /// <param name="field">For messages.</param>
    /// <exception cref="ImageException"><see cref="ImageError.Unauthorized"/>: <c>auth</c> is not what it must be.</exception>
    internal static HostCredentials From(RegistryCredentials given, string field)
    {
        string user = given.Username;
        string password = given.Password;
        if (user.Length == 0 && password.Length == 0 && given.Auth.Length > 0)
        {
            (user, password) = Decode(given.Auth, field);
        }

        // RFC 7617: a colon in the name would move part of it into the password.
        return user.Contains(':', StringComparison.Ordinal)
            ? throw new ImageException(ImageError.Unauthorized, $"{field}.username: no colon")
            : new HostCredentials(user, password, given.IdentityToken, given.RegistryToken);
    }

    public override string ToString() => nameof(HostCredentials);

    private static (string User, string Password) Decode(string auth, string field)
    {
        byte[] buffer = new byte[auth.Length];
        if (Convert.TryFromBase64String(auth, buffer, out int length))
        {
            // Docker's clients pad with NUL bytes.
            string text = Encoding.UTF8.GetString(buffer, 0, length);
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0)
            {
                return (text[..colon], text[(colon + 1)..].Trim('\0'));
            }
        }

        throw new ImageException(ImageError.Unauthorized, $"{field}.auth: base64 of user:password");
    }
}
