"""The recurring picture: log10 gradient norm by layer."""

import numpy as np

from lessons.plots.canvas import canvas, legend_below, looks, named_arrays, style


def gradient_by_layer(
    curves, title="Gradient norm by layer", *, roles=None, ylabel="log10 of the gradient's L2 norm"
):
    """Draw the course's recurring picture: log10 of the gradient norm at each layer.

    Parameters
    ----------
    curves : dict of str to (sequence, array, Tensor or dict)
        For each label the norms by layer, first layer first. A dict of layer name to norm, as
        :func:`lessons.training.gradient_norms` returns it, is taken in its order.
    title : str
    roles : dict of str to str, optional
        Label to a key of ``COLORS``, so that one colour means one thing in the whole book.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
        A norm of exactly 0 has no logarithm: it is a cross at the bottom. One that is infinite or
        NaN is a cross at the top. Both are named in the legend.

    Raises
    ------
    TypeError, ValueError
        If there is no curve, a curve is no list of numbers, or a norm is negative.

    Examples
    --------
    >>> figure = gradient_by_layer({"healthy": [1.0, 1.1, 0.9]}, roles={"healthy": "healthy"})
    >>> figure.axes[0].get_xlabel()
    'layer (1 = next to the input)'
    """
    curves = named_arrays("curves", curves)
    lines = looks(curves, roles)
    with style():
        figure, ax = canvas(title, "layer (1 = next to the input)", ylabel)
        logs = {}
        for label, norms in curves.items():
            if (norms < 0).any():
                raise ValueError(f"curves[{label!r}] holds {norms.min()}; norms are at least 0.")
            with np.errstate(divide="ignore"):
                logs[label] = np.log10(norms)
            shown = np.where(np.isfinite(logs[label]), logs[label], np.nan)
            line = lines[label] | {"markevery": 1 + len(norms) // 41}
            ax.plot(np.arange(1, len(norms) + 1), shown, label=label, **line)
        _mark_lost(ax, curves, logs, lines)
        layers = max(len(norms) for norms in curves.values())
        ax.set_xticks(_layer_ticks(layers))
        ax.set_xlim(0.4, layers + 0.6)
        if len(curves) > 1 or ax.get_legend_handles_labels()[0][1:]:
            legend_below(figure, ax)
    return figure


def _mark_lost(ax, curves, logs, lines):
    """Put crosses where a norm is 0, infinite or NaN: at the edge of what can be drawn."""
    finite = np.concatenate([log[np.isfinite(log)] for log in logs.values()] or [[]])
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    gap = max(0.08 * (high - low), 0.3)
    for label, norms in curves.items():
        color = lines[label]["color"]
        for lost, y, name in (
            (norms == 0, low - gap, "exactly 0"),
            (~np.isfinite(norms), high + gap, "inf or NaN"),
        ):
            if lost.any():
                at = np.flatnonzero(lost) + 1
                style = {"marker": "x", "linestyle": "none", "markersize": 7, "color": color}
                ax.plot(at, np.full(len(at), y), label=f"{label}: {name}", **style)


def _layer_ticks(layers):
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if layers / s <= 11)
    return [1, *range(step if step > 1 else 2, layers + 1, step)]
