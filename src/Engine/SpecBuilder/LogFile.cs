// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.SpecBuilder;

/// <summary>Where a container's log lies.</summary>
internal static class LogFile
{
    /// <returns>Absolute path; empty when the pod has no log directory or the container no log path.</returns>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>: a path that leaves the directory (CVE-2025-0750).</exception>
    internal static string Path(string logDirectory, string logPath)
    {
        if (logDirectory.Length == 0 || logPath.Length == 0)
        {
            return "";
        }

        string directory = ContainerPath.Absolute("log_directory", logDirectory);
        return $"{(directory == "/" ? "" : directory)}/{ContainerPath.Relative("log_path", logPath)}";
    }
}
