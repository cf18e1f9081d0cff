"""Measurements at a net, layer by layer: its gradient, its signal, its error signal."""

import torch

from lessons._threads import one_thread
from lessons.loss import check_batch, check_model, loss_of


def weights_by_layer(model):
    """Return the weight matrices of ``model`` by layer name, from the input to the output.

    A plain :class:`lessons.networks.MLP` has layers "1", "2", …; other models keep the names of
    their modules. Vectors (biases, normalisation) are no layers.
    """
    check_model(model)
    named = [(name, p) for name, p in model.named_parameters() if p.ndim >= 2]
    if hasattr(model, "layers"):
        return {str(i): p for i, (_, p) in enumerate(named, start=1)}
    return {name.removesuffix(".weight"): p for name, p in named}


def gradient_norms(model):
    """Return the L2 norm of each weight matrix's gradient, by layer name.

    The norm is summed in float64, so that it neither overflows nor underflows where the float32
    gradient itself did not. A layer without a gradient has norm 0.
    """
    return {
        name: 0.0
        if p.grad is None
        else torch.linalg.vector_norm(p.grad, dtype=torch.float64).item()
        for name, p in weights_by_layer(model).items()
    }


@one_thread()
def loss_gradients(model, x, y, loss="cross_entropy"):
    """Run one forward and one backward pass; return the gradient norms by layer.

    Parameters
    ----------
    model : nn.Module
        Its old gradients are dropped; the new ones stay in ``.grad``.
    x, y : Tensor
        A batch and its answers.
    loss : str or callable
        "cross_entropy" (classes), "mse" (numbers) or a function; see :func:`lessons.loss.loss_of`.

    Returns
    -------
    dict of str to float
        See :func:`gradient_norms`.

    Raises
    ------
    TypeError, ValueError
        If ``model`` is no network, or the batch does not fit it or the loss.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> norms = loss_gradients(mlp(3), torch.ones(5, 64), torch.zeros(5, dtype=torch.long))
    >>> list(norms)
    ['1', '2', '3']
    """
    check_model(model)
    check_batch(x, y, loss)
    model.zero_grad(set_to_none=True)
    loss_of(model(x), y, loss).backward()
    return gradient_norms(model)


@one_thread()
def signals_by_layer(model, x, y, loss="cross_entropy"):
    """Measure, at each layer, the signal, the error signal and the weights' gradient.

    Parameters
    ----------
    model : lessons.networks.MLP
    x, y : Tensor
        A batch of any size and its answers.

    Returns
    -------
    dict of str to list of float
        L2 norms over the batch, layer 1 first: "signal" (h_{l-1}, what the layer gets), "error
        signal" (the gradient with respect to z_l, the layer's output before its activation) and
        "weight gradient" (their product, summed over the batch).

    Raises
    ------
    TypeError, ValueError
        If ``model`` is no plain network, or the batch does not fit it or the loss.
    """
    check_model(model)
    if not hasattr(model, "layers"):
        raise TypeError(f"model is a {type(model).__name__}; expected a plain net such as mlp(20).")
    check_batch(x, y, loss)
    inputs, outputs = [], []

    def keep(_, args, output):
        inputs.append(args[0])
        outputs.append(output)

    hooks = [layer.register_forward_hook(keep) for layer in model.layers]
    try:
        value = loss_of(model(x), y, loss)
    finally:
        for hook in hooks:
            hook.remove()
    errors = torch.autograd.grad(value, outputs, retain_graph=True)
    model.zero_grad(set_to_none=True)
    value.backward()
    return {
        "signal": [h.detach().double().norm().item() for h in inputs],
        "error signal": [e.double().norm().item() for e in errors],
        "weight gradient": list(gradient_norms(model).values()),
    }


@one_thread()
def distance_by_layer(model, x):
    """Return how far apart different inputs still are, layer by layer, as a share of the signal.

    At each layer the root mean square distance of two samples, divided by the root mean square
    norm of one. Samples without relation are √2 apart; at 0 the net cannot tell them apart.

    Parameters
    ----------
    model : lessons.networks.MLP
        In float64: in float32 what is nearer than 1e-7 is rounding.
    x : Tensor of shape (samples, features)
        At least two samples.

    Returns
    -------
    list of float
        h_0, the input, first; then h_1, … and last the output. NaN where the signal is 0 or not
        finite.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is no tensor of at least two samples.

    Examples
    --------
    >>> from lessons.networks import mlp
    >>> distances = distance_by_layer(mlp(3, dtype=torch.float64), torch.eye(64).double())
    >>> len(distances), f"{distances[0]:.2f}"
    (4, '1.41')
    """
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x is a {type(x).__name__}; expected a Tensor.")
    if x.ndim != 2 or len(x) < 2:
        raise ValueError(f"x has shape {tuple(x.shape)}; expected (at least 2 samples, features).")
    with torch.no_grad():
        return [_relative_distance(h.double()) for h in (x, *model.forward_all(x))]


def _relative_distance(h):
    """Distance of two samples relative to the norm of one; h has shape (samples, features)."""
    # Over all pairs the mean square distance is 2 n / (n − 1) times the mean square distance to
    # the centre: subtracting the centre first keeps the digits of what is almost equal.
    apart = (h - h.mean(dim=0)).square().sum() * 2 / (len(h) - 1)
    return (apart / h.square().sum() * len(h)).sqrt().item()


def decades_per_layer(norms):
    """Return how many powers of ten the norm gains with each layer on the way back.

    The least-squares slope of log10(norm) over the layers, counted from the output to the input:
    negative where the gradient vanishes, positive where it explodes. Layers whose norm is 0 or
    not finite are left out.

    Parameters
    ----------
    norms : sequence of float, or dict of layer name to float
        First layer first; at least two of them positive and finite.

    Raises
    ------
    ValueError
        If fewer than two norms are positive and finite.

    Examples
    --------
    >>> round(decades_per_layer([0.01, 0.1, 1.0]), 6)
    -1.0
    """
    norms = list(norms.values() if isinstance(norms, dict) else norms)
    norms = torch.tensor(norms, dtype=torch.float64)
    usable = norms.isfinite() & (norms > 0)
    if usable.sum() < 2:
        raise ValueError(f"norms={norms.tolist()}; expected two that are positive and finite.")
    layers = torch.arange(len(norms), dtype=torch.float64)[usable]
    layers = layers - layers.mean()
    return -((layers * norms[usable].log10()).sum() / (layers**2).sum()).item()


@one_thread()
def gradient_agreement(model, batches, loss="cross_entropy"):
    """Return, by layer, the cosine between the gradients of two different batches.

    Near 1 the two batches ask for the same change; near 0 the gradient depends only on which
    batch was drawn: noise, whatever its norm.

    Parameters
    ----------
    model : nn.Module
    batches : sequence of two (x, y) pairs

    Returns
    -------
    list of float
        NaN where a gradient is exactly 0: it has no direction.

    Raises
    ------
    ValueError
        If there are not two batches, or the loss is unknown.
    """
    if len(batches) != 2:
        raise ValueError(f"batches has {len(batches)} entries; expected two (x, y) pairs.")
    gradients = []
    for x, y in batches:
        loss_gradients(model, x, y, loss)
        grads = [p.grad.double().flatten() for p in weights_by_layer(model).values()]
        # Scaled to length 1 first: the product of two tiny norms would be rounded away.
        gradients.append([g / g.norm() for g in grads])
    first, second = gradients
    return [(a @ b).item() for a, b in zip(first, second, strict=True)]
