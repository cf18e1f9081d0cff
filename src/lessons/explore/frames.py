"""The stored frames of an interactive figure: drawn, described, checked, encoded and weighed."""

import base64
import gzip
import html
import io
import itertools
import json
import math
import os
import re
from dataclasses import dataclass

from lessons import svg
from lessons.plots import narrow
from lessons.plots.canvas import text_only

MOST_BYTES = 300_000
PHONES = "LESSONS_PHONES"
_WEBP = {"lossless": True, "quality": 100}


@dataclass(frozen=True)
class Frame:
    """One picture: its alt text, and its address, which holds it whole (``data:image/…``)."""

    alt: str
    address: str


@dataclass(frozen=True)
class Film:
    """Frames of one size, in CSS pixels (1/96 inch)."""

    frames: tuple[Frame, ...]
    width: int
    height: int

    def packed(self):
        """Return the frames as ``{"parts": [text, …], "frames": [[alt, [jump, …]], …]}``.

        Frames of one film share most of their elements. Each distinct piece is kept once; a frame
        is a walk through them, and a jump of 0 goes to the next piece.

        Examples
        --------
        >>> frames = Frame("One.", "a%3Cb%3Cc"), Frame("Two.", "a%3Cb%3Cd")
        >>> Film(frames, 1, 1).packed()
        {'parts': ['a', '%3Cb', '%3Cc', '%3Cd'], 'frames': [['One.', [0, 0, 0]], ['Two.', [0, 0, 1]]]}
        """  # noqa: E501
        parts, frames = {}, []
        for frame in self.frames:
            jumps, before = [], -1
            for part in re.split("(?=%3C)", frame.address):
                place = parts.setdefault(part, len(parts))
                jumps.append(place - before - 1)
                before = place
            frames.append([frame.alt, jumps])
        return {"parts": list(parts), "frames": frames}

    def image(self, index):
        """Return frame ``index`` as an HTML image that keeps its place while it loads."""
        frame = self.frames[index]
        return (
            f'<img alt="{html.escape(frame.alt)}" width="{self.width}" height="{self.height}" '
            f'style="max-width:100%;height:auto" src="{frame.address}">'
        )


def films(draw, values, image):
    """Call ``draw`` with every combination of the controls' ``values``.

    Parameters
    ----------
    draw : callable
    values : dict of str to list
    image : {"svg", "webp"}

    Returns
    -------
    wide : Film
        The last control runs fastest.
    narrow : Film or None
        The same inside :func:`lessons.plots.narrow`, if figures are smaller there. Only the
        website needs it: it is drawn if the environment variable LESSONS_PHONES is set.

    Notes
    -----
    Where only what is printed counts, LESSONS_TEXT_ONLY=1 saves time: the first and the last frame
    are drawn, and the first one stands for those between them.
    """
    if not callable(draw):
        raise TypeError(f"draw={draw!r} is a {type(draw).__name__}; expected a function.")
    wide = _film(draw, values, image)
    if not os.environ.get(PHONES):
        return wide, None
    with narrow():
        return wide, _film(draw, values, image, below=wide.width)


def _film(draw, values, image, below=math.inf):
    found, sizes, alts = [], {}, {}
    combinations = list(itertools.product(*values.values()))
    between = range(1, len(combinations) - 1) if text_only() else ()
    for number, combination in enumerate(combinations):
        if number in between:
            found.append(found[0])
            continue
        given = dict(zip(values, combination, strict=True))
        call = f"draw({', '.join(f'{name}={value!r}' for name, value in given.items())})"
        figure, alt = _drawn(draw, given, call)
        if alt in alts:
            raise ValueError(f"{call} and {alts[alt]} return one alt text: {alt!r}; expected two.")
        alts[alt] = call
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        if width >= below:
            return None
        sizes.setdefault((width, height), call)
        found.append(Frame(alt, _address(figure, image)))
    if len(sizes) > 1:
        said = ", ".join(f"{w} x {h} from {call}" for (w, h), call in sizes.items())
        raise ValueError(f"draw returns figures of several sizes ({said}); expected one size.")
    film = Film(tuple(found), *next(iter(sizes)))
    _weigh(film, image)
    return film


def _weigh(film, image):
    weight = len(gzip.compress(json.dumps(film.packed()).encode(), 6))
    if weight > MOST_BYTES:
        raise ValueError(
            f"draw returns {len(film.frames)} frames that weigh {weight / 1000:.0f} KB "
            f"compressed; expected at most {MOST_BYTES // 1000} KB. Draw fewer frames or fewer "
            + ("points, or try image='webp'." if image == "svg" else "points, or smaller figures.")
        )


def _drawn(draw, given, call):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    result = draw(**given)
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], Figure):
        plt.close(result[0])
        if isinstance(result[1], str) and result[1].strip():
            return result[0], " ".join(result[1].split())
        raise ValueError(f"{call} returned the alt text {result[1]!r}; expected a sentence.")
    kind = type(result).__name__
    raise TypeError(f"{call} returned a {kind}; expected (figure, alt text), figure by matplotlib.")


def _address(figure, image):
    if image == "svg":
        return svg.address(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="webp", dpi=192, pil_kwargs=_WEBP)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
