"""A reader changes a number: what does not fit is named, and the rest is PyTorch's loss."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.loss import check_batch, check_model, loss_of
from lessons.measure import gradient_norms, loss_gradients, signals_by_layer, weights_by_layer
from lessons.networks import mlp, rnn, three_nets
from lessons.propagation import through_time
from lessons.training import evaluate, train

X, Y = torch.randn(6, 64, generator=torch.Generator().manual_seed(0)), torch.arange(6)
ENTRIES = [loss_gradients, signals_by_layer, evaluate, train]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda f: f.__name__)


def test_the_losses_are_pytorchs():
    answer, numbers = mlp(2)(X), torch.ones(6, 10)
    assert torch.equal(loss_of(answer, Y), functional.cross_entropy(answer, Y))
    assert torch.equal(loss_of(answer, numbers, "mse"), functional.mse_loss(answer, numbers))


def test_pytorch_compares_each_with_each_where_this_is_an_error():
    """The trap: six targets of shape (6,) and six answers of shape (6, 1) give 36 differences."""
    net, targets = mlp(1, outputs=1), torch.randn(6)
    with pytest.warns(UserWarning, match="broadcasting"):
        wrong = functional.mse_loss(net(X), targets)
    right = loss_of(net(X), targets[:, None], "mse")
    assert abs(wrong - right) > 0.01
    with pytest.raises(ValueError, match=r"y has shape \(6,\); expected \(6, 1\)"):
        loss_of(net(X), targets, "mse")


@each_entry
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (mlp, "model is the function mlp; expected a network such as mlp"),
        (nn.Linear, "model is the type Linear"),
        (three_nets(2), "model is a dict"),
        (None, "model is a NoneType"),
    ],
    ids=["function", "class", "dict", "None"],
)
def test_what_is_no_network_is_named(entry, model, message):
    with pytest.raises(TypeError, match=message):
        entry(model, X, Y)


@each_entry
@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (X[:, :32], Y, ValueError, r"x has shape \(6, 32\); expected \(..., 64\): the net has 64"),
        (X.double(), Y, TypeError, "x has dtype torch.float64; expected torch.float32 as the"),
        (Y, X, TypeError, "y has dtype torch.float32; .* Are x and y swapped?"),
        (X, Y.float(), TypeError, "y has dtype torch.float32; expected torch.int64"),
        (X, Y.int(), TypeError, "y has dtype torch.int32; expected torch.int64"),
        (X, Y[:, None], ValueError, r"y has shape \(6, 1\); expected \(6,\)"),
        (X, Y + 5, ValueError, "y holds classes from 5 to 10; expected 0 to 9"),
        (X, Y[:5], ValueError, "x has 6 samples and y has 5"),
        (X.numpy(), Y, TypeError, "x is a ndarray; expected a Tensor"),
        (X, Y.tolist(), TypeError, "y is a list"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_batch_that_does_not_fit_is_named(entry, x, y, error, message):
    with pytest.raises(error, match=message):
        entry(mlp(2), x, y)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (torch.zeros(6, 1).long(), TypeError, "expected real numbers for loss='mse'"),
        (torch.zeros(6, 1).double(), TypeError, "torch.float64; expected torch.float32"),
        (torch.zeros(6), ValueError, r"y has shape \(6,\); expected \(6, 1\)"),
    ],
)
def test_answers_of_a_regression_are_numbers(y, error, message):
    with pytest.raises(error, match=message):
        evaluate(mlp(2, outputs=1), X, y, "mse")


@pytest.mark.parametrize("measure", [gradient_norms, weights_by_layer])
def test_a_measurement_without_a_network_is_named(measure):
    with pytest.raises(TypeError, match="model is the function mlp"):
        measure(mlp)


def test_each_kind_of_net_has_its_measurement():
    with pytest.raises(TypeError, match="model is a RNN; expected a plain net"):
        signals_by_layer(rnn(4), torch.zeros(3, 5, 2), torch.zeros(3, 1), "mse")
    with pytest.raises(TypeError, match="model is a MLP; expected a recurrent net such as"):
        through_time(mlp(2), X, Y)


def test_what_fits_passes():
    check_model(mlp(2))
    check_batch(X, Y)
    check_batch(X, X, "mse")
    with pytest.raises(ValueError, match="loss='l2' is unknown"):
        check_batch(X, Y, "l2")
