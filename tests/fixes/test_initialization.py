"""First weights: torch's own in float64, counted connections, He's numbers, orders over seeds."""

import dataclasses
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from lessons import activations
from lessons.activations import ACTIVATIONS, LEAKY_SLOPE
from lessons.data import digits
from lessons.fixes import initialization as chapter
from lessons.fixes.initialization import deviation, fans, fill_, net, orthogonal_
from lessons.measure import distance_by_layer
from lessons.networks import initialize_
from lessons.plots.initialization import SIZES, WIDTHS, both_ways
from lessons.propagation import chi
from lessons.training import evaluate

F64 = torch.float64
DTYPES = st.sampled_from([torch.float32, F64, torch.bfloat16])
ALTERNATING = WIDTHS["32, 512, 32, 512, …"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def batch():
    data = digits(dtype=F64)
    return data.train_x[:256], data.train_y[:256]


# Counting


def counted(layer, size=24):
    """Count, with weights of one, what reaches an output and where an input goes to."""
    nn.init.ones_(layer.weight)
    axes = len(layer.kernel_size)
    x = torch.ones(1, layer.in_channels, *[size] * axes, dtype=F64, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    # The mean over one period of the stride, in the middle, away from the edges.
    return tuple(
        t[(0, 0, *(slice(n // 2 - n // 2 % 6, n // 2 - n // 2 % 6 + 6) for n in t.shape[2:]))]
        .mean()
        .item()
        for t in (y, x.grad)
    )


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(4, 6, 5, bias=False, dtype=F64),
        nn.Conv2d(4, 6, 3, bias=False, dtype=F64),
        nn.Conv2d(4, 6, (3, 1), groups=2, bias=False, dtype=F64),
        nn.Conv2d(4, 8, 3, groups=4, dilation=2, bias=False, dtype=F64),
        nn.Conv2d(4, 6, 3, stride=2, bias=False, dtype=F64),
        nn.Conv1d(2, 5, 3, stride=3, dilation=2, bias=False, dtype=F64),
        nn.ConvTranspose2d(4, 6, 3, bias=False, dtype=F64),
        nn.ConvTranspose2d(4, 6, 4, stride=2, groups=2, bias=False, dtype=F64),
        nn.ConvTranspose1d(3, 2, 3, stride=2, dilation=3, bias=False, dtype=F64),
    ],
    ids=str,
)
def test_fans_are_what_is_added_up(layer):
    assert fans(layer) == pytest.approx(counted(layer), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 12), m=st.integers(1, 12), k=st.integers(1, 3))
def test_fans_are_torchs_where_it_can_know_them(n, m, k):
    for layer in (nn.Linear(n, m), nn.Conv1d(n, m, k), nn.Conv2d(n, m, k)):
        assert fans(layer) == nn.init._calculate_fan_in_and_fan_out(layer.weight)


def test_torch_sees_the_shape_and_not_the_layer():
    theirs = nn.init._calculate_fan_in_and_fan_out
    grouped, transposed = nn.Conv2d(16, 64, 3, groups=4), nn.ConvTranspose2d(16, 64, 3)
    assert fans(grouped) == (36, 144) and theirs(grouped.weight) == (36, 576)
    assert fans(transposed) == (144, 576) and theirs(transposed.weight) == (576, 144)
    assert fans(nn.Conv2d(16, 64, 3, stride=2)) == (144, 144)
    assert fans(nn.Conv2d(16, 64, 3, dilation=2)) == (144, 576)


# Torch's own numbers


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(1, 20),
    m=st.integers(1, 20),
    k=st.integers(0, 3),
    gain=st.floats(0.1, 3),
    dtype=DTYPES,
    seed=st.integers(0, 9),
)
def test_the_same_generator_gives_torchs_weights(n, m, k, gain, dtype, seed):
    layer = nn.Conv2d(n, m, k, dtype=dtype) if k else nn.Linear(n, m, dtype=dtype)
    pairs = [
        ("xavier", "normal", gain, lambda w: nn.init.xavier_normal_(w, gain, generator(seed))),
        ("xavier", "uniform", gain, lambda w: nn.init.xavier_uniform_(w, gain, generator(seed))),
        ("he", "normal", 1.0, lambda w: nn.init.kaiming_normal_(w, generator=generator(seed))),
        ("he", "uniform", 1.0, lambda w: nn.init.kaiming_uniform_(w, generator=generator(seed))),
        (
            "fan-out",
            "normal",
            2**0.5,
            lambda w: nn.init.kaiming_normal_(
                w, mode="fan_out", nonlinearity="relu", generator=generator(seed)
            ),
        ),
        (
            "fan-in",
            "normal",
            1.0,
            lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=generator(seed)),
        ),
    ]
    for recipe, shape, factor, theirs in pairs:
        ours = fill_(layer, recipe, shape, factor, generator=generator(seed)).weight.detach()
        wanted = theirs(torch.empty_like(ours))
        tolerance = 1e-10 if dtype == F64 else 2 * torch.finfo(dtype).eps
        torch.testing.assert_close(ours, wanted, rtol=tolerance, atol=tolerance)
        assert not layer.bias.any()


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    gain=st.floats(0.1, 3),
    dtype=st.sampled_from([torch.float32, F64]),
    seed=st.integers(0, 9),
)
def test_orthogonal_is_torchs_and_keeps_every_length(rows, columns, gain, dtype, seed):
    ours = orthogonal_(torch.empty(rows, columns, 1, dtype=dtype), gain, generator=generator(seed))
    theirs = nn.init.orthogonal_(torch.empty_like(ours), gain, generator(seed))
    tolerance = 1e-10 if dtype == F64 else 1e-5
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
    values = torch.linalg.svdvals(ours[..., 0])
    torch.testing.assert_close(values, torch.full_like(values, gain), rtol=1e-5, atol=1e-5)


def test_an_empty_weight_is_left_alone():
    assert orthogonal_(torch.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("shape", ["normal", "uniform", "orthogonal"])
@pytest.mark.parametrize("recipe", chapter.RECIPES)
def test_every_shape_has_the_recipes_mean_square(recipe, shape):
    for layer in (nn.Linear(300, 100, dtype=F64), nn.ConvTranspose2d(40, 20, 5, dtype=F64)):
        weight = fill_(layer, recipe, shape, 0.7, generator=generator()).weight
        wanted = deviation(recipe, *fans(layer), 0.7) ** 2
        assert weight.square().mean().item() == pytest.approx(wanted, rel=0.04)
        if shape == "uniform":
            assert weight.abs().max().item() <= math.sqrt(3 * wanted)


@pytest.mark.parametrize(
    ("ours", "labs"), [("xavier", "xavier"), ("he", "he"), ("fan-in", "lecun")]
)
def test_the_lab_means_the_same_by_these_names(ours, labs):
    mine = fill_(nn.Linear(50, 20, dtype=F64), ours, generator=generator(3)).weight
    torch.testing.assert_close(
        mine.detach(), initialize_(torch.empty(20, 50, dtype=F64), labs, generator=generator(3))
    )


# Numbers of the papers and of document 001


def test_he_2015_on_vgg_b():
    """Section 2.2: deviations √(2/(9d)), and what 0.01 everywhere does to the gradient."""
    d = [64, 128, 256, 512]
    found = [deviation("fan-out", 9 * n, 9 * n, math.sqrt(2)) for n in d]
    assert [round(s, 4) for s in found] == [0.0589, 0.0417, 0.0295, 0.0208]
    assert found == pytest.approx([math.sqrt(2 / (9 * n)) for n in d], rel=1e-12)
    # From conv10 to conv2 nine layers: one with 64 filters, two with 128, two with 256, four more.
    product = (0.0589 * 0.0417**2 * 0.0295**2 * 0.0208**4) / 0.01**9
    assert product == pytest.approx(1.7e4, rel=0.03)


def test_document_001_prints_hes_variance_for_xavier():
    layer = nn.Conv2d(16, 64, 3)
    n_in, n_out = fans(layer)
    printed = 2 / (16 * 3 * 3)
    assert deviation("he", n_in, n_out) ** 2 == pytest.approx(printed, rel=1e-12)
    assert deviation("xavier", n_in, n_out) ** 2 == pytest.approx(0.002775, abs=5e-6)
    assert printed == pytest.approx(0.01389, abs=5e-6)
    assert deviation("xavier", 9 * 16, 9 * 16) ** 2 == pytest.approx(printed / 2)


def test_gains_of_the_forward_and_the_backward_pass():
    assert chapter.gain_forward("identity") == pytest.approx(1, abs=1e-9)
    for gain in (chapter.gain_forward, chapter.gain_backward):
        assert gain("relu") == pytest.approx(nn.init.calculate_gain("relu"), rel=1e-9)
        leaky = nn.init.calculate_gain("leaky_relu", LEAKY_SLOPE)
        assert gain("leaky_relu") == pytest.approx(leaky, rel=1e-9)
    assert chapter.gain_forward("selu") == pytest.approx(1, abs=1e-6)  # Klambauer et al. 2017
    u = torch.randn(300_000, generator=generator(), dtype=F64)
    for name, f in ACTIVATIONS.items():
        for gain, g in ((chapter.gain_forward, f.function), (chapter.gain_backward, f.derivative)):
            assert gain(name) == pytest.approx(g(u).square().mean().item() ** -0.5, rel=1e-2)


def test_a_deep_tanh_net_explodes_at_gains_above_and_below_both():
    low, high = 1.3, nn.init.calculate_gain("tanh")
    assert low < chapter.gain_backward("tanh") < chapter.gain_forward("tanh") < high
    assert 1.05 < chi("tanh", low**2) < chi("tanh", high**2)


# What one layer does, and what many do


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("recipe", ["fan-in", "fan-out", "xavier"])
def test_one_layer_multiplies_variances_by_fan_times_variance(recipe, seed):
    g = generator(seed)
    layer = fill_(nn.Linear(800, 200, dtype=F64), recipe, generator=g)
    h, delta = (torch.randn(400, n, generator=g, dtype=F64) for n in (800, 200))
    forward = layer(h).var().item() / h.var().item()
    backward = (delta @ layer.weight).var().item() / delta.var().item()
    s2 = deviation(recipe, 800, 200) ** 2
    assert forward == pytest.approx(800 * s2, rel=0.04)
    assert backward == pytest.approx(200 * s2, rel=0.04)


@pytest.mark.parametrize("layer", [
    nn.Conv2d(8, 32, 3, groups=4, dtype=F64),
    nn.Conv2d(8, 32, 4, stride=2, dtype=F64),
    nn.ConvTranspose2d(8, 32, 4, stride=2, dtype=F64),
], ids=str)  # fmt: skip
def test_with_true_fans_convolutions_hold_both_variances(layer):
    """fan-in forward, fan-out backward; away from the edges; torch's numbers miss."""
    g = generator()
    x = torch.randn(8, 8, 24, 24, generator=g, dtype=F64, requires_grad=True)

    def middle(t):
        n = t.shape[-1]
        return t[..., n // 4 : n - n // 4, n // 4 : n - n // 4].detach().square().mean().item()

    assert middle(fill_(layer, "fan-in", generator=g)(x)) == pytest.approx(1, rel=0.15)
    y = fill_(layer, "fan-out", generator=g)(x)
    y.backward(torch.randn(y.shape, generator=g, dtype=F64))
    assert middle(x.grad) == pytest.approx(1, rel=0.15)
    theirs = nn.init._calculate_fan_in_and_fan_out(layer.weight)
    assert max(t / o for t, o in zip(theirs, fans(layer), strict=True)) >= 4


@pytest.mark.parametrize("seed", range(3))
def test_each_fan_alone_holds_both_ways_and_their_mean_holds_neither(seed, batch):
    """He et al. 2015, section 2.2, on the first; Xavier's factor is (4ab/(a+b)²)^½ for a pair."""
    found = {}
    for recipe in ("fan-in", "fan-out", "xavier"):
        by_layer = chapter.per_neuron(
            net(ALTERNATING, recipe, gain=math.sqrt(2), seed=seed), *batch
        )
        signal, error = by_layer["signal"], by_layer["error signal"]
        found[recipe] = (signal[-1] / signal[1], error[0] / error[-2])
    for recipe in ("fan-in", "fan-out"):
        assert all(0.1 < f < 10 for f in found[recipe])
        ratios = [m / o for m, o in zip(found["xavier"], found[recipe], strict=True)]
        predicted = (4 * 32 * 512 / (32 + 512) ** 2) ** (10 / 2)
        # The same random numbers in all three nets: only the sizes differ.
        assert ratios == pytest.approx([predicted, predicted], rel=0.6)
    assert max(found["xavier"]) < 2e-3


@pytest.mark.parametrize("seed", range(3))
def test_orthogonal_layers_hold_every_vector_in_a_linear_net(seed):
    x = torch.randn(10, 32, generator=generator(9), dtype=F64)
    how = {"activation": "identity", "seed": seed}
    kept = net([32] * 41, "fan-in", shape="orthogonal", **how)(x).norm(dim=1) / x.norm(dim=1)
    torch.testing.assert_close(kept, torch.ones_like(kept), rtol=1e-10, atol=0)
    random = net([32] * 41, "fan-in", **how)(x).norm(dim=1) / x.norm(dim=1)
    assert (random - 1).abs().max() > 0.2


# Symmetry


@pytest.mark.parametrize("seed", range(3))
def test_equal_neurons_stay_equal_and_zeros_stay_zero(seed):
    data = digits(dtype=F64)
    counts, accuracy = {}, {}
    for start in ("zero", "constant", "random"):
        model = net([64, 64, 64, 10], seed=seed)
        for layer in model.layers:
            n = layer.weight.shape[1]
            if start != "random":
                nn.init.constant_(layer.weight, {"zero": 0, "constant": 1 / n}[start])
        how = {"steps": 60, "lr": 0.1, "seeds": 1}
        outcome = chapter.reached(lambda _, m=model: m, data.train_x, data.train_y, **how)
        counts[start] = [chapter.different_neurons(p.weight) for p in model.layers[:2]]
        accuracy[start] = outcome[0][1]
        if start == "zero":
            assert not any(layer.weight.any() for layer in model.layers)
            assert model.layers[-1].bias.any()
    assert counts == {"zero": [1, 1], "constant": [1, 1], "random": [64, 64]}
    assert accuracy["random"] > 0.85 > 0.6 > max(accuracy["zero"], accuracy["constant"])


def test_different_neurons_counts_rows():
    assert chapter.different_neurons(torch.zeros(3, 2)) == 1
    assert chapter.different_neurons(torch.eye(3)) == 3
    assert chapter.different_neurons(torch.ones(3, 2) + 1e-12) == 1


# Before and after


def test_adam_trains_xaviers_twenty_two_layers():
    """The chapter's table is about plain gradient descent."""
    data = digits()
    for seed in range(3):
        model = net([64] * 22 + [10], "xavier", seed=seed, dtype=torch.float32)
        optimizer, g = torch.optim.Adam(model.parameters()), generator(seed)
        for _ in range(200):
            rows = torch.randint(len(data.train_x), (128,), generator=g)
            optimizer.zero_grad()
            cross_entropy(model(data.train_x[rows]), data.train_y[rows]).backward()
            optimizer.step()
        assert evaluate(model, data.train_x, data.train_y)[1] > 0.5


def test_no_rule_of_the_fans_makes_all_alternating_nets_learn():
    """Figure 3 is about signals; the chapter says so."""
    data = digits()
    widths = [64, *[32, 512] * 6, 32, 10]
    for recipe in ("fan-in", "xavier"):
        outcomes = chapter.reached(
            lambda seed, recipe=recipe: net(
                widths, recipe, gain=math.sqrt(2), seed=seed, dtype=torch.float32
            ),
            data.train_x,
            data.train_y,
            steps=60,
            lr=0.02,
            momentum=0.9,
        )
        assert min(accuracy for _, accuracy in outcomes) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_he_does_not_heal_fifty_sigmoid_layers(seed, batch):
    widths, f = [64] * 50 + [10], "sigmoid"
    starts = [("xavier", 1), ("he", 1), ("fan-in", chapter.gain_backward(f))]
    for (recipe, gain), most in zip(starts, (-27, -21, -5), strict=True):
        model = net(widths, recipe, gain=gain, activation=f, seed=seed)
        error = chapter.per_neuron(model, *batch)["error signal"]
        assert math.log10(error[0] / error[-2]) < most


def half_less(z):
    return torch.sigmoid(z) - 0.5


@pytest.mark.parametrize("seed", range(3))
def test_what_holds_the_error_signal_of_fifty_sigmoid_layers(seed, batch):
    """The backward gain does if the outputs' mean is taken off; otherwise one of 10.6."""
    widths, backward = [64] * 50 + [10], chapter.gain_backward("sigmoid")
    centred = dataclasses.replace(activations.get("sigmoid"), function=half_less)
    for f, gain in ((centred, backward), ("sigmoid", 10.6)):
        model = net(widths, "fan-in", gain=gain, activation=f, seed=seed)
        error = chapter.per_neuron(model, *batch)["error signal"]
        assert abs(math.log10(error[0] / error[-2])) < 0.8
    # It does not help: two digits come together, and nothing is learned.
    apart = distance_by_layer(model, batch[0])
    assert apart[1] > 0.5 > 0.25 > apart[49]
    model, data = model.float(), digits()
    how = {"steps": 40, "lr": 0.1, "momentum": 0.9, "seeds": 1}
    ((_, accuracy),) = chapter.reached(lambda _: model, data.train_x, data.train_y, **how)
    assert accuracy < 0.2


# Further steps


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), f=st.sampled_from(["relu", "tanh", "sigmoid", "gelu"]))
def test_lsuv_gives_each_layer_unit_variance(seed, f):
    x = digits(dtype=F64).train_x[:128]
    model = chapter.lsuv_(net([64, 20, 50, 10], activation=f), x, generator=generator(seed))
    for layer in model.layers:
        z = layer(x)
        assert z.var(correction=0).item() == pytest.approx(1, rel=1e-9)
        x = model.activation.function(z)


def test_lsuv_takes_convolutions_and_leaves_no_hook():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)).double()
    x = digits(dtype=F64).train_x[:64].reshape(-1, 1, 8, 8)
    once = chapter.lsuv_(model, x, generator=generator())(x)
    assert once.var(correction=0).item() == pytest.approx(1, rel=1e-9)
    assert torch.equal(model(3 * x), model(3 * x))
    assert not any(m._forward_hooks for m in model.modules())


@pytest.mark.parametrize("seed", range(3))
def test_the_branch_decides_how_a_residual_net_begins(seed, batch):
    x, _ = batch
    growth = {}
    for start in chapter.BRANCHES:
        model = chapter.residual_net(20, start, seed=seed, dtype=F64)
        growth[start] = chapter.residual_growth(model, x)
        if start == "fixup":
            assert not model(x).any()  # every class equally likely: a loss of ln 10
            other = chapter.residual_net(20, "zero", seed=seed, dtype=F64)
            ratio = model.inner[3].weight / other.inner[3].weight
            torch.testing.assert_close(ratio, torch.full_like(ratio, 20**-0.5))
    assert growth["zero"] == growth["fixup"] == 1
    # 2^10 if each block doubled the mean square exactly.
    assert 7.5 < math.log2(growth["he"]) < 12
    data = digits()
    learned, losses = {}, {}
    for start in chapter.BRANCHES:
        for lr in (0.01, 0.1):
            ((loss, accuracy),) = chapter.reached(
                lambda _, start=start: chapter.residual_net(20, start, seed=seed),
                data.train_x,
                data.train_y,
                steps=30,
                lr=lr,
                seeds=1,
            )
            learned[start, lr] = accuracy > 0.5
            losses[start, lr] = loss
    assert [name for name, did in learned.items() if did] == [
        ("zero", 0.01),
        ("fixup", 0.01),
        ("fixup", 0.1),
    ]
    assert losses["fixup", 0.01] > losses["zero", 0.01] + 0.3
    assert all(math.isnan(losses["he", lr]) for lr in (0.01, 0.1))


@pytest.mark.parametrize("seed", range(3))
def test_either_half_of_fixup_learns_at_the_large_rate(seed):
    data = digits()
    for output in (True, False):
        model = chapter.residual_net(20, "zero", seed=seed)
        with torch.no_grad():
            for layer in [model.last] if output else model.inner:
                layer.weight *= 0 if output else 20**-0.5
        how = {"steps": 30, "lr": 0.1, "seeds": 1}
        ((_, right),) = chapter.reached(lambda _, m=model: m, data.train_x, data.train_y, **how)
        assert right > 0.8


def test_hes_branch_doubles_the_mean_square():
    """Mean square of the stream: 2 to the number of blocks, on average over seeds."""
    found = [
        chapter.residual_growth(
            chapter.residual_net(4, "he", width=512, seed=seed, dtype=F64),
            torch.randn(64, 64, generator=generator(seed), dtype=F64),
        )
        for seed in range(4)
    ]
    assert sum(g**2 for g in found) / 4 == pytest.approx(2**4, rel=0.15)


# Bad input


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="BatchNorm1d"):
        fans(nn.BatchNorm1d(3))
    with pytest.raises(ValueError, match=r"recipe='hee'.*Did you mean 'he'"):
        deviation("hee", 3, 3)
    with pytest.raises(ValueError, match=r"n_in=0"):
        deviation("he", 0, 3)
    with pytest.raises(ValueError, match=r"shape='gauss'"):
        fill_(nn.Linear(2, 2), shape="gauss")
    with pytest.raises(ValueError, match="two axes"):
        orthogonal_(torch.empty(3))
    with pytest.raises(ValueError, match="expected the inputs"):
        net([64])
    with pytest.raises(ValueError, match="start='none'"):
        chapter.residual_net(3, "none")
    with pytest.raises(ValueError, match="deviation 0"):
        chapter.lsuv_(nn.Linear(2, 2), torch.zeros(3, 2))
    with pytest.raises(ValueError, match="without a linear"):
        chapter.lsuv_(nn.ReLU(), torch.zeros(3, 2))


def test_the_explorer_says_which_nets_fade():
    texts = {v: both_ways(v, "32, 512, 32, 512, …")[1] for v in SIZES}
    assert len(set(texts.values())) == len(SIZES)
    assert "multiplied by 0.3," in texts["1 / inputs"]
    assert "multiplied by 0.0001," in texts["2 / (inputs + outputs)"]
