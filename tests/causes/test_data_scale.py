"""The scale of the data: closed forms, real descents, exact invariances, orderings over seeds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.causes import data_scale as chapter
from lessons.data import diabetes, digits
from lessons.measure import decades_per_layer, loss_gradients, signals_by_layer
from lessons.networks import mlp, three_nets
from lessons.plots.data_scale import START, both_ways, valley
from lessons.propagation import top_hessian_eigenvalue
from lessons.training import train

F64 = torch.float64


@pytest.fixture(scope="module")
def batch():
    data = digits(dtype=F64)
    return data.train_x[:128], data.train_y[:128]


@pytest.fixture(scope="module")
def patients():
    return diabetes()


def table(x):
    return torch.cat([torch.ones_like(x[:, :1]), x], 1)


@pytest.mark.parametrize("how", ["standardised", "whitened"])
def test_the_steps_are_those_of_a_real_descent(how, patients):
    x, y = chapter.prepare(patients[0], how), patients[1]
    need, a = chapter.descent(x, y), table(x)
    best = torch.linalg.lstsq(a, y).solution

    def excess(w):
        return (a @ (w - best)).square().sum()

    w = torch.zeros_like(best)
    start, losses, distances = w, [], []
    for _ in range(need.weight_steps):
        w = w - need.largest_rate / 2 * a.T @ (a @ w - y) / len(a)
        losses.append((excess(w) / excess(start)).item())
        distances.append(((w - best).norm() / best.norm()).item())
    first = next(k for k, value in enumerate(losses, 1) if value <= 0.01)
    assert first == need.loss_steps
    assert next(k for k, value in enumerate(distances, 1) if value <= 0.01) == need.weight_steps
    assert need.weight_steps <= math.ceil(math.log(100) * need.condition)


def test_beyond_the_largest_rate_descent_diverges(patients):
    x, y = chapter.prepare(patients[0]), patients[1]
    a, rate = table(x), chapter.descent(x, y).largest_rate

    def after(share):
        w = torch.zeros(11, 1, dtype=F64)
        for _ in range(400):
            w = w - share * rate * a.T @ (a @ w - y) / len(a)
        return (a @ w - y).square().mean().item()

    assert after(0.98) < y.var().item() < after(1.02) / 100


def test_the_condition_number_of_the_patients(patients):
    found = {
        how: chapter.descent(chapter.prepare(patients[0], how), patients[1])
        for how in chapter.PREPARATIONS
    }
    hessian = table(patients[0]).T @ table(patients[0]) / 442
    assert found["raw"].condition == pytest.approx(torch.linalg.cond(hessian).item(), rel=1e-6)
    assert found["raw"].condition == pytest.approx(5.24e7, rel=0.01)
    assert found["standardised"].condition == pytest.approx(470, rel=0.01)
    assert found["whitened"].condition == pytest.approx(1)
    assert min(found["centred"].condition, found["divided"].condition) > 7e4  # neither half
    assert [found[how].loss_steps for how in ("raw", "standardised")] == [70404, 9]
    common = chapter.descent(64 * chapter.prepare(patients[0]), patients[1])
    assert common.condition == pytest.approx(16_500, rel=0.01)  # the bias keeps its unit


def test_most_of_the_loss_to_lose_is_the_mean_of_the_target(patients):
    x, y = patients[0], patients[1] - patients[1].mean()
    assert chapter.descent(x, y).loss_steps == pytest.approx(6.3e7, rel=0.01)
    assert chapter.descent(chapter.prepare(x), y).loss_steps == 10


def test_a_deviation_with_the_error_in_it_does_not_cut(patients):
    wrong = patients[0].clone()
    wrong[0, 2] *= 100
    assert chapter.prepare(wrong).clamp(-3, 3)[1:, 2].std() < 0.05


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(0, 20), features=st.integers(1, 5))
def test_a_mean_costs_its_fourth_power(mean, features):
    """With a bias: eigenvalues of trace 2 + d m² and determinant 1, and ones."""
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=F64)] * features)
    x = signs.reshape(-1, features) + mean
    trace = 2 + features * mean**2
    largest = (trace + math.sqrt(trace**2 - 4)) / 2
    assert chapter.descent(x, x[:, :1]).condition == pytest.approx(largest**2, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_standardising_forgets_units(scale, shift):
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=F64)
    assert torch.allclose(chapter.prepare(scale * x + shift), chapter.prepare(x), atol=1e-6)


def test_prepared_tables_have_their_moments(patients):
    x = patients[0]
    assert chapter.prepare(x, "centred").mean(0).abs().max() < 1e-10
    assert torch.allclose(
        chapter.prepare(x, "divided").var(0, correction=0), torch.ones(10).double()
    )
    white = chapter.prepare(x, "whitened")
    assert torch.allclose(white.T @ white / len(x), torch.eye(10, dtype=F64), atol=1e-9)


def test_relu_passes_the_unit_on_and_every_gradient_grows_with_it(batch):
    small, large = (chapter.response("ReLU", *batch, k) for k in (64.0, 1024.0))
    assert small.output == pytest.approx(64) and large.output == pytest.approx(1024)
    for one, two in zip(small, large, strict=True):
        assert two / one == pytest.approx(16, rel=0.05)  # cross-entropy: in proportion


@pytest.mark.parametrize("seed", range(3))
def test_with_a_squared_loss_the_gradient_grows_with_the_square(seed, batch):
    x, answers = batch[0], torch.nn.functional.one_hot(batch[1], 10).to(F64)
    net = chapter.build("ReLU", 10, seed=seed)
    one, two = (loss_gradients(net, k * x, answers, "mse")["1"] for k in (1e3, 1e4))
    assert two / one == pytest.approx(100, rel=0.02)


def test_tanh_stops_large_inputs_at_the_first_layer(batch):
    small, large = (chapter.response("tanh", *batch, k, seeds=6) for k in (64.0, 1024.0))
    assert small.output == pytest.approx(1, abs=0.1)
    assert small.middle == pytest.approx(large.middle, rel=0.05) == pytest.approx(1, abs=0.1)
    assert 2 < small.first < 3.5
    assert 3 < large.first / small.first < 4.5  # the root of 16
    assert chapter.response("tanh", *batch, 1 / 16).middle < 0.3  # small ones get through


@pytest.mark.parametrize("seed", range(3))
def test_batch_norm_divides_the_unit_out(seed, batch):
    net = chapter.build("ReLU, batch norm", 5, seed=seed)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.eps = 1e-30
    before = loss_gradients(net, *batch)
    after = loss_gradients(net, 64 * batch[0], batch[1])
    assert list(after.values()) == pytest.approx(list(before.values()), rel=1e-9)
    found = chapter.response("ReLU, batch norm", *batch, 64.0)
    assert found == pytest.approx((1, 1, 1), abs=0.005)


@pytest.mark.parametrize("seed", range(3))
def test_batch_norm_does_not_part_the_features(seed, patients):
    """A feature 100 times larger drowns the others in the sums of layer 1."""
    x = chapter.prepare(patients[0])
    x[:, 2] *= 100
    net = chapter.build("ReLU, batch norm", 3, seed=seed, inputs=10, outputs=1)
    sums = torch.cat([x[:, 2:3], net[:2](x)], 1)
    assert torch.corrcoef(sums.T)[0, 1:].abs().median() > 0.99


def test_one_wrong_number_is_the_whole_gradient(patients):
    for seed in range(8):
        found = chapter.one_wrong_number(*patients, seed=seed)
        wrong, rescaled, cut = found.values()
        assert wrong.length > 100 and wrong.cosine < 0.65
        assert rescaled.length == pytest.approx(1, abs=0.2) and rescaled.cosine > 0.8
        assert rescaled.spread < 0.03 and cut.spread > 0.95
        assert cut.length == pytest.approx(1, abs=0.05) and cut.cosine > 0.998


def test_raw_targets_lengthen_the_gradient_and_steepen_the_net(patients):
    x, y = chapter.prepare(patients[0]), patients[1]
    for seed in range(3):
        net = chapter.build("ReLU", 4, seed=seed, inputs=10, outputs=1)
        lengths, curvatures = [], []
        for target in (chapter.prepare(y), y):
            lengths.append(loss_gradients(net, x, target, "mse")["1"])

            def loss(target=target, net=net):
                return torch.nn.functional.mse_loss(net(x), target)

            curvatures.append(top_hessian_eigenvalue(loss, net.parameters()))
        assert 90 < lengths[1] / lengths[0] < 180
        assert curvatures[1] > 3 * curvatures[0]  # a linear regression's would not change


def test_raw_targets_need_a_smaller_rate_or_a_longer_way():
    def learned(raw, **how):
        return [left < 0.6 for left in chapter.progression_left(raw, **how)]

    assert all(learned(False, lr=0.01)) and not any(learned(True, lr=0.01))
    assert not any(learned(False, lr=1e-4)) and all(learned(True, lr=1e-4))
    adam = {"optimizer": "adam", "lr": 0.001}
    assert all(learned(False, **adam)) and not any(learned(True, **adam))
    assert all(learned(True, **adam, steps=300))  # it was the way
    assert all(learned(True, optimizer="adam", lr=0.01))


def test_it_is_the_mean_of_raw_targets_that_adam_must_reach(patients):
    x, y = (part.float() for part in (chapter.prepare(patients[0]), patients[1]))
    how = {"optimizer": "adam", "lr": 0.001, "steps": 100, "record_every": 100, "loss": "mse"}
    for seed in range(3):
        net = chapter.build("ReLU", 4, seed=seed, dtype=torch.float32, inputs=10, outputs=1)
        end = train(net, x, y - y.mean(), seed=seed, **how).loss[-1]
        assert end < 0.6 * y.var(correction=0)


@pytest.mark.parametrize("seed", range(3))
def test_adam_does_not_divide_the_unit_out(seed):
    """Inputs 4096 times smaller: the biases drown them, unless they are held."""
    data, ends = digits(), {}
    how = {"steps": 40, "record_every": 40, "seed": seed}
    adam = {"optimizer": "adam", "lr": 0.01}
    for name, kind, rule in (
        ("adam", "ReLU", adam),
        ("held", "ReLU", adam),
        ("norm", "ReLU, batch norm", {"lr": 0.1}),
    ):
        net = chapter.build(kind, 4, seed=seed, dtype=torch.float32)
        for end, part in net.named_parameters():
            part.requires_grad_(not (name == "held" and end.endswith("bias")))
        ends[name] = train(net, data.train_x / 4096, data.train_y, **rule, **how).accuracy[-1]
    assert ends["adam"] < 0.2 < 0.3 < ends["held"] and ends["norm"] > 0.8


@pytest.mark.parametrize("factor", [1 / 16, 1, 16])
def test_the_unit_decides_which_rate_learns_unless_it_is_divided_out(factor):
    def learned(kind, **how):
        return [share > 0.3 for share in chapter.digits_learned(kind, factor, **how)]

    expected = {1 / 16: (True, False), 1: (True, False), 16: (False, True)}[factor]
    assert learned("ReLU", lr=0.1) == [expected[0]] * 3
    assert learned("ReLU", lr=0.001) == [expected[1]] * 3
    assert all(learned("ReLU, batch norm", lr=0.1))
    assert all(learned("ReLU", lr=0.01, optimizer="adam"))


@pytest.mark.parametrize("seed", range(3))
def test_units_leave_the_factor_per_layer_as_it_is(seed, batch):
    raw = digits(standardize=False, dtype=F64).train_x[:128]
    for kind, net in three_nets(seed=seed, dtype=F64).items():
        slopes = [
            decades_per_layer(signals_by_layer(net, x, batch[1])["error signal"])
            for x in (raw, raw * 255 / 16, batch[0])
        ]
        assert max(slopes) - min(slopes) < 0.06, kind


@pytest.mark.parametrize("seed", range(3))
def test_in_a_tanh_net_very_small_inputs_change_the_factor(seed, batch):
    """Nothing saturates until the signal has grown."""
    net = mlp(20, activation="tanh", initialization="lecun", gain=2.0, seed=seed, dtype=F64)
    for scale, factor in ((1, 1.2), (1e-4, 1.7)):
        error = signals_by_layer(net, scale * batch[0], batch[1])["error signal"]
        assert 10 ** decades_per_layer(error) == pytest.approx(factor, abs=0.06)


def test_the_valley_says_what_the_closed_form_says():
    import re

    for unit in (1, 2, 8):
        needed = int(re.search(r"within 1 % after (\d+)", valley(unit, 0.5)[1])[1])
        w, steps = torch.tensor(START, dtype=F64), 0
        start = w.abs()
        while (w.abs() > 0.01 * start).any():
            w, steps = w - torch.tensor([1.0, unit**2], dtype=F64) * w / unit**2, steps + 1
        assert steps == needed
    assert "grown 45-fold" in valley(1, 1.05)[1]


def test_no_net_of_the_figure_has_the_alt_text_of_another():
    assert len({both_ways(kind)[1] for kind in chapter.NETS}) == 3


def test_bad_input_is_named(batch, patients):
    with pytest.raises(ValueError, match="kind='relu'"):
        chapter.response("relu", *batch, 2.0)
    with pytest.raises(ValueError, match=r"factor=0\.0"):
        chapter.response("ReLU", *batch, 0)
    with pytest.raises(ValueError, match="how='scaled'"):
        chapter.prepare(patients[0], "scaled")
    with pytest.raises(ValueError, match=r"constant columns \[1\]"):
        chapter.prepare(torch.tensor([[1.0, 2.0], [3.0, 2.0]]))
    with pytest.raises(ValueError, match="depend on each other"):
        chapter.descent(patients[0][:, [0, 0]], patients[1])
    with pytest.raises(ValueError, match=r"share=2\.0"):
        chapter.descent(*patients, 2.0)
