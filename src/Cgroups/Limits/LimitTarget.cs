// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Control;

namespace Gantry.Cgroups.Limits;

/// <summary>The files of one controller, for one field of the resources: failures name the field.</summary>
internal readonly struct LimitTarget
{
    private readonly ControlDirectory _directory;
    private readonly string _field;

    /// <param name="controller">Name of the v1 controller; on v2 it only names the controller in the message.</param>
    /// <exception cref="CgroupException">The node has no such controller.</exception>
    internal LimitTarget(Cgroup cgroup, string controller, string field)
    {
        _directory = cgroup.DirectoryOf(controller)
            ?? throw new CgroupException(field, "set", $"this node mounts no {controller} controller");
        _field = field;
        IsV2 = cgroup.Layout == CgroupLayout.Unified;
    }

    internal bool IsV2 { get; }

    /// <exception cref="CgroupException">The kernel refused the value, or has no such file.</exception>
    internal void Write(string file, string value) => ThrowOn(TryWrite(file, value), file, value);

    /// <summary>As <see cref="Write"/>, but an error is a result.</summary>
    internal Errno TryWrite(string file, string value) => _directory.TryWrite(file, value);

    /// <returns><see langword="null"/>: no such file.</returns>
    internal string? TryRead(string file) => _directory.TryRead(file)?.Trim();

    internal bool Has(string file) => _directory.TryRead(file) is not null;

    internal void ThrowOn(Errno errno, string file, string value)
    {
        string? accepted = errno switch
        {
            Errno.None => null,
            Errno.ENOENT => $"this kernel or cgroup has no {file}",
            Errno.EINVAL or Errno.ERANGE or Errno.EPERM or Errno.EACCES =>
                $"refused by {file} ({errno}): its range, or what the groups above and below allow, is exceeded",
            Errno.EBUSY => $"refused by {file} (EBUSY): less than what is in use",
            _ => $"{file}: {errno}",
        };
        if (accepted is not null)
        {
            throw new CgroupException(_field, value, accepted, new SyscallException("write", $"{_directory.Path}/{file}", errno));
        }
    }
}
