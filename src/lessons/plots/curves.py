"""Lines over a common axis, and the course of a training run."""

import numpy as np

from lessons._check import choice
from lessons.plots.canvas import array, canvas, named_arrays, style
from lessons.plots.colors import looks
from lessons.plots.labels import label_lines, legend_below
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten


@pictured
def lines(
    x, curves, title, xlabel, ylabel, *, roles=None, markers=False, log="", ylim=None, legend=False
):
    """Draw one line for each label over a common ``x``.

    Parameters
    ----------
    x : array of shape (n,)
    curves : dict of str to array of shape (n,)
        NaN and infinite values leave a gap, and so do values of 0 on a logarithmic axis. Lines
        that lie on each other are drawn as one within the other.
    title, xlabel, ylabel : str
        Labels name their unit.
    roles : dict of str to str, optional
        Label to a key of ``COLORS``. Lines without one get colours that mean nothing.
    markers : bool
        Mark each point.
    log : {"", "x", "y", "xy"}
        Logarithmic axes, with ticks at powers of ten. Give the values themselves, no logarithms.
    ylim : (float, float), optional
        Ends of the y axis.
    legend : bool
        Name the lines in a legend, even where there is room for names beside them.

    Returns
    -------
    Picture

    Raises
    ------
    TypeError, ValueError
        On data that are no numbers, or a curve that has not one value for each ``x``.

    Examples
    --------
    >>> lines([1, 2, 3], {"a": [1, 10, 100]}, "Growth", "step", "size", log="y")
    Picture('Growth')
    """
    x, curves = array("x", x), named_arrays("curves", curves)
    styles = looks(curves, roles)
    choice("log", log, ["", "x", "y", "xy"])
    for label, y in curves.items():
        if len(y) != len(x):
            more = " Where a curve ends early, fill it with NaN." if len(y) < len(x) else ""
            raise ValueError(
                f"curves[{label!r}] has {len(y)} values; expected {len(x)}, one for each x.{more}"
            )
    with style():
        figure, ax = canvas(title, xlabel, ylabel)
        for label, y in curves.items():
            line = styles[label] | ({} if markers else {"marker": ""})
            ax.plot(x, np.where(np.isfinite(y), y, np.nan), label=label, **line)
        if "x" in log:
            powers_of_ten(ax.xaxis)
        elif (x == x.round()).all():
            ax.xaxis.get_major_locator().set_params(integer=True)
        if "y" in log:
            powers_of_ten(ax.yaxis)
        ax.set_ylim(ylim)
        part_lines(ax.lines)
        if legend:
            legend_below(figure, ax)
        elif len(curves) > 1:
            label_lines(figure, ax, ax.lines)
    return figure


def part_lines(drawn, near=0.008):
    """Make lines visible that lie on each other: the earlier ones get wider.

    Parameters
    ----------
    drawn : sequence of Line2D
    near : float
        As a share of the axis: lines nearer than this touch.
    """
    drawn = list(drawn)
    places = []
    for line in drawn:
        data = np.column_stack(line.get_data()).astype(float)
        places.append((line.get_transform() - line.axes.transAxes).transform(data))
    for i, line in enumerate(drawn):
        above = sum(_touch(places[i], other, near) for other in places[i + 1 :])
        if above:
            line.set(linewidth=line.get_linewidth() + 2 * min(above, 3), marker="")


def _touch(one, other, near):
    """Whether two lines over the same x are together for most of their length."""
    if one.shape != other.shape:
        return False
    with np.errstate(invalid="ignore"):
        return (np.abs(one - other).max(axis=1) < near).mean() > 0.6


@pictured
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
    Picture
        A cross marks the step at which a run was stopped because it was no longer finite.

    Raises
    ------
    TypeError, ValueError
        If there is no history, or an unknown quantity is asked for.
    """
    if not isinstance(histories, dict) or not histories:
        raise TypeError(f"histories={histories!r}; expected a dict of label to History.")
    styles = looks(histories, roles)
    ylabels = {"loss": "loss", "accuracy": "accuracy (share right)"}
    show = [choice("show", name, ylabels) for name in show]
    with style():
        titles = [title] + [""] * (len(show) - 1)
        figure, axes = canvas(titles, "step", [ylabels[n] for n in show], columns=len(show))
        axes = np.atleast_1d(axes)
        for ax, name in zip(axes, show, strict=True):
            for label, history in histories.items():
                values = array(name, getattr(history, name))
                line = styles[label] | {"marker": ""}
                finite = np.where(np.isfinite(values), values, np.nan)
                ax.plot(history.steps, finite, label=label, **line)
            if name == "loss":
                powers_of_ten(ax.yaxis)
            else:
                ax.set_ylim(-0.02, 1.02)
            part_lines(ax.lines)
            _mark_stops(ax, histories)
        if len(histories) > 1:
            legend_below(figure, axes[0])
    return figure


def _mark_stops(ax, histories):
    for line, history in zip(list(ax.lines), histories.values(), strict=True):
        steps, values = line.get_data()
        there = np.flatnonzero(np.isfinite(values))
        if history.stopped_at is not None and len(there):
            last = there[-1]
            ax.plot(steps[last], values[last], "x", ms=9, mew=2, c=line.get_color())
