"""The theme's icon fonts, cut down to the icons that the style sheet names: 3 KB instead of 300."""

import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_SOURCE = re.compile(r"url\(\"?'?([^)\"']+\.ttf)\"?'?\)")
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{4,5})")


def icons(css):
    """Return the code points of private use that ``css`` names.

    Examples
    --------
    >>> sorted(map(hex, icons('.a{content:"\\\\f0c9"} .b{content:"\\uf00d"} .c{content:"x"}')))
    ['0xf00d', '0xf0c9']
    """
    points = {int(point, 16) for point in _ESCAPED.findall(css)} | {ord(letter) for letter in css}
    return {point for point in points if 0xE000 <= point <= 0xF8FF}


def cut(css, static):
    """Write small fonts beside the large ones; return ``css`` with their addresses.

    Parameters
    ----------
    css : str
        Its addresses are relative to ``static``.
    static : Path
    """
    wanted = icons(css)

    def face(match):
        source = _SOURCE.search(match[0])
        if source is None or "fontawesome" not in source[1]:
            return match[0]
        file = static / source[1]
        small = Path("icons") / file.with_suffix(".woff").name
        with TTFont(file) as font:
            options = subset.Options(flavor="woff", layout_features=[], hinting=False)
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=wanted & set(font.getBestCmap()))
            cutter.subset(font)
            font.flavor = "woff"
            (static / small).parent.mkdir(exist_ok=True)
            font.save(static / small)
        return re.sub(r"src:[^;}]*", f'src:url({small}) format("woff")', match[0])

    return _FACE.sub(face, css)
