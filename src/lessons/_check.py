"""Checks of arguments: each error names the argument, the value and what was expected."""

import difflib
import math
import numbers
from collections.abc import Iterable
from typing import Any


def choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``choices``.

    Raises
    ------
    ValueError
        Otherwise; the message lists the choices and suggests the nearest one.

    Examples
    --------
    >>> choice("activation", "relu", ["relu", "tanh"])
    'relu'
    >>> choice("activation", "rleu", ["relu", "tanh"])
    Traceback (most recent call last):
        ...
    ValueError: activation='rleu' is unknown; expected one of 'relu', 'tanh'. Did you mean 'relu'?
    """
    choices = list(choices)
    if isinstance(value, str) and value in choices:
        return value
    message = f"{name}={value!r} is unknown; expected one of {', '.join(map(repr, choices))}."
    nearest = difflib.get_close_matches(str(value).lower(), choices, n=1)
    if nearest:
        message += f" Did you mean {nearest[0]!r}?"
    raise ValueError(message)


def integer(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an int in ``[least, most]``; booleans are no integers here."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected an integer.")
    if value < least or (most is not None and value > most):
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name}={value!r} is out of range; expected {limits}.")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    finite: bool = True,
) -> float:
    """Return ``value`` as a float, inside the bounds that are given."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; expected a real number.")
    value = float(value)
    wrong = [
        (math.isnan(value), "a number, not NaN"),
        (finite and math.isinf(value), "a finite number"),
        (above is not None and value <= above, f"a number above {above}"),
        (least is not None and value < least, f"a number of at least {least}"),
        (most is not None and value > most, f"a number of at most {most}"),
    ]
    for failed, expected in wrong:
        if failed:
            raise ValueError(f"{name}={value!r} is out of range; expected {expected}.")
    return value
