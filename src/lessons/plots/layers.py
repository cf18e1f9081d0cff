"""The recurring picture: gradient norm by layer, on a scale of powers of ten."""

import numpy as np

from lessons.plots.canvas import canvas, is_narrow, named_arrays, style
from lessons.plots.colors import looks
from lessons.plots.curves import part_lines
from lessons.plots.labels import label_lines, legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import at_least_two_decades, powers_of_ten


@pictured
def gradient_by_layer(
    curves,
    title="Gradient norm by layer",
    *,
    roles=None,
    ylabel="L2 norm of the gradient",
    legend=False,
):
    """Draw the course's recurring picture: the gradient norm at each layer, by powers of ten.

    Parameters
    ----------
    curves : dict of str to (sequence, array, Tensor or dict)
        For each label the norms by layer, first layer first. A dict of layer name to norm, as
        :func:`lessons.training.gradient_norms` returns it, is taken in its order. Give the norms
        themselves, no logarithms.
    title : str
    roles : dict of str to str, optional
        Label to a key of ``COLORS``, so that one colour means one thing in the whole book.
    ylabel : str
    legend : bool
        Name the lines in a legend, even where there is room for names beside them.

    Returns
    -------
    Picture
        A norm of exactly 0 has no logarithm: it is a cross at the bottom. One that is infinite or
        NaN is a cross at the top. Both are named in the legend.

    Raises
    ------
    TypeError, ValueError
        If there is no curve, a curve is no list of numbers, or a norm is negative.

    Examples
    --------
    >>> picture = gradient_by_layer({"healthy": [1.0, 1.1, 0.9]}, roles={"healthy": "healthy"})
    >>> picture.figure.axes[0].get_xlabel()
    'layer (1 = next to the input)'
    """
    curves = named_arrays("curves", curves)
    looked = looks(curves, roles)
    with style():
        figure, ax = canvas(title, "layer (1 = next to the input)", ylabel)
        for label, norms in curves.items():
            if (norms < 0).any():
                raise ValueError(f"curves[{label!r}] holds {norms.min()}; norms are at least 0.")
            shown = np.where(np.isfinite(norms) & (norms > 0), norms, np.nan)
            line = looked[label] | {"markevery": 1 + len(norms) // 41}
            ax.plot(np.arange(1, len(norms) + 1), shown, label=label, **line)
        drawn = list(ax.lines)
        lost = _mark_lost(ax, curves, looked)
        powers_of_ten(ax.yaxis)
        at_least_two_decades(ax)
        layers = max(len(norms) for norms in curves.values())
        ax.set_xticks(layer_ticks(layers))
        ax.set_xlim(0.4, layers + 0.6)
        part_lines(drawn)
        if legend or lost:
            legend_below(figure, ax)
        elif len(curves) > 1:
            label_lines(figure, ax, drawn)
    return figure


def _mark_lost(ax, curves, looked):
    """Put crosses where a norm is 0, infinite or NaN: beyond all others. Say whether there are."""
    finite = np.concatenate([n[np.isfinite(n) & (n > 0)] for n in curves.values()])
    low, high = np.log10([finite.min(), finite.max()]) if finite.size else (0.0, 1.0)
    gap = max(0.08 * (high - low), 0.3)
    before = len(ax.lines)
    for label, norms in curves.items():
        for lost, y, name in (
            (norms == 0, low - gap, "exactly 0"),
            (~np.isfinite(norms), high + gap, "inf or NaN"),
        ):
            if lost.any():
                at = np.flatnonzero(lost) + 1
                cross = {"marker": "x", "linestyle": "none", "markersize": 7}
                cross["color"] = looked[label]["color"]
                ax.plot(at, np.full(len(at), 10**y), label=f"{label}: {name}", **cross)
    return len(ax.lines) > before


def layer_ticks(layers):
    """Return the layers that an axis names: the first, and as many others as there is room for.

    Examples
    --------
    >>> layer_ticks(20)
    [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
    """
    most = 6 if is_narrow() else 11
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if layers / s <= most)
    return [1, *range(step if step > 1 else 2, layers + 1, step)]
