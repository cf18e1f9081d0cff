"""Cells of IPython as plain Python: lines that only IPython understands are left out."""

import re

MAGIC = re.compile(r"\s*(?:[\w, ]+=\s*)?[%!]|\s*\?{0,2}[\w.]+\?{1,2}\s*$|\s*\?{1,2}[\w.]+\s*$")
LINES = 100


def without_magics(source):
    """Return the source as plain Python, and whether lines of IPython had to go.

    A cell magic (``%%``) empties the cell; a line magic, a shell line or a line that asks for help
    becomes ``pass``. A source that is Python already stays as it is.

    Examples
    --------
    >>> without_magics("try:\\n    import lessons\\nexcept ImportError:\\n    %pip install lessons")
    ('try:\\n    import lessons\\nexcept ImportError:\\n    pass', True)
    >>> without_magics("x = (7\\n     % 3)")
    ('x = (7\\n     % 3)', False)
    """
    if source.lstrip().startswith("%%"):
        return "", True
    lines = source.split("\n")
    changed = False
    for _ in lines[:LINES]:
        line = _line_of_error("\n".join(lines))
        if line is None or line >= len(lines) or not MAGIC.match(lines[line]):
            break
        lines[line] = re.match(r"\s*", lines[line])[0] + "pass"
        changed = True
    return "\n".join(lines), changed


def _line_of_error(source):
    """Return the line (from 0) at which ``source`` ceases to be Python, or None."""
    try:
        compile(source, "cell", "exec", dont_inherit=True)
    except SyntaxError as error:
        return (error.lineno or 1) - 1
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return None
    return None
