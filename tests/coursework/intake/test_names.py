"""Names and metadata that a student writes change nobody else's work, whatever they say."""

import contextlib
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lessons.coursework.intake import roster
from lessons.coursework.intake.collect import collect
from lessons.coursework.intake.identity import file_name
from tests.coursework.fakes import notebook

ADA = notebook("ada", 6.0)
EVE = notebook("eve", 1.0)
LISTS = {
    "canvas": 'Student,ID,SIS Login ID,Section\n"Lovelace, Ada",1,ada,\n"X, Eve",2,eve,\n'
    '"Y, Bob",3,bob,\n',
    "moodle": "Identifier,Full name,Email address,ID number\nParticipant 1,Ada Lovelace,ada@u.edu,"
    "ada\nParticipant 2,Eve,eve@u.edu,eve\nParticipant 3,Bob,bob@u.edu,bob\n",
    "plain": "id,name,email\nada,Ada Lovelace,ada@u.edu\neve,Eve,eve@u.edu\nbob,Bob,bob@u.edu\n",
}
METADATA = """
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :email: ada@u.edu
  :created_at: 2026-11-28 17:00:00 Z
submission_2:
  :submitters:
  - :name: Eve
    :email: eve@u.edu
  :created_at: 2026-11-30 17:00:00 Z
"""
# Where Ada's notebook lies, and what stands before everything that Eve hands in.
PLACES = {
    "canvas": ("lovelaceada_1_10_clipping.ipynb", "eve_2_11_"),
    "moodle folders": ("Ada Lovelace_1_assignsubmission_file_/clipping.ipynb",
                       "Eve_2_assignsubmission_file_/"),
    "moodle files": ("Ada Lovelace_1_assignsubmission_file_clipping.ipynb",
                     "Eve_2_assignsubmission_file_"),
    "gradescope": ("submission_1/clipping.ipynb", "submission_2/"),
    "plain": ("ada/clipping.ipynb", "eve/"),
}  # fmt: skip
KINDS = [(place, kind) for place in PLACES for kind in (None, *LISTS)]
FUZZED = [
    (place, kind) for place in PLACES for kind in (None, place.split()[0]) if kind != "gradescope"
]


def collected(folder, place, kind, eves):
    """Return the collection of a class in which Eve handed in ``{name: bytes}``."""
    path = folder / "class.zip"
    own, before = PLACES[place]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(zipfile.ZipInfo(own), ADA)
        if place == "gradescope":
            file.writestr("submission_metadata.yml", METADATA)
        for name, data in eves.items():
            with contextlib.suppress(ValueError, UnicodeError):  # what a zip cannot name
                file.writestr(zipfile.ZipInfo(before + name), data)
    classlist = None
    if kind:
        (folder / "class.csv").write_text(LISTS[kind], encoding="utf-8")
        classlist = roster.read(folder / "class.csv")
    return collect(path, "clipping", classlist)


def others(collection):
    """Return what is known of everybody but Eve."""
    found = {}
    for one in collection.submissions:
        if not one.path.lower().startswith(("eve", "submission_2")):
            notes = [note for note in one.notes if "is called" not in note]
            about = (one.identity, one.digest, one.person and one.person.id, one.time, one.late)
            found[one.path] = (one.student, one.key, *about, notes)
    return found


ATTACKS = {
    "a classmate's folder inside one's own": {"submission_1/clipping.ipynb": EVE},
    "a classmate's name as Moodle writes it": {"Bob_3_assignsubmission_file_/clipping.ipynb": EVE},
    "a classmate's name in a file's name": {"Bob_3_assignsubmission_file_x.ipynb": EVE},
    "a classmate's name as Canvas writes it": {"bob_3_99_clipping.ipynb": EVE},
    "a classmate's login": {"bob.ipynb": EVE, "ada/clipping.ipynb": EVE},
    "metadata of one's own": {
        "submission_metadata.yml": METADATA.replace("11-30", "11-01").encode(),
        "clipping.ipynb": EVE,
    },
    "thousands of digits": {f"submission_{'9' * 5000}/clipping.ipynb": EVE},
    "thousands of digits, as Canvas": {f"_{'9' * 5000}_{'9' * 5000}_clipping.ipynb": EVE},
    "thousands of digits, as Moodle": {f"x_{'9' * 5000}_assignsubmission_file_/a.ipynb": EVE},
}


@pytest.mark.parametrize(("place", "kind"), KINDS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_lies_inside_an_upload_belongs_to_its_owner(tmp_path, place, kind, attack):
    alone = others(collected(tmp_path, place, kind, {}))
    found = collected(tmp_path, place, kind, ATTACKS[attack])
    assert others(found) == alone
    assert len(alone) == 1
    people = {one.person.id for one in found.submissions if one.person}
    assert "bob" not in people and people <= {"ada", "eve"}
    assert len(found.submissions) <= 2
    if "metadata" in attack and place == "gradescope":
        assert [s.time.day for s in found.submissions if s.path.startswith("submission_2")] == [30]


def test_a_display_name_says_less_than_an_identifier(tmp_path):
    """Gradescope's names, and Moodle's, are what people call themselves."""
    (tmp_path / "class.csv").write_text(LISTS["plain"])
    known = roster.read(tmp_path / "class.csv")
    root = tmp_path / "gradescope"
    for number in (1, 2):
        (root / f"submission_{number}").mkdir(parents=True)
        (root / f"submission_{number}" / "clipping.ipynb").write_bytes([ADA, EVE][number - 1])
    text = METADATA.replace("Eve", "Ada Lovelace").replace("eve@u.edu", "other@u.edu")
    (root / "submission_metadata.yml").write_text(text)
    found = {one.path: one.person for one in collect(root, "clipping", known).submissions}
    assert found["submission_1/clipping.ipynb"].id == "ada"
    assert found["submission_2/clipping.ipynb"] is None
    root = tmp_path / "moodle"
    for number, name in ((1, "ada"), (2, "A-D-A"), (3, "Bob"), (4, "Bob")):
        folder = root / f"{name}_{number}_assignsubmission_file_"
        folder.mkdir(parents=True)
        (folder / "clipping.ipynb").write_bytes(notebook(str(number)))
    collection = collect(root, "clipping", known)
    found = {one.path[:3]: one.person for one in collection.submissions}
    assert found["ada"].id == "ada"
    assert found["A-D"] is None
    assert found["Bob"] is None  # either could be he: none gets his place, and he is no absentee
    assert len(collection.submissions) == 4
    assert list(collection.unread) == [2]


def test_two_students_never_share_a_file(tmp_path):
    student = "../ada"
    own = file_name(student)
    assert file_name(own) != own
    root = tmp_path / "submissions"
    for name in ("Ada", file_name("Ada"), file_name(file_name("Ada"))):
        (root / name).mkdir(parents=True)
        (root / name / "clipping.ipynb").write_bytes(notebook(name))
    keys = [one.key for one in collect(root, "clipping").submissions]
    assert len(set(keys)) == 3


NAMES = st.text(max_size=30) | st.sampled_from(
    [
        *("clipping.ipynb", "ada/clipping.ipynb", "submission_1/clipping.ipynb", ".", ".."),
        *("submission_metadata.yml", "../lovelaceada_1_99_clipping.ipynb", "a" * 300, "x.zip"),
        *("_1_99_clipping.ipynb", "Ada Lovelace_1_assignsubmission_file_/clipping.ipynb"),
    ]
)
FILES = st.dictionaries(
    st.tuples(NAMES, st.sampled_from(["", ".ipynb", "/clipping.ipynb"])).map("".join),
    st.binary(max_size=60) | st.sampled_from([ADA, EVE, notebook("bob"), METADATA.encode()]),
    max_size=5,
)

KNOWN = {}


@pytest.mark.parametrize(("place", "kind"), FUZZED)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=FILES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_upload_changes_what_is_known_of_another_student(tmp_path, place, kind, files):
    found = collected(tmp_path, place, kind, files)
    alone = KNOWN.setdefault((place, kind), others(collected(tmp_path, place, kind, {})))
    assert others(found) == alone
    assert {one.person.id for one in found.submissions if one.person} <= {"ada", "eve"}
    keys = [one.key for one in found.submissions]
    assert len(keys) == len(set(keys)) == len({one.student for one in found.submissions})
    assert len(keys) <= 2
