"""Figures of the chapter *What do we lose with fewer layers?*"""

import numpy as np
import torch

from lessons._check import integer
from lessons.fixes import depth as chapter
from lessons.plots.canvas import canvas, style
from lessons.plots.colors import look


def folded(folds=3):
    """Draw the sawtooth of a deep net beside a net with one hidden layer of as many neurons.

    Parameters
    ----------
    folds : int
        Hidden layers of two neurons each; from 1 to 8.

    Returns
    -------
    figure, alt : matplotlib.figure.Figure, str
    """
    folds = integer("folds", folds, most=8)
    net = chapter.sawtooth(folds)
    pieces, most = chapter.count_pieces(net), chapter.pieces_of(2, 2 * folds)
    corners = torch.arange(2**folds + 1, dtype=torch.float64) / 2**folds
    with torch.no_grad():
        deep = net(corners[:, None]).flatten()
    # As many teeth as its pieces allow, over a part of the interval; 1/2 on the rest.
    shown = min(most - 1, 2**folds)
    shallow = [*deep[: shown + 1].tolist(), *([0.5] if shown < 2**folds else [])]
    places = [*corners[: shown + 1].tolist(), *([1.0] if shown < 2**folds else [])]
    with style():
        titles = [f"{folds} hidden layers of 2", f"1 hidden layer of {2 * folds}"]
        figure, axes = canvas(titles, "input x", "output", columns=2, sharey=True)
        for ax, (x, y), role, n in (
            (axes[0], (corners, deep), "other", pieces),
            (axes[1], (places, shallow), "fifth", most),
        ):
            line = look(0, role) | {"marker": "", "linestyle": "-", "lw": 1.2}
            ax.plot(np.asarray(x), np.asarray(y), **line, label=f"at most {n} pieces")
            ax.set(xlim=(0, 1), ylim=(-0.05, 1.25))
            ax.legend(loc="upper right")
        axes[0].get_legend().get_texts()[0].set_text(f"{pieces} pieces")
    alt = (
        f"{2 * folds} hidden neurons. In {folds} layers of two they make {pieces} straight pieces; "
        f"in one layer at most {most}."
    )
    return figure, alt
