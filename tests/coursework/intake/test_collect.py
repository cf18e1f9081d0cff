"""Every file that is seen ends somewhere, and nobody's work is decided in silence."""

import os
import resource
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.intake import roster
from lessons.coursework.intake.collect import collect
from lessons.coursework.intake.identity import claimed_student, file_name
from tests.coursework.fakes import notebook


@pytest.fixture
def folder(tmp_path):
    def make(files):
        root = tmp_path / "submissions"
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return root

    return make


@pytest.fixture
def class_list(tmp_path):
    def make(text):
        path = tmp_path / "class.csv"
        path.write_text(text, encoding="utf-8")
        return roster.read(path)

    return make


def outcomes(collection):
    return {file.path: file.outcome for file in collection.files}


def test_every_file_ends_in_one_list(folder):
    root = folder(
        {
            "ada.ipynb": notebook("ada"),
            "bob.ipynb": notebook("bob"),
            "notes.pdf": b"1",
            ".ipynb_checkpoints/ada-checkpoint.ipynb": notebook("ada"),
            "__MACOSX/._ada.ipynb": b"1",
            "deep/er/carl.ipynb": notebook("carl"),
            "nested.zip": b"PK",
        }
    )
    (root / "link.ipynb").symlink_to("/etc/passwd")
    found = collect(root, "clipping")
    assert [s.student for s in found.submissions] == ["ada", "bob", "deep"]
    assert outcomes(found) == {
        "ada.ipynb": "graded",
        "bob.ipynb": "graded",
        "deep/er/carl.ipynb": "graded",
        "notes.pdf": "ignored",
        ".ipynb_checkpoints/ada-checkpoint.ipynb": "ignored",
        "__MACOSX/._ada.ipynb": "ignored",
        "nested.zip": "ignored",
        "link.ipynb": "refused",
    }
    assert all(file.reason for file in found.files if file.outcome != "graded")


def test_the_last_attempt_counts_and_it_is_said(folder):
    found = collect(
        folder(
            {
                "adal_1_10_clipping.ipynb": notebook("ada", 1),
                "adal_1_30_clipping-2.ipynb": notebook("ada", 3),
                "adal_1_20_clipping-1.ipynb": notebook("ada", 2),
            }
        ),
        "clipping",
    )
    (one,) = found.submissions
    assert one.path == "adal_1_30_clipping-2.ipynb"
    assert one.notes == ("the last of 3 attempts",)
    assert [f.reason for f in found.having("ignored")] == [
        "an earlier attempt; counts: adal_1_30_clipping-2.ipynb"
    ] * 2


def test_a_return_to_an_earlier_version_is_the_last_attempt(folder):
    found = collect(
        folder(
            {
                "adal_1_10_clipping.ipynb": notebook("ada", 1),
                "adal_1_20_clipping.ipynb": notebook("ada", 2),
                "adal_1_30_clipping.ipynb": notebook("ada", 1),
            }
        ),
        "clipping",
    )
    assert [s.path for s in found.submissions] == ["adal_1_30_clipping.ipynb"]


def test_the_handed_out_notebook_counts_before_others(folder):
    name = "Ada L_7_assignsubmission_file_"
    found = collect(
        folder({f"{name}/clipping.ipynb": notebook(), f"{name}/scratch.ipynb": b"{}"}), "clipping"
    )
    assert [s.path for s in found.submissions] == [f"{name}/clipping.ipynb"]
    assert "another notebook" in found.having("ignored")[0].reason


def test_two_files_of_one_name_are_refused_where_nothing_tells_which_counts(folder):
    root = folder(
        {"ada/x.ipynb": notebook("ada", 1), "Ada.ipynb": notebook("ada", 2), "c.ipynb": b"{}"}
    )
    found = collect(root, "clipping")
    assert [s.student for s in found.submissions] == ["c"]
    assert [f.path for f in found.having("refused")] == ["Ada.ipynb", "ada/x.ipynb"]
    assert "keep the one that counts" in found.having("refused")[0].reason


def test_equal_copies_count_once(folder):
    found = collect(
        folder({"ada/a.ipynb": b"{}", "ada/b/x.ipynb": b"{}", "notes.txt": b""}), "clipping"
    )
    assert len(found.submissions) == 1
    assert "same content" in found.having("ignored")[0].reason


def test_two_students_of_one_name_are_told_apart(folder):
    root = folder({"wang_1_10_clipping.ipynb": b"{}", "wang_2_11_clipping.ipynb": b"[]"})
    found = collect(root, "clipping")
    assert [s.student for s in found.submissions] == ["wang-1", "wang-2"]
    assert len({s.key for s in found.submissions}) == 2


def test_two_files_of_one_person_of_the_class_list(folder, class_list):
    root = folder({"ada.ipynb": notebook("x", 1), "ada@uni.edu.ipynb": notebook("x", 2)})
    found = collect(root, "clipping", class_list("id,email\nada,ada@uni.edu\n"))
    assert found.submissions == ()
    assert len(found.having("refused")) == 2


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_in_a_zip(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("ada.ipynb", notebook("ada", 1))
        file.writestr("ada.ipynb", notebook("ada", 2))
    assert len(collect(path, "clipping").having("refused")) == 2


def test_a_zip_and_its_folder_give_the_same(folder, tmp_path):
    files = {
        "adal_LATE_1_10_clipping.ipynb": notebook("ada"),
        "bob_2_11_clipping.ipynb": notebook("bob"),
        "readme.txt": b"1",
    }
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    one, other = collect(folder(files), "clipping"), collect(tmp_path / "a.zip", "clipping")
    assert [(s.student, s.digest, s.late, s.time) for s in one.submissions] == [
        (s.student, s.digest, s.late, s.time) for s in other.submissions
    ]
    assert one.files == other.files


GRADESCOPE = """
submission_7:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1001'
    :email: ada@uni.edu
  :created_at: 2026-11-30 17:00:00.000000000 Z
  :results: !ruby/object:Unknown
    a: 1
submission_8:
  :submitters:
  - :name: Bob
    :email: bob@uni.edu
  - :name: Carl
    :email: carl@uni.edu
  :created_at: 2026-11-30 19:30:00.000000000 Z
"""


def test_gradescope(folder, class_list):
    root = folder(
        {
            "assignment_5_export/submission_metadata.yml": GRADESCOPE.encode(),
            "assignment_5_export/submission_7/clipping.ipynb": notebook("1001"),
            "assignment_5_export/submission_8/clipping.ipynb": notebook("bob@uni.edu"),
        }
    )
    found = collect(root, "clipping", class_list("id,email\n1001,\n1002,bob@uni.edu\n"))
    ada, bob = found.submissions
    assert (ada.student, ada.identity, ada.time.hour) == ("1001", "1001", 17)
    assert bob.person.id == "1002"
    assert "carl@uni.edu" in bob.notes[0]


@pytest.mark.parametrize("text", [b"[1, 2]", b"\xff\xfe", b"a: [", b"!!python/object:os.system x"])
def test_a_broken_list_of_gradescope_is_told(folder, text):
    found = collect(
        folder({"submission_metadata.yml": text, "submission_7/clipping.ipynb": b"{}"}), "clipping"
    )
    assert "not used" in {f.path: f.reason for f in found.files}["submission_metadata.yml"]
    assert len(found.submissions) == 1


@pytest.mark.parametrize(
    ("claimed", "identity"),
    [
        ("ADA@uni.edu", "ADA@uni.edu"),  # another name of the same student
        (" ada ", "ada"),
        ("1001", "1001"),
        ("bob", "1001"),  # somebody else
        ("your-id", "1001"),
        (None, "1001"),
    ],
)
def test_the_notebooks_name_counts_only_if_it_is_the_students_own(
    folder, class_list, claimed, identity
):
    known = class_list("id,name,email\n1001,Ada,ada@uni.edu\n1002,Bob,bob@uni.edu\n")
    (one,) = collect(folder({"ada.ipynb": notebook(claimed)}), "clipping", known).submissions
    assert (one.student, one.identity) == ("1001", identity)


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_names_of_files_are_safe_and_tell_students_apart(one, other):
    name = file_name(one)
    assert os.path.basename(name) == name
    assert name not in ("", ".", "..")
    assert not name.startswith((".", "-"))
    assert len(f"{name}.html".encode()) <= 255
    assert name.isprintable()
    assert (name.casefold() == file_name(other).casefold()) == (one == other)


NAMES = st.text(st.characters(exclude_characters="\"'\\", exclude_categories=["Cc", "Cs"]))


@given(NAMES.filter(lambda text: text.strip()))
def test_student_is_read_without_running_anything(name):
    assert claimed_student(notebook(name)) == name.strip()


@pytest.mark.parametrize(
    "data", [b"", b"{", b'"x = STUDENT"', b'"STUDENT = f()"', b"\xff" * 1000, b"STUDENT" * 10**5]
)
def test_notebooks_that_name_nobody(data):
    assert claimed_student(data) is None


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    f"{b}: &{b} [{','.join(f'*{a}' for _ in range(9))}]\n".encode()
    for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
HARM = {
    "nested": b"[" * 10**5,
    "nested maps": b"{a: " * 10**5,
    "alias bomb": BOMB + b"submission_7:\n  :submitters:\n  - :email: *l\n",
    "an alias bomb as a key": BOMB + b"? *l\n: 1\n",
    "a number of many digits": b"submission_7: {':created_at': " + b"9" * 10**6 + b"}",
}


@pytest.mark.parametrize("name", HARM)
def test_a_list_made_to_break_readers_stops_nobody(folder, name):
    """In a reader of one's own, each of them ends the process, or takes gigabytes."""
    files = {"submission_metadata.yml": HARM[name], "submission_7/clipping.ipynb": b"{}"}
    began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = collect(folder(files), "clipping")
    assert [one.student for one in found.submissions] == ["submission_7"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began < 2**17  # KiB
