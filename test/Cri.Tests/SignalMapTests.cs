// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Gantry.Engine;

namespace Gantry.Cri.Tests;

public sealed class SignalMapTests
{
    [Theory]
    [InlineData(nameof(Signal.Sighup), 1)]
    [InlineData(nameof(Signal.Sigint), 2)]
    [InlineData(nameof(Signal.Sigquit), 3)]
    [InlineData(nameof(Signal.Sigabrt), 6)]
    [InlineData(nameof(Signal.Sigiot), 6)]
    [InlineData(nameof(Signal.Sigkill), 9)]
    [InlineData(nameof(Signal.Sigusr1), 10)]
    [InlineData(nameof(Signal.Sigusr2), 12)]
    [InlineData(nameof(Signal.Sigpipe), 13)]
    [InlineData(nameof(Signal.Sigterm), 15)]
    [InlineData(nameof(Signal.Sigstkflt), 16)]
    [InlineData(nameof(Signal.Sigchld), 17)]
    [InlineData(nameof(Signal.Sigcld), 17)]
    [InlineData(nameof(Signal.Sigcont), 18)]
    [InlineData(nameof(Signal.Sigstop), 19)]
    [InlineData(nameof(Signal.Sigxcpu), 24)]
    [InlineData(nameof(Signal.Sigxfsz), 25)]
    [InlineData(nameof(Signal.Sigwinch), 28)]
    [InlineData(nameof(Signal.Sigpoll), 29)]
    [InlineData(nameof(Signal.Sigpwr), 30)]
    [InlineData(nameof(Signal.Sigsys), 31)]
    [InlineData(nameof(Signal.Sigrtmin), 34)]
    [InlineData(nameof(Signal.Sigrtminplus1), 35)]
    [InlineData(nameof(Signal.Sigrtminplus15), 49)]
    [InlineData(nameof(Signal.Sigrtmaxminus14), 50)]
    [InlineData(nameof(Signal.Sigrtmaxminus1), 63)]
    [InlineData(nameof(Signal.Sigrtmax), 64)]
    public void A_signal_has_the_kernel_s_number(string signal, int number) =>
        Assert.Equal(number, SignalMap.FromWire("stop_signal", Enum.Parse<Signal>(signal)));

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
