// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Bench.System;

/// <summary>What is going on, on standard error: one line that is overwritten on a terminal, a line for each stage elsewhere.</summary>
internal static class Progress
{
    private static string s_stage = "";

    internal static void Show(string text)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r\e[K{text}");
            return;
        }

        string stage = text.Split(':')[0];
        if (stage != s_stage)
        {
            Console.Error.WriteLine(stage);
            s_stage = stage;
        }
    }

    internal static void Done()
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r\e[K");
        }
    }
}
