"""The common ground of all figures: colours, style, axes, and checks of what is drawn."""

from contextlib import contextmanager
from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap

from lessons._check import choice

COLORS = {
    "vanishing": "#0057A0",
    "exploding": "#D55E00",
    "healthy": "#00936A",
    "other": "#AA4499",
    "fifth": "#7A6000",
    "neutral": "#5F6670",
}
_MARKERS = ["o", "s", "^", "D", "v", "P"]
_DASHES = ["-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), "-"]
_ROLES = list(COLORS)
VANISHING_TO_EXPLODING = LinearSegmentedColormap.from_list(
    "vanishing_to_exploding", [COLORS["vanishing"], "#f4f4f4", COLORS["exploding"]]
)


@contextmanager
def style():
    """Use the course's matplotlib style inside a ``with`` block; restore the old one after it.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> before = mpl.rcParams["axes.grid"]
    >>> with style():
    ...     inside = mpl.rcParams["axes.grid"]
    >>> inside, mpl.rcParams["axes.grid"] == before
    (True, True)
    """
    with as_file(files("lessons") / "lessons.mplstyle") as path, plt.style.context(path):
        yield


def use_svg():
    """Let this notebook show figures as SVG, sharp at any zoom. Does nothing outside IPython."""
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    if get_ipython() is not None:
        set_matplotlib_formats("svg")


def canvas(title, xlabel, ylabel, *, columns=1, figsize=None, sharey=False):
    """Open a figure in the course's style with its title and labels; call inside :func:`style`.

    Parameters
    ----------
    title, xlabel : str or sequence of str
        One for each column. Labels name their unit.
    ylabel : str
        Of the first column; a sequence gives each its own.
    columns : int
        Panels side by side.

    Returns
    -------
    figure, axes : Figure, and an Axes (one column) or an array of Axes
        The figure is closed: pyplot will not show it a second time.
    """
    size = figsize or ((6.2, 4) if columns == 1 else (3.9 * columns, 3.9))
    figure, axes = plt.subplots(1, columns, figsize=size, sharey=sharey, squeeze=False)
    for i, ax in enumerate(axes[0]):
        ax.set_title(title if isinstance(title, str) else title[i])
        ax.set_xlabel(xlabel if isinstance(xlabel, str) else xlabel[i])
        if not isinstance(ylabel, str):
            ax.set_ylabel(ylabel[i])
        elif i == 0:
            ax.set_ylabel(ylabel)
    plt.close(figure)
    return figure, axes[0, 0] if columns == 1 else axes[0]


def look(i, role=None):
    """Return the colour, marker and dashes of line ``i``; ``role`` (a key of COLORS) sets them."""
    i = _ROLES.index(choice("role", role, _ROLES)) if role else i % len(_ROLES)
    return {"color": COLORS[_ROLES[i]], "marker": _MARKERS[i], "linestyle": _DASHES[i]}


def looks(labels, roles=None):
    """Return label to :func:`look`; those without a role get what the others leave free."""
    roles = roles or {}
    free = [i for i, role in enumerate(_ROLES) if role not in roles.values()] or [0]
    others = [label for label in labels if label not in roles]
    found = {label: look(0, role) for label, role in roles.items()}
    return found | {label: look(free[i % len(free)]) for i, label in enumerate(others)}


def array(name, values, ndim=1):
    """Return ``values`` (a tensor, array or sequence) as a float64 array of ``ndim`` dimensions."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is a {type(values).__name__}; expected numbers.") from error
    if values.ndim != ndim or values.size == 0:
        raise ValueError(f"{name} has shape {values.shape}; expected {ndim} dimension(s), not 0.")
    return values


def named_arrays(name, curves):
    if not isinstance(curves, dict) or not curves:
        raise TypeError(f"{name}={curves!r}; expected a dict of label to values, not empty.")
    return {
        label: array(f"{name}[{label!r}]", list(v.values()) if isinstance(v, dict) else v)
        for label, v in curves.items()
    }


def legend_below(figure, ax):
    """A legend under the axes never covers a line."""
    handles, labels = ax.get_legend_handles_labels()
    lengths = [len(label) + 8 for label in labels]  # in letters, with the handle and the gap
    columns = len(labels) if sum(lengths) <= 76 else max(1, 76 // max(lengths))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
