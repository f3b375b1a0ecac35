// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Engine.Containers;
using Gantry.Engine.SpecBuilder;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Tests.SpecBuilder;

public sealed class CapabilityPartTests
{
    [Fact]
    public void The_default_is_the_set_of_fourteen() => Assert.Equal(14, Build(new CapabilityRequest()).Bounding!.Count);

    [Theory]
    [InlineData("NET_ADMIN")]
    [InlineData("CAP_NET_ADMIN")]
    [InlineData("cap_net_admin")]
    [InlineData("net_admin")]
    public void Names_are_taken_in_any_case_with_and_without_prefix(string name)
    {
        LinuxCapabilities added = Build(new CapabilityRequest { Add = [name] });

        Assert.Contains("CAP_NET_ADMIN", added.Bounding!);
        Assert.Equal(15, added.Bounding!.Count);
    }

    [Fact]
    public void Drop_all_with_an_addition_leaves_the_addition() => Assert.Equal(
        ["CAP_NET_BIND_SERVICE"], Build(new CapabilityRequest { Drop = ["all"], Add = ["NET_BIND_SERVICE"] }).Effective!);

    [Fact]
    public void Add_all_with_a_drop_leaves_all_but_the_drop()
    {
        IReadOnlyList<string> granted = Build(new CapabilityRequest { Add = ["ALL"], Drop = ["SYS_ADMIN"] }).Permitted!;

        Assert.Equal(CapabilityPart.Names.Length - 1, granted.Count);
        Assert.DoesNotContain("CAP_SYS_ADMIN", granted);
    }

    [Fact]
    public void All_means_what_gantryd_itself_has()
    {
        NodeFacts node = SpecRig.Node with { Capabilities = ["CAP_CHOWN", "CAP_KILL"] };
        ContainerConfig container = SpecRig.Container with { Security = new ContainerSecurity { Privileged = true } };

        Assert.Equal(["CAP_CHOWN", "CAP_KILL"], SpecRig.Build(SpecRig.Request(container) with { Node = node }).Process!.Capabilities!.Bounding!);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_field()
    {
        ContainerConfig container = SpecRig.Container with
        {
            Security = new ContainerSecurity { Capabilities = new CapabilityRequest { Add = ["NET_ADMlN"] } },
        };

        Assert.Contains("add_capabilities 'NET_ADMlN'", SpecRig.Refused(SpecRig.Request(container)).Message, StringComparison.Ordinal);
    }

    /// <summary>CVE-2022-24769, CVE-2022-29162: inheritable capabilities make file capabilities dangerous.</summary>
    [Fact]
    public void CVE_2022_29162_nothing_is_inheritable_but_what_is_ambient()
    {
        Gen.Select(Subset(), Subset(), Subset()).Sample((add, drop, ambient) =>
        {
            LinuxCapabilities sets = Build(new CapabilityRequest { Add = add, Drop = drop, AddAmbient = ambient });

            return sets.Inheritable!.SequenceEqual(sets.Ambient!)
                && sets.Ambient!.All(sets.Permitted!.Contains)
                && sets.Effective!.SequenceEqual(sets.Bounding!);
        });
    }

    private static Gen<string[]> Subset()
    {
        string[] names = [.. CapabilityPart.Names, "ALL"];
        return Gen.Int[0, names.Length - 1].Select(i => names[i]).Array[0, 4];
    }

    private static LinuxCapabilities Build(CapabilityRequest request) => SpecRig.Build(
        SpecRig.Container with { Security = new ContainerSecurity { Capabilities = request } }).Process!.Capabilities!;
}
