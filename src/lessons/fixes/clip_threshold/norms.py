"""Recorded norms and their percentiles: candidates for a threshold."""

from dataclasses import dataclass

import numpy as np

from lessons import tables
from lessons._check import number
from lessons.gradients import as_vector


@dataclass(frozen=True, repr=False)
class NormPercentiles:
    """Candidates for a threshold, from recorded norms; built by `norm_percentiles`.

    Attributes
    ----------
    percentiles : tuple of float
        In percent.
    thresholds : tuple of float
        The norm below which this share of the steps lies.
    steps : int
        Number of finite norms.
    nonfinite : int
        Number of norms that are NaN or infinite; they are left out.
    """

    percentiles: tuple
    thresholds: tuple
    steps: int
    nonfinite: int

    def _table(self):
        columns = ["percentile", "threshold", "steps it would clip"]
        return tables.table(
            [
                (f"{percentile:g} %", threshold, f"{100 - percentile:g} %")
                for percentile, threshold in zip(self.percentiles, self.thresholds, strict=True)
            ],
            columns,
            caption=f"{self.steps} finite norms, {self.nonfinite} not finite",
        )

    def __repr__(self):
        return repr(self._table())

    def _repr_html_(self):
        return self._table()._repr_html_()


def norm_percentiles(norms, percentiles=(50, 75, 90, 95, 99)):
    """Return percentiles of recorded gradient norms: candidates for the threshold.

    Parameters
    ----------
    norms : sequence of float or of one-element tensors
        Norms before clipping, one a step. At least one must be finite.
    percentiles : sequence of float
        From 0 to 100, in percent.

    Returns
    -------
    NormPercentiles

    Raises
    ------
    TypeError, ValueError
        A norm is negative or no number, none is finite, or a percentile is out of range.

    Examples
    --------
    >>> norm_percentiles([1.0, 2.0, 3.0, 4.0, 100.0], percentiles=[50, 75])
    5 finite norms, 0 not finite
    percentile  threshold  steps it would clip
          50 %          3                 50 %
          75 %          4                 25 %
    """
    values = as_vector("norms", norms).flatten().numpy()
    if not np.iterable(percentiles) or isinstance(percentiles, str):
        raise TypeError(f"percentiles={percentiles!r}; expected a sequence of numbers.")
    if (values < 0).any():
        raise ValueError(f"norms has the element {values.min():g}; expected none below 0.")
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise ValueError(f"norms has {len(values)} elements, none finite; expected at least one.")
    shares = tuple(number("percentiles", p, least=0, most=100) for p in percentiles)
    thresholds = tuple(np.percentile(finite, shares).tolist())
    return NormPercentiles(shares, thresholds, len(finite), len(values) - len(finite))


def recording(clip, norms):
    """Return ``clip`` so that it also appends each norm it returns, as a float, to a list.

    Parameters
    ----------
    clip : callable
        ``clip(parameters)`` that returns a norm.
    norms : list
        What is appended to.

    Examples
    --------
    >>> from functools import partial
    >>> import torch
    >>> from torch.nn.utils import clip_grad_norm_
    >>> norms, w = [], torch.zeros(2)
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> clip = recording(partial(clip_grad_norm_, max_norm=float("inf")), norms)
    >>> clip(w), norms
    (tensor(5.), [5.0])
    """
    if not callable(clip):
        raise TypeError(f"clip={clip!r} is a {type(clip).__name__}; expected a callable.")
    if not isinstance(norms, list):
        raise TypeError(f"norms={norms!r} is a {type(norms).__name__}; expected a list.")

    def clip_and_record(parameters):
        norm = clip(parameters)
        norms.append(float(norm))
        return norm

    return clip_and_record
