"""One style sheet and one script for all pages, and nothing that a page does not need.

Pages name ``site.css`` and ``site.js``; both are put together when all pages are written.
"""

import hashlib
import re
from pathlib import Path

from docutils import nodes

from tools.website import icons, purge

THEME_STYLES = ["basic.css", "styles/pydata-sphinx-theme.css"]
# For these the page has its own link, or no use.
NO_STYLES = re.compile(r"katex|pygments\.css|styles/theme\.css|^https?:")
SCRIPTS = [
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "scripts/bootstrap.js",
    "scripts/pydata-sphinx-theme.js",
    "lessons.js",
]
# Places on a page, and the module of book/assets/playground that fills them.
MODULES = {
    'class="pg"': "main.js",
    'class="pg-wall"': "wall.js",
    'class="pg-ruler"': "ruler.js",
    'class="pg-memory"': "memory.js",
    'class="pg-whisper"': "whisper.js",
    'class="pg-circle"': "circle.js",
}
# Words of these are not looked for in the style sheet, but they are not few: data in addresses.
_DATA = re.compile(r'"data:[^"]*"')
_ADDRESS = re.compile(r'(_static/(site\.css|site\.js|explore\.js|search\.js))(\?v=\w*)?"')
_styles = []


def choose(app, pagename, templatename, context, doctree):
    """Tell the template what this page needs; see templates/layout.html."""
    files = [str(getattr(css, "filename", css)) for css in context["css_files"]]
    _styles.extend(name for name in files if name not in _styles)
    has = (lambda kind: any(True for _ in doctree.findall(kind))) if doctree else bool
    formulas = bool(doctree) and (has(nodes.math) or has(nodes.math_block))
    context["formulas_here"] = formulas and app.builder.math_renderer_name == "katex"
    raw = [node.astext() for node in doctree.findall(nodes.raw)] if doctree else []
    context["explorers_here"] = any("lessons-explore" in text for text in raw)
    context["modules_here"] = [
        module for mark, module in MODULES.items() if any(mark in text for text in raw)
    ]
    # Without node or npm: MathJax from its usual address, on pages with formulas.
    names = [str(getattr(js, "filename", js)) for js in context["script_files"]]
    outside = [name for name in names if name.startswith("http")]
    context["outside_scripts"] = list(dict.fromkeys(outside)) if formulas else []


def write(app, error):
    """Put the style sheet and the script together and tell all pages their version."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    script = ";\n".join((static / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
    (static / "site.js").write_text(script, encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    _write_style(static, [*pages.values(), *_scripts(static, script)])
    marks = {}
    for path, text in pages.items():
        marked = _ADDRESS.sub(
            lambda found: f'{found[1]}?v={_mark(static / found[2], marks)}"', text
        )
        # MyST-NB's name for a fold is not what the fold shows: "Show the code".
        marked = marked.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        if marked != text:
            path.write_text(marked, encoding="utf-8")


def _scripts(static, script):
    names = ("explore.js", "search.js", "searchtools.js")
    return [script, *(f.read_text(encoding="utf-8") for n in names if (f := static / n).is_file())]


def _write_style(static, texts):
    words = {word for text in texts for word in purge.WORD.findall(_DATA.sub("", text))}
    names = [name.removeprefix("_static/") for name in _styles if not NO_STYLES.search(name)]
    parts = []
    for name in dict.fromkeys([*THEME_STYLES, *names]):
        css = (static / name.partition("?")[0]).read_text(encoding="utf-8")
        up = name.rpartition("/")[0]
        css = re.sub(r"@charset[^;]*;", "", css)
        if up:  # addresses are relative to the style sheet
            css = re.sub(r"url\((\"?'?)\.\./", r"url(\1", css)
        parts.append(css)
    style = icons.cut(purge.purge("\n".join(parts), words), static)
    (static / "site.css").write_text(style, encoding="utf-8")


def _mark(path, marks):
    if path not in marks:
        marks[path] = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    return marks[path]


def setup(app):
    """Choose after everybody else has added theirs; write when all else is written."""
    app.connect("html-page-context", choose, priority=950)
    app.connect("build-finished", write, priority=950)
