// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups.Devices;

/// <summary>What a list of rules comes to in the terms of cgroup v1: a default and exceptions from it.</summary>
internal sealed class DevicePolicy
{
    private readonly List<DeviceRule> _exceptions = [];

    private DevicePolicy(bool allowByDefault) => AllowByDefault = allowByDefault;

    internal bool AllowByDefault { get; private set; }

    /// <summary>Rules against the default. No two speak of exactly the same devices.</summary>
    internal IReadOnlyList<DeviceRule> Exceptions => _exceptions;

    /// <summary>Folds rules, a later one outweighing an earlier one.</summary>
    /// <exception cref="CgroupException">A rule takes back a part of an earlier one, which v1 cannot say.</exception>
    internal static DevicePolicy Fold(IEnumerable<DeviceRule> rules, bool allowByDefault)
    {
        DevicePolicy policy = new(allowByDefault);
        foreach (DeviceRule rule in rules)
        {
            policy.Add(rule);
        }

        return policy;
    }

    private void Add(DeviceRule rule)
    {
        if (rule.IsTotal)
        {
            AllowByDefault = rule.Allow;
            _exceptions.Clear();
        }
        else if (rule.Allow == AllowByDefault)
        {
            TakeBack(rule);
        }
        else
        {
            Merge(rule);
        }
    }

    private void Merge(DeviceRule rule)
    {
        int same = _exceptions.FindIndex(e => e.Covers(rule) && rule.Covers(e));
        if (same >= 0)
        {
            _exceptions[same] = _exceptions[same] with { Access = _exceptions[same].Access | rule.Access };
        }
        else
        {
            _exceptions.Add(rule);
        }
    }

    private void TakeBack(DeviceRule rule)
    {
        for (int i = _exceptions.Count - 1; i >= 0; i--)
        {
            DeviceRule exception = _exceptions[i];
            if (!rule.Overlaps(exception) || (rule.Access & exception.Access) == 0)
            {
                continue;
            }

            if (!rule.Covers(exception))
            {
                throw new CgroupException(
                    "linux.resources.devices", string.Join(", ", rule.Lines()),
                    $"rules that cgroup v1 can hold: this one takes back a part of '{string.Join(", ", exception.Lines())}'");
            }

            DeviceAccess left = exception.Access & ~rule.Access;
            if (left == DeviceAccess.None)
            {
                _exceptions.RemoveAt(i);
            }
            else
            {
                _exceptions[i] = exception with { Access = left };
            }
        }
    }
}
