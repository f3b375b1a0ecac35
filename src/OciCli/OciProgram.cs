// SPDX-License-Identifier: Apache-2.0
using Gantry.Runtime.Launch;

namespace Gantry.OciCli;

/// <summary>The command <c>gantry-oci</c>: runc's command line, as far as it is served.</summary>
public static class OciProgram
{
    private const int Failure = 1;
    private const int Usage = 2;

    private const string Help =
        """
        gantry-oci: runs OCI bundles

        usage: gantry-oci run [--bundle DIR] [--explain] ID
               gantry-oci --version

          --bundle, -b DIR   directory with config.json and the rootfs (default: here)
          --explain          print the system calls of the start instead of running them
        """;

    /// <param name="arguments">Without the program's name.</param>
    /// <returns>The container's exit code, or 1 (failed) or 2 (wrong usage).</returns>
    public static int Main(string[] arguments, TextWriter output, TextWriter error)
    {
        switch (arguments)
        {
            case ["run", .. var rest]:
                return Run([.. rest], output, error);
            case ["--version" or "-v"]:
                output.WriteLine($"gantry-oci version {typeof(OciProgram).Assembly.GetName().Version?.ToString(3)}");
                output.WriteLine("spec: 1.2.0");
                return 0;
            case ["--help" or "-h"] or []:
                output.WriteLine(Help);
                return arguments.Length == 0 ? Usage : 0;
            default:
                error.WriteLine($"gantry-oci: \"{arguments[0]}\": not served yet; accepted: run, --version, --help");
                return Usage;
        }
    }

    private static int Run(List<string> arguments, TextWriter output, TextWriter error)
    {
        bool explain = arguments.Remove("--explain");
        string bundle = ".";
        int option = arguments.FindIndex(static a => a is "--bundle" or "-b");
        if (option >= 0 && option + 1 < arguments.Count)
        {
            bundle = arguments[option + 1];
            arguments.RemoveRange(option, 2);
        }

        if (arguments is not [string id] || id.StartsWith('-') || !IsId(id))
        {
            error.WriteLine("gantry-oci run: one ID: letters, digits, and _ + - . after the first character");
            return Usage;
        }

        try
        {
            Bundle loaded = Bundle.Load(bundle);
            if (!explain)
            {
                return loaded.Run($"/gantry-oci/{id}");
            }

            foreach (string line in loaded.Explain())
            {
                output.WriteLine(line);
            }

            return 0;
        }
        catch (LaunchException e)
        {
            error.WriteLine($"gantry-oci run: {e.Message}");
            return Failure;
        }
    }

    private static bool IsId(string id) =>
        char.IsAsciiLetterOrDigit(id[0]) && id.Length <= 1024 && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.');
}
