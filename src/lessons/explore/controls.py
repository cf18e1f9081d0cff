"""The controls of an explorer: their values checked, and what the reader sees of them."""

import math
import numbers
from dataclasses import dataclass

from lessons._check import choice

MOST_FRAMES = 60


@dataclass(frozen=True)
class Control:
    """One control: its label, the text of each value, the value shown first, slider or list."""

    label: str
    texts: tuple[str, ...]
    index: int
    slider: bool


def values(given):
    """Return the controls' values as lists of plain numbers and names, by the control's name.

    Examples
    --------
    >>> values({"gain": range(3)})
    {'gain': [0, 1, 2]}
    """
    found = {name: _list(name, each) for name, each in given.items()}
    if not 1 <= len(found) <= 2:
        raise ValueError(f"controls={list(found)}; expected one or two, such as gain=[1, 2].")
    count = math.prod(map(len, found.values()))
    if count > MOST_FRAMES:
        sizes = " x ".join(f"{len(each)} of {name}" for name, each in found.items())
        raise ValueError(f"controls give {count} frames ({sizes}); expected at most {MOST_FRAMES}.")
    return found


def controls(values, *, start=None, labels=None, formats=None):
    """Return a list of Control for checked ``values``.

    Examples
    --------
    >>> controls({"gain": [0.5, 1]}, start={"gain": 1}, formats={"gain": ".2f"})
    [Control(label='gain', texts=('0.50', '1.00'), index=1, slider=True)]
    """
    labels = _by_control("labels", labels, values)
    formats = _by_control("formats", formats, values)
    start = _by_control("start", start, values)
    return [
        Control(
            label=labels.get(name, name),
            texts=_texts(name, each, formats.get(name, "g")),
            index=_index(name, each, start),
            slider=not any(isinstance(value, str) for value in each),
        )
        for name, each in values.items()
    ]


def _list(name, given):
    if hasattr(given, "tolist"):
        given = given.tolist()
    if not isinstance(given, (list, tuple, range)):
        raise TypeError(f"{name}={given!r} is a {type(given).__name__}; expected a list.")
    if len(given) < 2:
        raise ValueError(f"{name}={list(given)!r}; expected at least two values to choose from.")
    for value in given:
        if not isinstance(value, (str, numbers.Real)) or isinstance(value, bool):
            raise TypeError(f"{name} holds {value!r}; expected numbers or names.")
        if not isinstance(value, str) and not math.isfinite(value):
            raise ValueError(f"{name} holds {value!r}; expected finite numbers.")
    return list(given)


def _by_control(argument, given, values):
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"{argument}={given!r} is a {type(given).__name__}; expected a dict.")
    for name in given or {}:
        choice(f"a key of {argument}", name, values)
    return given or {}


def _texts(name, values, form):
    try:
        texts = tuple(v if isinstance(v, str) else format(v, form) for v in values)
    except (TypeError, ValueError) as error:
        message = f"formats[{name!r}]={form!r}; expected a format specification such as '.2f'."
        raise ValueError(message) from error
    if len(set(texts)) < len(texts):
        raise ValueError(f"{name} reads {', '.join(texts)}; expected values that read differently.")
    return texts


def _index(name, values, start):
    if name not in start:
        return 0
    if start[name] not in values:
        raise ValueError(f"start[{name!r}]={start[name]!r}; expected one of {values}.")
    return values.index(start[name])
