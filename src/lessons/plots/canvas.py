"""The common ground of all figures: style, width, axes, and checks of what is drawn."""

import contextlib
import os
import textwrap
from contextvars import ContextVar
from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np
import torch

# In inches of 96 pixels: 691 pixels beside text, 346 on a phone, where text keeps 12 pixels.
WIDE, NARROW = 7.2, 3.6
TEXT_ONLY = "LESSONS_TEXT_ONLY"
_NARROW_STYLE = {
    "font.size": 9,
    "axes.titlesize": 10.5,
    "axes.labelsize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "lines.linewidth": 1.7,
    "lines.markersize": 4,
    "axes.titlepad": 7,
}
_narrow = ContextVar("narrow", default=False)


@contextlib.contextmanager
def narrow():
    """Draw figures in their narrow form, for phones, inside a ``with`` block."""
    token = _narrow.set(True)
    try:
        yield
    finally:
        _narrow.reset(token)


def text_only():
    """Say whether only what a chapter prints counts, so that pictures need not be written."""
    return bool(os.environ.get(TEXT_ONLY))


def is_narrow():
    """Say whether figures are drawn in their narrow form now."""
    return _narrow.get()


@contextlib.contextmanager
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
    more = _NARROW_STYLE if is_narrow() else {}
    with as_file(files("lessons") / "lessons.mplstyle") as path, plt.style.context([path, more]):
        yield


def use_svg():
    """Let this notebook show plain figures as SVG. Does nothing outside IPython."""
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
        Panels side by side; in the narrow form, below each other.
    figsize : (float, float), optional
        Width and height in inches of the wide form. Default: as wide as the text.

    Returns
    -------
    figure, axes : Figure, and an Axes (one column) or an array of Axes
        The figure is closed: pyplot will not show it a second time.
    """
    size = figsize or (WIDE, 4.1 if columns == 1 else 3.7)
    rows = 1
    if is_narrow():
        rows, columns = columns, 1
        # A little higher than in proportion: title and legend take more lines.
        height = 3.3 if figsize is None else 1.2 * NARROW * figsize[1] / figsize[0]
        size = (NARROW, height if rows == 1 else 2.7 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharey=sharey, squeeze=False)
    axes = axes.flatten()
    letters = size[0] * (10 if is_narrow() else 9) / columns - 4
    for i, ax in enumerate(axes):
        text = title if isinstance(title, str) else title[i]
        ax.set_title(textwrap.fill(text, int(letters)))
        ax.set_xlabel(xlabel if isinstance(xlabel, str) else xlabel[i])
        if not isinstance(ylabel, str):
            ax.set_ylabel(ylabel[i])
        elif i == 0 or rows > 1:
            ax.set_ylabel(ylabel)
    plt.close(figure)
    return figure, axes[0] if len(axes) == 1 else axes


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
    """Return the dict ``curves`` with its values as arrays; dicts of numbers give their values."""
    if not isinstance(curves, dict) or not curves:
        raise TypeError(f"{name}={curves!r}; expected a dict of label to values, not empty.")
    return {
        label: array(f"{name}[{label!r}]", list(v.values()) if isinstance(v, dict) else v)
        for label, v in curves.items()
    }
