// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Gantry.Engine;

namespace Gantry.Cri.Tests;

public sealed class SignalMapTests
{
    [Theory]
    [InlineData(Signal.Sighup, 1)]
    [InlineData(Signal.Sigint, 2)]
    [InlineData(Signal.Sigquit, 3)]
    [InlineData(Signal.Sigabrt, 6)]
    [InlineData(Signal.Sigiot, 6)]
    [InlineData(Signal.Sigkill, 9)]
    [InlineData(Signal.Sigusr1, 10)]
    [InlineData(Signal.Sigusr2, 12)]
    [InlineData(Signal.Sigpipe, 13)]
    [InlineData(Signal.Sigterm, 15)]
    [InlineData(Signal.Sigstkflt, 16)]
    [InlineData(Signal.Sigchld, 17)]
    [InlineData(Signal.Sigcld, 17)]
    [InlineData(Signal.Sigcont, 18)]
    [InlineData(Signal.Sigstop, 19)]
    [InlineData(Signal.Sigxcpu, 24)]
    [InlineData(Signal.Sigxfsz, 25)]
    [InlineData(Signal.Sigwinch, 28)]
    [InlineData(Signal.Sigpoll, 29)]
    [InlineData(Signal.Sigpwr, 30)]
    [InlineData(Signal.Sigsys, 31)]
    [InlineData(Signal.Sigrtmin, 34)]
    [InlineData(Signal.Sigrtminplus1, 35)]
    [InlineData(Signal.Sigrtminplus15, 49)]
    [InlineData(Signal.Sigrtmaxminus14, 50)]
    [InlineData(Signal.Sigrtmaxminus1, 63)]
    [InlineData(Signal.Sigrtmax, 64)]
    public void A_signal_has_the_kernel_s_number(Signal signal, int number) => Assert.Equal(number, SignalMap.FromWire("stop_signal", signal));

    [Fact]
    public void Every_number_comes_back_as_a_signal_of_that_number() =>
        Assert.All(Enum.GetValues<Signal>().Where(signal => signal != Signal.RuntimeDefault), signal =>
        {
            int number = SignalMap.FromWire("stop_signal", signal)!.Value;
            Assert.Equal(number, SignalMap.FromWire("stop_signal", SignalMap.ToWire(number)));
        });

    [Fact]
    public void The_default_is_the_image_s_own() => Assert.Null(SignalMap.FromWire("stop_signal", Signal.RuntimeDefault));

    [Theory]
    [InlineData(-1)]
    [InlineData(66)]
    public void An_unknown_value_is_refused(int value) =>
        Assert.Throws<EngineException>(() => SignalMap.FromWire("stop_signal", (Signal)value));
}
