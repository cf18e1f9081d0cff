"""Lines over a common axis, and the course of a training run."""

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from lessons._check import choice
from lessons.plots.canvas import array, canvas, legend_below, looks, named_arrays, style


def lines(x, curves, title, xlabel, ylabel, *, roles=None, markers=False, log="", ylim=None):
    """Draw one line for each label over a common ``x``.

    Parameters
    ----------
    x : array of shape (n,)
    curves : dict of str to array of shape (n,)
        Shorter arrays end early; NaN and infinite values leave a gap.
    title, xlabel, ylabel : str
        Labels name their unit.
    roles : dict of str to str, optional
        Label to a key of ``COLORS``.
    markers : bool
        Mark each point.
    log : {"", "x", "y", "xy"}
        Logarithmic axes.
    ylim : (float, float), optional
        Ends of the y axis.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        On data that are no numbers, or a curve longer than ``x``.
    """
    x, curves = array("x", x), named_arrays("curves", curves)
    styles = looks(curves, roles)
    choice("log", log, ["", "x", "y", "xy"])
    with style():
        figure, ax = canvas(title, xlabel, ylabel)
        for label, y in curves.items():
            if len(y) > len(x):
                raise ValueError(f"curves[{label!r}] has {len(y)} values; expected up to {len(x)}.")
            line = styles[label] | ({} if markers else {"marker": ""})
            ax.plot(x[: len(y)], np.where(np.isfinite(y), y, np.nan), label=label, **line)
        if "x" in log:
            ax.set_xscale("log")
            _plain_numbers(ax.xaxis)
        elif (x == x.round()).all():
            ax.xaxis.get_major_locator().set_params(integer=True)
        if "y" in log:
            ax.set_yscale("log")
            _plain_numbers(ax.yaxis)
        ax.set_ylim(ylim)
        if len(curves) > 1:
            legend_below(figure, ax)
    return figure


def _plain_numbers(axis):
    """Let a short logarithmic axis show plain numbers (0.2, 0.5, 1) instead of powers."""
    low, high = axis.get_data_interval()
    if high / low < 1e5:
        between = (1, 2, 5) if high / low < 600 else (1,)
        axis.set_major_locator(LogLocator(subs=between))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())


def training_curves(histories, title="Training", *, roles=None, show=("loss", "accuracy")):
    """Draw loss and accuracy over the steps for each :class:`lessons.training.History`.

    Parameters
    ----------
    histories : dict of str to History
    title : str
    roles : dict of str to str, optional
        Label to a key of ``COLORS``.
    show : sequence of str
        "loss", "accuracy" or both.

    Returns
    -------
    matplotlib.figure.Figure
        A cross marks the step at which a run was stopped because it was no longer finite.

    Raises
    ------
    TypeError, ValueError
        If there is no history, or an unknown quantity is asked for.
    """
    if not isinstance(histories, dict) or not histories:
        raise TypeError(f"histories={histories!r}; expected a dict of label to History.")
    styles = looks(histories, roles)
    ylabels = {"loss": "loss (log scale)", "accuracy": "accuracy (share right)"}
    show = [choice("show", name, ylabels) for name in show]
    with style():
        titles = [title] + [""] * (len(show) - 1)
        figure, axes = canvas(titles, "step", [ylabels[n] for n in show], columns=len(show))
        for ax, name in zip(np.atleast_1d(axes), show, strict=True):
            for label, history in histories.items():
                values = array(name, getattr(history, name))
                line = styles[label] | {"marker": ""}
                finite = np.where(np.isfinite(values), values, np.nan)
                ax.plot(history.steps, finite, label=label, **line)
                if history.stopped_at is not None and np.isfinite(finite).any():
                    last = np.flatnonzero(np.isfinite(finite))[-1]
                    ax.plot(history.steps[last], finite[last], "x", ms=9, mew=2, c=line["color"])
            if name == "loss":
                ax.set_yscale("log")
            else:
                ax.set_ylim(-0.02, 1.02)
        if len(histories) > 1:
            legend_below(figure, np.atleast_1d(axes)[0])
    return figure
