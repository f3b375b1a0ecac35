// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Cgroups.Devices;
using Gantry.Interop.Bpf;
using Gantry.Oci.Runtime;
using Process = System.Diagnostics.Process;

namespace Gantry.Cgroups.Tests;

public sealed class DeviceTests
{
    private static readonly LinuxDeviceRule s_denyAll = new() { Allow = false, Access = "rwm" };

    private static readonly Gen<DeviceRule> s_rule = Gen.Select(
        Gen.Bool, Gen.Int[1, 3].Select(k => (DeviceKinds)k),
        Gen.UInt[0, 4].Select(x => x == 0 ? (uint?)null : x), Gen.UInt[0, 4].Select(x => x == 0 ? (uint?)null : x), Gen.Int[1, 7],
        (allow, kinds, major, minor, access) => new DeviceRule(allow, kinds, major, minor, (DeviceAccess)access));

    private static readonly Gen<(DeviceKinds Kind, uint Major, uint Minor, DeviceAccess Access)> s_request = Gen.Select(
        Gen.Int[1, 2].Select(k => (DeviceKinds)k), Gen.UInt[0, 3], Gen.UInt[2, 5], Gen.Int[1, 7],
        (kind, major, minor, access) => (kind, major, minor, (DeviceAccess)access));

    [Fact]
    public void On_v1_the_list_is_what_was_allowed()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2 has no list");

        test.Group.Apply(Devices([s_denyAll, .. StandardDevices.Rules]));

        string[] list = test.Read("devices", "devices.list").Split('\n');
        Assert.Equal(StandardDevices.Rules.Count, list.Length);
        Assert.Contains("c 1:3 rwm", list);
        Assert.Contains("b *:* m", list);
    }

    [Fact]
    public void On_v1_an_update_changes_only_the_difference()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2 has no list");
        test.Group.Apply(Devices([s_denyAll, Rule("c", 1, 3, "rwm"), Rule("c", 1, 5, "rw")]));

        test.Group.Apply(Devices([s_denyAll, Rule("c", 1, 3, "r"), Rule("c", 1, 7, "rw")]));

        Assert.Equal(["c 1:3 r", "c 1:7 rw"], test.Read("devices", "devices.list").Split('\n').Order());
    }

    [Fact]
    public void A_denied_device_cannot_be_opened_and_an_allowed_one_can()
    {
        using TestCgroup test = new();
        test.Group.Apply(Devices([s_denyAll, Rule("c", 1, 3, "rwm")]));

        Process process = test.Start("cat /dev/null && echo null; cat < /dev/zero | head -c 1 && echo zero; head -c 1 /dev/urandom || echo refused");

        Assert.Equal("null", process.StandardOutput.ReadLine());
        Assert.Contains("refused", process.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        Assert.Contains("Operation not permitted", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Taking_back_a_part_of_a_rule_is_refused_on_v1()
    {
        var error = Assert.Throws<CgroupException>(() => DevicePolicy.Fold(
            [DeviceRule.Parse(Rule("c", null, null, "rw")), DeviceRule.Parse(Rule("c", 1, 3, "w") with { Allow = false })], allowByDefault: false));

        Assert.Contains("c 1:3 w", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_program_lets_the_kernel_refuse_open_and_mknod()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.Unified is null, "no cgroup2");
        CgroupDeviceProgram.Attach(
            test.Group.Unified.Handle,
            DeviceProgram.Compile([DeviceRule.Parse(s_denyAll), DeviceRule.Parse(Rule("c", 1, 3, "rw")), DeviceRule.Parse(Rule("c", 1, 5, "r"))], true));
        string node = Path.Combine(Path.GetTempPath(), $"gantry-test-{Guid.NewGuid():N}");

        Process process = test.Start(
            $"echo x > /dev/null && echo w-null; head -c 1 /dev/zero > /dev/null && echo r-zero; (echo x > /dev/zero) || echo no-w-zero; "
            + $"head -c 1 /dev/urandom || echo no-r-urandom; mknod {node} c 1 3 || echo no-mknod");

        Assert.Equal(["w-null", "r-zero", "no-w-zero", "no-r-urandom", "no-mknod", ""], process.StandardOutput.ReadToEnd().Split('\n'));
        Assert.False(File.Exists(node));
    }

    [Fact]
    public void A_second_program_takes_the_place_of_the_first()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.Unified is null, "no cgroup2");
        CgroupDeviceProgram.Attach(test.Group.Unified.Handle, DeviceProgram.Compile([DeviceRule.Parse(s_denyAll)], true));

        CgroupDeviceProgram.Attach(test.Group.Unified.Handle, DeviceProgram.Compile([DeviceRule.Parse(s_denyAll with { Allow = true })], true));

        Assert.Equal(1, CgroupDeviceProgram.CountAttached(test.Group.Unified.Handle));
        Assert.Equal("yes", test.Start("head -c 1 /dev/urandom > /dev/null && echo yes").StandardOutput.ReadLine());
    }

    [Fact]
    public void The_verifier_takes_as_many_rules_as_we_do()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.Unified is null, "no cgroup2");
        List<DeviceRule> rules = Enumerable.Range(0, DeviceProgram.MaxRules)
            .Select(i => new DeviceRule(i % 2 == 0, DeviceKinds.Character, (uint)(i / 256), (uint)(i % 256), DeviceAccess.Read)).ToList();

        CgroupDeviceProgram.Attach(test.Group.Unified.Handle, DeviceProgram.Compile(rules, false));

        Assert.Equal(1, CgroupDeviceProgram.CountAttached(test.Group.Unified.Handle));
        Assert.Throws<CgroupException>(() => DeviceProgram.Compile([.. rules, rules[0]], false));
    }

    [Fact]
    public void The_program_decides_as_the_rules_say() =>
        Gen.Select(s_rule.List[0, 8], Gen.Bool, s_request).Sample((rules, byDefault, request) =>
        {
            bool expected = Bits(request.Access).All(bit => Decide(rules, byDefault, request, bit));

            Assert.Equal(expected, DeviceProgramMachine.Run(DeviceProgram.Compile(rules, byDefault), request));
        }, iter: 20_000);

    [Fact]
    public void The_v1_list_decides_as_the_rules_say_for_single_accesses() =>
        Gen.Select(s_rule.List[0, 8], Gen.Bool, s_request).Sample((rules, byDefault, request) =>
        {
            DevicePolicy policy;
            try
            {
                policy = DevicePolicy.Fold(rules, byDefault);
            }
            catch (CgroupException)
            {
                return; // v1 cannot say it
            }

            foreach (DeviceAccess bit in Bits(request.Access))
            {
                bool excepted = policy.Exceptions.Any(e => Matches(e, request) && (e.Access & bit) != 0);
                Assert.Equal(Decide(rules, byDefault, request, bit), excepted != policy.AllowByDefault);
            }
        }, iter: 20_000);

    private static LinuxResources Devices(IReadOnlyList<LinuxDeviceRule> rules) => new() { Devices = rules };

    private static LinuxDeviceRule Rule(string type, long? major, long? minor, string access) =>
        new() { Allow = true, Type = type, Major = major, Minor = minor, Access = access };

    private static IEnumerable<DeviceAccess> Bits(DeviceAccess access) =>
        new[] { DeviceAccess.Make, DeviceAccess.Read, DeviceAccess.Write }.Where(bit => (access & bit) != 0);

    private static bool Decide(
        List<DeviceRule> rules, bool byDefault, (DeviceKinds Kind, uint Major, uint Minor, DeviceAccess Access) request, DeviceAccess bit)
    {
        int last = rules.FindLastIndex(r => Matches(r, request) && (r.Access & bit) != 0);
        return last < 0 ? byDefault : rules[last].Allow;
    }

    private static bool Matches(DeviceRule rule, (DeviceKinds Kind, uint Major, uint Minor, DeviceAccess Access) request) =>
        (rule.Kinds & request.Kind) != 0 && (rule.Major is null || rule.Major == request.Major)
        && (rule.Minor is null || rule.Minor == request.Minor);
}
