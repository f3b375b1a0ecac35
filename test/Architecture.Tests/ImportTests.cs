// SPDX-License-Identifier: Apache-2.0
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Gantry.Architecture.Tests;

/// <summary>What the compiled files say, however the source spelled it.</summary>
public sealed class ImportTests
{
    [Fact]
    public void Only_Interop_imports_native_functions() =>
        Assert.All(Repository.Sources.Where(p => p.Name != "Interop"), project => Assert.Empty(Imports(Repository.AssemblyOf(project))));

    [Fact]
    public void Imports_are_found_where_they_are() =>
        Assert.Contains("syscall", Imports(Repository.AssemblyOf(Repository.Sources.Single(p => p.Name == "Interop"))));

    [Fact]
    public void Native_code_other_than_ours_is_libc_and_nftables()
    {
        using FileStream file = File.OpenRead(Repository.AssemblyOf(Repository.Sources.Single(p => p.Name == "Interop")));
        using PEReader image = new(file);
        MetadataReader reader = image.GetMetadataReader();

        IEnumerable<string> libraries = Enumerable.Range(1, reader.GetTableRowCount(TableIndex.ModuleRef))
            .Select(row => reader.GetString(reader.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name));

        Assert.Empty(libraries.Except(["libc", "gantrystub", "libnftables.so.1"]));
    }

    private static List<string> Imports(string assembly)
    {
        using FileStream file = File.OpenRead(assembly);
        using PEReader image = new(file);
        MetadataReader reader = image.GetMetadataReader();
        return reader.MethodDefinitions
            .Select(reader.GetMethodDefinition)
            .Where(method => (method.Attributes & MethodAttributes.PinvokeImpl) != 0)
            .Select(method => reader.GetString(method.GetImport().Name))
            .ToList();
    }
}
