"""The stored frames of an interactive figure: drawn, described, checked, encoded and weighed."""

import base64
import gzip
import html
import io
import itertools
import json
import re
from dataclasses import dataclass

from lessons.svg import slim

MOST_BYTES = 300_000
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

    def image(self, index):
        """Return frame ``index`` as an HTML image that keeps its place while it loads."""
        frame = self.frames[index]
        return (
            f'<img alt="{html.escape(frame.alt)}" width="{self.width}" height="{self.height}" '
            f'style="max-width:100%;height:auto" src="{frame.address}">'
        )


def film(argument, draw, values, image):
    """Call ``draw`` with every combination of the controls' ``values``.

    Parameters
    ----------
    argument : str
        What messages call ``draw``.
    values : dict of str to list
    image : {"svg", "webp"}

    Returns
    -------
    Film
        The last control runs fastest.
    """
    if not callable(draw):
        kind = type(draw).__name__
        raise TypeError(f"{argument}={draw!r} is a {kind}; expected a function.")
    found, sizes, alts = [], {}, {}
    for combination in itertools.product(*values.values()):
        given = dict(zip(values, combination, strict=True))
        call = f"{argument}({', '.join(f'{name}={value!r}' for name, value in given.items())})"
        figure, alt = _drawn(draw, given, call)
        if alt in alts:
            raise ValueError(f"{call} and {alts[alt]} return one alt text: {alt!r}; expected two.")
        alts[alt] = call
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        sizes.setdefault((width, height), call)
        found.append(Frame(alt, _address(figure, image)))
    if len(sizes) > 1:
        said = ", ".join(f"{w} x {h} from {call}" for (w, h), call in sizes.items())
        raise ValueError(
            f"{argument} returns figures of several sizes ({said}); expected one size."
        )
    _weigh(argument, found, image)
    return Film(tuple(found), *next(iter(sizes)))


def _weigh(argument, frames, image):
    text = json.dumps([[frame.alt, frame.address] for frame in frames])
    weight = len(gzip.compress(text.encode(), 6))
    if weight > MOST_BYTES:
        raise ValueError(
            f"{argument} returns {len(frames)} frames that weigh {weight / 1000:.0f} KB "
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
    from matplotlib import rc_context

    stream = io.BytesIO()
    if image == "webp":
        figure.savefig(stream, format="webp", dpi=192, pil_kwargs=_WEBP)
        return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
    nothing = dict.fromkeys(["Creator", "Date", "Format", "Type"])
    with rc_context({"svg.hashsalt": "lessons", "svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata=nothing)
    # Percent signs, not base64: compressed, forty frames weigh 58 KB this way and 208 KB the other.
    text = slim(stream.getvalue().decode()).replace('"', "'")
    return "data:image/svg+xml," + re.sub("[%#<>]", lambda m: f"%{ord(m[0]):02X}", text)
