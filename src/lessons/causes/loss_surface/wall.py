"""The wall of a recurrent loss: what its gradient asks for, and what is needed."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import spearmanr

from lessons._check import integer, number
from lessons.loss_wall import loss_and_gradient

LOW = 1e-3  # a loss below this counts as arrived


@dataclass(frozen=True)
class Starts:
    """Many starts around the wall, those that have not arrived yet.

    Attributes
    ----------
    gradient : array of shape (starts,)
        Norm of the gradient.
    distance : array of shape (starts,)
        To the nearest point with a loss below 0.001: the adjustment that is needed.
    falls : dict of float to array of bool, shape (starts,)
        For each rate, whether one step of gradient descent lowers the loss.
    rank_correlation : float
        Spearman's, of the two.
    """

    gradient: np.ndarray
    distance: np.ndarray
    falls: dict
    rank_correlation: float


def starts(rates=(0.001, 0.01, 0.1), points=301):
    """Take one step from each point of a grid around the wall, and measure how far it had to go.

    Parameters
    ----------
    rates : sequence of float, above 0
    points : int
        Of the grid in each direction: weights 4 to 7, biases -4 to -1.

    Returns
    -------
    Starts

    Examples
    --------
    >>> found = starts(points=61)
    >>> found.rank_correlation < 0
    True
    """
    points = integer("points", points, least=21)
    rates = [number("a rate", rate, above=0) for rate in rates]
    w, b = (m.ravel() for m in np.meshgrid(np.linspace(4, 7, points), np.linspace(-4, -1, points)))
    loss, d_w, d_b = loss_and_gradient(w, b)
    arrived = loss < LOW
    if not arrived.any():
        raise ValueError(f"points={points} finds no place with a loss below {LOW}; try 301.")
    places = np.stack([w, b], 1)
    away = ~arrived
    distance, _ = cKDTree(places[arrived]).query(places[away])
    w, b, loss, d_w, d_b = (values[away] for values in (w, b, loss, d_w, d_b))
    falls = {r: loss_and_gradient(w - r * d_w, b - r * d_b)[0] < loss for r in rates}
    gradient = np.hypot(d_w, d_b)
    return Starts(gradient, distance, falls, float(spearmanr(gradient, distance)[0]))
