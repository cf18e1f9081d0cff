"""The loop of the chapter, against torch and against the twelve patients."""

import math

import pytest
import torch

from lessons.causes.vanishing_and_exploding import three_nets
from lessons.data import digits
from lessons.networks import mlp
from lessons.signs.monitor import gradient_by_layer, seen, verdict, watched
from lessons.signs.signs import PATIENTS
from lessons.training import loss_gradients


@pytest.fixture(scope="module")
def data():
    return digits()


def test_the_first_look_is_the_gradient_of_the_first_batch(data):
    net = mlp(5, seed=3)
    batch = torch.randint(len(data.train_x), (128,), generator=torch.Generator().manual_seed(7))
    true = loss_gradients(net, data.train_x[batch], data.train_y[batch])
    norms = gradient_by_layer(watched(net, data.train_x, data.train_y, steps=1, seed=7))
    assert list(norms.values()) == pytest.approx(list(true.values()), rel=1e-5)


def test_the_loop_is_that_of_torch(data):
    ours, plain = mlp(3, seed=1), mlp(3, seed=1)
    watched(ours, data.train_x, data.train_y, lr=0.05, momentum=0.5, steps=7, seed=2, every=1)
    optimizer = torch.optim.SGD(plain.parameters(), 0.05, momentum=0.5)
    generator = torch.Generator().manual_seed(2)
    for _ in range(7):
        batch = torch.randint(len(data.train_x), (128,), generator=generator)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(plain(data.train_x[batch]), data.train_y[batch])
        loss.backward()
        optimizer.step()
    assert all(a.equal(b) for a, b in zip(ours.parameters(), plain.parameters(), strict=True))


@pytest.mark.parametrize("name", ["vanishing", "healthy", "exploding"])
def test_scaling_the_loss_moves_the_picture_and_not_its_shape(data, name):
    scale = 2.0**10  # exact in binary
    with torch.random.fork_rng():
        one, other = (
            gradient_by_layer(
                watched(three_nets()[name], data.train_x, data.train_y, steps=1, scale=s)
            )
            for s in (1.0, scale)
        )
    for layer in one:
        assert other[layer] == pytest.approx(scale * one[layer], rel=1e-5)


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize("name", ["vanishing", "healthy"])
def test_with_adam_the_verdict_does_not_depend_on_the_scale_of_the_loss(data, name, scale):
    how = {"optimizer": "adam", "lr": 1e-3, "scale": scale}
    assert verdict(watched(three_nets()[name], data.train_x, data.train_y, **how)) == name


EXPECTED = {
    "healthy": "healthy",
    "vanishing": "vanishing",
    "vanishing, Adam": "vanishing",
    "exploding, tanh": "exploding",
    "tiny batches": "healthy",
    "weight decay": "healthy",
    "one broken pixel": "non_finite",
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", EXPECTED)
def test_patients_through_the_monitor(data, name, seed):
    monitor = seen(PATIENTS[name], data.train_x, data.train_y, seed=seed)
    assert verdict(monitor) == EXPECTED[name]


def test_the_broken_pixel_is_traced_to_the_first_layer(data):
    (found,) = [
        f
        for f in seen(PATIENTS["one broken pixel"], data.train_x, data.train_y).findings()
        if f.kind == "non_finite"
    ]
    assert found.where.startswith("layers.0")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"optimizer": "adm"}, "optimizer='adm'"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"steps": 0}, "steps=0"),
        ({"scale": math.inf}, "scale=inf"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_bad_input(data, how, message):
    with pytest.raises(ValueError, match=message):
        watched(mlp(2), data.train_x, data.train_y, **how)
