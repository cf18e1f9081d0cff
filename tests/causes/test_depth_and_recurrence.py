"""One matrix many times: closed forms, torch's own differentiation, orderings on three seeds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import clip_grad_norm_

from lessons.causes.depth_and_recurrence import (
    course,
    draw,
    growth,
    predicted_spread,
    relay,
    relay_norms,
    spectral_radius,
    spread,
    step_factors,
)
from lessons.data import recall
from lessons.networks import rnn
from lessons.plots.depth_and_recurrence import fans, repeated
from lessons.propagation import chi, critical_line, through_time
from lessons.training import train

F64 = torch.float64


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("mirror", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_entries_have_variance_one_over_n_and_the_mirror_correlation(mirror):
    n = 400
    matrix = draw(n, mirror, generator=seeded(1))
    off = ~torch.eye(n, dtype=torch.bool)
    assert n * matrix[off].square().mean().item() == pytest.approx(1, rel=0.02)
    assert n * (matrix * matrix.T)[off].mean().item() == pytest.approx(mirror, abs=0.02)


@pytest.mark.parametrize("mirror", [-1.0, -0.5, 0.0, 0.5, 1.0])
def test_the_radius_of_a_wide_matrix_is_that_of_the_ellipse(mirror):
    """Sommers et al. 1988."""
    found = [spectral_radius(draw(300, mirror, generator=seeded(k))) for k in range(3)]
    assert sum(found) / 3 == pytest.approx(1 + abs(mirror), rel=0.05)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mirror", [-1.0, 0.0, 1.0])
def test_one_matrix_grows_by_its_radius_and_different_ones_by_their_gain(mirror, seed):
    generator = seeded(seed)
    layers = [draw(64, mirror, generator=generator) for _ in range(200)]
    radius = spectral_radius(layers[0])
    for way in growth(layers[:1] * 200, seed):
        assert (way[199] / way[99]) ** 0.01 == pytest.approx(radius, rel=0.02)
    for way in growth(layers, seed):
        assert way[199] ** 0.005 == pytest.approx(1, rel=0.03)


def test_growth_is_the_norm_of_a_product_and_of_its_transpose():
    generator = seeded(3)
    layers = [draw(5, generator=generator) for _ in range(4)]
    a, b, c, d = layers
    generator = seeded(7)
    v, u = (torch.randn(5, generator=generator, dtype=F64) for _ in range(2))
    found = growth(layers, seed=7)
    assert found.signal[3] == pytest.approx(((d @ c @ b @ a @ v).norm() / v.norm()).item())
    assert found.gradient[3] == pytest.approx(((d @ c @ b @ a).T @ u).norm().item() / u.norm())
    assert found.gradient[0] == pytest.approx((d.T @ u).norm().item() / u.norm())


@pytest.mark.parametrize("width", [1, 4, 32])
def test_different_matrices_have_the_predicted_mean_and_deviation(width):
    """Exact for each width; 400 nets know a deviation to 3.5 %."""
    _, different = spread(width, steps=60, nets=400, seed=2)
    mean, deviation = predicted_spread(width, 60)
    assert different[-1].std().item() == pytest.approx(deviation, rel=0.12)
    assert different[-1].mean().item() == pytest.approx(mean, abs=4 * deviation / 20)


@given(width=st.integers(2, 200), steps=st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_the_predicted_deviation_goes_with_the_root_of_the_steps(width, steps):
    one, four = (predicted_spread(width, s)[1] for s in (steps, 4 * steps))
    assert four == pytest.approx(2 * one)
    assert predicted_spread(width, steps)[0] < 0


@pytest.mark.parametrize("seed", range(3))
def test_one_matrix_spreads_in_proportion_to_the_steps(seed):
    one, different = spread(32, 100, 200, seed)
    assert 3.7 < (one[99].std() / one[24].std()).item() < 5.2
    assert 1.7 < (different[99].std() / different[24].std()).item() < 2.4
    assert one[99].std() > 4 * different[99].std()
    # Half of all pairs: a factor of three against more than three hundred.
    three, hundreds = (10 ** torch.pdist(d[99][:, None]).median().item() for d in (different, one))
    assert 2.5 < three < 4 and 300 < hundreds < 3000
    # A fifth of the nets with one matrix stay within a factor of ten; of the others none explodes.
    assert (one[99].abs() < 1).double().mean().item() == pytest.approx(0.2, abs=0.05)
    assert (one[99] > 1).sum() > 100 and not (different[99] > 1).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_wider_net_spreads_less(seed):
    narrow, wide = (spread(n, 100, 100, seed)[0][-1].std() for n in (8, 32))
    assert wide < 0.7 * narrow


@pytest.mark.parametrize("seed", range(3))
def test_a_single_weight_repeated_has_the_deviation_times_the_steps(seed):
    """Width 1: the logarithm is exactly T times the first one."""
    one, _ = spread(1, 10, 20, seed)
    assert torch.allclose(one[9], 10 * one[0], rtol=1e-12)


@pytest.mark.parametrize(("width", "radius", "hop"), [(16, 0.5, 1.0), (2, 0.9, 10.0), (8, 0.7, -2)])
def test_the_relay_has_one_eigenvalue_and_the_norms_of_the_binomial_theorem(width, radius, hop):
    matrix = relay(width, radius, float(hop))
    assert torch.equal(matrix.tril(), radius * torch.eye(width, dtype=F64))
    signal = gradient = torch.eye(width, dtype=F64)[-1]
    for t, expected in enumerate(relay_norms(width, radius, float(hop), 60), start=1):
        signal, gradient = matrix @ signal, matrix.T @ gradient
        assert signal.norm().item() == pytest.approx(expected, rel=1e-11)
        assert gradient.norm().item() == pytest.approx(radius**t, rel=1e-11)


def test_the_relay_grows_a_thousandfold_before_it_falls():
    norms = relay_norms(16, 0.5, 1.0, 80)
    assert norms.index(max(norms)) == 28 and max(norms) > 5000 and norms[-1] < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_a_normal_matrix_has_no_hump(seed):
    matrix = draw(20, 1.0, generator=seeded(seed))
    radius = spectral_radius(matrix)
    assert torch.linalg.matrix_norm(matrix, 2).item() == pytest.approx(radius)
    for power in (2, 5, 20):
        norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(matrix, power), 2)
        assert norm.item() == pytest.approx(radius**power)


@pytest.mark.parametrize("seed", range(3))
def test_gelfand(seed):
    matrix = draw(20, generator=seeded(seed))
    norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(matrix, 1000), 2).item()
    assert norm**0.001 == pytest.approx(spectral_radius(matrix), rel=5e-3)


@pytest.mark.parametrize("gain", [3**-0.5, 1.0, 1.44, 3.0])
def test_one_step_of_recall_has_the_factor_of_the_mean_field(gain):
    """Chen et al. 2018; forward and back, mean of three seeds, within 2 %."""
    x, y = recall(32, 50, dtype=F64)
    how = {"inputs": 8, "outputs": 4, "gain": gain, "dtype": F64}
    found = [step_factors(rnn(128, seed=k, **how), x, y, skip=8) for k in range(3)]
    predicted = math.sqrt(chi("tanh", gain**2, 1 / 8))
    for way in zip(*found, strict=True):
        assert sum(way) / 3 == pytest.approx(predicted, rel=0.02)
    for k in range(3):
        independent = rnn(128, seed=k, initialization="lecun", **how)
        assert step_factors(independent, x, y, skip=8).gradient == pytest.approx(predicted, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_three_times_the_identity_vanishes_though_it_is_orthogonal(seed):
    x, y = recall(32, 50, dtype=F64)
    net = rnn(128, inputs=8, outputs=4, dtype=F64, seed=seed)
    with torch.no_grad():
        net.recurrent.weight.copy_(3 * torch.eye(128))
    assert all(0.05 < factor < 0.2 for factor in step_factors(net, x, y, skip=8))


@pytest.mark.parametrize("seed", range(3))
def test_pytorchs_own_recurrent_net_loses_four_tenths_in_each_step(seed):
    x, y = recall(32, 50, dtype=F64)
    torch.manual_seed(seed)
    theirs = torch.nn.RNN(8, 128, dtype=F64)
    net = rnn(128, inputs=8, outputs=4, dtype=F64)
    with torch.no_grad():
        net.recurrent.weight.copy_(theirs.weight_hh_l0)
        net.input_layer.weight.copy_(theirs.weight_ih_l0)
        net.input_layer.bias.copy_(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    for factor in step_factors(net, x, y, skip=8):
        assert factor == pytest.approx(0.6, abs=0.05)


def test_the_critical_gain_is_that_of_the_chapter_and_grows_with_the_input():
    gains = [
        math.sqrt(critical_line("tanh", variance).weight_variance)
        for variance in (0.05, 0.125, 0.5)
    ]
    assert gains[1] == pytest.approx(1.44, abs=0.005)
    assert gains == sorted(gains)


def test_a_small_change_is_carried_as_autograd_carries_it():
    x, y = recall(3, 12, dtype=F64)
    net = rnn(5, inputs=8, outputs=4, gain=1.3, dtype=F64)
    found = step_factors(net, x, y, skip=2, seed=4).change
    start = net.hidden_states(x)[2].detach()

    def later(state):
        for t in range(3, 10):
            state = torch.tanh(net.input_layer(x[:, t]) + net.recurrent(state))
        return state

    one = torch.randn(5, generator=seeded(4), dtype=F64).expand_as(start)
    _, change = torch.autograd.functional.jvp(later, start, one)
    assert found**7 == pytest.approx((change.norm() / one.norm()).item(), rel=1e-10)


@pytest.fixture(scope="module")
def sequences():
    return recall(512, 20)


@pytest.mark.parametrize("seed", range(3))
def test_only_the_healthy_gain_learns_and_none_explodes_first_and_vanishes_later(seed, sequences):
    vanishing, healthy, exploding = (course(g, *sequences, seed=seed) for g in (0.5, 1.44, 3.0))
    assert healthy.accuracy > 0.9 > max(vanishing.accuracy, exploding.accuracy)
    assert vanishing.ratio[0] < 1e-5 and exploding.ratio[0] > 100
    assert min(exploding.ratio) > 10
    assert 0.1 < healthy.ratio[0] < 10
    assert healthy.norms[0] > 3 * healthy.norms[-1]
    assert healthy.norms.index(max(healthy.norms)) > 5


@pytest.mark.parametrize("seed", range(3))
def test_one_huge_step_makes_an_exploding_net_vanish_and_a_short_one_does_not(seed, sequences):
    how = {"optimizer": "sgd", "steps": 10, "every": 1, "seed": seed}
    found = course(3.0, *sequences, lr=10.0, **how).ratio
    assert found[0] > 100 and found[1] < 1e-9 and found[-1] < 1e-9
    assert min(course(3.0, *sequences, lr=0.001, **how).ratio) > 10

    def shorten(parameters):
        clip_grad_norm_(parameters, 0.03)

    assert min(course(3.0, *sequences, lr=10.0, clip=shorten, **how).ratio) > 10


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_net_survives_the_first_huge_step_and_not_the_next_ones(seed, sequences):
    how = {"optimizer": "sgd", "steps": 10, "every": 1, "seed": seed}
    found = course(1.44, *sequences, lr=10.0, **how).ratio
    assert 1 < found[0] < 10 and found[1] > 30 and found[-1] < 1e-9


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("gain", "saturates"), [(3.0, True), (1.44, False)])
def test_it_vanishes_because_tanh_saturates(gain, saturates, seed, sequences):
    x, y = sequences
    net = rnn(32, inputs=8, outputs=4, initialization="lecun", gain=gain, seed=seed)

    def slope():
        with torch.no_grad():
            return (1 - torch.stack(net.hidden_states(x[:64])) ** 2).mean().item()

    before = slope()
    train(net, x, y, lr=10.0, steps=1, batch_size=32, seed=seed)
    assert before > 0.2 and (slope() < before / 20) == saturates


def test_a_factor_near_the_output_repeats_in_a_recurrent_net_alone():
    """Document 002: a factor of 3 in the last layer."""
    eye = torch.eye(4, dtype=F64)
    assert growth([*[eye] * 19, 3 * eye]).gradient[-1] == pytest.approx(3)
    assert growth([3 * eye] * 20).gradient[-1] == pytest.approx(3.0**20)


def test_seven_steps_of_fifty_make_the_gradient_of_the_default():
    x, y = recall(32, 50, dtype=F64)
    for gain, steps in ((3**-0.5, 7), (1.44, 50)):
        net = rnn(128, inputs=8, outputs=4, gain=gain, dtype=F64)
        norms = through_time(net, x, y)
        assert sum(norm > 0.01 * norms[-1] for norm in norms) == steps


def test_figures_say_what_they_show():
    one, different = spread(8, 20, 30)
    left, right = fans(one, different, 8, lines=10).figure.axes
    assert len(left.lines) == 12 and len(right.lines) == 10
    alts = {repeated(radius, length)[1] for radius in (0.8, 1.25) for length in (10, 100)}
    assert len(alts) == 4 and any("2e-10" in alt for alt in alts)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw(4, 1.5, generator=seeded(0)), "mirror=1.5"),
        (lambda: growth([]), "matrices is empty"),
        (lambda: spread(4, 10, 1), "nets=1"),
        (lambda: step_factors(rnn(4, inputs=8), *recall(4, 9), skip=4), "x has 9 steps"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
