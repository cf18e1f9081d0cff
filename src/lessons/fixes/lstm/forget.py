"""What a forget gate keeps, and the bias that it needs for so many steps."""

import math

import torch

from lessons._check import integer, number


def kept(bias, steps):
    r"""Return what is left of a memory after ``steps`` steps whose forget gate stands at its bias.

    .. math:: \sigma(b)^T

    Parameters
    ----------
    bias : float
        b, the input of the gate's sigmoid.
    steps : int
        T.

    Returns
    -------
    float

    Examples
    --------
    >>> [f"{kept(b, 100):.1e}" for b in (0, 1, 2)]
    ['7.9e-31', '2.5e-14', '3.1e-06']
    """
    bias, steps = number("bias", bias), integer("steps", steps, least=0)
    # ln σ(b) without overflow or loss, whatever the sign.
    log = -math.log1p(math.exp(-bias)) if bias > 0 else bias - math.log1p(math.exp(bias))
    return math.exp(steps * log)


def bias_that_keeps(steps, share=1 / math.e):
    r"""Return the bias with which ``share`` of a memory is left after ``steps`` steps.

    .. math:: b = \ln \frac{s}{1 - s}, \quad s = \text{share}^{1/T}

    For the share 1/e and many steps it is about ln T.

    Parameters
    ----------
    steps : int
        T, at least 1.
    share : float
        Above 0, below 1.

    Returns
    -------
    float

    References
    ----------
    Tallec and Ollivier, 2018, choose biases of up to ln(T - 1) by the same thought.

    Examples
    --------
    >>> round(bias_that_keeps(100), 2), round(kept(bias_that_keeps(100, 0.5), 100), 6)
    (4.6, 0.5)
    """
    steps, share = integer("steps", steps), number("share", share, above=0)
    if share >= 1:
        raise ValueError(f"share={share!r} is out of range; expected less than 1.")
    # ln(s / (1 - s)) with s = e^(ln(share) / T), without loss where s is near 1.
    log = math.log(share) / steps
    return log - math.log(-math.expm1(log))


@torch.no_grad()
def set_biases_(layer, *, forget=None, input=None):
    """Set the biases of all forget and input gates of an LSTM, ``nn.LSTM`` included.

    PyTorch stores two biases that are added: one gets the value, the other 0. A GRU's update gate
    says what is kept, as a forget gate does, and what comes in is the rest; so a GRU has
    ``forget`` alone.

    Parameters
    ----------
    layer : LSTM, nn.LSTM or nn.GRU
    forget, input : float, optional
        None leaves a bias as it is.

    Returns
    -------
    layer

    Raises
    ------
    TypeError, ValueError
        If the layer has no such biases.

    Examples
    --------
    >>> set_biases_(torch.nn.LSTM(1, 2), forget=3.0).bias_ih_l0[2:4].tolist()
    [3.0, 3.0]
    """
    width = getattr(layer, "hidden_size", 0)
    biases = [(n, p) for n, p in layer.named_parameters() if n.startswith("bias")]
    gates = {len(p) // width if width else 0 for _, p in biases}
    if gates not in ({3}, {4}):
        raise ValueError(f"layer={layer!r} has no gates with biases; expected an LSTM or a GRU.")
    if input is not None and gates == {3}:
        raise ValueError("input is for an LSTM; a GRU has no input gate.")
    for gate, (name, value) in enumerate({"input": input, "forget": forget}.items()):
        if value is not None:
            value = number(name, value)
            for which, parameter in biases:
                mine = parameter[gate * width : (gate + 1) * width]
                mine.fill_(value if which.startswith("bias_ih") else 0.0)
    return layer
