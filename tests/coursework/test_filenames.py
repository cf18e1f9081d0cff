"""What the names of files say about students."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.filenames import is_handed_out, named

NAME = st.text(
    st.characters(categories=["Ll", "Lo"], exclude_characters="/\\"), min_size=1, max_size=12
)
NUMBER = st.integers(1, 10**9).map(str)


@given(NAME, st.booleans(), NUMBER, NUMBER)
def test_canvas(name, late, user, upload):
    said = named(f"{name}{'_LATE' if late else ''}_{user}_{upload}_clipping-2.ipynb", "clipping")
    assert (said.layout, said.student, said.user) == ("canvas", name, user)
    assert (said.number, said.late, said.file) == (int(upload), late, "clipping-2.ipynb")


@given(NAME, NAME, NUMBER, st.booleans())
def test_moodle(first, last, number, in_folder):
    between = "/" if in_folder else ""
    path = f"{first} {last}_{number}_assignsubmission_file_{between}clipping.ipynb"
    said = named(path, "clipping")
    assert (said.layout, said.student, said.user) == ("moodle", f"{first} {last}", number)
    assert said.file == "clipping.ipynb"


@given(NAME)
def test_plain(name):
    assert named(f"{name}.ipynb", "q").student == name
    assert named(f"{name}/q.ipynb", "q").student == name
    assert named(f"submitted/{name}/q/q.ipynb", "q").student == name


@given(st.text(max_size=40))
def test_any_path_names_somebody(path):
    said = named(path or ".", "clipping")
    assert said.layout in ("canvas", "moodle", "gradescope", "plain")
    assert isinstance(said.student, str)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("lovelaceada_12345_67890_clipping.ipynb", ("canvas", "lovelaceada", "12345")),
        ("de_la_cruzana_1_2_my_1_2_file.ipynb", ("canvas", "de_la_cruzana", "1")),
        ("zip/wang_LATE_5_6_clipping (1).ipynb", ("canvas", "wang", "5")),
        ("Ada Lovelace_77_assignsubmission_file/x.ipynb", ("moodle", "Ada Lovelace", "77")),
        ("Participant_9_assignsubmission_file_/x.ipynb", ("moodle", "Participant", "9")),
        (
            "export/submission_123/clipping.ipynb",
            ("gradescope", "submission_123", "submission_123"),
        ),
        ("ada_2024.ipynb", ("plain", "ada_2024", None)),
        ("ada_12_final.ipynb", ("plain", "ada_12_final", None)),
        ("clipping.ipynb", ("plain", "clipping", None)),
        ("ada/solution.ipynb", ("plain", "solution", None)),
    ],
)
def test_examples(path, expected):
    said = named(path, "clipping")
    assert (said.layout, said.student, said.user) == expected


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("clipping.ipynb", True),
        ("clipping-1.ipynb", True),
        ("clipping (2).IPYNB", True),
        ("Clipping copy.ipynb", True),
        ("clipping_old.ipynb", False),
        ("ada.ipynb", False),
    ],
)
def test_copies_of_the_handed_out_notebook(file, own):
    assert is_handed_out(file, "clipping") is own
