"""Measured maps of random nets under the lines that theory predicts: by depth, and by biases."""

import functools
import math

import numpy as np
from matplotlib.ticker import NullLocator

from lessons import activations
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import COLORS, VANISHING_TO_EXPLODING, look
from lessons.propagation import chi, mean_field_factors, sweep
from lessons.propagation.expectation import expectation
from lessons.propagation.mean_field import HOMOGENEOUS

GAINS = np.geomspace(0.25, 8.0, 41)
DEPTH = 40
WEIGHTS = np.linspace(0.25, 4.0, 16)
BIASES = np.linspace(0.0, 0.3, 7)


@functools.cache
def measured_by_depth(activation):
    """Return log10 of the gradient's factor, shape (DEPTH, gains), the mean of three seeds."""
    found = sweep([activation], GAINS.tolist(), DEPTH, batch=4, seeds=3)
    return found.mean(activation).T.numpy()


@functools.cache
def predicted_by_depth(activation):
    """Return what theory says of :func:`measured_by_depth`, for every fourth gain."""
    per_layer = [mean_field_factors(activation, g * g, depth=DEPTH) for g in GAINS[::4]]
    return np.cumsum(np.log10(per_layer), axis=1).T


def gain_and_depth(activation="tanh"):
    """Draw by how much nets of every gain and depth multiply a gradient: measured and predicted.

    Parameters
    ----------
    activation : str

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    f = activations.get(activation)
    measured = measured_by_depth(f.name)
    predicted = predicted_by_depth(f.name)
    depths = np.arange(1, DEPTH + 1)
    with style():
        figure, ax = canvas(f.label, "gain (standard deviation of a weight times √n)", "layers")
        ax.grid(False)
        cells = {"cmap": VANISHING_TO_EXPLODING, "vmin": -12, "vmax": 12, "rasterized": True}
        mesh = ax.pcolormesh(GAINS, depths, measured, shading="nearest", **cells)
        bar = figure.colorbar(mesh, ax=ax, label="factor on the gradient, measured")
        bar.set_ticks([-10, -5, 0, 5, 10], labels=["10⁻¹⁰", "10⁻⁵", "1", "10⁵", "10¹⁰"])
        levels = [-10, -5, -2, 2, 5, 10]
        ax.contour(GAINS[::4], depths, predicted, levels, colors=COLORS["dark"], linestyles="-")
        ax.set(xscale="log", xlim=(GAINS[0], GAINS[-1]), ylim=(1, DEPTH))
        ax.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
        ax.minorticks_off()
    deepest = measured[-1]
    weakest, strongest = (f"{deepest[i]:.0f}" for i in (0, -1))
    level = GAINS[np.abs(deepest).argmin()]
    alt = (
        f"{f.label}, {DEPTH} layers: 10 to the {weakest} at gain {GAINS[0]:g}, nearest to level at "
        f"gain {level:.1f}, 10 to the {strongest} at gain {GAINS[-1]:g}."
    )
    return figure, alt


@functools.cache
def measured_phases(activation):
    """Return log10 of the factor of one layer, shape (biases, weights), after 20 layers."""
    rows = []
    for bias_variance in BIASES:
        how = {"batch": 2, "seeds": 2, "bias_variance": float(bias_variance)}
        logs = sweep([activation], np.sqrt(WEIGHTS).tolist(), 30, **how).mean(activation)
        rows.append(((logs[:, -1] - logs[:, 19]) / 10).numpy())
    return np.array(rows)


@functools.cache
def edge_of_chaos(activation, most=0.32):
    """Return weight and bias variances with χ = 1, along growing q; None if there is no edge.

    Parameters
    ----------
    activation : str
    most : float
        The bias variance up to which the line is wanted.

    Returns
    -------
    pair of arrays, or None

    Examples
    --------
    >>> weights, biases = edge_of_chaos("relu")
    >>> weights.round(6).tolist(), biases.tolist()
    ([2.0, 2.0], [0.0, 0.32])
    """
    f = activations.get(activation)
    if f.name in ("gelu", "silu", "softplus"):
        return None  # χ reaches 1 only where the signal does not settle
    weights, biases = [], []
    for q in [1.0, 1.0] if f.name in HOMOGENEOUS else np.geomspace(1e-3, 20, 40):
        variance = 1 / expectation(lambda x: f.derivative(x) ** 2, float(q))
        weights.append(variance)
        biases.append(q - variance * expectation(lambda x: f.function(x) ** 2, float(q)))
    if f.name in HOMOGENEOUS:
        return np.array(weights), np.array([0.0, most])
    end = np.searchsorted(biases, most) + 1
    return np.array(weights[:end]), np.array(biases[:end])


def phase_diagram(activation="tanh", weight_variance=1.5, bias_variance=0.05, depth=30):
    r"""Draw the measured phases under the predicted edge, one net as a point, and its gradient.

    Parameters
    ----------
    activation : str
    weight_variance, bias_variance : float
        The net.
    depth : int
        Of the gradient on the right.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    f = activations.get(activation)
    factor = math.sqrt(chi(f, weight_variance, bias_variance))
    role = "healthy" if abs(factor - 1) < 0.02 else "exploding" if factor > 1 else "vanishing"
    with style():
        titles = [f"{f.label}: where the net lies", f"A factor of {factor:.2f} per layer"]
        below = ["weight variance σw²", "layer (1 = next to the input)"]
        beside = ["bias variance σb²", "norm of the error signal"]
        figure, (left, right) = canvas(titles, below, beside, columns=2, figsize=(7.2, 3.6))
        left.grid(False)
        cells = {"cmap": VANISHING_TO_EXPLODING, "vmin": -0.15, "vmax": 0.15, "rasterized": True}
        left.pcolormesh(WEIGHTS, BIASES, measured_phases(f.name), shading="nearest", **cells)
        if line := edge_of_chaos(f.name):
            left.plot(*line, color=COLORS["dark"], lw=2)
        mark = look(0, role) | {"ms": 10, "clip_on": False, "mec": "white", "mew": 1.5}
        left.plot(weight_variance, bias_variance, **mark)
        left.set(xlim=(WEIGHTS[0], WEIGHTS[-1]), ylim=(0, 0.3))
        layers = np.arange(1, depth + 1)
        right.plot(layers, factor ** (depth - layers), **look(0, role) | {"ms": 3})
        right.set(yscale="log", ylim=(1e-11, 1e11), yticks=[1e-10, 1e-5, 1, 1e5, 1e10])
        right.yaxis.set_minor_locator(NullLocator())
    alt = (
        f"{f.label} with weight variance {weight_variance:g} and bias variance {bias_variance:g}: "
        f"a factor of {factor:.2f} per layer, {factor ** (depth - 1):.0e} over {depth} layers."
    )
    return figure, alt
