// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Tests.Runtime;

/// <summary>Documents of the test folder, found beside the test program.</summary>
internal static class SpecDocuments
{
    internal static string Read(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Runtime", "Documents", name));
}
