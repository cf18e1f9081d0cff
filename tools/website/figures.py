"""Pictures keep their place while they load, and columns of numbers stand at the right."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_NUMBER = re.compile(r"[−+\-<>≤≥≈~]?\s?\d[\d\s.,:/–×^e−-]*\s?(%|[kKMG]?B|m?s|min|h|x|times)?")


def size(svg):
    """Return width and height of an SVG picture in CSS pixels, or None if it does not say.

    Examples
    --------
    >>> size('<svg height="72pt" width="144pt" xmlns="…">')
    (192, 96)
    """
    head = svg[: svg.find(">", svg.find("<svg")) + 1]
    found = {}
    for name in ("width", "height"):
        match = re.search(rf'\b{name}="([\d.]+)(pt|px|)"', head)
        if match is None:
            return None
        found[name] = round(float(match[1]) * (96 / 72 if match[2] == "pt" else 1))
    return found["width"], found["height"]


def is_number(text):
    """Return whether a table's cell holds a number, perhaps with its unit.

    Examples
    --------
    >>> [is_number(text) for text in ("0.25", "−3", "98 %", "12.5 s", "2 layers", "x")]
    [True, True, True, True, False, False]
    """
    return _NUMBER.fullmatch(text.strip()) is not None


class KeepPlaces(SphinxPostTransform):
    """Write the size of each SVG picture into the page."""

    default_priority = 20
    formats = ("html",)

    def run(self, **kwargs):
        """Change the page's pictures."""
        for image in self.document.findall(nodes.image):
            path = Path(self.app.srcdir) / image["uri"]
            if "width" in image or path.suffix != ".svg" or not path.is_file():
                continue
            if found := size(path.read_text(encoding="utf-8")):
                image["width"], image["height"] = map(str, found)


class AlignNumbers(SphinxPostTransform):
    """Set columns of numbers flush right, with their heading."""

    default_priority = 20
    formats = ("html",)

    def run(self, **kwargs):
        """Change the page's tables."""
        for table in self.document.findall(nodes.tgroup):
            body = next(table.findall(nodes.tbody), None)
            rows = [list(row) for row in table.findall(nodes.row)]
            below = [list(row) for row in body.findall(nodes.row)] if body else []
            for column in range(min(map(len, rows), default=0)):
                cells = [row[column].astext() for row in below]
                filled = [cell for cell in cells if cell.strip() not in {"", "–", "—"}]
                if filled and all(map(is_number, filled)):
                    for row in rows:
                        row[column]["classes"].append("text-right")


def setup(app):
    """Run for each page."""
    app.add_post_transform(KeepPlaces)
    app.add_post_transform(AlignNumbers)
