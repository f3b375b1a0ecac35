// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Images.Unpack;
using Gantry.Interop;

namespace Gantry.Images.Tests.Unpack;

/// <summary>Archives made of hostile pieces and then damaged: an escape or an unknown exception is a failure.</summary>
public sealed class LayerFuzzTests
{
    private static readonly string[] s_names =
        ["a", "b", "a/b", "a/b/c", "/a", "./", ".", "..", "a/..", "../victim/x", "", "/", "a//b/", ".wh.a", "a/.wh..wh..opq", ".wh..", "b/.wh.b"];

    private static readonly string[] s_targets = ["a", "b", "/", "..", "../../victim", "../../victim/file", "a/b", ".", "/a", ""];

    private static readonly Gen<Action<TarBuilder>> s_piece = Gen.Select(
        Gen.Int[0, 10], Gen.Int[0, s_names.Length - 1], Gen.Int[0, s_targets.Length - 1], Gen.Int[0, 700]).Select<(int, int, int, int), Action<TarBuilder>>(
        static x => builder => Add(builder, x.Item1, s_names[x.Item2], s_targets[x.Item3], x.Item4));

    private static readonly Gen<(int Position, byte Value)[]> s_damage =
        Gen.Select(Gen.Int[0, 20_000], Gen.Byte).Array[0, 3];

    [Fact]
    public void Mutated_archives_never_escape_and_fail_only_with_LayerException()
    {
        long refused = 0;
        long accepted = 0;
        Gen.Select(s_piece.Array[1, 8], s_damage, Gen.Bool).Sample(
            (pieces, damage, seal) =>
            {
                byte[] archive = Build(pieces, damage, seal);
                using UnpackFixture layer = new();
                try
                {
                    layer.UnpackAsync(archive, new UnpackLimits { MaximumBytes = 1 << 22, MaximumEntries = 1000 })
                        .GetAwaiter().GetResult();
                    Interlocked.Increment(ref accepted);
                }
                catch (LayerException)
                {
                    Interlocked.Increment(ref refused);
                }

                layer.AssertHostUntouched();
            },
            iter: 400,
            threads: 2);

        Assert.True(refused > 10 && accepted > 10, $"{refused} refused, {accepted} accepted");
    }

    private static byte[] Build(Action<TarBuilder>[] pieces, (int Position, byte Value)[] damage, bool seal)
    {
        TarBuilder builder = new();
        foreach (Action<TarBuilder> piece in pieces)
        {
            piece(builder);
        }

        byte[] archive = builder.Build();
        foreach ((int position, byte value) in damage)
        {
            int at = position % archive.Length;
            archive[at] = value;
            byte[] block = archive[(at & ~511)..((at & ~511) + 512)];

            // With a checksum made right again the damage reaches the code behind it.
            if (seal && block[257] == (byte)'u')
            {
                TarBuilder.Seal(block);
                block.CopyTo(archive, at & ~511);
            }
        }

        return archive;
    }

    private static void Add(TarBuilder builder, int kind, string name, string target, int size)
    {
        _ = kind switch
        {
            0 or 1 => builder.File(name, new string('x', size)),
            2 => builder.Directory(name, size),
            3 => builder.Symlink(name, target),
            4 => builder.Hardlink(name, target),
            5 => builder.Entry('3', name),
            6 => builder.Pax("path=" + target, "linkpath=" + name, "uid=" + size, "SCHILY.xattr.user.x=" + name),
            7 => builder.Entry('L', "long", TarBuilder.Text(name + "\0")),
            8 => builder.Entry('6', name, mode: size),
            9 => builder.Pax("GNU.sparse.size=" + (size * 2), $"GNU.sparse.map=0,{size / 2},{size},{size - (size / 2)}").File(name, new string('s', size)),
            _ => builder.Global("mtime=" + size + "." + size),
        };
    }
}
