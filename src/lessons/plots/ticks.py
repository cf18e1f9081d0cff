"""Axes of quantities that grow by factors: their ticks are powers of ten."""

import math

import numpy as np
from matplotlib.ticker import Locator, LogLocator, NullLocator

_FEWEST_DECADES = 2
_MOST_TICKS = 8
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PowersOfTen(Locator):
    """Ticks at 10ⁿ for the multiples n of one whole number, so that 1 is among them."""

    def __call__(self):
        """Return the places of the ticks."""
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin, vmax):
        """Return the places of the ticks between two values."""
        low, high = sorted(np.log10([vmin, vmax]))
        step = next(s for s in (1, 2, 3, 4, 5, 10, 20, 50, 100) if (high - low) / s < _MOST_TICKS)
        return 10.0 ** np.arange(math.ceil(low / step) * step, high + 1e-9, step)


def power_of_ten(value, position=None):
    """Write a power of ten as plain text, which is drawn much faster than a formula.

    Examples
    --------
    >>> power_of_ten(1e-12), power_of_ten(1.0)
    ('10⁻¹²', '10⁰')
    """
    return "10" + str(round(math.log10(value))).translate(_SUPERSCRIPTS)


def powers_of_ten(axis):
    """Make an axis logarithmic: ticks at 10ⁿ, or plain numbers where it spans few decades.

    Does nothing if no value is above 0.
    """
    low, high = axis.get_minpos(), axis.get_data_interval()[1]
    if not (np.isfinite([low, high]).all() and 0 < low <= high):
        return  # nothing that has a logarithm
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log", nonpositive="mask")
    if high / low < 1000 and low >= 0.01 and high <= 10_000:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
        axis.set_major_formatter("{x:g}")
    else:
        axis.set_major_locator(PowersOfTen())
        axis.set_major_formatter(power_of_ten)
    if high / low > 1e4 or high / low < 1000:
        axis.set_minor_locator(NullLocator())


def at_least_two_decades(ax):
    """Widen a logarithmic y axis, so that what hardly changes looks flat."""
    if ax.get_yscale() != "log":
        return
    low, high = np.log10(ax.get_ylim())
    more = max(0.0, _FEWEST_DECADES - (high - low)) / 2
    ax.set_ylim(10 ** (low - more), 10 ** (high + more))
