"""What the sandbox is told to show."""

from pathlib import Path

import pytest

from lessons.coursework.sandbox import bubblewrap
from lessons.coursework.sandbox.bubblewrap import Place, arguments, exposed, program, shown
from lessons.coursework.sandbox.limits import Limits


@pytest.fixture
def place(tmp_path):
    """Return a place with a small package."""
    lessons = tmp_path / "src" / "lessons"
    for name in ("__init__.py", "a.py", "part/__init__.py", "part/b.py", "part/c.py", "other/d.py"):
        path = lessons / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    for name in ("__pycache__", "part/__pycache__"):
        (lessons / name).mkdir()
    environment = tmp_path / "environment"
    environment.mkdir()
    return Place(str(environment / "bin/python"), (str(environment),), lessons)


def inside(place, hide):
    """Return what is shown of the package."""
    paths = [inside for _, inside in shown(place, hide) if inside.startswith("/course/lessons/")]
    return {path.removeprefix("/course/lessons/") for path in paths}


def test_the_whole_package_is_shown_when_nothing_is_hidden(place):
    assert inside(place, ()) == {"__init__.py", "__pycache__", "a.py", "other", "part"}


@pytest.mark.parametrize(
    ("hide", "seen"),
    [
        (["lessons/part"], {"__init__.py", "a.py", "other"}),
        (["lessons/part/"], {"__init__.py", "a.py", "other"}),
        (["lessons/a"], {"__init__.py", "other", "part"}),
        (["lessons/part/b.py"], {"__init__.py", "a.py", "other", "part/__init__.py", "part/c.py"}),
        (["lessons/part/b"], {"__init__.py", "a.py", "other", "part/__init__.py", "part/c.py"}),
    ],
)
def test_hidden_modules_and_their_compiled_copies_are_left_out(place, hide, seen):
    assert inside(place, hide) == seen


def test_of_the_grader_itself_no_more_than_the_worker_needs_is_shown():
    seen = {name for name in inside(bubblewrap.this_place(), ()) if name.startswith("coursework")}
    assert seen == {f"coursework/{name}" for name in bubblewrap.ENTERS}


def test_neither_the_repository_nor_a_home_is_shown(place):
    here = {Path(here) for here, _ in shown(place, ())}
    assert place.lessons.parent not in here
    assert place.lessons not in here
    assert {Path("/"), Path("/home"), Path("/root"), Path("/etc")}.isdisjoint(here)


def test_secrets_in_a_folder_that_is_shown_are_found(place, tmp_path):
    part = place.lessons / "part"
    secrets = [tmp_path / "_build" / "q1.py", part / "tests" / "q1.py"]
    assert exposed(place, (), secrets) == [(secrets[1], part)]
    assert exposed(place, ("lessons/part",), secrets) == []


def test_a_link_into_a_folder_that_is_shown_is_found(place, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(Path(place.prefixes[0]))
    assert [secret for secret, _ in exposed(place, (), [link / "q1.py"])] == [link / "q1.py"]


@pytest.mark.parametrize("root", [True, False])
def test_what_confines_is_always_there(place, root):
    words = [*arguments(place, Limits(), (), root), *program(place, root, 9, ["worker.py"])]
    for word in (
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--disable-userns",
        "--cap-drop",
    ):
        assert word in words
    assert {"--unshare-net", "--unshare-all"} & set(words)
    assert ("setpriv" in words) == root
    assert words[-4:] == [place.python, "-I", "-B", "worker.py"]
    writable = {words[i + 2] for i, word in enumerate(words) if word in ("--bind", "--dev-bind")}
    assert writable <= {"/"}  # as root: the outer sandbox, which is read-only
    assert "--share-net" not in words


def test_a_python_below_root_s_own_folders_is_never_shown_as_a_whole(monkeypatch):
    for name in ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix"):
        monkeypatch.setattr(f"sys.{name}", "/root")
    assert bubblewrap.TOO_BROAD.isdisjoint(bubblewrap.this_place().prefixes)
