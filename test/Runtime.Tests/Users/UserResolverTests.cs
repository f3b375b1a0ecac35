// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Interop.Files;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Users;

namespace Gantry.Runtime.Tests.Users;

public sealed class UserResolverTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-users-").FullName;
    private readonly RootDirectory _rootfs;

    public UserResolverTests()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "etc"));
        Write("passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:34:www:/var/www:/bin/false\nbroken\nodd:x:99999999999:1::/:\n4294967296:x:0:0::/root:/bin/sh\nbad:x:7:7::/home/a\tb:/bin/sh\n");
        Write("group", "root:x:0:\nwww-data:x:34:\nadm:x:4:root,www-data\nextra:x:50000:www-data\n");
        _rootfs = RootDirectory.Open(_directory);
    }

    [Theory]
    [InlineData(null, 0u, 0u, "0,4", "/root")]
    [InlineData("", 0u, 0u, "0,4", "/root")]
    [InlineData("www-data", 33u, 34u, "4,34,50000", "/var/www")]
    [InlineData("33", 33u, 34u, "4,34,50000", "/var/www")]
    [InlineData("33:0", 33u, 0u, "0,4,50000", "/var/www")]
    [InlineData("www-data:adm", 33u, 4u, "4,50000", "/var/www")]
    [InlineData("1", 1u, 0u, "0", "/")]
    [InlineData("1002", 1002u, 0u, "0", "/")]
    [InlineData("1003:1004", 1003u, 1004u, "1004", "/")]
    [InlineData("4294967294:4294967294", 4294967294u, 4294967294u, "4294967294", "/")]
    [InlineData("bad", 7u, 7u, "7", "/")]
    public void CVE_2026_30892_every_form_of_user_means_what_it_says(string? name, uint uid, uint gid, string groups, string home)
    {
        ResolvedUser user = UserResolver.Resolve(_rootfs, new UserRequest { Name = name });

        Assert.Equal((uid, gid, groups, home), (user.Uid, user.Gid, string.Join(',', user.AdditionalGids), user.Home));
    }

    [Theory]
    [InlineData("nobody-here")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("18446744073709551616")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("root:nogroup-here")]
    [InlineData("root:4294967296")]
    [InlineData("root:")]
    [InlineData("a:b:c")]
    [InlineData("root ")]
    [InlineData("root\n")]
    public void CVE_2024_40635_what_is_no_id_and_no_known_name_is_refused(string name) =>
        Assert.Throws<LaunchException>(() => UserResolver.Resolve(_rootfs, new UserRequest { Name = name }));

    [Fact]
    public void CVE_2022_2995_the_primary_group_is_among_the_supplementary_ones()
    {
        ResolvedUser user = UserResolver.Resolve(_rootfs, new UserRequest { Uid = 33, Gid = 7, SupplementalGroups = [9], StrictGroups = true });

        Assert.Equal([7u, 9u], user.AdditionalGids);
    }

    [Fact]
    public void CVE_2025_4437_a_huge_passwd_is_refused_without_reading_it()
    {
        using (FileStream sparse = File.OpenWrite(Path.Combine(_directory, "etc/passwd")))
        {
            sparse.SetLength(4L << 30);
        }

        Assert.Throws<FileRefusedException>(() => UserResolver.Resolve(_rootfs, new UserRequest { Name = "root" }));
    }

    [Fact]
    public void A_passwd_that_links_out_of_the_image_stays_inside()
    {
        File.Delete(Path.Combine(_directory, "etc/passwd"));
        File.CreateSymbolicLink(Path.Combine(_directory, "etc/passwd"), "/../../../../etc/passwd");

        Assert.Throws<Interop.SyscallException>(() => UserResolver.Resolve(_rootfs, new UserRequest { Name = "daemon" }));
    }

    [Fact]
    public void Arbitrary_account_files_never_break_the_parsers() =>
        Gen.String[0, 400].Sample(static text =>
        {
            foreach (PasswdEntry entry in AccountFiles.ParsePasswd(text))
            {
                Assert.NotEqual(uint.MaxValue, entry.Uid);
            }

            Assert.All(AccountFiles.ParseGroups(text), static entry => Assert.NotEqual(uint.MaxValue, entry.Gid));
        });

    public void Dispose()
    {
        _rootfs.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, "etc", name), text);
}
