"""Figures of the website: pictures for wide and narrow screens, numbers, captions, links to them.

In a notebook a caption is the first paragraph after the cell that draws, and begins with
``**Figure 2.**``. Here it becomes the caption of an HTML figure. "figure 2" in the text becomes a
link to it ("figure 2 of …" is another's and stays as it is). A picture of ``lessons.plots`` comes
out of its cell as HTML that holds both its forms; here they become files.
"""

import hashlib
import html
import os
import posixpath
import re
from pathlib import Path
from urllib.parse import quote, unquote

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

CAPTION = re.compile(r"Figure (\d+)\.")
MENTION = re.compile(r"\bfigures? \d+(?:(?:,| and|, and) \d+)*(?! of )")
_PICTURE = re.compile(
    r'<source media="(?P<media>[^"]*)" (?P<small>[^>]*?) srcset="(?P<narrow>[^"]*)">'
    r'<img alt="(?P<alt>[^"]*)" (?P<size>width="\d+" height="\d+")[^>]*? src="(?P<wide>[^"]*)">'
)
logger = logging.getLogger(__name__)


class picture(nodes.General, nodes.Element):
    """Two images, narrow and wide, of which the browser takes one."""


class numbered_figure(nodes.General, nodes.Element):
    """A cell that draws, and its caption."""


class figure_caption(nodes.Part, nodes.Element):
    """The caption's paragraph."""


def is_cell(node):
    """Say whether the node is a code cell with output."""
    return isinstance(node, nodes.container) and any(
        child.get("nb_element") == "cell_code_output"
        for child in node.children
        if isinstance(child, nodes.Element)
    )


class Pictures(SphinxTransform):
    """Turn the HTML of ``lessons.plots`` into pictures that are files."""

    default_priority = 300

    def apply(self, **kwargs):
        """Replace each such piece of HTML."""
        first = True
        for raw in list(self.document.findall(nodes.raw)):
            found = _PICTURE.search(raw.astext()) if "lessons-picture" in raw.astext() else None
            if found is None:
                continue
            alt = self._described(raw) or html.unescape(found["alt"])
            images = [
                nodes.image(uri=self._file(found[form]), alt=alt) for form in ("narrow", "wide")
            ]
            texts = {name: found[name] for name in ("media", "small", "size")}
            raw.replace_self(picture("", *images, alt=alt, first=first, **texts))
            first = False

    def _described(self, node):
        while node is not None and node.get("nb_element") != "cell_code":
            node = node.parent
        metadata = node.get("cell_metadata", {}) if node is not None else {}
        return metadata.get("mystnb", {}).get("image", {}).get("alt", "")

    def _file(self, address):
        """Write the SVG in a data address into a file; return its place for Sphinx."""
        content = unquote(address.partition(",")[2]).encode()
        folder = Path(self.env.mystnb_config.output_folder)
        path = folder / f"{hashlib.sha256(content).hexdigest()[:20]}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return "/" + os.path.relpath(path.resolve(), self.app.srcdir)


class Captions(SphinxTransform):
    """Join cells and captions to figures, and link to them where the text names them."""

    default_priority = 310

    def apply(self, **kwargs):
        """Change the page."""
        numbers = set()
        for paragraph in list(self.document.findall(nodes.paragraph)):
            number = caption_number(paragraph)
            if number is None:
                continue
            place = paragraph.parent.index(paragraph)
            before = paragraph.parent[place - 1] if place else None
            if before is None or not is_cell(before):
                logger.warning("Figure %s: no cell draws before its caption", number,
                               location=paragraph)  # fmt: skip
                continue
            figure = numbered_figure(ids=[f"figure-{number}"])
            paragraph.parent.remove(paragraph)
            before.replace_self(figure)
            figure += [before, figure_caption("", paragraph)]
            numbers.add(number)
        if numbers:
            for text in list(self.document.findall(nodes.Text)):
                self._link(text, numbers)

    def _link(self, text, numbers):
        if inside(
            text, (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.raw)
        ):
            return
        parts, end = [], 0
        for mention in MENTION.finditer(text.astext()):
            named = list(re.finditer(r"\d+", mention[0]))
            for i, number in enumerate(named):
                if number[0] not in numbers:
                    logger.warning("There is no figure %s here", number[0], location=text.parent)
                    continue
                # "figure 2" is one link; of "figures 2 and 3" each number is one.
                start = mention.start() + (number.start() if len(named) > 1 or i else 0)
                stop = mention.start() + number.end()
                parts += [nodes.Text(text.astext()[end:start]), _reference(
                    text.astext()[start:stop], f"figure-{number[0]}")]  # fmt: skip
                end = stop
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text.astext()[end:])])


def caption_number(paragraph):
    """Return the number of the figure whose caption a paragraph is, as text, or None."""
    strong = next((child for child in paragraph.children if child.astext()), None)
    found = CAPTION.match(strong.astext()) if isinstance(strong, nodes.strong) else None
    return found[1] if found else None


def inside(node, kinds):
    """Say whether the node lies in one of these kinds."""
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def _reference(text, target):
    return nodes.reference("", text, refid=target, internal=True)


def visit_picture(self, node):
    """Write both forms; the browser chooses by the width of its window."""
    narrow, wide = (
        posixpath.join(self.builder.imgpath, quote(self.builder.images[image["uri"]]))
        for image in node.findall(nodes.image)
    )
    later = "" if node["first"] else ' loading="lazy"'
    self.body.append(
        f'<picture><source media="{node["media"]}" {node["small"]} srcset="{narrow}">'
        f'<img alt="{html.escape(node["alt"])}" {node["size"]} src="{wide}"{later}></picture>\n'
    )
    raise nodes.SkipNode


def visit_figure(self, node):
    """Open the figure."""
    self.body.append(f'<figure class="lessons-figure" id="{node["ids"][0]}">\n')


def depart_figure(self, node):
    """Close it."""
    self.body.append("</figure>\n")


def visit_caption(self, node):
    """Open the caption."""
    self.body.append("<figcaption>")


def depart_caption(self, node):
    """Close it."""
    self.body.append("</figcaption>\n")


def setup(app):
    """Add the kinds of nodes and the two steps."""
    app.add_node(picture, html=(visit_picture, None))
    app.add_node(numbered_figure, html=(visit_figure, depart_figure))
    app.add_node(figure_caption, html=(visit_caption, depart_caption))
    app.add_transform(Pictures)
    app.add_transform(Captions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
