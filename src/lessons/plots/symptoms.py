"""Figures of the chapter *Which signs lie?*"""

import numpy as np

from lessons.plots.canvas import canvas, is_narrow, style
from lessons.plots.colors import COLORS, look
from lessons.plots.picture import pictured


@pictured
def chart(found, gradients):
    """Draw which patient shows which sign.

    Parameters
    ----------
    found : dict of str to dict of str to (value, bool)
        For each patient what :func:`lessons.signs.symptoms.signs` returns.
    gradients : dict of str to str
        For each patient "vanishing", "exploding" or "healthy": the colour and shape of its marks.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a patient has no entry in ``gradients``.
    """
    if missing := [name for name in found if name not in gradients]:
        raise ValueError(
            f"gradients has no entry for {missing[0]!r}; expected one for each patient."
        )
    patients, names = list(found), list(next(iter(found.values())))
    with style():
        title = "Which run shows which sign?"
        figure, ax = canvas(title, "", "", figsize=(6.4, 0.36 * len(patients) + 2.2))
        turn = {"rotation": 90} if is_narrow() else {"rotation": 40, "ha": "left"}
        shown = set()
        for row, patient in enumerate(patients):
            kind = gradients[patient]
            there = [i for i, name in enumerate(names) if found[patient][name][1]]
            mark = look(0, kind) | {"linestyle": "none", "markersize": 6 if is_narrow() else 9}
            label = None if kind in shown else f"gradient at the start: {kind}"
            ax.plot(there, np.full(len(there), row), label=label, **mark)
            shown.add(kind)
            ax.axhline(row, color=COLORS["neutral"], lw=0.4, zorder=0)
        ax.grid(False)
        ax.set_yticks(range(len(patients)), patients)
        ax.set_xticks(range(len(names)), names, **turn)
        ax.xaxis.tick_top()
        ax.set_xlim(-0.6, len(names) - 0.4)
        ax.invert_yaxis()
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.tick_params(length=0)
        figure.legend(loc="outside lower center", ncols=1)
    return figure
