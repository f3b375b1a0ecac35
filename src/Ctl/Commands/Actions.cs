// SPDX-License-Identifier: Apache-2.0
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Commands;

/// <summary>What stop, rm and rmi print: what they acted on.</summary>
internal static class Actions
{
    internal static void Print(Session session, IReadOnlyList<ActionShape> done)
    {
        if (session.WantsJson)
        {
            session.Screen.Json(done, ShapeJson.Printed.IReadOnlyListActionShape);
            return;
        }

        foreach (ActionShape action in done)
        {
            session.Screen.Out.WriteLine(action.Name);
        }
    }
}
