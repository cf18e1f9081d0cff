"""The outcome of several seeds over one setting: a dot for each run, a line through the means."""

import numpy as np

from lessons.plots.canvas import array, canvas, style
from lessons.plots.colors import looks
from lessons.plots.labels import label_lines
from lessons.plots.picture import pictured
from lessons.plots.ticks import powers_of_ten


@pictured
def over_seeds(x, outcomes, title, xlabel, ylabel, *, roles=None, ylim=None):
    """Draw what several seeds reached, over a setting on a logarithmic axis.

    Parameters
    ----------
    x : array of shape (settings,)
        Above 0.
    outcomes : dict of str to array of shape (settings, seeds)
        NaN leaves a gap.
    title, xlabel, ylabel : str
        Labels name their unit.
    roles : dict of str to str, optional
        Label to a key of ``COLORS``.
    ylim : (float, float), optional
        Ends of the y axis.

    Returns
    -------
    Picture
        A dot for each run; the line goes through the means over the seeds.

    Raises
    ------
    TypeError, ValueError
        On data that are no numbers, or that have not one row for each setting.
    """
    x = array("x", x)
    if not (x > 0).all():
        raise ValueError(f"x={x.tolist()} is out of range; expected numbers above 0.")
    if not isinstance(outcomes, dict) or not outcomes:
        raise TypeError(f"outcomes={outcomes!r}; expected a dict of label to rows, not empty.")
    styles = looks(outcomes, roles)
    with style():
        figure, ax = canvas(title, xlabel, ylabel)
        means = []
        for label, rows in outcomes.items():
            rows = array(f"outcomes[{label!r}]", rows, ndim=2)
            if len(rows) != len(x):
                raise ValueError(f"outcomes[{label!r}] has {len(rows)} rows; expected {len(x)}.")
            rows = np.where(np.isfinite(rows), rows, np.nan)
            line = styles[label]
            means += ax.plot(x, rows.mean(axis=1), label=label, **line | {"marker": ""})
            dots = {"marker": line["marker"], "color": line["color"], "ms": 5, "alpha": 0.75}
            ax.plot(x, rows, ls="none", mew=0, **dots)
        powers_of_ten(ax.xaxis)
        ax.set_ylim(ylim)
        label_lines(figure, ax, means)
    return figure
