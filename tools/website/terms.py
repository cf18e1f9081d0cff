"""The search finds a term of the glossary in either language, and leads to its entry."""

import re

from docutils import nodes
from sphinx import addnodes

_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def names(term):
    """Return the names inside a term: in English, in brackets, in Chinese.

    Examples
    --------
    >>> names("adaptive gradient clipping (AGC) 自适应梯度裁剪")
    ['adaptive gradient clipping', 'AGC', '自适应梯度裁剪']
    """
    english = _CHINESE.sub(" ", term)
    parts = [re.sub(r"\(.*?\)", " ", english), *re.findall(r"\((.*?)\)", english)]
    return [name for part in [*parts, *_CHINESE.findall(term)] if (name := " ".join(part.split()))]


def index(app, doctree):
    """Give each name its own entry in the index, which the search looks through first."""
    for term in doctree.findall(nodes.term):
        for entry in term.findall(addnodes.index):
            kind, text, target, main, key = entry["entries"][0]
            known = {text}
            for name in names(text):
                if name not in known:
                    known.add(name)
                    entry["entries"].append((kind, name, target, main, key))


def setup(app):
    """Run before the index is collected."""
    app.connect("doctree-read", index, priority=100)
