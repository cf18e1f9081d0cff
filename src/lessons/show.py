"""The source of a function, class or module of the package, highlighted, in a notebook."""

import ast
import html
import inspect
import textwrap
from dataclasses import dataclass

from lessons import dark
from lessons._check import choice

# Colours on #f6f7f8; dark notebooks and the website's dark mode replace them. All reach 4.5 : 1.
_COLORS = {
    "Keyword": ("keyword", "#8a3d00"),
    "Operator.Word": ("keyword", "#8a3d00"),
    "Comment": ("comment", "#5a616b"),
    "Literal.String": ("string", "#00664a"),
    "Literal.Number": ("number", "#8f3380"),
    "Name.Function": ("name", "#005a8f"),
    "Name.Class": ("name", "#005a8f"),
    "Name.Decorator": ("name", "#005a8f"),
}
_DARK = (
    "--lessons-ink:#d7dce1;--lessons-paper:#1d1f21;--lessons-line:#3b4148;"
    "--lessons-keyword:#ffb37a;--lessons-comment:#a3abb5;--lessons-string:#7fd6b4;"
    "--lessons-number:#eab0de;--lessons-name:#84c5f4"
)
_BLOCK = (
    "border:1px solid var(--lessons-line,#d9dde1);border-radius:6px;overflow:hidden;"
    "color:var(--lessons-ink,#1f2933);background:var(--lessons-paper,#f6f7f8)"
)
_HEAD = (
    "margin:0;padding:.35em .9em;font-size:.85em;border-bottom:1px solid "
    "var(--lessons-line,#d9dde1);color:inherit"
)
_CODE = (
    "margin:0;padding:.7em .9em;overflow-x:auto;border:0;color:inherit;background:none;"
    "font-size:.9em;line-height:1.5"
)


@dataclass(frozen=True)
class Source:
    """The source text of one object. A notebook shows it highlighted; ``print`` shows it plain."""

    name: str
    text: str
    shortened: bool = False

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        note = " (docstring shortened)" if self.shortened else ""
        label = html.escape(self.name)
        return (
            dark.style(".lessons-source", _DARK) + f'<div class="lessons-source" style="{_BLOCK}">'
            f'<p style="{_HEAD}"><code style="color:inherit;background:none;border:0">{label}'
            f"</code>{note}</p>"
            # A box that scrolls must be reachable by keyboard and have a name.
            f'<pre tabindex="0" role="region" aria-label="Source of {label}" style="{_CODE}">'
            f"{_highlighted(self.text)}</pre></div>"
        )


def show(obj, *, docstring="summary"):
    """Show the source of ``obj``, with its full name above it.

    Parameters
    ----------
    obj : function, method, class or module
        Something written in Python. A decorated function shows its own source.
    docstring : {"summary", "full", "none"}
        How much of the docstrings to keep: the first line of each, all, or nothing.

    Returns
    -------
    Source
        Highlighted in a notebook, plain when printed.

    Raises
    ------
    TypeError
        If ``obj`` has no Python source: a number, a built-in function, a class of an extension.

    Examples
    --------
    >>> from lessons._check import choice
    >>> print(show(choice, docstring="none"))
    def choice(name: str, value: Any, choices: Iterable[str]) -> str:
        choices = list(choices)
        if isinstance(value, str) and value in choices:
            return value
        ...
    """
    choice("docstring", docstring, ["summary", "full", "none"])
    target = obj.fget if isinstance(obj, property) else obj
    target = inspect.unwrap(target) if callable(target) else target
    kinds = (inspect.isfunction, inspect.ismethod, inspect.isclass, inspect.ismodule)
    try:
        if not any(kind(target) for kind in kinds):
            raise TypeError("neither function, class nor module")
        text = textwrap.dedent(inspect.getsource(target))
    except (TypeError, OSError) as error:
        name = getattr(obj, "__qualname__", None) or repr(obj)
        raise TypeError(
            f"obj={name} is a {type(obj).__name__} without Python source; expected a function, "
            "class or module that is written in Python."
        ) from error
    name = target.__name__
    if not inspect.ismodule(target):
        name = f"{target.__module__}.{target.__qualname__}"
    short = text if docstring == "full" else _without_docstrings(text, docstring == "summary")
    return Source(name, short.rstrip("\n"), shortened=docstring == "summary" and short != text)


def _without_docstrings(text, summary):
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a lambda's source is a piece of a statement
        return text
    lines = text.splitlines(keepends=True)
    kinds = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in ast.walk(tree):
        if not isinstance(node, kinds) or ast.get_docstring(node) is None:
            continue
        place = node.body[0]
        first, last = place.lineno - 1, place.end_lineno
        literal = "".join(lines[first:last]).strip()
        if ast.get_source_segment(text, place) != literal:
            continue  # something else stands on the docstring's lines
        keep = summary or len(node.body) == 1
        if keep and last > first + 1:
            prefix = literal[: literal.index('"')] if '"' in literal[:2] else ""
            line = literal.strip(f"{prefix}\"'").strip().partition("\n")[0].rstrip()
            lines[first] = f'{" " * place.col_offset}{prefix}"""{line}"""\n'
        elif not keep:
            lines[first] = ""
        # Lines are emptied, not removed, so that later docstrings stay where the tree says.
        lines[first + 1 : last] = [""] * (last - first - 1)
    return "".join(lines)


def _highlighted(text):
    from pygments import lex
    from pygments.lexers import PythonLexer

    parts = []
    for token, value in lex(text, PythonLexer()):
        value = html.escape(value, quote=False)
        kind = str(token).removeprefix("Token.")
        found = next((c for key, c in _COLORS.items() if f"{kind}.".startswith(f"{key}.")), None)
        if found and value.strip():
            value = f'<span style="color:var(--lessons-{found[0]},{found[1]})">{value}</span>'
        parts.append(value)
    return "".join(parts).rstrip("\n")
