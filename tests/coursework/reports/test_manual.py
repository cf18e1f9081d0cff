"""Marks by hand: what is filled in comes back, to the answer it was given for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.intake.collect import Submission
from lessons.coursework.intake.tables import dump, parse, unescape
from lessons.coursework.reports import manual
from lessons.coursework.reports.marks import HandMark, Mark
from tests.coursework import fakes

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"))


def mark(student="ada", answer="Because.", by_hand=None, **more):
    submission = Submission(student, student, student.title(), "", f"{student}.ipynb", student)
    return Mark(submission, fakes.result(student, answer=answer), by_hand or {}, **more)


def fill(data, **columns):
    """Return a sheet with columns filled in, as a spreadsheet would save it."""
    table = parse(data, "sheet")
    rows = [row | columns for row in table.rows]
    return dump(table.header, rows, delimiter=";", marked=True)


def applied(rows, marks):
    answers = {m.student: m.result.manual for m in marks}
    return manual.given(rows, answers, {m.student: m.student for m in marks})


@given(st.lists(TEXT, min_size=1, max_size=4), st.floats(0, 3).map(lambda x: round(x, 2)), TEXT)
def test_there_and_back(answers, points, comment):
    marks = [mark(f"s{i}", answer) for i, answer in enumerate(answers)]
    sheet = fill(manual.sheet(marks), points=str(points).replace(".", ","), comment=comment)
    given_marks, problems = applied(manual.read(sheet, "sheet"), marks)
    assert problems == []
    expected = HandMark(points, unescape(comment).strip())
    assert given_marks == {m.student: {"words": expected} for m in marks}


def test_the_sheet_shows_what_was_given_before():
    marks = [mark("ada", by_hand={"words": HandMark(2.5, "Good.")}), mark("bob")]
    rows = parse(manual.sheet(marks), "sheet").rows
    assert [(r["points"], r["comment"]) for r in rows] == [("2.5", "Good."), ("", "")]


def test_an_empty_sheet_gives_no_marks():
    assert manual.read(manual.sheet([mark()]), "sheet") == []


def test_a_comment_without_points_is_carried_over():
    filled = manual.read(fill(manual.sheet([mark()]), comment="See me."), "sheet")
    assert applied(filled, [mark()]) == ({"ada": {}}, [])
    assert parse(manual.sheet([mark()], filled), "sheet").rows[0]["comment"] == "See me."


def test_a_mark_does_not_move_to_a_later_answer():
    rows = manual.read(fill(manual.sheet([mark(answer="Old.")]), points="3"), "sheet")
    marks, problems = applied(rows, [mark(answer="New.")])
    assert marks == {"ada": {}}
    assert "another answer" in problems[0]
    assert applied(rows, [mark(answer="Old.\r\n")])[0]["ada"]["words"].points == 3


def test_a_plain_list_is_enough():
    rows = manual.read(b"student,question,points\nada,words,2\n", "marks.csv")
    assert applied(rows, [mark()])[0] == {"ada": {"words": HandMark(2.0)}}


@pytest.mark.parametrize(
    ("line", "said"),
    [("eve,words,1", "no submission of 'eve'"), ("ada,q1,1", "not marked by hand")],
)
def test_rows_that_fit_nothing_are_told(line, said):
    rows = manual.read(f"student,question,points\n{line}\n".encode(), "marks.csv")
    marks, problems = applied(rows, [mark()])
    assert marks == {"ada": {}}
    assert said in problems[0] and "marks.csv, row 2" in problems[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,question,points\nada,words,3.5\n", "at most 3"),
        ("student,question,points\nada,words,good\n", "points='good'"),
        ("student,question,points\nada,words,-1\n", "points='-1'"),
        ("student,points\nada,1\n", "no column 'question'"),
    ],
)
def test_wrong_marks_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        applied(manual.read(text.encode(), "marks.csv"), [mark()])
