"""Cells of a notebook as Jupyter would run them: IPython's magics, and ``await`` at the top.

What measures or hides (``%%time``, ``%%capture``, ``%prun``) runs its code; what installs, draws,
asks or calls a shell does not.
"""

import ast
import inspect
import re

ASK = {"flags": ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, "dont_inherit": True}
RUN = {"time", "capture", "prun"}
# Lines that are never run; a notebook that has no others needs no IPython, which is slow to import.
_IDLE = re.compile(
    r"^([ \t]*)(?:!|%(?:pip|conda|matplotlib|config|load_ext|reload_ext|autoreload|cd|pwd)\b).*",
    re.MULTILINE,
)


def compiled(source, name):
    """Return the code of a cell, and whether lines were left out of it.

    Parameters
    ----------
    source, name : str

    Raises
    ------
    SyntaxError
        Of the source as it is, if IPython would not understand it either.

    Examples
    --------
    >>> cell = "try:\\n    import lessons\\nexcept ImportError:\\n    %pip install lessons"
    >>> compiled(cell, "cell 1")[1], compiled("x = (7\\n % 3)", "cell 2")[1]
    (True, False)
    """
    try:
        return compile(source, name, "exec", **ASK), False
    except SyntaxError as error:
        for plain, left_out in ((_without_idle_lines, True), (_by_ipython, False)):
            try:
                return compile(plain(source), name, "exec", **ASK), left_out
            except (SyntaxError, ImportError):
                continue
        raise error from None


def _without_idle_lines(source):
    return _IDLE.sub(r"\1pass", source)


def _by_ipython(source):
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


class Shell:
    """What ``get_ipython()`` gives in a notebook that is graded.

    Parameters
    ----------
    names : dict
        The notebook's variables.

    Attributes
    ----------
    left_out : bool
        Whether something was not run since this was last set to false.
    """

    def __init__(self, names):
        self._names, self._loop, self._name, self.left_out = names, None, "", False

    def run(self, source, name):
        """Run a cell; ``name`` is its file name in tracebacks."""
        self._name = name
        code, self.left_out = compiled(source, name)
        self._run(code)

    def end(self):
        """Close what ``await`` needed."""
        if self._loop is not None:
            self._loop.close()

    def _run(self, code):
        if not code.co_flags & inspect.CO_COROUTINE:
            exec(code, self._names)
            return
        import asyncio

        self._loop = self._loop or asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(eval(code, self._names))

    def run_cell_magic(self, name, line, body):
        """Run the body of a cell below ``%%name``, if it is one that IPython runs itself."""
        if name not in RUN:
            self.left_out = True
            return
        code, left_out = compiled("\n" + body, self._name)  # its lines keep their numbers
        self.left_out = self.left_out or left_out
        self._run(code)

    def run_line_magic(self, name, line, *_, **__):
        """Run the rest of the line after ``%name``; return the value of an expression."""
        if name not in RUN:
            self.left_out = True
            return None
        try:
            code = compile(line, self._name, "eval", dont_inherit=True)
        except SyntaxError:
            self._run(compiled(line, self._name)[0])
            return None
        return eval(code, self._names)

    def system(self, command):
        """Run no command."""
        self.left_out = True

    def getoutput(self, command):
        """Run no command; return its empty output."""
        self.left_out = True
        return []

    def __getattr__(self, name):
        return lambda *args, **keywords: None
