"""A web page that stands alone: one file, no script, no request, readable in light and dark."""

import html

from lessons.coursework.intake.text import clean

# Pairs of text and background with a contrast of at least 4.5 (a test measures them).
LIGHT = {"text": "#1a1d21", "quiet": "#545b64", "paper": "#ffffff", "box": "#f2f4f7"}
DARK = {"text": "#e8eaed", "quiet": "#aab2bd", "paper": "#16191d", "box": "#23282e"}
LIGHT |= {"good": "#00654a", "bad": "#a33f00", "line": "#868e99", "bar": "#0057a0"}
DARK |= {"good": "#4fd1a5", "bad": "#ff9e66", "line": "#7d8794", "bar": "#6cb2f0"}

_STYLE = """
:root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 52rem; padding: 1rem; font: 1rem/1.55 system-ui, sans-serif;
  color: var(--text); background: var(--paper); overflow-wrap: anywhere; }}
h1 {{ font-size: 1.6rem; line-height: 1.25; }} h2 {{ font-size: 1.2rem; margin-top: 2rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
caption {{ position: absolute; clip-path: inset(50%); }}
th, td {{ overflow-wrap: break-word; text-align: start; vertical-align: top; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); }}
td.number, th.number {{ text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }}
pre {{ white-space: pre-wrap; background: var(--box); padding: .6rem; border-radius: .3rem; }}
.quiet {{ color: var(--quiet); }} .good {{ color: var(--good); }} .bad {{ color: var(--bad); }}
.score {{ font-size: 1.3rem; font-weight: 600; }}
svg {{ width: 100%; height: auto; }}
svg text {{ fill: var(--text); font: 13px system-ui, sans-serif; }}
svg .bar {{ fill: var(--bar); }} svg .axis {{ stroke: var(--line); }}
@media print {{ body {{ max-width: none; }} }}
"""


def text(value):
    """Return text for a page: escaped, without control characters and changes of direction.

    Examples
    --------
    >>> text("<b>1 & 2</b>")
    '&lt;b&gt;1 &amp; 2&lt;/b&gt;'
    """
    return html.escape(clean(str(value), most=None))


def table(caption, header, rows, numbers=()):
    """Return a table; the first cell of each row is its heading.

    Parameters
    ----------
    caption : str
    header : list of str
    rows : list of list of str
        HTML, so escaped already.
    numbers : collection of int
        The columns that hold numbers.
    """
    kind = [' class="number"' if i in numbers else "" for i in range(len(header))]
    head = "".join(f'<th scope="col"{k}>{text(h)}</th>' for h, k in zip(header, kind, strict=True))
    body = "".join(
        "<tr>"
        + f'<th scope="row"{kind[0]}>{row[0]}</th>'
        + "".join(f"<td{k}>{cell}</td>" for cell, k in zip(row[1:], kind[1:], strict=True))
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{text(caption)}">\n'
        f"<table><caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def page(title, body):
    """Return a whole page; ``body`` is HTML."""
    light, dark = (
        " ".join(f"--{name}: {color};" for name, color in colors.items())
        for colors in (LIGHT, DARK)
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE.format(light=light, dark=dark)}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{text(title)}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
