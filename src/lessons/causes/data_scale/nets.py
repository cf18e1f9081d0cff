"""Nets that get the same data in other units: their first signal and their first gradient."""

from typing import NamedTuple

import torch
from torch import nn

from lessons._check import choice, integer, number
from lessons._threads import one_thread
from lessons.causes.data_scale.bowl import prepare
from lessons.gradients import direction_cosine, gradient_vector
from lessons.measure import loss_gradients
from lessons.networks import mlp

NETS = {
    "ReLU": {"activation": "relu", "initialization": "he"},
    "tanh": {"activation": "tanh", "initialization": "xavier"},
    "ReLU, batch norm": {"activation": "relu", "initialization": "he"},
}


class Response(NamedTuple):
    """By what a net multiplies its output, and the gradients of its first and middle layer."""

    output: float
    middle: float
    first: float


class Wrong(NamedTuple):
    """What one wrong number did.

    Attributes
    ----------
    length : float
        The gradient's norm, by that of the clean batch.
    cosine : float
        Between the two gradients.
    spread : float
        Standard deviation of the column without the wrong number.
    """

    length: float
    cosine: float
    spread: float


def build(kind="ReLU", depth=10, *, seed=0, dtype=torch.float64, **sizes):
    """Build one of ``NETS``: biases 0, and with "batch norm" one after each layer but the last.

    Examples
    --------
    >>> [type(layer).__name__ for layer in build("ReLU, batch norm", 2)]
    ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    net = mlp(depth, seed=seed, dtype=dtype, **NETS[choice("kind", kind, NETS)], **sizes)
    if "norm" not in kind:
        return net
    parts = []
    for layer in net.layers:
        parts += [layer, nn.BatchNorm1d(layer.out_features, dtype=dtype), nn.ReLU()]
    return nn.Sequential(*parts[:-2])


@one_thread()
def two_ways(net, x, y):
    """Return what each layer of ``net`` gets, and the gradient of its weights.

    Returns
    -------
    signal, gradient : list of float
        Root mean square of the numbers in h_{l-1}, and L2 norm of the gradient, layer 1 first.

    Examples
    --------
    >>> signal, gradient = two_ways(build("tanh", 3), torch.ones(8, 64).double(), torch.arange(8))
    >>> signal[0], len(gradient)
    (1.0, 3)
    """
    signal = []

    def keep(_, args):
        signal.append(args[0].detach().square().mean().sqrt().item())

    linear = [m for m in net.modules() if isinstance(m, nn.Linear)]
    hooks = [m.register_forward_pre_hook(keep) for m in linear]
    try:
        gradient = list(loss_gradients(net, x, y).values())
    finally:
        for hook in hooks:
            hook.remove()
    return signal, gradient


@one_thread()
def response(kind, x, y, factor, *, depth=10, seeds=3):
    """Multiply all inputs by ``factor``; return by what that multiplies output and gradients.

    Parameters
    ----------
    kind : str
        A key of ``NETS``.
    x, y : Tensor
        In float64.
    factor : float
        Above 0.
    depth : int
        At least 3.
    seeds : int
        Geometric means over so many nets.

    Returns
    -------
    Response

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from lessons.data import digits
    >>> data = digits(dtype=torch.float64)
    >>> found = response("ReLU", data.train_x[:64], data.train_y[:64], 8.0)
    >>> round(found.output, 6)  # no bias: what goes in eightfold comes out eightfold
    8.0
    """
    factor, depth = number("factor", factor, above=0), integer("depth", depth, least=3)
    logs = torch.zeros(3, dtype=torch.float64)
    for seed in range(integer("seeds", seeds)):
        net, found = build(kind, depth, seed=seed), []
        for inputs in (x, factor * x):
            gradient = list(loss_gradients(net, inputs, y).values())
            with torch.no_grad():
                output = net(inputs).norm().item()
            found.append([output, gradient[depth // 2], gradient[0]])
        before, after = torch.tensor(found, dtype=torch.float64)
        logs += (after / before).log() / seeds
    return Response(*logs.exp().tolist())


@one_thread()
def one_wrong_number(x, y, *, times=100.0, column=2, samples=128, depth=4, seed=0):
    """Multiply one number of a batch and compare the first gradient with that of the clean batch.

    Parameters
    ----------
    x, y : Tensor, shapes (patients, features) and (patients, 1)
        Raw. The loss is the mean squared error of the standardised target.
    times : float
        The factor on the first patient's number in ``column``.
    samples : int
        Patients in the batch, drawn at random.
    depth, seed : int
        Of the ReLU net; the seed draws the batch too.

    Returns
    -------
    dict of str to Wrong
        "scale of the clean data"; "scaled with the error in it" (mean and deviation are taken
        after the number went wrong); "cut at 3 deviations" (the first, then clamped).

    Examples
    --------
    >>> from lessons.data import diabetes
    >>> found = one_wrong_number(*diabetes())
    >>> found["scale of the clean data"].length > 100
    True
    """
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:samples]
    clean, target = x[order], prepare(y[order])
    wrong = clean.clone()
    wrong[0, column] *= number("times", times)
    scaled = (wrong - clean.mean(0)) / clean.std(0, correction=0)
    net = build("ReLU", depth, seed=seed, inputs=x.shape[1], outputs=1)

    def gradient(inputs):
        loss_gradients(net, inputs, target, "mse")
        return gradient_vector(net.parameters())

    before, found = gradient(prepare(clean)), {}
    for name, inputs in {
        "scale of the clean data": scaled,
        "scaled with the error in it": prepare(wrong),
        "cut at 3 deviations": scaled.clamp(-3, 3),
    }.items():
        after = gradient(inputs)
        spread = inputs[1:, column].std(correction=0).item()
        length = (after.norm() / before.norm()).item()
        found[name] = Wrong(length, direction_cosine(before, after), spread)
    return found
