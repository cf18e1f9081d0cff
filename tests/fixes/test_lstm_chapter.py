"""What the chapter on the LSTM says of gradients, biases and tasks: closed forms, orders, seeds."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lessons.data import recall
from lessons.fixes import lstm
from lessons.fixes.lstm import TASKS
from lessons.plots.lstm import carried, two_panels

F64 = torch.float64
SEEDS = range(3)


def carried_back(kind, steps=100, **how):
    """Return for each seed what is left of the gradient at the first step."""
    x, y = recall(16, steps, dtype=F64)
    return [lstm.both_ways(lstm.reader(kind, seed=k, dtype=F64, **how), x, y)[1][0] for k in SEEDS]


def test_a_forget_gate_at_its_bias_keeps_a_power():
    found = [f"{lstm.kept(b, 100):.1e}" for b in (0, 1, 2)]
    assert found == ["7.9e-31", "2.5e-14", "3.1e-06"]


@given(st.integers(1, 10_000), st.floats(1e-6, 0.999))
def test_the_bias_that_keeps_a_share_keeps_it(steps, share):
    bias = lstm.bias_that_keeps(steps, share)
    assert lstm.kept(bias, steps) == pytest.approx(share, rel=1e-9)


@given(st.floats(-700, 700), st.integers(0, 50))
def test_extreme_biases_give_numbers(bias, steps):
    assert 0 <= lstm.kept(bias, steps) <= 1


@pytest.mark.parametrize("steps", [30, 100, 1000])
def test_the_bias_is_about_ln_t(steps):
    assert lstm.bias_that_keeps(steps) == pytest.approx(math.log(steps), abs=1 / steps)


@pytest.mark.parametrize("share", [0.0, 1.0, 2.0])
def test_a_share_outside_is_named(share):
    with pytest.raises(ValueError, match="share="):
        lstm.bias_that_keeps(10, share)


@pytest.mark.parametrize("bias", [0.0, 1.0, 4.0])
def test_along_the_memory_alone_the_gradient_is_that_power(bias):
    layer = nn.LSTM(8, 6, batch_first=True, dtype=F64)
    lstm.set_biases_(layer, forget=bias)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        layer.weight_ih_l0[6:12] = 0  # the forget gates stand at their bias
    x, y = recall(4, 20, dtype=F64)
    gradients = lstm.both_ways(lstm.reader(layer, 6, dtype=F64), x, y)[1]
    for t in range(18):
        share = gradients[t] / gradients[18]
        assert share == pytest.approx(lstm.kept(bias, 18 - t), rel=1e-9)


def test_biases_are_set_in_every_layer_and_direction():
    layer = lstm.LSTM(2, 3, 2, bidirectional=True, seed=0)
    before = layer.bias_ih_l0.clone()
    lstm.set_biases_(layer, forget=4.0, input=-4.0)
    for suffix in ("l0", "l0_reverse", "l1", "l1_reverse"):
        total = getattr(layer, f"bias_ih_{suffix}") + getattr(layer, f"bias_hh_{suffix}")
        assert total[:6].tolist() == [-4.0] * 3 + [4.0] * 3
    assert torch.equal(layer.bias_ih_l0[6:], before[6:])
    gru = lstm.set_biases_(nn.GRU(2, 3), forget=4.0)
    assert gru.bias_ih_l0[3:6].tolist() == [4.0] * 3


@pytest.mark.parametrize("layer", [nn.RNN(2, 3), nn.LSTM(2, 3, bias=False), nn.Linear(2, 3)])
def test_a_layer_without_gates_is_named(layer):
    with pytest.raises(ValueError, match="no gates with biases"):
        lstm.set_biases_(layer, forget=1.0)


def test_a_gru_has_no_input_gate():
    with pytest.raises(ValueError, match="no input gate"):
        lstm.set_biases_(nn.GRU(2, 3), forget=1.0, input=-1.0)


# Gradients at the start.


@pytest.mark.parametrize("kind", ["plain", "lstm", "gru"])
def test_as_pytorch_starts_it_each_of_them_vanishes(kind):
    assert max(carried_back(kind)) < 1e-15


def test_over_ten_steps_a_thousandth_is_left():
    assert min(carried_back("lstm", steps=10)) > 1e-3


def test_chosen_biases_carry_a_gradient_across_a_hundred_steps():
    b = math.log(100)
    assert max(carried_back("lstm", forget=1.0)) < 1e-4
    assert all(0.1 < share < 1 for share in carried_back("lstm", forget=b, enter=-b))
    assert all(0.2 < share < 0.6 for share in carried_back("gru", forget=b))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sum_carries_and_the_gates_hold_the_memory(seed):
    x, y = recall(16, 100, dtype=F64)
    found = {}
    for gates in ((), ("input", "output"), lstm.GATES):
        biases = {"forget": 0.0} if "forget" in gates else None
        layer = lstm.TextbookLSTM(8, 32, gates, biases=biases, seed=seed, dtype=F64)
        sizes, gradients = lstm.both_ways(lstm.reader(layer, seed=seed, dtype=F64), x, y)
        found[len(gates)] = sizes[-1], gradients[0]
    assert found[0][0] > 20 > found[2][0] > 5 > 0.5 > found[3][0]
    assert min(found[0][1], found[2][1]) > 0.5 and found[3][1] < 1e-15


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gates_without_the_sum_lose_the_gradient(seed):
    x, y = recall(16, 100, dtype=F64)
    layer = lstm.TextbookLSTM(8, 32, biases={"forget": -50.0}, seed=seed, dtype=F64)
    assert lstm.both_ways(lstm.reader(layer, seed=seed, dtype=F64), x, y)[1][0] < 1e-80


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_the_way_round_that_adds_to_the_memory(seed):
    """Cut it in the backward pass alone: the forward pass, and so the gates, stay as they are."""

    class Cut(lstm.TextbookLSTM):
        def step(self, x, h, c):
            return super().step(x, h.detach(), c)

    x, y = recall(16, 100, dtype=F64)
    left = []
    for kind in (lstm.TextbookLSTM, Cut):
        layer = kind(8, 32, biases={"forget": 1.0}, seed=seed, dtype=F64)
        norms = lstm.both_ways(lstm.reader(layer, seed=seed, dtype=F64), x, y)[1]
        left.append(norms[0] / norms[-2])
    assert left[0] > 1e3 * left[1]
    assert 0.1 < left[1] / lstm.kept(1.0, 98) < 100


def test_the_way_round_takes_over_as_its_weights_grow():
    x, y = recall(16, 100, dtype=F64)
    for gain, power in ((0.0, -13), (0.3, -11), (1.0, -7), (10.0, 7)):
        logs = []
        for k in SEEDS:
            net = lstm.reader("lstm", forget=1.0, gain=gain, seed=k, dtype=F64)
            norms = lstm.both_ways(net, x, y)[1]
            logs.append(math.log10(norms[0] / norms[-2]))
        assert sum(logs) / len(logs) == pytest.approx(power, abs=1)


def test_a_memory_with_steady_gates_tends_to_what_enters_over_what_is_lost():
    net = lstm.TextbookLSTM(1, 1, biases={"forget": 1.0, "input": -1.0}, dtype=F64)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("weight"):
                parameter.zero_()
        net.of_input["candidate"].bias.fill_(0.5), net.of_state["candidate"].bias.zero_()
    _, (_, c) = net(torch.zeros(1, 200, 1, dtype=F64))
    kept, entering = lstm.kept(1.0, 1), lstm.kept(-1.0, 1) * math.tanh(0.5)
    assert c.item() == pytest.approx(entering / (1 - kept))


def test_large_recurrent_weights_explode():
    b = math.log(100)
    both = {"forget": b, "enter": -b}
    assert min(carried_back("lstm", forget=1.0, gain=10.0)) > 1e4
    assert max(carried_back("lstm", gain=10.0, **both)) < 100
    assert min(carried_back("lstm", gain=10.0, forget=b)) > 1e3  # so it is the input gate
    assert all(10 < grown < 1e5 for grown in carried_back("lstm", gain=20.0, **both))
    assert min(carried_back("lstm", forget=1.0, gain=20.0)) > 1e15
    assert max(carried_back("lstm", forget=1.0, gain=0.0)) < 1e-12  # not by the memory


def test_the_whole_state_is_cut_at_each_step():
    """The gradient by a state must not miss the way along the memory."""
    net = lstm.reader("lstm", 4, dtype=F64)
    x, _ = recall(3, 6, dtype=F64)
    states = net.hidden_states(x)
    assert states[0].shape == (3, 8)
    torch.testing.assert_close(net.output_layer(states[-1]), net(x))
    assert torch.equal(states[-1][:, :4], net.layer(x)[0][:, -1])


# Tasks.


def solved(task, length, kind, **how):
    return [lstm.solved(lstm.learn(task, length, kind, seed=k, **how)) for k in SEEDS]


def test_recall_is_not_solved_from_pytorchs_start():
    assert not any(solved("recall", 50, "lstm"))


def test_a_small_gradient_can_be_enough():
    assert max(carried_back("lstm", steps=20)) < 1e-4
    assert sum(solved("recall", 20, "lstm", steps=300)) >= 2


def test_with_the_forget_gate_alone_recall_takes_longer():
    assert lstm.solved(lstm.learn("recall", 50, "lstm", forget=math.log(50), steps=300))


def test_it_is_not_the_other_symbols_that_fill_the_memory(monkeypatch):
    def blank(samples, length, seed):
        x, y = recall(samples, length, seed=seed)
        x[:, 1:] = 0
        return x, y

    monkeypatch.setitem(TASKS, "recall", (blank, *TASKS["recall"][1:]))
    assert not any(solved("recall", 50, "lstm", forget=math.log(50), steps=100))


def test_the_length_must_be_known_roughly():
    for length, expected in ((10, False), (200, True), (1000, True), (10_000, False)):
        b = math.log(length)
        found = solved("recall", 50, "lstm", forget=b, enter=-b, steps=100)
        assert found == [expected] * len(SEEDS), length


def test_a_gru_solves_recall_with_one_bias():
    assert all(solved("recall", 50, "gru", forget=math.log(50), steps=80))


def test_adding_is_solved_by_some_from_pytorchs_start():
    found = solved("adding", 30, "lstm", steps=250, lr=0.02)
    assert any(found) and not all(found)


def test_our_lstm_trains_as_pytorchs():
    how = {"forget": 2.0, "steps": 8, "samples": 100, "dtype": F64}
    losses = []
    for kind in (nn.LSTM, lstm.LSTM):
        torch.manual_seed(0)
        layer = kind(8, 32, batch_first=True, dtype=F64)
        losses.append(lstm.learn("recall", 10, layer, **how).batch_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert losses[0][-1] != losses[0][0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lstm.learn("adding up", 10, "lstm"), "task='adding up'"),
        (lambda: lstm.reader("LSTMs"), "kind='LSTMs'"),
        (lambda: lstm.reader("lstm", 0), "width=0"),
        (lambda: lstm.reader("lstm", gain=-1.0), "gain=-1.0"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Figures.


def test_the_explorer_says_what_it_draws():
    figure, alt = carried(0, 30)
    assert "Forget bias 0, 30 steps" in alt
    assert len(figure.axes[0].lines) == 3
    assert carried(5, 30)[1] != alt


def test_two_panels():
    found = {"a": ([1.0, 2.0], [0.1, 1.0]), "b": ([1.0, 1.0], [1.0, 1.0])}
    picture = two_panels(found, {"a": "vanishing", "b": "healthy"})
    assert [len(ax.lines) for ax in picture.figure.axes] == [2, 2]
