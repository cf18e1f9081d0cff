"""A built assignment is found and checked; what is missing is said."""

import json

import pytest

from lessons.coursework.grading.assignment import AssignmentError, Question, load
from tests.coursework.submissions import TINY

STORED = json.loads((TINY / "assignment.json").read_text(encoding="utf-8"))


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Return a function that writes an assignment where ``make assignments`` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lessons.coursework.grading.assignment.ROOT", tmp_path)

    def write(tests=("q1", "q2"), **changes):
        folder = tmp_path / "_build" / "assignments" / "tiny"
        (folder / "tests").mkdir(parents=True)
        for name in tests:
            (folder / "tests" / f"{name}.py").write_text("", encoding="utf-8")
        text = json.dumps({**STORED, **changes})
        (folder / "assignment.json").write_text(text, encoding="utf-8")
        return folder

    return write


def test_a_name_is_looked_up_where_assignments_are_built(built):
    folder = built()
    assignment = load("tiny")
    assert assignment == load(folder)
    assert assignment.questions[2] == Question("q3", 3.0, True)
    assert assignment.possible == 6.0
    assert assignment.tests == {q: folder / "tests" / f"{q}.py" for q in ("q1", "q2")}
    assert assignment.hide == ("lessons/fixes",)


def test_an_unknown_name_is_refused_with_those_that_are_built(built):
    built()
    with pytest.raises(AssignmentError, match=r"make assignments \(built are: tiny\)"):
        load("tinny")


def test_tests_that_are_missing_are_named(built):
    built(tests=["q1"])
    with pytest.raises(AssignmentError, match=r"lacks tests/q2\.py"):
        load("tiny")


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": True},
        {"questions": []},
        {"questions": [{"name": "../q1", "points": 1}]},
        {"questions": [{"name": "q1", "points": -1}]},
        {"questions": [{"name": "q1", "points": 1}] * 2},
        {"questions": [{"name": "q1", "points": 1, "manual": "no"}]},
        {"questions": 5},
        {"hide": ["/etc"]},
        {"hide": ["lessons/../.."]},
        {"title": None},
    ],
    ids=repr,
)
def test_a_damaged_assignment_is_refused(built, changes):
    built(**changes)
    with pytest.raises(AssignmentError, match="is damaged"):
        load("tiny")
