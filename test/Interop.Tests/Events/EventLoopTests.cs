// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Events;
using Gantry.Interop.Sockets;

namespace Gantry.Interop.Tests.Events;

public sealed class EventLoopTests
{
    [Fact]
    public void A_readable_pipe_runs_its_callback_until_the_watch_ends()
    {
        using EventLoop loop = new();
        (var reader, var writer) = Pipe.Create();
        using (reader)
        using (writer)
        {
            int calls = 0;
            EventLoop.Watch? watch = null;
            watch = loop.Add(reader, EpollEvents.EPOLLIN, events =>
            {
                Assert.Equal(EpollEvents.EPOLLIN, events);
                if (++calls == 2)
                {
                    watch!.Dispose();
                    loop.After(TimeSpan.FromMilliseconds(20), loop.Stop);
                }
            });
            ByteIo.Write(writer, "x"u8, out _);

            loop.Run();

            Assert.Equal(2, calls);
        }
    }

    [Fact]
    public void Deadlines_run_in_order_of_time_and_not_after_disposal()
    {
        using EventLoop loop = new();
        List<int> ran = [];
        loop.After(TimeSpan.FromMilliseconds(30), () => { ran.Add(2); loop.Stop(); });
        loop.After(TimeSpan.FromMilliseconds(5), () => ran.Add(1));
        loop.After(TimeSpan.FromMilliseconds(10), () => ran.Add(9)).Dispose();

        loop.Run();

        Assert.Equal([1, 2], ran);
    }

    [Fact]
    public void Actions_posted_from_other_threads_run_in_order_on_the_loop()
    {
        using EventLoop loop = new();
        List<int> ran = [];
        Thread thread = new(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                int value = i;
                loop.Post(() => ran.Add(value));
            }

            loop.Post(loop.Stop);
        });
        thread.Start();

        loop.Run();

        thread.Join();
        Assert.Equal(Enumerable.Range(0, 1000), ran);
    }

    [Fact]
    public void An_inotify_watch_sees_a_write()
    {
        string path = Path.GetTempFileName();
        try
        {
            using Inotify inotify = new();
            inotify.WatchModified(path);
            Assert.False(inotify.Take());

            File.WriteAllText(path, "x");

            Assert.True(inotify.Take());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
