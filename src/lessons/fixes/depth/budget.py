"""How many parameters a plain net has, and which width spends a given number of them."""

import math

from lessons._check import integer


def parameters_of(depth, width, inputs=64, outputs=10):
    r"""Return the number of weights and biases of a plain net.

    .. math:: (i + 1)\,n + (L - 2)(n + 1)\,n + (n + 1)\,o

    Parameters
    ----------
    depth : int
        L, the number of weight matrices; 1 has no hidden layer.
    width : int
        n, the neurons of each hidden layer.
    inputs, outputs : int
        i and o.

    Returns
    -------
    int

    Examples
    --------
    >>> parameters_of(3, 64)
    8970
    """
    depth, n = integer("depth", depth), integer("width", width)
    i, o = integer("inputs", inputs), integer("outputs", outputs)
    if depth == 1:
        return (i + 1) * o
    return (i + 1) * n + (depth - 2) * (n + 1) * n + (n + 1) * o


def width_for(parameters, depth, inputs=64, outputs=10):
    r"""Return the largest width at which a net of this depth has at most so many parameters.

    It is the root of :math:`(L-2) n^2 + (i + L - 1 + o)\,n + o = P`, rounded down.

    Parameters
    ----------
    parameters : int
        P, the budget.
    depth : int
        At least 2: without a hidden layer there is no width.
    inputs, outputs : int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If not even one neuron in each layer fits the budget.

    Examples
    --------
    >>> [width_for(8970, depth) for depth in (2, 3, 10, 40)]
    [119, 64, 28, 13]
    """
    budget, depth = integer("parameters", parameters), integer("depth", depth, least=2)
    i, o = integer("inputs", inputs), integer("outputs", outputs)
    linear, left = i + depth - 1 + o, budget - o
    if left < linear + depth - 2:
        needed = parameters_of(depth, 1, i, o)
        raise ValueError(f"parameters={budget} is too few; expected at least {needed}.")
    if depth == 2:
        return left // linear
    square = depth - 2
    return (math.isqrt(linear**2 + 4 * square * left) - linear) // (2 * square)
