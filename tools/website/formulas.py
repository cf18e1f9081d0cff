"""Formulas become HTML and MathML while the book is built: KaTeX writes them, no page runs it."""

import atexit
import json
import subprocess

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from tools.vendor import TARGET

# One line of JSON in, one line of JSON out, until the input ends.
_SERVER = """
const katex = require(process.argv[1]);
require("readline").createInterface({input: process.stdin}).on("line", (line) => {
  const {tex, display} = JSON.parse(line);
  try {
    console.log(JSON.stringify({html: katex.renderToString(tex, {displayMode: display})}));
  } catch (error) {
    console.log(JSON.stringify({error: error.message}));
  }
});
"""
_running, _known = [], {}
_log = logging.getLogger(__name__)


class BadFormula(ValueError):
    """KaTeX cannot read it."""


def _server():
    if not _running:
        command = ["node", "-e", _SERVER, str(TARGET / "katex" / "katex.min.js")]
        _running.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        atexit.register(stop)
    return _running[0]


def stop():
    """End the process that renders; it ends with its input."""
    while _running:
        _running.pop().communicate()


def render(tex, display=False):
    r"""Return the formula as HTML for the eye and MathML for screen readers.

    Raises
    ------
    BadFormula
        With KaTeX's own words.
    """
    if (tex, display) not in _known:
        server = _server()
        server.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        server.stdin.flush()
        _known[tex, display] = json.loads(server.stdout.readline())
    answer = _known[tex, display]
    if "error" in answer:
        raise BadFormula(answer["error"])
    return answer["html"]


def _write(translator, node, display):
    try:
        translator.body.append(render(node.astext(), display))
    except BadFormula as error:
        _log.warning("%s in the formula %s", error, node.astext(), location=node)


def visit_math(translator, node):
    """Write a formula in a sentence."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate"))
    _write(translator, node, False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Write a formula on a line of its own, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", "", CLASS="math notranslate"))
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    _write(translator, node, True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Offer the renderer; the book's settings choose it where node and KaTeX are there."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
