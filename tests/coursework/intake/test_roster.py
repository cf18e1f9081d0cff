"""Class lists of Canvas and Moodle, and plain ones."""

import pytest

from lessons.coursework.intake import roster
from lessons.coursework.intake.filenames import named

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Gradient clipping (4711),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,9,(read only)
"Lovelace, Ada",12345,s1,ada@uni.edu,Mon,,
"Wang, Xiǎo",12346,s2,xwang,Mon,5,
"Wang, Xiao",12347,s3,xwang2,Tue,,
"Student, Test",99999,,abc123,Tue,,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 501,Ada Lovelace,ada@uni.edu,Submitted,,9.00,
Participant 502,王小明,wang@uni.edu,Submitted,,9.00,
"""
PLAIN = "id;name;email\n1001;Ada Lovelace;ada@uni.edu\n1002;Bob;bob@uni.edu\n"


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        path = tmp_path / "class.csv"
        path.write_text(text, encoding="utf-8")
        return roster.read(path)

    return from_text


@pytest.mark.parametrize(
    ("text", "kind", "ids"),
    [
        (CANVAS, "canvas", ["ada@uni.edu", "xwang", "xwang2", "abc123"]),
        (MOODLE, "moodle", ["ada@uni.edu", "wang@uni.edu"]),
        (PLAIN, "plain", ["1001", "1002"]),
        ("email\na@b.c\n", "plain", ["a@b.c"]),
        ("Student\nada\nbob\n", "plain", ["ada", "bob"]),
    ],
)
def test_kinds(read, text, kind, ids):
    found = read(text)
    assert found.kind == kind
    assert [person.id for person in found.people] == ids


@pytest.mark.parametrize(
    ("text", "path", "who"),
    [
        (CANVAS, "lovelaceada_12345_1_clipping.ipynb", "ada@uni.edu"),
        (CANVAS, "anything_12347_1_clipping.ipynb", "xwang2"),
        (CANVAS, "ada.ipynb", "ada@uni.edu"),
        (CANVAS, "Ada Lovelace.ipynb", "ada@uni.edu"),
        (CANVAS, "lovelaceada.ipynb", "ada@uni.edu"),
        (MOODLE, "Somebody_502_assignsubmission_file_/x.ipynb", "wang@uni.edu"),
        (MOODLE, "王小明.ipynb", "wang@uni.edu"),
        (PLAIN, "1002.ipynb", "1002"),
        (PLAIN, "BOB@uni.edu.ipynb", "1002"),
        (PLAIN, "bob_1_2_clipping.ipynb", "1002"),
    ],
)
def test_who_handed_it_in(read, text, path, who):
    person, reason = read(text).person(named(path))
    assert reason is None
    assert person.id == who


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (CANVAS, "lovelaceada_777_1_clipping.ipynb", "number 777 is not in"),
        (CANVAS, "nobody.ipynb", "is not in"),
        (PLAIN, "12345.ipynb", "is not in"),
        ("id,name\n1,Wang\n2,Wang\n", "wang.ipynb", "2 students"),
    ],
)
def test_nobody_is_guessed(read, text, path, said):
    person, reason = read(text).person(named(path))
    assert person is None
    assert said in reason


def test_a_number_is_not_taken_for_another_kind_of_number(read):
    """Canvas's number 1 is not the student whom the university calls 1."""
    text = "Student,ID,SIS User ID\nAda,1,2\nBob,2,1\n"
    assert read(text).person(named("x_1_9_clipping.ipynb"))[0].name == "Ada"


def test_rows_that_are_no_students_are_left_out(read):
    assert [person.row for person in read(CANVAS).people] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "expected a Canvas"),
        ("id\nada\nADA\n", "twice"),
        ("", "empty"),
    ],
)
def test_bad_lists_are_told(read, text, said):
    with pytest.raises(ValueError, match=said):
        read(text)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        roster.read(tmp_path / "none.csv")
