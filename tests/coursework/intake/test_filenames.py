"""What the names of files say about students."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.intake.filenames import Ambiguous, is_handed_out, named, root_of

NAME = st.text(
    st.characters(categories=["Ll", "Lo"], exclude_characters="/\\"), min_size=1, max_size=12
)
NUMBER = st.integers(1, 10**9).map(str)


@given(NAME, st.booleans(), NUMBER, NUMBER)
def test_canvas(name, late, user, upload):
    said = named(f"{name}{'_LATE' if late else ''}_{user}_{upload}_clipping-2.ipynb")
    assert (said.layout, said.student, said.user) == ("canvas", name, user)
    assert (said.number, said.late, said.file) == (int(upload), late, "clipping-2.ipynb")


@given(NAME, NAME, NUMBER, st.booleans())
def test_moodle(first, last, number, in_folder):
    between = "/" if in_folder else ""
    path = f"{first} {last}_{number}_assignsubmission_file_{between}clipping.ipynb"
    said = named(path)
    assert (said.layout, said.student, said.user) == ("moodle", f"{first} {last}", number)
    assert said.file == "clipping.ipynb"


@given(NAME)
def test_plain(name):
    assert named(f"{name}.ipynb").student == name
    assert named(f"{name}/q.ipynb").student == name
    assert named(f"{name}/other/q/x.ipynb").student == name
    assert named(f"submitted/{name}/q.ipynb", root=("submitted",)).student == name


@given(st.text(max_size=40))
def test_any_path_names_somebody(path):
    try:
        said = named(path or ".")
    except Ambiguous:
        return
    assert said.layout in ("canvas", "moodle", "gradescope", "plain")
    assert isinstance(said.student, str)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("lovelaceada_12345_67890_clipping.ipynb", ("canvas", "lovelaceada", "12345")),
        ("de_la_cruzana_1_2_my_1_2_file.ipynb", ("canvas", "de_la_cruzana", "1")),
        ("wang_LATE_5_6_clipping (1).ipynb", ("canvas", "wang", "5")),
        ("zip/wang_5_6_clipping.ipynb", ("plain", "zip", None)),
        ("Ada Lovelace_77_assignsubmission_file/x.ipynb", ("moodle", "Ada Lovelace", "77")),
        ("Participant_9_assignsubmission_file_/x.ipynb", ("moodle", "Participant", "9")),
        (
            "submission_123/submission_4/clipping.ipynb",
            ("gradescope", "submission_123", "submission_123"),
        ),
        ("ada_2024.ipynb", ("plain", "ada_2024", None)),
        ("ada_12_final.ipynb", ("plain", "ada_12_final", None)),
        ("clipping.ipynb", ("plain", "clipping", None)),
        ("ada/solution.ipynb", ("plain", "ada", None)),
    ],
)
def test_examples(path, expected):
    said = named(path)
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


@pytest.mark.parametrize(
    "path",
    [
        "Eve_8_assignsubmission_file_Bob_7_assignsubmission_file_x.ipynb",
        "Bob_7_assignsubmission_file_8_assignsubmission_file_/x.ipynb",  # a name people chose
        "eve_1_2_Bob_7_assignsubmission_file_x.ipynb",
    ],
)
def test_the_marks_of_two_owners_say_nothing(path):
    with pytest.raises(Ambiguous, match="two marks"):
        named(path)


@pytest.mark.parametrize(
    ("paths", "root"),
    [
        (["all/ada.ipynb", "all/bob.ipynb"], ("all",)),
        (["a/b/ada.ipynb", "a/b/bob/x.ipynb"], ("a", "b")),
        (["ada/x.ipynb", "bob/x.ipynb"], ()),
        (["eve/bob.ipynb"], ()),  # in the class list
        (["ada/clipping.ipynb", "ada/bob.ipynb"], ()),
        (["submission_1/bob.ipynb"], ()),
        (["Eve_1_assignsubmission_file_/bob.ipynb"], ()),
        (["export/submission_1/x.ipynb", "export/submission_2/x.ipynb"], ("export",)),
        ([], ()),
    ],
)
def test_folders_around_the_export(paths, root):
    assert root_of(paths, "clipping", lambda name: name == "eve") == root
