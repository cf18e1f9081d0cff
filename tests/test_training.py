"""The loop is torch's own; what it records is what happened."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons import training
from lessons.data import adding, digits
from lessons.measure import gradient_norms, loss_gradients, weights_by_layer
from lessons.networks import mlp, rnn
from lessons.training import evaluate, train

F64 = torch.float64


@pytest.fixture(scope="module")
def data():
    return digits(dtype=F64)


@pytest.mark.parametrize(
    ("optimizer", "momentum", "make"),
    [
        ("sgd", 0.0, lambda p: torch.optim.SGD(p, lr=0.05)),
        ("sgd", 0.9, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
        ("adam", 0.0, lambda p: torch.optim.Adam(p, lr=0.05)),
    ],
)
def test_training_on_whole_batches_is_plain_torch(data, optimizer, momentum, make):
    x, y = data.train_x[:50], data.train_y[:50]
    ours, theirs = mlp(3, 8, dtype=F64), mlp(3, 8, dtype=F64)
    stepper = make(theirs.parameters())
    losses = []
    for _ in range(5):
        stepper.zero_grad()
        loss = functional.cross_entropy(theirs(x), y)
        losses.append(loss.item())
        loss.backward()
        stepper.step()
    history = train(
        ours,
        x,
        y,
        optimizer=optimizer,
        momentum=momentum,
        lr=0.05,
        steps=5,
        batch_size=50,
        record_every=1,
    )
    torch.testing.assert_close(history.loss[:5], losses)
    torch.testing.assert_close(history.batch_loss[:5], losses)  # one batch is all the data here
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert history.steps == [0, 1, 2, 3, 4, 5] and history.gradient_norms.shape == (6, 3)
    assert history.loss[-1] == evaluate(ours, x, y)[0]
    assert history.stopped_at is None


def test_gradient_norms_are_the_weights_norms(data):
    net = mlp(4, 8, dtype=F64)
    norms = loss_gradients(net, data.train_x, data.train_y)
    assert norms == {str(i): w.weight.grad.norm().item() for i, w in enumerate(net.layers, 1)}


def test_norms_beyond_float32_are_still_counted():
    layer = nn.Linear(2, 2)
    layer.weight.grad = torch.full((2, 2), 3e38)
    assert gradient_norms(layer) == {"weight": pytest.approx(6e38)}
    layer.weight.grad = torch.full((2, 2), 1e-40)
    assert gradient_norms(layer)["weight"] == pytest.approx(2e-40, rel=1e-3)
    layer.weight.grad = None
    assert gradient_norms(layer) == {"weight": 0.0}


def test_other_models_keep_their_names():
    assert list(weights_by_layer(rnn(4))) == ["input_layer", "recurrent", "output_layer"]


def test_norms_are_recorded_before_clipping_and_steps_taken_after(data):
    def zero(parameters):
        for p in parameters:
            p.grad.zero_()

    net = mlp(3, 8, dtype=F64)
    before = [p.detach().clone() for p in net.parameters()]
    history = train(net, data.train_x, data.train_y, steps=3, clip=zero, record_every=1)
    assert (history.gradient_norms > 0).all()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_it_stops_where_a_weight_is_lost(data, value):
    calls = []

    def spoil(parameters):
        calls.append(1)
        if len(calls) == 4:
            parameters[0].grad[0, 0] = value

    history = train(mlp(3, 8, dtype=F64), data.train_x, data.train_y, steps=50, clip=spoil)
    assert history.stopped_at == 4 and history.steps == [0, 4]
    assert "stopped at step 4" in repr(history)


def test_regression_has_no_accuracy():
    x, y = adding(64, 5)
    history = train(rnn(8), x, y, loss="mse", steps=20, record_every=10)
    assert history.accuracy == [] and history.steps == [0, 10, 20]
    assert history.loss[0] == functional.mse_loss(rnn(8)(x), y).item()


def test_a_seed_is_a_run(data):
    runs = [
        train(mlp(3, 8), data.train_x.float(), data.train_y, steps=30, seed=s) for s in (1, 1, 2)
    ]
    assert runs[0].loss == runs[1].loss != runs[2].loss


def test_an_epoch_shows_every_sample_once():
    x, y = torch.arange(10.0, dtype=F64)[:, None], torch.zeros(10, dtype=torch.long)
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 2, dtype=F64)

        def forward(self, x):
            if torch.is_grad_enabled():
                seen.append(x[:, 0].tolist())
            return self.layer(x)

    train(Spy(), x, y, batch_size=4, steps=5, lr=1e-6)
    assert [len(batch) for batch in seen] == [4, 4, 2, 4, 4, 2]
    first, second = (sorted(itertools.chain(*epoch)) for epoch in (seen[:3], seen[3:]))
    assert first == second == list(range(10))
    assert seen[:3] != seen[3:]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"loss": "crossentropy"}, ValueError, "Did you mean 'cross_entropy'"),
        ({"optimizer": "adm"}, ValueError, "Did you mean 'adam'"),
        ({"lr": 0}, ValueError, "lr=0.0"),
        ({"lr": "0.1"}, TypeError, "lr='0.1'"),
        ({"momentum": 1.0}, ValueError, "momentum=1.0"),
        ({"steps": 0}, ValueError, "steps=0"),
        ({"batch_size": -3}, ValueError, "batch_size=-3"),
        ({"clip": 1.0}, TypeError, "clip=1.0"),
        ({"record_every": 0}, ValueError, "record_every=0"),
        ({"y": torch.zeros(3, dtype=torch.long)}, ValueError, "x has 1437 samples and y has 3"),
        ({"x": [1.0]}, TypeError, "x is a list"),
        ({"x": torch.full((1437, 64), math.nan)}, ValueError, "x holds NaN"),
    ],
)
def test_bad_input_is_named(data, arguments, error, message):
    arguments = {"x": data.train_x, "y": data.train_y} | arguments
    with pytest.raises(error, match=message):
        train(mlp(2, 4, dtype=F64), **arguments)


@pytest.mark.parametrize(
    ("progress", "variable", "shown"),
    [(None, "", True), (None, "1", False), (True, "1", True), (False, "", False)],
)
def test_who_decides_about_the_bar(progress, variable, shown, monkeypatch):
    """tqdm's notebook bar overlooks TQDM_DISABLE, so `train` looks itself."""
    monkeypatch.setenv("TQDM_DISABLE", variable)
    asked = []
    tqdm = training.tqdm
    monkeypatch.setattr(training, "tqdm", lambda **how: asked.append(how) or tqdm(**how))
    train(mlp(2), torch.ones(4, 64), torch.zeros(4, dtype=torch.int64), steps=1, progress=progress)
    assert asked[0]["disable"] is not shown
