// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Runtime.InteropServices;
using Gantry.Ctl;

using var interrupted = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

ParseResult arguments = GantryCommand.Create().Parse(args);
if (arguments.Errors.Count > 0 && arguments.Action is not System.CommandLine.Help.HelpAction)
{
    Console.Error.WriteLine($"gantry: {arguments.Errors[^1].Message}");
    Console.Error.WriteLine($"  next: {GantryCommand.HelpFor(arguments)}");
    return ExitCode.Usage;
}

return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, interrupted.Token);

void Cancel(PosixSignalContext signal)
{
    // The second one ends the program the hard way.
    signal.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
}
