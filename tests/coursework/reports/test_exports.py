"""What goes back to Canvas, Moodle and Gradescope is what they expect, and runs nothing."""

import json

import pytest

from lessons.coursework.intake import roster
from lessons.coursework.intake.collect import Submission
from lessons.coursework.intake.filenames import named
from lessons.coursework.intake.tables import number, parse
from lessons.coursework.reports import exports, lms
from lessons.coursework.reports.marks import HandMark, Mark
from tests.coursework import fakes
from tests.coursework.intake.test_roster import CANVAS, MOODLE, PLAIN


@pytest.fixture
def class_list(tmp_path):
    def make(text):
        path = tmp_path / "class.csv"
        path.write_text(text, encoding="utf-8")
        return roster.read(path)

    return make


def mark(path, classlist=None, score=4.0, by_hand=None, **more):
    said = named(path)
    person = classlist.person(said)[0] if classlist else None
    student = person.id if person else said.student
    name = person.name if person else said.student
    submission = Submission(student, student, name, "", path, student, person=person)
    return Mark(submission, fakes.result(student, score, **more), by_hand or {})


def cells(data):
    table = parse(data, "file")
    return [table.header, *(tuple(row.values()) for row in table.rows)]


def test_scores():
    marks = [mark("bob.ipynb", by_hand={"words": HandMark(1.5)}), mark("ada.ipynb", score=5.5)]
    ada, bob = parse(exports.scores(marks, []), "scores").rows
    assert (ada["student"], ada["score"], ada["possible"], ada["percent"]) == (
        "ada",
        "5.5",
        "9",
        "61.1",
    )
    assert (ada["q1"], ada["q2"], ada["words"], ada["to mark by hand"]) == ("4", "1.5", "", "words")
    assert (bob["score"], bob["words"], bob["to mark by hand"]) == ("5.5", "1.5", "")


@pytest.mark.parametrize(("zero", "score"), [(False, ""), (True, "0")])
def test_students_without_a_submission_are_in_the_table(class_list, zero, score):
    people = class_list(PLAIN).people
    rows = parse(exports.scores([mark("ada.ipynb")], people[1:], zero=zero), "scores").rows
    assert [(r["student"], r["status"], r["score"]) for r in rows] == [
        ("1002", "no submission", score),
        ("ada", "graded", "4"),
    ]


@pytest.mark.parametrize("student", ["=cmd()", "+1+1", "-1+x", "@SUM(A1)", "\t=1"])
def test_no_table_holds_a_formula(class_list, student):
    quoted = f'"{student}"'
    canvas = class_list(f"Student,ID,SIS Login ID\n{quoted},7,{quoted}\n")
    moodle = class_list(f"Identifier,Full name,Grade\nParticipant 7,{quoted},\n")
    for known, path in ((canvas, "x_7_1_clipping.ipynb"), (moodle, "x_7_assignsubmission_file_/c")):
        one = mark(path, known, reason="=1", notes=("=2",))
        for data in (
            exports.scores([one], known.people),
            lms.canvas(canvas, [one], "=column"),
            lms.moodle(moodle, [one]),
        ):
            for line in data.decode("utf-8-sig").splitlines():
                for cell in line.split(","):
                    cell = cell.strip('"')
                    assert not cell.startswith(("=", "+", "-", "@", "\t")), line


def test_canvas_gets_its_own_file_back_with_one_column_filled(class_list):
    known = class_list(CANVAS)
    column = lms.canvas_column(known, fakes.ASSIGNMENT)
    assert column == "Gradient clipping (4711)"
    marks = [mark("x_12345_1_c.ipynb", known, 5.25), mark("x_12347_2_c.ipynb", known, 0.0)]
    data = lms.canvas(known, marks, column)
    before, after = cells(CANVAS.encode()), cells(data)
    assert data.startswith(b"\xef\xbb\xbf")
    at = before[0].index(column)
    assert [row[at] for row in after] == [column, "Manual Posting", "9", "5.25", "5", "0", ""]
    assert [r[:at] + r[at + 1 :] for r in after] == [r[:at] + r[at + 1 :] for r in before]
    zeros = cells(lms.canvas(known, marks, column, zero=True))
    assert [row[at] for row in zeros[3:]] == ["5.25", "0", "0", "0"]


def test_canvas_gets_a_new_column_where_there_is_none(class_list):
    known = class_list("Student,ID\n    Points Possible,\nAda,1\n")
    column = lms.canvas_column(known, fakes.ASSIGNMENT)
    data = lms.canvas(known, [mark("x_1_1_c.ipynb", known)], column)
    assert cells(data) == [
        ("Student", "ID", "Gradient clipping"),
        ("    Points Possible", "", "9"),
        ("Ada", "1", "4"),
    ]


def test_the_column_may_be_named(class_list):
    known = class_list("Student,ID,Week 3 (1),week 3 (2),Lab (3)\nAda,1,,,\n")
    assert lms.canvas_column(known, fakes.ASSIGNMENT, "lab") == "Lab (3)"
    with pytest.raises(ValueError, match="2 columns"):
        lms.canvas_column(known, fakes.ASSIGNMENT, "Week 3")
    with pytest.raises(ValueError, match="no column 'Week 4'"):
        lms.canvas_column(known, fakes.ASSIGNMENT, "Week 4")


def test_moodle_gets_grades_and_comments_as_html(class_list):
    known = class_list(MOODLE)
    by_hand = {"words": HandMark(1.0, "See <b> & think")}
    one = mark("x_502_assignsubmission_file_/c.ipynb", known, 2.5, by_hand)
    rows = parse(lms.moodle(known, [one]), "worksheet").rows
    assert (rows[0]["Grade"], rows[0]["Feedback comments"]) == ("", "")
    assert rows[1]["Grade"] == "3.5"
    assert "See &lt;b&gt; &amp; think" in rows[1]["Feedback comments"]
    assert "<br>" in rows[1]["Feedback comments"]
    assert rows[1]["Full name"] == "王小明"


@pytest.mark.parametrize(("text", "most"), [(CANVAS, 9.0), (MOODLE, 9.0), (PLAIN, None)])
def test_the_lists_own_number_of_points(class_list, text, most):
    assert lms.most_points(class_list(text), [], "Gradient clipping (4711)") == most


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # otter's own imports
def test_gradescope_says_what_otter_says():
    """The same names, points and limits as otter writes for the same results."""
    from otter.run import AutograderConfig
    from otter.test_files import ExceptionTestFile, GradingResults, TestCase, TestCaseResult

    one = mark("ada.ipynb", score=4.5)
    files = []
    for q in one.result.questions:
        cases = [TestCase(c.name, None, c.hidden, c.possible, None, None) for c in q.cases]
        file = ExceptionTestFile(q.name, "", cases, all_or_nothing=False)
        file.test_case_results = [
            TestCaseResult(case, "", c.passed) for case, c in zip(cases, q.cases, strict=True)
        ]
        file.update_score(q.score)
        files.append(file)
    theirs = GradingResults(files).to_gradescope_dict(AutograderConfig({"show_hidden": True}))
    ours = json.loads(exports.gradescope(one))
    wanted = {"name", "score", "max_score", "visibility"}
    assert [{k: t[k] for k in wanted} for t in ours["tests"] if t["name"] != "words"] == [
        {k: t[k] for k in wanted} for t in theirs["tests"] if "score" in t
    ]


def test_gradescope_has_the_marks_by_hand_and_every_name():
    one = mark("王小明.ipynb", by_hand={"words": HandMark(2.0, "好")}, reason=None)
    text = exports.gradescope(one)
    ours = json.loads(text)
    assert ours["score"] == 6.0 == sum(test["score"] for test in ours["tests"])
    assert [t["output"] for t in ours["tests"]][-1] == "好"
    assert sum(test["max_score"] for test in ours["tests"]) == 9.0


def test_points_are_written_with_a_point(class_list):
    rows = parse(exports.scores([mark("ada.ipynb", score=4 + 1 / 3)], []), "scores").rows
    assert rows[0]["score"] == "4.33"
    assert number(rows[0]["score"]) == 4.33
