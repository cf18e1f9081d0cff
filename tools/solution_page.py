"""The instructor's page of an assignment: solution, points and tests in one HTML file.

It needs no other file and no other host.
"""

import html

from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

STYLE = """
:root { color-scheme: light dark; --line: #c8cdd3; --paper: #fff; --ink: #1f2933; --code: #f6f7f8 }
@media (prefers-color-scheme: dark) {
  :root { --line: #4a525c; --paper: #14171a; --ink: #e4e7eb; --code: #1e2328 } }
body { max-width: 56rem; margin: 0 auto; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
pre { overflow-x: auto; background: var(--code); border: 1px solid var(--line);
  border-radius: 6px; padding: .6rem .8rem; font-size: .9rem; line-height: 1.45 }
code { font-family: ui-monospace, monospace }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left }
blockquote { border-left: .25rem solid var(--line); margin-left: 0; padding-left: 1rem }
.jp-InputPrompt, .jp-OutputPrompt, .prompt, .anchor-link { display: none }
.solution { border-left: .3rem solid #00936A; padding-left: .8rem }
.solution > p:first-child { margin: 0; font-weight: bold }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: solution</title>
<style>{style}</style>
</head>
<body>
<main>
<p><strong>For instructors.</strong> The solution of <em>{title}</em>, with points and tests. It is
not for students.</p>
{body}
<h2 id="tests">What is tested</h2>
{table}
</main>
</body>
</html>
"""


def page(title, notebook, solutions, questions):
    """Return the page.

    Parameters
    ----------
    title : str
    notebook : NotebookNode
        The assignment with its solutions.
    solutions : set of int
        Positions of the cells that students have to write.
    questions : list of Question
    """
    exporter = HTMLExporter(template_name="basic")
    parts = []
    for position, cell in enumerate(notebook.cells):
        single = notebook.copy()
        single.cells = [cell]
        body, _ = exporter.from_notebook_node(single)
        if position in solutions:
            body = f'<section class="solution"><p>Solution</p>{body}</section>'
        parts.append(body)
    formatter = HtmlFormatter(style="xcode"), HtmlFormatter(style="github-dark")
    light, dark = (f.get_style_defs(".highlight") for f in formatter)
    style = f"{STYLE}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    style += ".highlight, .highlight pre { background: var(--code) }\n"
    return PAGE.format(
        title=html.escape(title), style=style, body="\n".join(parts), table=_table(questions)
    )


def _table(questions):
    head = "".join(
        f'<th scope="col">{t}</th>' for t in ("question", "case", "points", "who", "hint")
    )
    rows = []
    for question in questions:
        for case in question.cases:
            who = "graded only" if case.hidden else "public"
            cells = (case.name, f"{case.points:g}", who, case.hint)
            data = "".join(f"<td>{html.escape(text)}</td>" for text in cells)
            rows.append(f'<tr><th scope="row">{question.name}</th>{data}</tr>')
        if question.manual:
            data = f"<td>by hand</td><td>{question.points:g}</td><td>a person</td><td></td>"
            rows.append(f'<tr><th scope="row">{question.name}</th>{data}</tr>')
    total = sum(question.points for question in questions)
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p>Together {total:g} points.</p>"
    )
