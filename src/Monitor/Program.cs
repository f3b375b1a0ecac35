// SPDX-License-Identifier: Apache-2.0
using Gantry.Monitor;
using Gantry.Monitor.Pods;
using Gantry.OciCli;

const int UsageError = 2;
if (Path.GetFileName(Environment.GetCommandLineArgs()[0]) == "gantry-oci")
{
    return OciProgram.Main(args, Console.Out, Console.Error);
}

switch (args)
{
    case ["pod", "--dir", string directory]:
        return PodMonitor.Run(directory);
    case [PodInit.Verb]:
        return PodInit.Run();
    case ["oci", .. string[] rest]:
        return OciProgram.Main(rest, Console.Out, Console.Error);
    default:
        MonitorLog.Error("usage: gantry-monitor pod --dir DIRECTORY, or gantry-monitor oci …");
        return UsageError;
}
