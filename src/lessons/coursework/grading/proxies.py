"""What hidden tests see of a submission: its values, and stand-ins for its functions."""

import builtins
import re

from lessons.coursework.inside.codec import CodecError, decode, encode
from lessons.coursework.intake.text import clean, words
from lessons.coursework.sandbox.session import WorkerLost

ERRORS = (
    *(ArithmeticError, AttributeError, FloatingPointError, IndexError, KeyError, LookupError),
    *(NotImplementedError, OverflowError, RuntimeError, TypeError, ValueError, ZeroDivisionError),
)


KINDS = {error.__name__ for error in vars(builtins).values() if isinstance(error, type)}


class StudentError(Exception):
    """A student's function did not give a value; the message says why.

    When it raised one of Python's usual exceptions, what tests see is also of that type, so that
    ``except ValueError`` does what it says. ``kind`` is the name of the exception's type, or
    ``None`` when there was none: it took too long, or returned what cannot be checked. ``told`` is
    the message without a word that the submission chose, which could give a hidden input away.
    """

    kind = None
    told = ""

    def __str__(self):
        """Return the message, as it is for ``KeyError`` too."""
        return str(self.args[0]) if self.args else ""


def _error(message, kinds=(), told=""):
    names = [kind for kind in kinds[:20] if type(kind) is str] if type(kinds) is list else []
    known = [error for name in names for error in ERRORS if error.__name__ == name][:1]
    made = type("StudentError", (StudentError, *known), {})(clean(message))
    made.kind = clean(names[0], 100) if names else None
    made.told = told
    return made


def _place(said):
    """Return where an exception arose, as the worker says it: cells and lines, nothing else."""
    found = re.search(r"\((cell \d{1,4}, line \d{1,6}(; cell \d{1,4}, line \d{1,6}){0,2})\)$", said)
    return f" ({found[1]})" if found else ""


class StudentFunction:
    """Stands for a function of the submission: a call runs it there and returns a plain value.

    Parameters
    ----------
    running : Running
    name : str
        The function's name in the notebook.

    Attributes
    ----------
    changed
        Whether its last call changed what it was given; ``expect.kept`` asks.
    """

    def __init__(self, running, name):
        self._running, self.__name__, self.changed = running, name, False

    def __repr__(self):
        return f"<the submission's {self.__name__}>"

    def __call__(self, *args, **keywords):
        """Call the function; arguments are copied, and ``changed`` tells what it did to them.

        Raises
        ------
        StudentError
            When it raised an exception, took too long, ended the worker, or returned something else
            than a value.
        """
        try:
            what = {"args": encode(list(args)), "keywords": encode(keywords)}
        except CodecError as error:
            raise TypeError(f"The test's arguments of {self.__name__}: one {error}.") from None
        try:
            answer = self._running.ask("call", self.__name__, **what)
        except WorkerLost as lost:
            said = f"{self.__name__} {lost}."
            raise _error(said, told=said) from None
        if "error" in answer:
            said, kinds = words(answer["error"]), answer.get("kinds")
            kind = kinds[0] if type(kinds) is list and kinds else None
            kind = kind if type(kind) is str and kind in KINDS else "an exception"
            told = f"{self.__name__} raised {kind}{_place(said)}."
            raise _error(f"{self.__name__} raised {said}", kinds, told)
        self.changed = answer.get("changed") is True
        return _value(f"The value of {self.__name__}", answer)


def _value(what, answer):
    if "unfit" in answer:
        raise _error(f"{what} {words(answer['unfit'])}.", told=f"{what} cannot be checked.")
    try:
        return decode(answer.get("value"))
    except CodecError as error:
        raise _error(f"{what} {error}.", told=f"{what} cannot be checked.") from None


class Environment:
    """The namespace of a submission as otter's tests ask for it: ``get(name)``.

    Parameters
    ----------
    running : Running
    **given
        Names that the grader supplies, such as ``_seed``.

    Attributes
    ----------
    missing
        The names that were asked for and are not defined, or still ``...``.
    """

    def __init__(self, running, **given):
        self._running, self._given, self.missing = running, given, []

    def get(self, name, default=None):
        """Return the value of a name, or a stand-in when it is a function; else ``default``.

        Raises
        ------
        StudentError
            When the name is something else than a value or a function, or no worker is left.
        """
        if name in self._given:
            return self._given[name]
        try:
            answer = self._running.ask("look", name)
        except WorkerLost as lost:
            raise _error(f"{name} {lost}.") from None
        kind = answer.get("is")
        if kind == "missing":
            self.missing.append(name)
            return default
        if kind == "function":
            return StudentFunction(self._running, name)
        if kind == "value":
            return _value(name, answer)
        raise _error(f"{name} {words(answer.get('why'))}.")
