"""A built assignment: its questions, and where its tests lie."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from lessons._check import integer, number

BUILT = Path("_build") / "assignments"
ROOT = Path(__file__).resolve().parents[4]


class AssignmentError(Exception):
    """The assignment itself is not as it must be: no submission is to blame."""


@dataclass(frozen=True)
class Question:
    """One question: its name, its points, and whether a person marks it."""

    name: str
    points: float
    manual: bool = False


@dataclass(frozen=True)
class Assignment:
    """A built assignment.

    Attributes
    ----------
    name, title
        Its name in commands, and for people.
    questions
        The questions in their order.
    tests
        Name of a question to the file with its tests, public and hidden. They never enter a
        sandbox.
    hide
        Modules and packages below ``src`` that the sandbox leaves out, such as ``lessons/fixes``.
    digest
        SHA-256 over the tests.
    """

    name: str
    title: str
    questions: tuple[Question, ...]
    tests: dict[str, Path] = field(repr=False)
    hide: tuple[str, ...] = ()
    digest: str = ""

    @property
    def possible(self):
        """The points that can be had without the questions marked by hand."""
        return sum(question.points for question in self.questions if not question.manual)


def _folder(name_or_path):
    given = Path(name_or_path)
    built = BUILT / given
    for folder in (given, built, ROOT / built):  # from anywhere, where the package is a checkout
        if (folder / "assignment.json").is_file():
            return folder.resolve()
    folders = (BUILT, ROOT / BUILT)
    there = sorted({p.parent.name for f in folders for p in f.glob("*/assignment.json")})
    raise AssignmentError(
        f"There is no built assignment {str(name_or_path)!r}: neither "
        f"{given / 'assignment.json'} nor {built / 'assignment.json'} exists. "
        "Build the assignments with: make assignments"
        + (f" (built are: {', '.join(there)})" if there else "")
    )


def _question(entry):
    name, manual = entry["name"], entry.get("manual", False)
    if not isinstance(name, str) or not name.isidentifier() or not isinstance(manual, bool):
        raise ValueError(f"wrong question {entry!r}")
    return Question(name, number("points", entry["points"], least=0), manual)


def load(name_or_path):
    """Return the built assignment that stands in a folder or has a name.

    Parameters
    ----------
    name_or_path : str or Path
        The folder with ``assignment.json``; or a name, looked up in ``_build/assignments`` under
        the working directory.

    Raises
    ------
    AssignmentError
        When there is none, or it is not whole.
    """
    folder = _folder(name_or_path)
    source = folder / "assignment.json"
    try:
        built = json.loads(source.read_text(encoding="utf-8"))
        integer("schema", built["schema"], 1, 1)
        questions = tuple(_question(entry) for entry in built["questions"])
        names = [question.name for question in questions]
        if len(set(names)) < len(names) or not names:
            raise ValueError("no questions, or two with one name")
        hide = tuple(built.get("hide", ()))
        for path in hide:
            if not isinstance(path, str) or not path.startswith("lessons/") or ".." in path:
                raise ValueError(f"hide={path!r}; expected a path such as 'lessons/fixes'")
        tests = {q.name: folder / "tests" / f"{q.name}.py" for q in questions if not q.manual}
        name, title, digest = built["name"], built["title"], built["digest"]
        if not all(isinstance(text, str) for text in (name, title, digest)):
            raise ValueError("name, title and digest must be text")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        message = f"{source} is damaged ({error}). Build again: make assignments"
        raise AssignmentError(message) from error
    if missing := [path.name for path in tests.values() if not path.is_file()]:
        raise AssignmentError(f"{folder} lacks tests/{missing[0]}. Build again: make assignments")
    return Assignment(name, title, questions, tests, hide, digest)
