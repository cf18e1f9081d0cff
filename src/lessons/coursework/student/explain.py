"""Why a student's answer did not pass, in one or two plain sentences."""

import dis
import linecache
import traceback
import types
from pathlib import Path

PACKAGE = str(Path(__file__).resolve().parents[2])
MOST = 300  # characters of a message


def unfinished(needs, names):
    """Return what must still be written before a test makes sense, or ''.

    Examples
    --------
    >>> unfinished(["f"], {})
    '`f` is not defined. Run the cell that defines it.'
    >>> def f(x):
    ...     ...
    >>> unfinished(["f"], {"f": f})
    '`f` is still to be written: replace the `...` in it, run the cell, and check again.'
    """
    for name in needs:
        if name not in names:
            return f"`{name}` is not defined. Run the cell that defines it."
        if names[name] is Ellipsis or _is_empty(names[name]):
            todo = f"`{name}` is still to be written: replace the `...`"
            inside = " in it" if callable(names[name]) else ""
            return f"{todo}{inside}, run the cell, and check again."
    return ""


def _is_empty(value):
    """Say whether a function holds no more than a docstring and ``...``."""
    if not isinstance(value, types.FunctionType):
        return False
    steps = [step for step in dis.get_instructions(value) if step.opname not in {"RESUME", "NOP"}]
    return all(
        step.opname == "RETURN_VALUE"
        or (step.opname in {"LOAD_CONST", "RETURN_CONST"} and step.argval is None)
        for step in steps
    )


def error(problem, ignore=""):
    """Return what went wrong, and in which line of the student's code.

    Parameters
    ----------
    problem : Exception
        As it was caught. Of a failed assertion only its words count.
    ignore : str
        The name of the test's file; its lines are not the student's.
    """
    said = shorten(str(problem))
    frames = traceback.extract_tb(problem.__traceback__)
    theirs = [
        frame
        for frame in frames
        if frame.filename not in (ignore, __file__) and not frame.filename.startswith(PACKAGE)
    ]
    if isinstance(problem, AssertionError) and not theirs:
        return said or "The result is not the expected one."
    kind = type(problem).__name__
    text = f"{kind}: {said}" if said else kind
    if isinstance(problem, KeyError):
        text = f"{kind}: there is no {said}"
    if not theirs:
        return text
    # What torch does inside is no help; the last line of the notebook is.
    own = [frame for frame in theirs if "site-packages" not in frame.filename]
    frame = (own or theirs)[-1]
    line = (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()
    where = f"in `{frame.name}`, line {frame.lineno} of its cell"
    return f"{text} ({where}: `{shorten(line, 100)}`)" if line else f"{text} ({where})"


def shorten(text, most=MOST):
    """Return ``text`` in one line of at most ``most`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
