"""What a person decides about one student holds, is given a reason, and outlives regrading."""

import io
import zipfile

import pytest

from lessons.coursework.intake import roster
from lessons.coursework.intake.tables import parse
from lessons.coursework.reports import items, lms, manual, report, similarity
from lessons.coursework.reports.decisions import Decided, Override, given, read
from lessons.coursework.reports.manual import code_of, is_empty
from lessons.coursework.reports.marks import Mark, deadline
from tests.coursework import fakes
from tests.coursework.cli.test_cli import assignment, grade, rows  # noqa: F401
from tests.coursework.reports.test_exports import mark

HEAD = "student,question,points,due,reason\n"


def test_points_and_deadlines_of_single_students(grade, tmp_path):  # noqa: F811
    about = {"ada": {"score": 2.0}, "bob": {"score": 6.0}}
    grade(about=about)
    table = tmp_path / "out" / "decisions.csv"
    table.write_text(
        HEAD + 'ada,q1,"3,5",,Right by hand.\nbob,,,2100-01-01T00:00,Was ill.\nzoe,q1,1,,x\n'
    )
    more = ["--due", "2000-01-01T00:00", "--penalty", "10"]
    for again in ({}, {"ada": {"score": 2.0, "output": "other"}}):  # kept when graded again
        code, said = grade("--resume", *more, about=again)
        assert code == 0 and "no submission of 'zoe'" in said
        ada, bob = rows(tmp_path / "out" / "scores.csv")
        assert (ada["q1"], bob["score"], bob["deduction"]) == ("3.5", "6", "")
        assert "q1: 3.5 points, Right by hand." in ada["notes"]
        assert "deadline 2100-01-01 00:00: Was ill." in bob["notes"]
    page = (tmp_path / "out" / "feedback" / "ada.html").read_text()
    assert "decided by a person" in page and "Right by hand." in page


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ada,q1,3,,", "needs a reason"),
        ("ada,q1,,,why", "a question and its points"),
        ("ada,,,,why", "a question and its points"),
        ("ada,q1,many,,why", "expected a number"),
        ("ada,,,soon,why", "is no time"),
        ("ada,q9,1,,why", "'q9' is none of q1, q2"),
        ("ada,q1,99,,why", "at most 4 points"),
    ],
)
def test_a_decision_that_is_none_is_told(row, said):
    with pytest.raises(ValueError, match=said):
        given(read((HEAD + row).encode(), "d.csv", deadline), {"ada": "ada"}, fakes.ASSIGNMENT)


def test_the_written_part_can_be_marked_without_names(grade, tmp_path):  # noqa: F811
    grade("--anonymous", about={"ada": {}, "bob": {"answer": "Else."}})
    out = tmp_path / "out"
    sheet = (out / "to_grade_by_hand.csv").read_text()
    page = (out / "to_grade_by_hand.html").read_text()
    for name in ("ada", "bob"):
        assert name not in sheet and name not in page
    code = code_of("bob", (out / "salt.txt").read_text().strip())
    (tmp_path / "marks.csv").write_text(f"student,question,points\n{code},words,3\n")
    grade("--resume", "--anonymous", "--manual", tmp_path / "marks.csv")
    assert [r["words"] for r in rows(out / "scores.csv")] == ["", "3"]
    assert [r["points"] for r in rows(out / "to_grade_by_hand.csv") if r["points"]] == ["3"]


def test_an_empty_answer_waits_for_nobody(grade, tmp_path):  # noqa: F811
    assert is_empty("\n") and not is_empty("Because.")
    _, said = grade(about={"ada": {"answer": "**Your answer:**\n\n_Replace this line._"}})
    (row,) = rows(tmp_path / "out" / "scores.csv")
    assert (row["words"], row["to mark by hand"]) == ("0", "")
    assert "to mark by hand" not in said


def test_pages_go_back_as_the_lms_wants_them():
    marks = [
        mark("Ada L_7_assignsubmission_file_/clipping.ipynb"),
        mark("lovelaceada_LATE_1_20_clipping.ipynb"),
        mark("bob.ipynb"),
    ]
    assert set(lms.feedback_zips(marks)) == {"moodle_feedback.zip", "canvas_feedback.zip"}


def test_the_zip_holds_each_page_under_its_student_s_name(tmp_path):
    one = mark("Ada L_7_assignsubmission_file_/clipping.ipynb")
    (tmp_path / f"{one.submission.key}.html").write_text("page")
    data = lms.feedback_zips([one])["moodle_feedback.zip"](tmp_path)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.namelist() == ["Ada L_7_assignsubmission_file_/feedback.html"]
        assert file.read(file.namelist()[0]) == b"page"


def test_all_members_of_a_group_get_the_marks(tmp_path):
    from dataclasses import replace

    (tmp_path / "class.csv").write_text("id,email\na1,ada@u.edu\nb2,bob@u.edu\n")
    known = roster.read(tmp_path / "class.csv")
    one = mark("ada.ipynb").submission
    one = replace(one, members=("bob@u.edu", "carl@u.edu"), person=known.people[0], student="a1")
    result = fakes.result("ada", 5.0)
    marks = report.mark_all(
        fakes.ASSIGNMENT, [one], {one.key: result}, {}, roster=known,
        decided={"a1": Decided({"q1": Override(1.0, "why")})},
    )  # fmt: skip
    assert [(m.student, m.score, m.leader) for m in marks] == [
        ("a1", 2.0, ""), ("b2", 2.0, "a1"), ("carl@u.edu", 2.0, "a1"),
    ]  # fmt: skip
    assert marks[1].submission.person.id == "b2"
    assert len(parse(manual.sheet(marks), "sheet").rows) == 1  # marked once


def test_items_tell_strong_from_weak_work():
    marks = [Mark(mark(f"s{i}.ipynb").submission, fakes.result("x", s)) for i, s in enumerate(
        [0.0, 1.0, 4.0, 6.0])]  # fmt: skip
    found = {row["test"]: row for row in items.items(marks)}
    assert (found["small"]["passed"], found["small"]["share"]) == ("3", "0.75")
    assert float(found["large"]["discrimination"]) > 0.5


CODE = """
def clip(gradients, threshold):
    total = 0.0
    for gradient in gradients:
        if gradient is not None:
            total += gradient.double().square().sum().item()
    norm = math.sqrt(total)
    factor = 1.0 if norm <= threshold else threshold / norm
    scaled = []
    for gradient in gradients:
        scaled.append(None if gradient is None else gradient * factor)
    while len(scaled) < 3 and total > 0 or not scaled:
        scaled = [scaled, (total, norm), {1: factor}]
    with torch.no_grad():
        for weight, step in zip(weights, scaled):
            weight -= rate * step
    return {"norm": norm, "steps": [len(scaled)] * 2, "total": -total ** 2}
"""


def test_likeness_survives_other_names_and_comments_and_leaves_out_what_all_share():
    renamed = (
        CODE.replace("gradient", "g")
        .replace("total", "t")
        .replace("\n    norm", "\n    # x\n    norm")
    )
    other = "\n".join(f"value_{i} = table[{i}] @ other[{i}:{i + 1}] % {i}" for i in range(40))
    found = similarity.pairs({"ada": CODE, "bob": renamed, "carl": other})
    assert [(one, two) for one, two, _ in found] == [("ada", "bob")]
    assert similarity.pairs({f"s{i}": CODE for i in range(9)}) == []  # the whole class: handed out
