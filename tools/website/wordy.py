"""Tables of sentences: on a phone each row becomes a small paragraph instead of thin columns.

The style sheet does it (``.lessons-wordy``); here such tables are found and get their class. What
the style sheet does not show as a table is none for a screen reader either, so roles say it again.
"""

import html
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

# Letters that a phone can show beside each other in cells of a few lines.
MOST_LETTERS = 90
_CELL = re.compile(r"<t([hd])\b[^>]*>(.*?)</t\1>", re.DOTALL)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_ROLES = {"<table": "table", "<thead": "rowgroup", "<tbody": "rowgroup", "<tr": "row"}


def is_wordy(page_part):
    """Return whether the table in ``page_part`` (HTML of `lessons.tables`) holds long sentences.

    Examples
    --------
    >>> row = "<tr><th>{}</th><td>{}</td><td>{}</td></tr>"
    >>> is_wordy(row.format("a", "b", "c")), is_wordy(row.format("a " * 40, "b", "c " * 40))
    (False, True)
    """
    rows = [[_length(cell[1]) for cell in _CELL.findall(row)] for row in _ROW.findall(page_part)]
    longest = [max(lengths) for lengths in zip(*rows, strict=True)]
    return len(longest) > 2 and sum(longest) > MOST_LETTERS


def mark(page_part):
    """Return the HTML with the class and the roles of a table of sentences."""
    text = page_part.replace('class="lessons-table"', 'class="lessons-table lessons-wordy"', 1)
    for tag, role in _ROLES.items():
        text = re.sub(rf"{tag}\b", f'{tag} role="{role}"', text)
    text = re.sub(r'<th scope="col"', '<th role="columnheader" scope="col"', text)
    text = re.sub(r'<th scope="row"', '<th role="rowheader" scope="row"', text)
    return re.sub(r"<td\b", '<td role="cell"', text)


def _length(cell):
    return len(html.unescape(re.sub(r"<[^>]*>", "", cell)))


class MarkWordy(SphinxPostTransform):
    """Mark the tables that the page's cells put out."""

    default_priority = 10  # MyST-NB chooses among an output's forms at 4
    formats = ("html",)

    def run(self, **kwargs):
        """Change the raw HTML of the page."""
        for node in self.document.findall(nodes.raw):
            text = node.astext()
            if 'class="lessons-table"' in text and is_wordy(text):
                node.rawsource = mark(text)
                node.children = [nodes.Text(node.rawsource)]


def setup(app):
    """Run for each page."""
    app.add_post_transform(MarkWordy)
