"""The stored frames of an interactive figure: drawn, described, checked, encoded and weighed."""

import base64
import gzip
import html
import io
import itertools
import json

from lessons.svg import address

MOST_BYTES = 300_000
_WEBP = {"lossless": True, "quality": 100}


def frames(draw, controls, image):
    """Call ``draw`` with every combination of the controls' values.

    Returns
    -------
    frames : list of str
        One HTML image with its alt text each, the last control running fastest.
    size : (int, int)
        Their common width and height in CSS pixels (1/96 inch).
    """
    pages, sizes, alts = [], {}, {}
    for values in itertools.product(*controls.values()):
        call = f"draw({', '.join(f'{n}={v!r}' for n, v in zip(controls, values, strict=True))})"
        figure, alt = _drawn(draw, dict(zip(controls, values, strict=True)), call)
        if alt in alts:
            raise ValueError(f"{call} and {alts[alt]} return one alt text: {alt!r}; expected two.")
        alts[alt] = call
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        sizes.setdefault((width, height), call)
        pages.append(
            f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" '
            f'style="max-width:100%;height:auto" src="{_address(figure, image)}">'
        )
    if len(sizes) > 1:
        found = ", ".join(f"{w} x {h} from {call}" for (w, h), call in sizes.items())
        raise ValueError(f"draw returns figures of several sizes ({found}); expected one size.")
    weight = len(gzip.compress(json.dumps(pages).encode(), 6))
    if weight > MOST_BYTES:
        raise ValueError(
            f"draw returns {len(pages)} frames that weigh {weight / 1000:.0f} KB compressed; "
            f"expected at most {MOST_BYTES // 1000} KB. Draw fewer frames or fewer points"
            + (", or try image='webp'." if image == "svg" else ", or smaller figures.")
        )
    return pages, next(iter(sizes))


def _drawn(draw, values, call):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    result = draw(**values)
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], Figure):
        plt.close(result[0])
        if isinstance(result[1], str) and result[1].strip():
            return result[0], " ".join(result[1].split())
        raise ValueError(f"{call} returned the alt text {result[1]!r}; expected a sentence.")
    kind = type(result).__name__
    raise TypeError(f"{call} returned a {kind}; expected (figure, alt text), figure by matplotlib.")


def _address(figure, image):
    if image == "svg":
        return address(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="webp", dpi=192, pil_kwargs=_WEBP)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
