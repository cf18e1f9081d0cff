"""Fewer layers: pieces against closed forms and a fine grid, budgets, and what trains."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.data import digits
from lessons.fixes import depth as chapter
from lessons.measure import loss_gradients
from lessons.networks import mlp
from lessons.plots.depth import folded
from lessons.race import race

SIGMOID = {"activation": "sigmoid", "initialization": "xavier"}
TANH = {"activation": "tanh", "initialization": "normal"}


def random_net(depth, width, seed):
    net = mlp(depth, width, inputs=1, outputs=1, seed=seed, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    for layer in net.layers:
        layer.bias.data.uniform_(-0.5, 0.5, generator=generator)
    return net


@pytest.mark.parametrize("folds", [1, 2, 3, 7, 12])
def test_the_sawtooth_is_the_tent_folded_and_has_two_to_the_folds_pieces(folds):
    net = chapter.sawtooth(folds)
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    expected = x
    for _ in range(folds):
        expected = chapter.tooth(expected)
    torch.testing.assert_close(net(x[:, None]).flatten(), expected, rtol=0, atol=1e-9)
    assert chapter.count_pieces(net) == 2**folds
    inside = torch.arange(1, 2**folds, dtype=torch.float64) / 2**folds
    torch.testing.assert_close(chapter.breakpoints(net), inside, rtol=0, atol=1e-12)


@pytest.mark.parametrize("slope", [0.7, 1.0, 1.3, 2.0])
def test_the_gradient_is_the_slope_to_the_power_of_the_folds(slope):
    x = torch.tensor([[0.137], [0.611]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(chapter.sawtooth(6, slope)(x).sum(), x)
    torch.testing.assert_close(gradient.abs(), torch.full_like(gradient, slope**6))


@pytest.mark.parametrize("slope", [1.0, 1.2, 2.0])
def test_the_climb_is_the_mean_gradient(slope):
    net = chapter.sawtooth(12, slope)
    places = torch.cat([torch.zeros(1), chapter.breakpoints(net), torch.ones(1)])
    with torch.no_grad():
        climb = net(places[:, None]).diff(dim=0).abs().sum().item()
    assert climb == pytest.approx(slope**12, rel=1e-9)


def test_no_fold_without_growth():
    assert [chapter.count_pieces(chapter.sawtooth(k, 1.0)) for k in (2, 6, 12)] == [2, 2, 2]
    counts = [chapter.count_pieces(chapter.sawtooth(12, s)) for s in (1.2, 1.5, 2.0)]
    assert counts == sorted(counts)
    assert all(count >= s**12 for count, s in zip(counts, (1.2, 1.5, 2.0), strict=True))


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 5), st.integers(1, 9), st.integers(0, 1000))
def test_a_net_is_straight_between_its_breakpoints_and_never_beyond_the_limit(depth, width, seed):
    net = random_net(depth, width, seed)
    ends = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    places = torch.cat([ends[:1], chapter.breakpoints(net, -1, 1), ends[1:]])
    assert (places.diff() > 0).all()
    with torch.no_grad():
        middle = net(((places[:-1] + places[1:]) / 2)[:, None])
        mean = (net(places[:-1, None]) + net(places[1:, None])) / 2
    torch.testing.assert_close(middle, mean, rtol=1e-9, atol=1e-9)
    assert chapter.count_pieces(net, -1, 1) <= chapter.pieces_of(depth, width)


def test_one_hidden_layer_reaches_its_limit():
    net = mlp(2, 7, inputs=1, outputs=1, dtype=torch.float64)
    with torch.no_grad():
        net.layers[0].weight.fill_(1.0)
        net.layers[0].bias.copy_(-torch.arange(1, 8) / 8)
        net.layers[1].weight.fill_(1.0)
    assert chapter.count_pieces(net) == chapter.pieces_of(2, 7) == 8


def test_pieces_without_height_need_no_growth():
    net = chapter.sawtooth(12)
    with torch.no_grad():
        net.layers[-1].weight /= 4096
    assert chapter.count_pieces(net) == 4096
    x = torch.tensor([[0.137]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x).sum(), x)
    assert gradient.abs().item() == pytest.approx(1)
    assert net(torch.tensor([[1 / 4096]]).double()).item() == pytest.approx(1 / 4096)


def test_random_nets_have_about_as_many_pieces_as_neurons_or_fewer():
    for depth, width in [(2, 64), (3, 32), (5, 16), (9, 8)]:
        counts = [chapter.count_pieces(random_net(depth, width, k), -1, 1) for k in range(5)]
        assert max(counts) <= 64
        assert sorted(counts)[2] >= 20  # some narrow nets are dead
        wide = [chapter.count_pieces(random_net(depth, width, k), -20, 20) for k in range(30)]
        assert 64 < max(wide) < 110


def test_in_400_steps_deeper_relu_nets_get_further_and_not_past_two_layers():
    data = digits()
    x, y, test = data.train_x[:256], data.train_y[:256], (data.test_x, data.test_y)
    held = {}
    for depth, rate in [(2, 0.3), (3, 0.3), (5, 0.3), (10, 0.1)]:
        nets = [mlp(depth, chapter.width_for(4000, depth), seed=k) for k in range(3)]
        held[depth] = race(nets, [(rate, lambda t: 1.0)], x, y, steps=400, test=test).held_out
    assert (held[2] > 0.9).all()
    assert held[10].mean() > 0.6
    assert all(held[2].mean() > held[depth].mean() for depth in (3, 5, 10))


@pytest.mark.parametrize("how", [SIGMOID, TANH])
def test_fewer_layers_cure_at_equal_width_too(how):
    data = digits()
    settings = [(rate, lambda step: 1.0) for rate in (0.1, 1.0)]
    held = []
    for depth in (2, 20):
        nets = [mlp(depth, 16, seed=k, **how) for k in range(3)]
        found = race(
            nets,
            settings,
            data.train_x[:256],
            data.train_y[:256],
            steps=80,
            test=(data.test_x, data.test_y),
        )
        held.append(found.held_out.max(0).values)
    assert (held[0] > 0.6).all()
    assert (held[1] < 0.35).all()


@given(st.integers(1, 40), st.integers(1, 200), st.integers(1, 80), st.integers(1, 20))
def test_parameters_are_counted(depth, width, inputs, outputs):
    counted = chapter.parameters_of(depth, width, inputs, outputs)
    if depth * width < 60:
        net = mlp(depth, width, inputs=inputs, outputs=outputs)
        assert counted == sum(p.numel() for p in net.parameters())
    if depth > 1:
        assert chapter.width_for(counted, depth, inputs, outputs) == width
        if width > 1:
            assert chapter.width_for(counted - 1, depth, inputs, outputs) == width - 1


def test_fewer_layers_cure_both_at_equal_parameters():
    data = digits()
    x, y = data.train_x[:256], data.train_y[:256]
    test = (data.test_x, data.test_y)
    settings = [(rate, lambda step: 1.0) for rate in (0.1, 1.0)]
    held = {}
    for name, how in {"vanishing": SIGMOID, "exploding": TANH}.items():
        for depth in (2, 20):
            width = chapter.width_for(4000, depth)
            nets = [mlp(depth, width, seed=k, **how) for k in range(3)]
            found = race(nets, settings, x, y, steps=80, test=test)
            held[name, depth] = found.held_out.max(0).values
    for name in ("vanishing", "exploding"):
        assert (held[name, 2] > 0.6).all()
        assert (held[name, 20] < 0.3).all()
    fine = digits(dtype=torch.float64)
    norms = [
        list(
            loss_gradients(
                mlp(depth, chapter.width_for(4000, depth), dtype=torch.float64, **SIGMOID),
                fine.train_x[:256],
                fine.train_y[:256],
            ).values()
        )
        for depth in (3, 20)
    ]
    assert norms[0][0] > 0.03 * norms[0][-1]
    assert norms[1][0] < 1e-9 * norms[1][-1]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: chapter.width_for(10, 3), "parameters"),
        (lambda: chapter.width_for(1000, 1), "depth"),
        (lambda: chapter.sawtooth(0), "folds"),
        (lambda: chapter.sawtooth(2, 3.0), "slope"),
        (lambda: chapter.breakpoints(chapter.sawtooth(1), 1, 0), "low"),
        (lambda: chapter.breakpoints(mlp(3)), "net"),
        (lambda: chapter.count_pieces(chapter.sawtooth(1), tolerance=0), "tolerance"),
        (lambda: folded(9), "folds"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_the_figure_says_its_numbers():
    assert "16 straight pieces; in one layer at most 9" in folded(4)[1]
