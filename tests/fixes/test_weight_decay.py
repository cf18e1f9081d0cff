"""Weight decay: PyTorch's optimizers, closed forms, what it heals and what it does not."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from lessons.fixes import weight_decay as chapter
from lessons.fixes.weight_decay import Adam, Descent
from lessons.measure import decades_per_layer
from lessons.networks import mlp
from lessons.plots.weight_decay import late

F64 = torch.float64
PAIRS = {
    "descent, L2": (
        lambda p: Descent(p, 0.1, l2=0.3),
        lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3),
    ),
    "momentum, L2": (
        lambda p: Descent(p, 0.1, l2=0.3, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3, momentum=0.9),
    ),
    "Adam, L2": (
        lambda p: Adam(p, 0.01, l2=0.3),
        lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.3),
    ),
    "AdamW": (
        lambda p: Adam(p, 0.01, decay=0.3, betas=(0.8, 0.95), eps=1e-4),
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.3, betas=(0.8, 0.95), eps=1e-4),
    ),
}


def run(make, width, batch, dtype=F64, steps=15):
    net = mlp(3, width, inputs=4, outputs=3, dtype=dtype)
    optimizer = make(list(net.parameters()))
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        x = torch.randn(batch, 4, generator=generator, dtype=F64).to(dtype)
        y = torch.randint(0, 3, (batch,), generator=generator)
        net.zero_grad()
        cross_entropy(net(x), y).backward()
        optimizer.step()
    return [p.detach() for p in net.parameters()]


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=8, deadline=None)
@given(width=st.sampled_from([1, 2, 7]), batch=st.sampled_from([1, 5]))
def test_each_is_pytorchs(name, width, batch):
    ours, torchs = (run(make, width, batch) for make in PAIRS[name])
    torch.testing.assert_close(ours, torchs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", PAIRS)
def test_each_keeps_float32(name):
    ours, torchs = (run(make, 5, 4, torch.float32) for make in PAIRS[name])
    torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 2)])
def test_any_shape_and_parameters_without_a_gradient(shape):
    w, still = torch.ones(shape, requires_grad=True), torch.ones(2, requires_grad=True)
    w.grad = torch.ones(shape)
    for kind in (Descent, Adam):
        kind([w, still], lr=0.1, l1=0.1, l2=0.1, decay=0.1).step()
    assert w.shape == shape and still.tolist() == [1, 1] and bool((w < 1).all())


def test_the_gradient_of_the_penalty_in_the_loss_is_what_is_added():
    w = torch.tensor([-2.0, 0.0, 3.0], dtype=F64, requires_grad=True)
    penalty = 0.3 * w.abs().sum() + 0.5 * 0.7 * w.square().sum()
    (slope,) = torch.autograd.grad(penalty, w)
    before = w.detach().clone()
    w.grad = torch.zeros_like(w)
    Descent([w], 0.1, l1=0.3, l2=0.7).step()
    torch.testing.assert_close(before - w.detach(), 0.1 * slope, rtol=0, atol=1e-15)


def both_ways(kind, lr, **more):
    """The parameters after a run with an L2 term, and after one with decoupled decay."""
    return (run(lambda p: kind(p, lr, l2=0.3, **more), 5, 4),
            run(lambda p: kind(p, lr, decay=0.3, **more), 5, 4))  # fmt: skip


def test_for_plain_descent_decay_is_an_l2_term_and_with_momentum_or_adam_it_is_not():
    torch.testing.assert_close(*both_ways(Descent, 0.1), rtol=1e-12, atol=1e-14)
    for kind, more in ((Descent, {"momentum": 0.9}), (Adam, {})):
        l2, decay = both_ways(kind, 0.05, **more)
        assert max((a - b).abs().max() for a, b in zip(l2, decay, strict=True)) > 1e-3


def test_l1_makes_zeros_and_l2_does_not():
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(200, generator=generator, dtype=F64)
    near = {}
    for how in ({"l1": 0.5}, {"l2": 0.5}):
        w = start.clone().requires_grad_()
        descent = Descent([w], 0.01, **how)
        for _ in range(300):
            w.grad = torch.zeros_like(w)
            descent.step()
        near[next(iter(how))] = (w.abs() < 0.01).double().mean().item()
    assert near["l1"] > 0.8 and near["l2"] < 0.1


def test_halving():
    assert chapter.halving_steps(0.01, 0.01) == pytest.approx(6931.1, abs=0.1)
    w, steps = 1.0, 0
    while w > 0.5:
        w, steps = w * (1 - 0.01 * 0.5), steps + 1
    assert steps == math.ceil(chapter.halving_steps(0.01, 0.5))


@pytest.mark.parametrize("gain", [1.3, 2.0])
@pytest.mark.parametrize("lr", [0.01, 0.1])
def test_no_strength_stops_an_explosion_at_the_start(gain, lr):
    plain = chapter.first_steps(gain, 0.0, lr=lr)
    assert max(plain) <= 3
    for strength in (0.01, 1.0):
        assert chapter.first_steps(gain, strength, lr=lr) == plain
    assert chapter.first_steps(1.0, 0.0, lr=0.001, seeds=1) == [20]


@settings(max_examples=20, deadline=None)
@given(step=st.integers(0, 300), decay=st.floats(0, 5))
def test_the_size_on_the_walk_is_that_of_the_recursion(step, decay):
    square = 2 / 64
    for _ in range(step):
        square = (1 - 0.01 * decay) ** 2 * square + 1e-4
    assert chapter.walk_size(step, decay) == pytest.approx(math.sqrt(square), rel=1e-9)


def test_growing_weights_explode_late_and_decay_chooses_where_it_ends():
    """Figure 1: each layer's factor is s√(n/2) with the predicted size s."""
    for seed in range(3):
        for decay in (0.0, 0.04, 0.16, 0.64):
            for step in (0, 300, 3000):
                slope = decades_per_layer(chapter.walk(step, decay, seed=seed)["error signal"])
                wanted = math.log10(chapter.walk_size(step, decay) * math.sqrt(32))
                assert slope == pytest.approx(wanted, abs=0.05)


def test_a_real_step_of_the_walk_is_the_jump():
    w = torch.zeros(20000, dtype=F64, requires_grad=True)
    descent = Descent([w], 0.01, decay=2.0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        w.grad = torch.randn(w.shape, generator=generator, dtype=F64)
        descent.step()
    wanted = chapter.walk_size(200, 2.0, start=0.0)
    assert w.std().item() == pytest.approx(wanted, rel=0.02)


def test_under_adam_l2_depends_on_the_gradients_size_and_decay_does_not():
    """Figure 2."""
    ends = {
        (way, size): chapter.mean_weight(way, size)[-1]
        for way in ("l2", "decay")
        for size in (0.1, 1.0, 10.0)
    }
    for size in (0.1, 1.0, 10.0):
        assert ends["decay", size] == pytest.approx(math.exp(-1), abs=0.06)
    assert ends["l2", 10.0] == pytest.approx(math.exp(-0.1), abs=0.06)
    assert ends["l2", 1.0] == pytest.approx(math.exp(-1), abs=0.06)
    assert ends["l2", 0.1] < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_in_a_real_training(seed):
    plain, some, much = (chapter.trained(seed=seed, decay=d) for d in (0.0, 1.0, 10.0))
    assert plain.size > 1 > 0.85 > some.size > 10 * much.size
    assert much.sizes[-1] == much.size and len(much.sizes) == 11
    assert min(plain.accuracy, some.accuracy) > 0.6 > 0.3 > much.accuracy
    assert much.slope < -0.5 < some.slope
    assert much.signal < 0.05 and much.gradient < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Descent([], 0.0), "lr=0.0"),
        (lambda: Adam([], 0.1, l2=-1), "l2=-1"),
        (lambda: Adam([], 0.1, betas=(1.0, 0.9)), "betas="),
        (lambda: chapter.mean_weight("l3", 1.0), "way='l3'"),
        (lambda: chapter.walk_size(-1, 0.1), "step=-1"),
        (lambda: chapter.halving_steps(0.1, 0), "decay=0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_explorer_says_its_numbers():
    _, alt = late(0.0, 1000)
    assert "size 0.36" in alt
