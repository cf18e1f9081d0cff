"""Links that a notebook does not write: to source documents, to papers, to terms.

A notebook says "document 001 §3.1", names a paper in its section *References*, and uses the words
of the glossary. On the website the document leads to the page *Sources*, the paper to its DOI or
arXiv, "Graves (2013)" to that paper in the section, and the first use of a term to the glossary.
"""

import functools
import re

from docutils import nodes
from pybtex.database import parse_file
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from tools import repository
from tools.figures import figure_caption, inside

BIBLIOGRAPHY = repository.ROOT / "book" / "references.bib"
GLOSSARY = repository.ROOT / "book" / "glossary.md"
_PLACE = r"00\d(?:,? (?:§|section ) ?\d[\d.]*(?<!\.)|, example \d| [IVX]+\b(?:\.\d)?)?"
DOCUMENTS = re.compile(rf"\b[Dd]ocuments? {_PLACE}(?:(?:,| and|, and) {_PLACE})*")
# "document 001 §2" is one link; of "documents 001 §2 and 004" each number is one.
DOCUMENT = re.compile(rf"(?:[Dd]ocument )?(?<!\d)({_PLACE})")
# Pages that are lists of links themselves, or have none of the book's text.
WITHOUT = {"book/glossary", "book/references", "book/sources"}
# Words that mean something else at most places.
AMBIGUOUS = {"gain", "recall"}
_CHINESE = re.compile(r"[㐀-鿿]")
_NEVER = (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.raw,
          addnodes.pending_xref, nodes.container)  # fmt: skip


def plain(text):
    """Return the letters and digits of a text in lower case."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


@functools.cache
def terms():
    """Return {English term in lower case: the whole entry} of the glossary."""
    if not GLOSSARY.is_file():
        return {}
    found = {}
    block = re.search(r"```\{glossary\}\n(.*?)```", GLOSSARY.read_text(encoding="utf-8"), re.DOTALL)
    for entry in re.findall(r"^(\S.*)$", block[1], re.MULTILINE):
        found |= dict.fromkeys(english(entry), entry)
    return {name: entry for name, entry in found.items() if name not in AMBIGUOUS}


def english(entry):
    """Return the English names in an entry of the glossary, in lower case.

    Examples
    --------
    >>> english("Xavier (Glorot) initialization Xavier 初始化")
    ['xavier initialization', 'glorot initialization']
    >>> english("multilayer perceptron (MLP) 多层感知机"), english("fan-in, fan-out 扇入、扇出")
    (['multilayer perceptron', 'mlp'], ['fan-in', 'fan-out'])
    """
    chinese = _CHINESE.search(entry)
    head, _, rest = entry[: chinese.start() if chinese else None].partition("(")
    # The Chinese name may begin with Latin letters: "He 初始化", "S 形函数".
    borrowed = rf" (?:{re.escape(entry.split()[0])}|[A-Z])$"
    inside_, _, tail = rest.partition(")")
    tail = re.sub(borrowed, "", tail.strip()) if rest else ""
    names = head.split(",") if rest else re.sub(borrowed, "", head.strip()).split(",")
    names += inside_.split(",")
    return [f"{name.strip()} {tail}".strip().lower() for name in names if name.strip()]


@functools.cache
def papers():
    """Return [(key, title, surnames, year, address)] of the bibliography."""
    found = []
    for key, entry in parse_file(str(BIBLIOGRAPHY)).entries.items():
        fields = entry.fields
        names = [re.sub(r"[{}]", "", " ".join(p.prelast_names + p.last_names))
                 for p in entry.persons.get("author", [])]  # fmt: skip
        if "doi" in fields:
            address = f"https://doi.org/{fields['doi']}"
        elif "eprint" in fields:
            address = f"https://arxiv.org/abs/{fields['eprint']}"
        else:
            address = fields.get("url", "")
        title = re.sub(r"[{}]", "", fields["title"])
        found.append((key, title, names, fields["year"], address))
    return found


def paper(text):
    """Return the entry of ``papers`` whose title (or its part before a colon) the text names."""
    words = f" {plain(text)} "
    for entry in papers():
        for title in (entry[1], entry[1].partition(":")[0]):
            surname = plain(entry[2][0]) if entry[2] else ""
            if f" {plain(title)} " in words and f" {surname} " in words:
                return entry
    return None


def texts(node):
    """Yield the texts of a page that may hold links."""
    for text in list(node.findall(nodes.Text)):
        if not inside(text, _NEVER):
            yield text


def put_links(text, pattern, link, within=None):
    """Replace what ``pattern`` finds in a text by ``link(match)``; None leaves it as it is.

    With the pattern ``within``, only what it finds is looked through.
    """
    parts, end, content = [], 0, text.astext()
    spans = [m.span() for m in within.finditer(content)] if within else [(0, len(content))]
    for match in (m for span in spans for m in pattern.finditer(content, *span)):
        if (made := link(match)) is not None:
            parts += [nodes.Text(content[end : match.start()]), made]
            end = match.end()
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(content[end:])])


class Links(SphinxTransform):
    """Write the links of one page."""

    default_priority = 320

    def apply(self, **kwargs):
        """Change the page."""
        self.env.note_dependency(str(BIBLIOGRAPHY))
        self.env.note_dependency(str(GLOSSARY))
        if self.env.docname in WITHOUT:
            return
        for text in texts(self.document):
            put_links(text, DOCUMENT, self._document, DOCUMENTS)
        self._papers()
        self._terms()

    def _document(self, match):
        return self._to("ref", f"document-{match[1][:3]}", match[0])

    def _papers(self):
        here = {}
        for section in self.document.findall(nodes.section):
            if section[0].astext().lower() != "references":
                continue
            for item in section.findall(nodes.list_item):
                if (entry := paper(item.astext())) is None:
                    continue
                key, _, names, year, address = entry
                name = f"paper-{key.lower()}"
                item["ids"].append(name)
                if names:
                    here[names[0], year] = name
                written = [link.get("refuri") for link in item.findall(nodes.reference)]
                if address and address not in written:
                    shown = re.sub(r"^https://(doi\.org/|arxiv\.org/abs/|)", "", address)
                    kind = "doi:" * ("doi.org" in address) + "arXiv:" * ("arxiv" in address)
                    where = nodes.reference("", kind + shown if kind else "Read it", refuri=address)
                    item[-1] += [nodes.Text(" "), where, nodes.Text(".")]
        if not here:
            return
        names = "|".join(re.escape(name) for name, _ in here)
        mention = re.compile(
            rf"\b({names})(?: et al\.?|,? (?:and )?[A-Z]\w+)*,? \(?((?:19|20)\d\d)\)?"
        )

        def link(match):
            target = here.get((match[1], match[2]))
            shown = match[0] if match[0].count("(") == match[0].count(")") else match[0].rstrip(")")
            if target is None or shown != match[0]:
                return None
            return nodes.reference("", shown, refid=target, internal=True)

        for text in texts(self.document):
            put_links(text, mention, link)

    def _terms(self):
        known, used = terms(), set()
        if not known or not self.env.docname.startswith("notebooks/"):
            return
        longest = sorted(known, key=len, reverse=True)
        pattern = re.compile(rf"\b({'|'.join(map(re.escape, longest))})(?:s|es)?\b", re.IGNORECASE)

        def link(match):
            entry = known[match[1].lower()]
            if entry in used:
                return None
            used.add(entry)
            return self._to("term", entry, match[0], "lessons-term")

        for text in texts(self.document):
            if not inside(text, (nodes.list_item, figure_caption, nodes.table)):
                put_links(text, pattern, link)

    def _to(self, kind, target, text, *classes):
        return addnodes.pending_xref(
            "", nodes.inline("", text, classes=list(classes)), refdomain="std", reftype=kind,
            reftarget=target, refexplicit=True, refwarn=True, refdoc=self.env.docname,
        )  # fmt: skip


def setup(app):
    """Add the step."""
    app.add_transform(Links)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
