"""In tables of the text, columns of numbers stand at the right, as in those of lessons.tables."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_NUMBER = re.compile(r"[−+\-<>≤≥≈~]?\s?\d[\d\s.,:/–×^e−-]*\s?(%|[kKMG]?B|m?s|min|h|x|times)?")


def is_number(text):
    """Return whether a table's cell holds a number, perhaps with its unit.

    Examples
    --------
    >>> [is_number(text) for text in ("0.25", "−3", "98 %", "12.5 s", "2 layers", "x")]
    [True, True, True, True, False, False]
    """
    return _NUMBER.fullmatch(text.strip()) is not None


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
    app.add_post_transform(AlignNumbers)
