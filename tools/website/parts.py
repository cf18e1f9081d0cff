"""In a list of chapters each part is named once, above its rows: a phone has no room to repeat it.

The notebook's plain Markdown names the part in the first cell of each row.
"""

import itertools

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

HEADINGS = ["part", "chapter"]


def group(table):
    """Turn the first column of a table (a ``tgroup``) into rows that span the others."""
    columns, body = int(table["cols"]) - 1, next(table.findall(nodes.tbody))
    rows = list(body)
    table["cols"] = columns
    table.remove(next(table.findall(nodes.colspec)))
    for row in table.findall(nodes.row):
        row["part"] = row.pop(0)
    body.clear()
    for part, below in itertools.groupby(rows, key=lambda row: row["part"].astext()):
        entry = nodes.entry("", nodes.paragraph("", part), classes=["lessons-part"])
        if columns > 1:
            entry["morecols"] = columns - 1
        body += [nodes.row("", entry), *below]
    for row in table.findall(nodes.row):
        row.attributes.pop("part", None)


class GroupParts(SphinxPostTransform):
    """Group the page's lists of chapters."""

    default_priority = 15
    formats = ("html",)

    def run(self, **kwargs):
        """Change the page's tables."""
        for table in list(self.document.findall(nodes.tgroup)):
            head = next(table.findall(nodes.row))
            if [cell.astext().strip() for cell in head][: len(HEADINGS)] == HEADINGS:
                group(table)


def setup(app):
    """Run for each page."""
    app.add_post_transform(GroupParts)
