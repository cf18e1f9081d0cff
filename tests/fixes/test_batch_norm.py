"""What the chapter on batch normalization says: closed forms, nets measured, orderings on seeds."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.data import Digits, digits
from lessons.fixes import batch_norm as chapter
from lessons.fixes.batch_norm import BatchNorm, fit, normed
from lessons.measure import distance_by_layer
from lessons.networks import THREE_NETS, mlp
from lessons.plots.batch_norm import NAMES, with_and_without
from lessons.propagation import batch_norm_growth

F32, F64 = torch.float32, torch.float64
SEEDS = range(3)


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def batch():
    exact = digits(dtype=F64)
    return exact.train_x[:256], exact.train_y[:256]


def factor(batch, norm="batch", depth=20, **how):
    return chapter.factor_per_layer(lambda seed: normed(norm, depth, seed=seed, **how), *batch)


def reached(data, norm="batch", depth=20, lr=0.1, steps=40, batch_size=128, **how):
    return [
        fit(
            normed(norm, depth, seed=seed, dtype=F32, **how),
            data,
            lr=lr,
            steps=steps,
            batch_size=batch_size,
            seed=seed,
        )
        for seed in SEEDS
    ]


# --- the layer -----------------------------------------------------------------------------------


@given(batch=st.integers(3, 6), features=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_way_back_takes_two_directions_off(batch, features, seed):
    generator = torch.Generator().manual_seed(seed)
    x, d = torch.randn(2, batch, features, generator=generator, dtype=F64)
    layer, x = BatchNorm(features, eps=1e-12, dtype=F64), x.requires_grad_()
    y = layer(x)
    (y * d).sum().backward()
    most = x.grad.abs().max() + d.abs().max()
    assert x.grad.sum(0).abs().max() < 1e-8 * most
    assert (x.grad * y.detach()).sum(0).abs().max() < 1e-6 * most


@given(seed=st.integers(0, 99), gap=st.floats(2, 100))
def test_a_batch_of_two_is_plus_and_minus_one_and_sends_nothing_back(seed, gap):
    d = torch.randn(2, 1, generator=torch.Generator().manual_seed(seed), dtype=F64)
    x = torch.tensor([[1.0], [1 + gap]], dtype=F64, requires_grad=True)
    y = BatchNorm(1, dtype=F64)(x)
    (y * d).sum().backward()
    torch.testing.assert_close(
        y.detach().flatten().abs(), torch.ones(2, dtype=F64), atol=1e-4, rtol=0
    )
    assert x.grad.abs().max() < 5e-4 * d.abs().max()


def test_gamma_and_beta_undo_it():
    x = 5 * torch.randn(7, 3, generator=torch.manual_seed(0), dtype=F64) + 2
    layer = BatchNorm(3, dtype=F64)
    with torch.no_grad():
        layer.weight.copy_((x.var(0, correction=0) + layer.eps).sqrt())
        layer.bias.copy_(x.mean(0))
    torch.testing.assert_close(layer(x), x, rtol=0, atol=1e-12)


@given(zeros=st.integers(1, 9))
def test_two_values_stay_two_values(zeros):
    y = BatchNorm(1, dtype=F64)(torch.tensor([[0.0]] * zeros + [[8.0]], dtype=F64)).detach()
    assert len({round(value, 9) for value in y.flatten().tolist()}) == 2
    assert abs(y.mean()) < 1e-12
    assert y.var(correction=0).item() == pytest.approx(1, abs=1e-4)


def test_evaluation_moves_no_average_and_looks_at_no_neighbour():
    layer = BatchNorm(2, dtype=F64)
    x = torch.randn(6, 2, generator=torch.manual_seed(0), dtype=F64)
    layer(x)
    before = [b.clone() for b in layer.buffers()]
    layer.eval()
    assert torch.allclose(layer(x)[:1], layer(x[:1]))
    assert all(map(torch.equal, before, layer.buffers()))


def test_without_a_norm_it_is_the_plain_net(batch):
    plain, same = mlp(4, seed=3, dtype=F64), normed("none", 4, seed=3)
    assert torch.equal(plain(batch[0]), same(batch[0]))
    assert [p.shape for p in normed("batch", 3, width=5).norms.parameters()] == [(5,)] * 4


# --- before training -----------------------------------------------------------------------------


def test_the_sick_get_well_and_the_healthy_one_explodes(batch):
    before = {kind: factor(batch, "none", **how) for kind, how in THREE_NETS.items()}
    after = {kind: factor(batch, **how) for kind, how in THREE_NETS.items()}
    assert before["vanishing"] < 0.3 < 1.0 < after["vanishing"] < 1.1
    assert before["exploding"] > 2 > 1.2 > after["exploding"] > 1.05
    assert abs(before["healthy"] - 1) < 0.05
    assert after["healthy"] == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=0.02)


@pytest.mark.parametrize("size", [6, 16, 256])
def test_relu_grows_as_predicted_at_each_batch_size(batch, size):
    x, y = batch
    measured = factor((x[:size], y[:size]), width=256)
    assert measured == pytest.approx(math.sqrt(batch_norm_growth("relu", size)), rel=0.03)


def test_no_activation_vanishes_and_only_a_linear_one_stays():
    names = ["sigmoid", "tanh", "relu", "gelu", "leaky_relu", "elu", "silu", "softplus"]
    assert min(batch_norm_growth(name) for name in names) > 1.001
    assert batch_norm_growth("identity") == pytest.approx(1)


class Centred(torch.nn.Module):
    def forward(self, x):
        return x - x.mean(0)


class Divided(torch.nn.Module):
    def forward(self, x):
        return x / x.std(0, correction=0)


class Level(BatchNorm):
    """The error signal on its way back is divided by what batch normalization multiplies it by."""

    def forward(self, x):
        growth = math.sqrt(batch_norm_growth("relu"))
        return super().forward(x / growth + (x - x / growth).detach())


def with_norms(make, seed=0, dtype=F64, **how):
    net = normed("none", 20, seed=seed, dtype=dtype, **how)
    for k in range(19):
        net.norms[k] = make()
    return net


def without_growth(seed, dtype=F64):
    return with_norms(lambda: Level(64, dtype=dtype), seed, dtype)


def test_the_mean_alone_cures_nothing_and_the_division_alone_both(batch):
    for kind in ("vanishing", "exploding"):

        def parted(make, how=THREE_NETS[kind]):
            return lambda seed: with_norms(make, seed, **how)

        found = chapter.factor_per_layer(parted(Centred), *batch)
        assert found == pytest.approx(factor(batch, "none", **THREE_NETS[kind]), rel=0.1)
        assert 1 < chapter.factor_per_layer(parted(Divided), *batch) < 1.2
        if kind == "vanishing":
            assert chapter.saturated_share(parted(Divided)(0), batch[0]) > 0.4


def test_saturated_again_it_explodes(batch):
    found = {}
    for gamma in (1.0, 4.0, 12.0):

        def pushed(seed, gamma=gamma):
            net = normed("batch", 20, seed=seed, **THREE_NETS["vanishing"])
            for norm in net.norms:
                torch.nn.init.constant_(norm.weight, gamma)
            return net

        share = chapter.saturated_share(pushed(0), batch[0])
        found[gamma] = share, chapter.factor_per_layer(pushed, *batch)
    assert found[1.0][0] < 0.01 < 0.3 < found[4.0][0] < 0.7 < found[12.0][0]
    assert found[1.0][1] < 1.1 < 1.2 < found[4.0][1] < 1.6 < found[12.0][1]


def test_residual_connections_and_layer_norm_tame_it(batch):
    assert factor(batch, depth=40) > 1.15
    assert factor(batch, depth=40, residual=True) < 1.12
    assert factor(batch, "layer") == pytest.approx(1, abs=0.05)
    assert factor(batch, "rms") == pytest.approx(1, abs=0.05)


def test_only_batch_norm_keeps_digits_apart(batch):
    for seed in SEEDS:
        apart = {
            norm: distance_by_layer(normed(norm, 40, seed=seed), batch[0])[39]
            for norm in chapter.NORMS
        }
        # √(2 Var f / E f²) = √(2 (1 − 1/π)) for ReLU
        assert apart["batch"] == pytest.approx(math.sqrt(2 * (1 - 1 / math.pi)), rel=0.1)
        assert apart["none"] < 0.8
        assert max(apart["layer"], apart["rms"]) < 0.4
        assert distance_by_layer(with_norms(Centred, seed), batch[0])[19] > 1.1


def test_the_gradient_holds_farther_in_5_layers_and_less_far_in_20(batch):
    rates = [1e-4 * 4**k for k in range(7)]
    held = {
        (norm, depth): [
            chapter.largest_cosine_rate(normed(norm, depth, seed=seed), *batch, rates)
            for seed in SEEDS
        ]
        for norm, depth in itertools.product(("none", "batch"), (5, 20))
    }
    assert min(held["batch", 5]) >= 10 * max(held["none", 5])
    assert max(held["batch", 20]) < min(held["none", 20])
    level = [chapter.largest_cosine_rate(without_growth(s), *batch, rates) for s in SEEDS]
    assert min(level) >= 16 * max(held["batch", 20])


def test_without_its_growth_the_error_signal_is_level(batch):
    assert chapter.factor_per_layer(without_growth, *batch) == pytest.approx(1, abs=0.03)


def test_looking_changes_nothing(batch):
    net = normed("batch", 4)
    before = [p.clone() for p in net.parameters()]
    chapter.largest_cosine_rate(net, *batch, [0.1, 1.0])
    assert all(map(torch.equal, before, net.parameters()))


@pytest.mark.parametrize("factor_", [0.5, 10.0])
def test_the_size_of_the_weights_drops_out(batch, factor_):
    change, gradient = chapter.scaled_weights(normed("batch", 5), *batch, factor_)
    assert change < 1e-3
    assert gradient == pytest.approx(1 / factor_, rel=1e-3)
    change, gradient = chapter.scaled_weights(normed("none", 5), *batch, factor_)
    assert change > 1


# --- training ------------------------------------------------------------------------------------


def test_larger_rates_become_usable_and_small_ones_gain_nothing(data):
    plain, normal = (
        {lr: reached(data, norm, 5, lr) for lr in (0.01, 1.0, 3.0)} for norm in ("none", "batch")
    )
    for lr in (1.0, 3.0):
        assert max(r.test for r in plain[lr]) < 0.6 < 0.9 < min(r.test for r in normal[lr])
    for one, other in zip(plain[0.01], normal[0.01], strict=True):
        assert one.loss < other.loss + 0.1


def test_the_growth_does_not_stop_20_layers(data):
    """At 0.01 the plain net is ahead, at 0.1 far behind; and without the growth it is no better."""
    plain, normal = (reached(data, norm, 20, 0.01, 60) for norm in ("none", "batch"))
    assert min(r.train for r in plain) > max(r.train for r in normal) + 0.03
    plain, normal = (reached(data, norm) for norm in ("none", "batch"))
    level = [fit(without_growth(s, F32), data, lr=0.1, steps=40, seed=s) for s in SEEDS]
    assert min(r.train for r in normal) > 0.6 > 0.4 > max(r.train for r in plain + level)


def test_averages_lag_behind(data):
    for r in reached(data, "batch", 5, 1.0, 3):
        assert r.train < r.batch - 0.1


@pytest.mark.parametrize("size", [8, 256])
def test_the_held_out_score_is_the_same(data, size):
    rest_x, rest_y = (
        torch.cat([a[256:], b])
        for a, b in ((data.train_x, data.test_x), (data.train_y, data.test_y))
    )
    few = Digits(data.train_x[:256], data.train_y[:256], rest_x, rest_y)
    plain, normal = (reached(few, norm, 3, 0.1, 200, size) for norm in ("none", "batch"))
    for one, other in zip(plain, normal, strict=True):
        assert min(one.train, other.train) > 0.97
        assert abs(one.test - other.test) < 0.04


def test_looking_in_training_mode_leaves_the_averages(data):
    net = normed("batch", 2, dtype=F32)
    fit(net, data, steps=5, lr=0.1)
    (norm,) = net.norms
    assert norm.num_batches_tracked == 5


# --- figure and errors ---------------------------------------------------------------------------


def test_figure_1_says_what_it_shows():
    _, alt = with_and_without(NAMES["healthy"], 20)
    assert "as it is" in alt
    assert "batch norm" in alt


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: normed("bach"), "Did you mean 'batch'"),
        (lambda: fit(normed("batch", 2), digits(), batch_size=5000), "batch_size=5000"),
        (lambda: fit(normed("batch", 2), digits(), lr=0.0), "lr=0.0"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
