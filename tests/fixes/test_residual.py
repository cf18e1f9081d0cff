"""Residual nets: autograd's Jacobian, closed forms, every path, and orderings over seeds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import batch_norm, linear, relu

from lessons.data import digits
from lessons.fixes.residual import (
    BRANCHES,
    Block,
    agreement_by_distance,
    fit_error,
    gradient_growth,
    growth,
    line_gradients,
    mean_length,
    net_of,
    path_gradients,
    path_shares,
    predicted_shares,
    reach,
    residual_net,
    stream,
    with_statistics_of,
)
from lessons.measure import gradient_agreement, signals_by_layer
from lessons.training import train

F64 = torch.float64
SEEDS = range(3)


@pytest.fixture(scope="module")
def data():
    return digits(dtype=F64)


@pytest.fixture(scope="module")
def small():
    return digits()


def gaussian(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def by_hand(net, x, training):
    """The net of the order "pre" or "post" in PyTorch's functions alone."""

    def norm(part, h):
        if isinstance(part, nn.Identity):
            return h
        mean, var = (None, None) if training else (part.running_mean, part.running_var)
        return batch_norm(h, mean, var, part.weight, part.bias, training)

    def affine(part, h):
        return linear(h, part.weight, part.bias)

    h = affine(net.first, x)
    if net.order == "post":
        h = relu(norm(net.norm, h))
    for block in net.blocks:
        b = block.branch
        if net.order == "pre":
            inner = affine(b[2], relu(norm(b[0], h)))
            change = affine(b[5], relu(norm(b[3], inner)))
        else:
            change = norm(b[4], affine(b[3], relu(norm(b[1], affine(b[0], h)))))
        way = block.shortcut
        kept = 0 if way is None else affine(way, h) if isinstance(way, nn.Linear) else h
        h = kept + block.scale * change
        h = relu(h) if net.order == "post" else h
    return affine(net.last, h if net.order == "post" else relu(norm(net.norm, h)))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 3),
    st.integers(1, 5),
    st.integers(2, 6),
    st.sampled_from(["pre", "post"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_forward_and_backward_are_torchs(blocks, width, batch, order, shortcut, norm, ends, mode):
    """Sizes from one neuron and no block on; train and eval; with and without a projection."""
    widths = [width] * blocks + [width + 1 if ends else width]
    how = {"shortcut": shortcut, "normalize": norm, "order": order, "scale": 0.7}
    net = residual_net(2 * blocks + 2, widths, inputs=3, outputs=2, dtype=F64, **how)
    net.train()(gaussian(8, 3, seed=5))  # running statistics that are not the first ones
    net.train(mode)
    x = gaussian(batch, 3).requires_grad_()
    expected, got = by_hand(net, x, mode), net(x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-10)
    wanted = [x, *net.parameters()]
    target = gaussian(batch, 2, seed=1)
    pairs = [
        torch.autograd.grad((out * target).sum(), wanted, allow_unused=True)
        for out in (got, expected)
    ]
    for one, two in zip(*pairs, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("scale", [0.0, 0.3, -1.0])
def test_the_jacobian_is_the_identity_plus_the_branchs(size, scale):
    branch = nn.Sequential(nn.Linear(size, 5), nn.Tanh(), nn.Linear(5, size)).to(F64)
    x = gaussian(size)
    inner = torch.autograd.functional.jacobian(branch, x)
    whole = torch.autograd.functional.jacobian(Block(branch, scale=scale), x)
    torch.testing.assert_close(whole, torch.eye(size, dtype=F64) + scale * inner)


def test_a_branch_can_take_the_identity_away():
    half = nn.Linear(3, 3, bias=False, dtype=F64)
    with torch.no_grad():
        half.weight.copy_(-0.5 * torch.eye(3))
    blocks = nn.Sequential(*[Block(half) for _ in range(27)])
    jacobian = torch.autograd.functional.jacobian(blocks, gaussian(3))
    torch.testing.assert_close(jacobian, 0.5**27 * torch.eye(3, dtype=F64))


def test_one_sample_and_none():
    net = residual_net(4, 3, inputs=2, dtype=F64)
    with pytest.raises(ValueError, match="more than 1 value"):  # PyTorch's own words
        net(gaussian(1, 2))
    assert net.eval()(gaussian(1, 2)).shape == (1, 10)
    assert net(gaussian(0, 2)).shape == (0, 10)
    free = residual_net(4, 3, inputs=2, normalize=False, dtype=F64)
    assert free(gaussian(1, 2)).shape == (1, 10) and free(gaussian(0, 2)).shape == (0, 10)


@pytest.mark.parametrize("order", ["pre", "post"])
@pytest.mark.parametrize("normalize", [True, False])
def test_with_a_zero_branch_a_block_does_nothing(order, normalize):
    net = residual_net(12, 6, zero_init=True, order=order, normalize=normalize, dtype=F64)
    states = net.stream(gaussian(5, 64))
    for state in states[1:]:
        torch.testing.assert_close(state, states[0])


def test_plain_and_residual_net_start_from_the_same_weights():
    plain, added = (residual_net(12, shortcut=s) for s in (False, True))
    for one, two in zip(plain.state_dict().values(), added.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    counts = [sum(p.numel() for p in net.parameters()) for net in (plain, added)]
    assert counts[0] == counts[1]  # x costs no parameter


def test_a_projection_costs_one_matrix():
    wide, same = residual_net(6, [4, 4, 9]), residual_net(6, 4)
    assert wide.blocks[1].shortcut.weight.shape == (9, 4) and wide.blocks[1].shortcut.bias is None
    assert isinstance(same.blocks[1].shortcut, nn.Identity)
    assert [tuple(layer.weight.shape) for layer in wide.layers[3:5]] == [(9, 4), (9, 9)]


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"depth": 5}, ValueError, "depth=5 is odd"),
        ({"depth": 0}, ValueError, "depth=0"),
        ({"depth": 6, "width": [3]}, ValueError, "width has 1 entries; expected 3"),
        ({"depth": 6, "width": [3, 0, 3]}, ValueError, r"width\[1\]=0"),
        ({"depth": 6, "order": "both"}, ValueError, "order='both'"),
        ({"depth": 6, "shortcut": 1}, TypeError, "shortcut=1"),
        ({"depth": 6, "scale": math.nan}, ValueError, "scale=nan"),
    ],
)
def test_bad_input_is_named(how, error, words):
    with pytest.raises(error, match=words):
        residual_net(**how)


def test_other_errors():
    with pytest.raises(TypeError, match="branch is a function"):
        Block(lambda x: x)
    with pytest.raises(ValueError, match="projection"):
        Block(nn.Linear(3, 1))(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="no shortcuts"):
        path_gradients(residual_net(4, shortcut=False), torch.zeros(2, 64), torch.zeros(2).long())
    with pytest.raises(ValueError, match="two vectors"):
        line_gradients(residual_net(4), torch.zeros(64), torch.zeros(3))
    with pytest.raises(ValueError, match="branch='he'"):
        growth("he", 3)
    with pytest.raises(ValueError, match="variance=0"):
        gradient_growth("BatchNorm", 3, 0)


# The stream


@pytest.mark.parametrize("branch", BRANCHES)
def test_the_signal_grows_as_predicted(branch):
    """2^l, l + 1, (1 + 1/M)^l, 1: wide nets, Gaussian inputs, the mean of three seeds."""
    blocks, x, y = 10, gaussian(128, 64), torch.arange(128) % 10
    ratios = []
    for seed in SEEDS:
        signal = stream(net_of(branch, blocks, 256, dtype=F64, seed=seed), x, y).signal
        ratios.append(signal[-1] / signal[0])
    predicted = math.prod(growth(branch, blocks))
    assert predicted == pytest.approx(
        {"He": 2**blocks, "BatchNorm": blocks + 1, "1/√M": 1.1**10, "zero": 1}[branch]
    )
    # He's factor has the widest spread: e^(spread of a sum of 10 logarithms)
    assert sum(ratios) / 3 == pytest.approx(predicted, rel=0.3 if branch == "He" else 0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_datas_scale_decides_how_much_the_branches_count(seed, data):
    """With BatchNorm a branch has size 1 whatever the stream's: 0.01 grows to 27, 100 to 127."""
    y, growths, lengths = data.train_y[:64], [], []
    for scale in (0.1, 1, 10):
        net, x = net_of("BatchNorm", 27, dtype=F64, seed=seed), scale * data.train_x[:64]
        signal = stream(net, x, y).signal
        growths.append(signal[-1] / signal[0])
        lengths.append(mean_length(path_shares(path_gradients(net, x, y))))
    assert growths[0] > 2000 and growths[2] < 1.6
    assert lengths[0] > lengths[1] > 5 and lengths[2] < 1.2


def test_the_gradient_grows_as_predicted():
    """By a power of the number of blocks; a plain net's by an exponential."""
    blocks, x, y = 16, gaussian(512, 64), torch.arange(512) % 10
    ratios = []
    for seed in range(4):
        net = net_of("BatchNorm", blocks, 128, dtype=F64, seed=seed)
        gradient = stream(net, x, y).gradient
        ratios.append(math.log((gradient[0] / gradient[-1]) ** 2))
    predicted = math.log(math.prod(gradient_growth("BatchNorm", blocks)))
    assert sum(ratios) / 4 == pytest.approx(predicted, abs=0.5)
    assert predicted > math.log(math.prod(growth("BatchNorm", blocks))) + 1
    power = (math.pi / (math.pi - 1)) ** 2
    long = [math.log(math.prod(gradient_growth("BatchNorm", b))) for b in (1000, 4000)]
    assert (long[1] - long[0]) / math.log(4) == pytest.approx(power, abs=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_56_layers_before_and_after(seed, data):
    x, y = data.train_x[:256], data.train_y[:256]
    plain = stream(residual_net(56, 32, shortcut=False, seed=seed, dtype=F64), x, y)
    added = stream(residual_net(56, 32, seed=seed, dtype=F64), x, y)
    assert plain.gradient[0] > 1e4 * plain.gradient[-1]
    assert added.gradient[0] < 100 * added.gradient[-1]
    assert 0.5 < plain.signal[-1] / plain.signal[0] < 2
    assert 15 < added.signal[-1] / added.signal[0] < 40  # about 28
    error = signals_by_layer(residual_net(56, 32, shortcut=False, dtype=F64), x, y)["error signal"]
    assert len(error) == 56 and error[0] > 1e4 * error[-2]


# Paths


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 4), st.sampled_from(["pre", "post"]), st.booleans(), st.booleans())
def test_the_parts_of_all_lengths_add_up_to_the_gradient(blocks, order, normalize, ends):
    widths = [4] * blocks + [6 if ends and blocks else 4]
    net = residual_net(
        2 * blocks + 2, widths, order=order, normalize=normalize, inputs=3, scale=0.6, dtype=F64
    )
    x, y = gaussian(7, 3), torch.arange(7)
    parts = path_gradients(net, x, y)
    assert parts.shape == (blocks + 1, 7, 4)
    state = net.stream(x)[0].detach().requires_grad_()
    out = state
    for block in net.blocks:
        out = block(out)
    loss = nn.functional.cross_entropy(net.answer(out), y)
    (expected,) = torch.autograd.grad(loss, state)
    torch.testing.assert_close(parts.sum(0), expected, rtol=0, atol=1e-10)


def test_each_part_is_the_sum_over_its_paths():
    """Of three blocks: the one path of length 0, three of 1, three of 2, one of 3, one by one."""
    net = residual_net(8, 5, normalize=False, inputs=3, dtype=F64)
    x, y = gaussian(6, 3), torch.arange(6)
    parts = path_gradients(net, x, y)
    states = [s.detach().requires_grad_() for s in net.stream(x)]
    (top,) = torch.autograd.grad(nn.functional.cross_entropy(net.answer(states[-1]), y), states[-1])
    found = torch.zeros_like(parts)
    for chosen in range(8):
        g, length = top, 0
        for i in (2, 1, 0):
            if chosen >> i & 1:
                (g,) = torch.autograd.grad(net.blocks[i].branch(states[i]), states[i], g)
                length += 1
        found[length] += g
    torch.testing.assert_close(parts, found, rtol=0, atol=1e-10)


@given(st.integers(0, 40))
def test_equal_shares_are_binomial(blocks):
    shares = predicted_shares([2.0] * blocks)
    expected = [math.comb(blocks, k) / 2**blocks for k in range(blocks + 1)]
    assert shares == pytest.approx(expected) and mean_length(shares) == pytest.approx(blocks / 2)


def test_scaled_shares_are_poissons():
    shares = predicted_shares(growth("1/√M", 2000))
    for k in range(5):
        assert shares[k] == pytest.approx(math.exp(-1) / math.factorial(k), rel=0.01)


@pytest.mark.parametrize("branch", ["He", "BatchNorm", "1/√M"])
def test_measured_lengths_are_the_predicted_ones(branch, data):
    x, y = data.train_x[:64], data.train_y[:64]
    for seed in SEEDS:
        net = net_of(branch, 27, dtype=F64, seed=seed)
        measured = mean_length(path_shares(path_gradients(net, x, y)))
        variance = net.stream(x)[0].var(0).mean().item()
        predicted = mean_length(predicted_shares(gradient_growth(branch, 27, variance)))
        assert measured == pytest.approx(predicted, rel=0.15)
        assert measured < 14 if branch == "He" else measured < 7


@pytest.mark.parametrize("seed", SEEDS)
def test_most_of_the_gradient_takes_short_ways(seed, data):
    parts = path_gradients(
        residual_net(56, seed=seed, dtype=F64), data.train_x[:64], data.train_y[:64]
    )
    assert sum(path_shares(parts)[3:10]) > 0.85
    assert sum(math.comb(27, k) for k in range(11, 17)) > 0.7 * 2**27
    apart, whole = parts.square().sum(), parts.sum(0).square().sum()
    assert 1 < apart / whole < 1.4  # nearly at right angles


@pytest.mark.parametrize("seed", SEEDS)
def test_after_the_addition_a_relu_dims_the_way_around(seed, data):
    """He et al. 2016: with nothing after the addition the way around keeps all."""
    x, y = data.train_x[:64], data.train_y[:64]
    kept = {}
    for order in ("pre", "post"):
        net = residual_net(56, 32, order=order, seed=seed, dtype=F64)
        parts, top = path_gradients(net, x, y), stream(net, x, y).gradient[-1]
        kept[order] = parts[0].norm().item() / top
    assert kept["pre"] == pytest.approx(1)
    assert kept["post"] < 0.5


# Shattered gradients


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_nets_gradient_is_noise_along_a_line(seed, data):
    """Balduzzi et al. 2017: with depth neighbours lose all likeness; with x they keep most."""
    ends = data.train_x[2 * seed], data.train_x[2 * seed + 1]
    near = {}
    for depth in (8, 20, 56):
        for added in (False, True):
            net = residual_net(depth, 64, shortcut=added, seed=seed, dtype=F64)
            gradients = line_gradients(net, *ends, data.train_x)
            near[depth, added] = agreement_by_distance(gradients, 1)[1]
    assert near[8, False] > 0.85 and 0.3 < near[20, False] < 0.7 and abs(near[56, False]) < 0.15
    assert near[20, True] > 0.9 and near[56, True] > 0.7


@pytest.mark.parametrize("seed", SEEDS)
def test_the_noise_is_bends(seed, data):
    """A step 1000 times shorter, and neighbours agree in the plain net, too."""
    start, end = data.train_x[2 * seed], data.train_x[2 * seed + 1]
    net = residual_net(56, 32, shortcut=False, seed=seed, dtype=F64)
    gradients = line_gradients(net, start, start + (end - start) / 2e5, data.train_x, points=2)
    assert agreement_by_distance(gradients)[1] > 0.7


@pytest.mark.parametrize("seed", SEEDS)
def test_halves_of_the_data_agree_with_x_and_not_without(seed, data):
    halves = [(data.train_x[i::2], data.train_y[i::2]) for i in (0, 1)]
    plain, added = (
        gradient_agreement(residual_net(56, 32, shortcut=s, seed=seed, dtype=F64), halves)
        for s in (False, True)
    )
    assert abs(sorted(plain)[28]) < 0.1 and sorted(added)[28] > 0.4
    twenty = gradient_agreement(residual_net(20, 32, shortcut=False, seed=seed, dtype=F64), halves)
    assert abs(sorted(twenty)[10]) < 0.2 and twenty[-1] > 0.5


def test_statistics_are_the_datas_and_the_net_is_left_alone(data):
    net = residual_net(6, 8, dtype=F64)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    frozen = with_statistics_of(net, data.train_x)
    assert net.training and not frozen.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    # eval divides by n, running_var by n − 1
    torch.testing.assert_close(frozen(data.train_x), net(data.train_x), rtol=0, atol=2e-2)


# Training


@pytest.mark.parametrize("seed", SEEDS)
def test_deeper_is_worse_and_x_cures_it(seed, small):
    """He et al. 2016, on the digits: the *training* loss of 56 layers is above that of 20."""
    loss = {}
    for name, how in {
        "plain 20": {"depth": 20, "shortcut": False},
        "plain 56": {"depth": 56, "shortcut": False},
        "residual 56": {"depth": 56},
    }.items():
        net = residual_net(width=32, seed=seed, **how)
        how = {"lr": 0.05, "momentum": 0.9, "steps": 25, "record_every": 25, "seed": seed}
        loss[name] = train(net, small.train_x, small.train_y, **how).loss[-1]
    assert loss["residual 56"] < 0.9 < 1.4 < loss["plain 20"] < 2.0 < 2.2 < loss["plain 56"]


@pytest.mark.parametrize(
    ("how", "least"),
    [
        ({"lr": 0.5, "momentum": 0.9, "steps": 25}, 2.2),
        ({"lr": 0.005, "momentum": 0.9, "steps": 25}, 2.2),
        ({"lr": 0.05, "momentum": 0.9, "steps": 100}, 2.1),
        ({"lr": 0.05, "optimizer": "adam", "steps": 20}, 2.2),
        ({"lr": 0.0005, "optimizer": "adam", "steps": 20}, 2.2),
    ],
)
def test_another_rate_or_more_steps_do_not_cure_it(how, least, small):
    net = residual_net(56, 32, shortcut=False)
    history = train(net, small.train_x, small.train_y, record_every=how["steps"], **how)
    assert history.loss[-1] > least


def test_post_activation_learns_too(small):
    how = {"lr": 0.05, "momentum": 0.9, "steps": 25, "record_every": 25}
    net = residual_net(56, 32, order="post")
    assert train(net, small.train_x, small.train_y, **how).loss[-1] < 1.2


@pytest.mark.parametrize("seed", SEEDS)
def test_adam_takes_the_size_away_and_plain_56_still_does_not_learn(seed, small):
    loss = []
    for shortcut in (False, True):
        net = residual_net(56, 32, shortcut=shortcut, seed=seed)
        how = {"optimizer": "adam", "lr": 0.005, "steps": 20, "record_every": 20, "seed": seed}
        loss.append(train(net, small.train_x, small.train_y, **how).loss[-1])
    assert loss[0] > 2.2 and loss[1] < 1.5


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_x_explodes_without_care(seed, small):
    for branch, most in (("He", math.inf), ("1/√M", 1.2), ("zero", 1.2)):
        net = net_of(branch, 27, 32, seed=seed)
        how = {"lr": 0.05, "momentum": 0.9, "steps": 20, "record_every": 20, "seed": seed}
        history = train(net, small.train_x, small.train_y, **how)
        if branch == "He":
            assert history.stopped_at is not None
        else:
            assert history.loss[-1] < most


@pytest.mark.parametrize("seed", SEEDS)
def test_the_residual_is_easier_only_near_the_identity(seed):
    fits = {t: [fit_error(t, s, seed=seed) for s in (True, False)] for t in ("x + small", "-x")}
    assert 1.5 * fits["x + small"][0] < fits["x + small"][1]
    assert fits["-x"][0] > 1.5 * fits["-x"][1]
    assert fit_error("rotation", True, seed=seed) > fit_error("rotation", False, seed=seed)


def test_at_one_training_loss_the_residual_net_knows_more_new_digits(small):
    more, later = [], []
    for seed in SEEDS:
        nets = [residual_net(20, 32, shortcut=s, seed=seed) for s in (False, True)]
        plain, added = (reach(net, small, 1.0, seed=seed) for net in nets)
        assert 2 * added.steps < plain.steps
        assert abs(added.loss - plain.loss) < 0.15
        more.append(added.test - plain.test)
        plain, added = (reach(net, small, 0.5, seed=seed) for net in nets)
        later.append(added.test - plain.test)
    assert sum(more) / 3 > 0.05
    assert sum(later) < sum(more) * 2 / 3
