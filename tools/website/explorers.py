"""The frames of an explorer leave the page for a file, which is loaded when a reader comes near."""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

FOLDER = "_frames"
_EXPLORER = re.compile(
    r'(<div class="lessons-explore" id="(?P<name>[\w-]+)")(?P<middle>.*?)'
    r'<script type="application/json">(?P<data>.*?)</script>',
    re.DOTALL,
)


def split(page_part, folder, address):
    """Write the frames inside ``page_part`` into ``folder``; return the part without them.

    Parameters
    ----------
    page_part : str
        HTML of `lessons.explore`.
    folder : Path
    address : str
        Of the folder, as the page sees it.
    """

    def write(found):
        kinds = ""
        for kind, film in json.loads(found["data"]).items():
            file = f"{found['name']}-{kind}.js"
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(film, ensure_ascii=False, separators=(",", ":"))
            (folder / file).write_text(f"lessonsFrames({text});\n", encoding="utf-8")
            kinds += f' data-{kind}="{address}/{file}"'
        return f"{found[1]}{kinds}{found['middle']}"

    return _EXPLORER.sub(write, page_part)


class StoreFrames(SphinxPostTransform):
    """Store the frames of each explorer of a page, after its HTML has been chosen."""

    default_priority = 10  # MyST-NB chooses among an output's forms at 4
    formats = ("html",)

    def run(self, **kwargs):
        """Change the raw HTML of the page."""
        address = "../" * self.env.docname.count("/") + FOLDER
        for node in self.document.findall(nodes.raw):
            if "lessons-explore" in node.astext():
                text = split(node.astext(), Path(self.app.outdir) / FOLDER, address)
                node.children = [nodes.Text(text)]
                node.rawsource = text


def setup(app):
    """Run for each page."""
    app.add_post_transform(StoreFrames)
