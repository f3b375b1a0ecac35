// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;

namespace Gantry.Ctl.Run;

/// <summary>Logs of what "gantry run" makes: a directory for each pod.</summary>
internal static class RunLogs
{
    internal const string Root = "/var/log/gantry";

    internal static string Directory(PodSandboxMetadata pod) => Path.Combine(Root, $"{pod.Name}_{pod.Uid}");

    /// <summary>Like a kubelet, the client makes the log directory.</summary>
    internal static void Create(PodSandboxMetadata pod) => System.IO.Directory.CreateDirectory(Directory(pod));

    internal static void Remove(PodSandboxMetadata pod)
    {
        string directory = Directory(pod);

        // The name passed "gantry run"; a pod of another origin may carry anything.
        if (Path.GetDirectoryName(Path.GetFullPath(directory)) == Root && System.IO.Directory.Exists(directory))
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }
}
