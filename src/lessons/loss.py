"""The loss of a net on a batch, and clear words where the net, the batch and the loss do not fit.

PyTorch would complain of them in words of its own, or not at all: ``mse_loss`` takes answers of
shape (n, 1) for targets of shape (n,) and compares each with each.
"""

import torch
from torch import nn
from torch.nn import functional

from lessons._check import choice

LOSSES = {"cross_entropy": functional.cross_entropy, "mse": functional.mse_loss}


def is_for_classes(loss):
    """Say whether a loss compares with classes; a function always compares numbers.

    Raises
    ------
    ValueError
        If ``loss`` is neither a function nor a known name.

    Examples
    --------
    >>> is_for_classes("cross_entropy"), is_for_classes(functional.l1_loss)
    (True, False)
    """
    return not callable(loss) and choice("loss", loss, LOSSES) == "cross_entropy"


def loss_of(answer, y, loss="cross_entropy"):
    """Return the mean loss of a net's ``answer`` to a batch.

    Parameters
    ----------
    answer : Tensor, shape (samples, outputs, …)
    y : Tensor
        The right answers, which :func:`check_batch` has let pass: classes of shape (samples, …)
        for "cross_entropy", numbers of the answer's shape for all others.
    loss : str or callable
        "cross_entropy", "mse", or a function that is called as ``loss(answer, y)`` and returns
        one number.

    Returns
    -------
    Tensor
        One number.

    Raises
    ------
    TypeError, ValueError
        If the answer and ``y`` do not belong together.

    Examples
    --------
    >>> loss_of(torch.zeros(5, 2), torch.ones(5, 2), "mse")
    tensor(1.)
    """
    classes = is_for_classes(loss)
    function = loss if callable(loss) else LOSSES[loss]
    shape = tuple(answer.shape)
    expected = shape[:1] + shape[2:] if classes else shape
    if tuple(y.shape) != expected:
        raise ValueError(
            f"y has shape {tuple(y.shape)}; expected {expected}, for the net's answer is {shape}."
        )
    if not classes and y.dtype != answer.dtype:
        raise TypeError(f"y has dtype {y.dtype}; expected {answer.dtype} as the net's answer.")
    try:
        return function(answer, y)
    except IndexError:
        if not classes:
            raise
        raise ValueError(
            f"y holds classes from {y.min()} to {y.max()}; expected 0 to {shape[1] - 1}, for the "
            f"net has {shape[1]} outputs."
        ) from None


def check_model(model):
    """Raise unless ``model`` is a network: not the function or the dict that holds networks."""
    if not isinstance(model, nn.Module) or isinstance(model, type):
        name = getattr(model, "__name__", None)
        what = f"the {type(model).__name__} {name}" if name else f"a {type(model).__name__}"
        raise TypeError(f"model is {what}; expected a network such as mlp(20).")


def check_batch(x, y, loss="cross_entropy"):
    """Raise unless ``x`` and ``y`` are as many samples and answers, without NaN.

    Answers are classes (int64) for "cross_entropy" and real numbers for all others.
    """
    for name, value in (("x", x), ("y", y)):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} is a {type(value).__name__}; expected a Tensor.")
        if value.ndim == 0 or len(value) == 0:
            raise ValueError(f"{name} has shape {tuple(value.shape)}; expected (samples, …).")
        if value.is_floating_point() and value.isnan().any():
            raise ValueError(f"{name} holds NaN; expected numbers.")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} samples and y has {len(y)}; expected as many.")
    classes = is_for_classes(loss)
    if classes != (y.dtype == torch.int64) or not (classes or y.is_floating_point()):
        expected = "torch.int64, the classes," if classes else "real numbers"
        swapped = y.is_floating_point() and not x.is_floating_point()
        hint = " Are x and y swapped?" if swapped else ""
        raise TypeError(f"y has dtype {y.dtype}; expected {expected} for loss={loss!r}.{hint}")
