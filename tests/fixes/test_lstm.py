"""The LSTM is PyTorch's, number for number: forward, backward, packed, both ways."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from lessons.fixes import lstm

F64 = torch.float64
NEAR = {"rtol": 1e-10, "atol": 1e-10}


def numbers(*shape, seed=0):
    return torch.randn(shape, dtype=F64, generator=torch.Generator().manual_seed(seed))


def pair(*sizes, **how):
    theirs = nn.LSTM(*sizes, dtype=F64, **how)
    ours = lstm.LSTM(*sizes, dtype=F64, **how)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def flat(result):
    out, (h, c) = result
    return [out.data if isinstance(out, nn.utils.rnn.PackedSequence) else out, h, c]


def answers_and_gradients(layer, read, leaves):
    """Return outputs, and gradients by inputs, first states and weights, of a sum with weights."""
    results = flat(read(layer))
    loss = sum((r * numbers(*r.shape, seed=9)).sum() for r in results)
    by = [*leaves, *layer.parameters()]
    return results + list(torch.autograd.grad(loss, by))


def same(ours, theirs, read, leaves):
    pairs = zip(*(answers_and_gradients(n, read, leaves) for n in (ours, theirs)), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, **NEAR)


def states(layers, batch, width):
    return [numbers(layers, batch, width, seed=k).requires_grad_() for k in (1, 2)]


@settings(max_examples=25, deadline=None)
@given(
    time=st.integers(1, 6),
    batch=st.integers(0, 4),
    inputs=st.integers(1, 4),
    width=st.integers(1, 5),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    bias=st.booleans(),
)
def test_results_and_gradients_are_torchs(
    time, batch, inputs, width, layers, bidirectional, batch_first, bias
):
    how = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    ours, theirs = pair(inputs, width, layers, **how)
    x = numbers(*((batch, time) if batch_first else (time, batch)), inputs).requires_grad_()
    start = states(layers * (1 + bidirectional), batch, width)
    same(ours, theirs, lambda layer: layer(x, tuple(start)), [x, *start])
    same(ours, theirs, lambda layer: layer(x), [x])


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    layers=st.integers(1, 2),
    bidirectional=st.booleans(),
)
def test_packed_sequences_are_read_as_torch_reads_them(lengths, layers, bidirectional):
    ours, theirs = pair(3, 4, layers, bidirectional=bidirectional)
    x = [numbers(n, 3, seed=k).requires_grad_() for k, n in enumerate(lengths)]
    start = states(layers * (1 + bidirectional), len(lengths), 4)

    def read(layer):
        return layer(pack_sequence(x, enforce_sorted=False), tuple(start))

    same(ours, theirs, read, [*x, *start])
    outs = [pad_packed_sequence(read(layer)[0]) for layer in (ours, theirs)]
    torch.testing.assert_close(outs[0][0], outs[1][0], **NEAR)
    assert outs[0][1].tolist() == lengths


def test_a_packed_sequence_equals_each_sequence_alone():
    layer = lstm.LSTM(2, 3, bidirectional=True, dtype=F64, seed=0)
    x = numbers(4, 3, 2)
    packed = pack_padded_sequence(x, [4, 2, 1])
    out, (h, _) = layer(packed)
    out = pad_packed_sequence(out)[0]
    for k, n in enumerate([4, 2, 1]):
        alone, (end, _) = layer(x[:n, k])
        torch.testing.assert_close(out[:n, k], alone, **NEAR)
        torch.testing.assert_close(h[:, k], end, **NEAR)


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_single_sequence(batch_first):
    ours, theirs = pair(3, 4, 2, batch_first=batch_first)
    x = numbers(5, 3).requires_grad_()
    start = [numbers(2, 4, seed=k).requires_grad_() for k in (1, 2)]
    same(ours, theirs, lambda layer: layer(x, tuple(start)), [x, *start])


def test_the_gradient_is_the_slope():
    layer = lstm.LSTM(2, 3, 2, bidirectional=True, dtype=F64, seed=1)
    packed = pack_sequence([numbers(n, 2, seed=n) for n in (3, 2)])

    def read(data, *_):
        return flat(layer(nn.utils.rnn.PackedSequence(data, packed.batch_sizes)))

    assert torch.autograd.gradcheck(read, (packed.data.requires_grad_(), *layer.parameters()))


def test_under_one_seed_the_first_weights_are_torchs():
    made = []
    for kind in (nn.LSTM, lstm.LSTM):
        torch.manual_seed(3)
        made.append(kind(3, 4, 2, bidirectional=True).state_dict())
    assert list(made[0]) == list(made[1])
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])
    one, again = (lstm.LSTM(3, 4, seed=5).weight_hh_l0 for _ in range(2))
    assert torch.equal(one, again)


def test_float32_trains_and_inference_needs_no_gradient():
    torch.manual_seed(0)
    ours, theirs = lstm.LSTM(3, 4), nn.LSTM(3, 4)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(7, 2, 3)
    with torch.no_grad():
        torch.testing.assert_close(ours(x)[0], theirs.eval()(x)[0])
    assert torch.equal(ours.eval()(x)[0], ours.train()(x)[0])


def test_a_second_derivative_is_refused_in_words():
    x = numbers(3, 1, 2).requires_grad_()
    out = lstm.LSTM(2, 2, dtype=F64, seed=0)(x)[0].sum()
    with pytest.raises(NotImplementedError, match="cannot be differentiated again"):
        torch.autograd.grad(out, x, create_graph=True)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"dropout": 0.5}, "dropout=0.5"),
        ({"proj_size": 2}, "proj_size=2"),
        ({"num_layers": 0}, "num_layers=0"),
        ({"forget_bias": math.nan}, "forget=nan"),
        ({"seed": -1}, "seed=-1"),
        ({"forget_bias": 1.0, "bias": False}, "no gates with biases"),
    ],
)
def test_what_it_cannot_do_is_said(how, message):
    with pytest.raises(ValueError, match=message):
        lstm.LSTM(3, 4, **how)


@pytest.mark.parametrize(
    ("x", "hx", "error", "message"),
    [
        ([1.0], None, TypeError, "input is a list"),
        (torch.zeros(3, 2, 5), None, ValueError, r"input has shape \(3, 2, 5\).*time, batch, 3"),
        (torch.zeros(0, 2, 3), None, ValueError, "no steps"),
        (torch.zeros(4, 2, 3, dtype=F64), None, TypeError, "float64; expected torch.float32"),
        (pack_sequence([torch.zeros(2, 5)]), None, ValueError, "5 features; expected 3"),
        (torch.zeros(4, 2, 3), torch.zeros(1, 2, 4), TypeError, "hx is a Tensor"),
        (torch.zeros(4, 2, 3), (torch.zeros(1, 2, 4), torch.zeros(2, 4)), ValueError, "hx: c has"),
    ],
)
def test_input_that_does_not_fit_is_named(x, hx, error, message):
    with pytest.raises(error, match=message):
        lstm.LSTM(3, 4)(x, hx)


# The textbook form.


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_the_textbook_is_torchs(kind):
    theirs = getattr(nn, kind)(3, 4, batch_first=True, dtype=F64)
    ours = getattr(lstm, f"Textbook{kind}")(3, 4, dtype=F64).load(theirs)
    x = numbers(2, 6, 3).requires_grad_()
    start = [numbers(1, 2, 4, seed=k).requires_grad_() for k in (1, 2)][: ours.parts]
    hx = tuple(start) if kind == "LSTM" else start[0]
    found = []
    for layer in (ours, theirs):
        out, last = layer(x, hx)
        ends = [out, *last] if kind == "LSTM" else [out, last]
        loss = sum((r * numbers(*r.shape, seed=9)).sum() for r in ends)
        found.append([*ends, *torch.autograd.grad(loss, [x, *start])])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, **NEAR)


def test_weights_have_torchs_gradients_in_the_textbook():
    theirs = nn.LSTM(3, 4, batch_first=True, dtype=F64)
    ours = lstm.TextbookLSTM(3, 4, dtype=F64).load(theirs)
    x = numbers(2, 6, 3)
    for layer in (ours, theirs):
        layer(x)[0].square().sum().backward()
    ours_by_gate = [ours.of_state[name].weight.grad for name in ours.torch_order]
    torch.testing.assert_close(torch.cat(ours_by_gate), theirs.weight_hh_l0.grad, **NEAR)


@pytest.mark.parametrize("gates", list(itertools.chain.from_iterable(
    itertools.combinations(lstm.GATES, n) for n in range(4)
)))  # fmt: skip
def test_a_gate_that_is_left_out_is_open(gates):
    net = lstm.TextbookLSTM(3, 4, gates, dtype=F64)
    full = lstm.TextbookLSTM(3, 4, dtype=F64)
    full.load_state_dict(net.state_dict(), strict=False)
    for name in set(lstm.GATES) - set(gates):
        nn.init.zeros_(full.of_state[name].weight), nn.init.zeros_(full.of_state[name].bias)
        nn.init.zeros_(full.of_input[name].weight), nn.init.constant_(full.of_input[name].bias, 50)
    x = numbers(2, 5, 3)
    torch.testing.assert_close(net(x)[0], full(x)[0], **NEAR)


def test_the_jacobian_of_the_memory_is_the_forget_gate_and_a_way_round():
    """dc_t/dc_{t-1} at fixed h is diag(f); over h comes what W_h carries, and it adds."""
    net = lstm.TextbookLSTM(2, 3, seed=2, dtype=F64)
    x, h, c = numbers(1, 2), numbers(1, 3, seed=1), numbers(1, 3, seed=2)
    jacobian = torch.autograd.functional.jacobian(lambda m: net.step(x, h, m)[1], c)[0, :, 0]
    forget = net.gate("forget", x, h)[0]
    torch.testing.assert_close(jacobian, torch.diag(forget), **NEAR)


def test_unknown_gates_and_sizes_are_named():
    with pytest.raises(ValueError, match=r"'forgot'.*Did you mean 'forget'"):
        lstm.TextbookLSTM(3, 4, ["forgot"])
    with pytest.raises(ValueError, match="width=0"):
        lstm.TextbookGRU(3, 0)
