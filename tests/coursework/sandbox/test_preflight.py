"""Whatever is missing on a machine, it is said together with how to mend it."""

import pytest

from lessons.coursework.sandbox import preflight
from lessons.coursework.sandbox.launch import SandboxError


@pytest.mark.parametrize("system", ["Darwin", "Windows", ""])
def test_other_systems_are_told_at_once(monkeypatch, system):
    monkeypatch.setattr(preflight.platform, "system", lambda: system)
    (problem,) = preflight.problems()
    assert str(problem).startswith("Grading is for Linux; this is")
    assert "WSL 2" in problem.remedy


def test_other_processors_are_told(monkeypatch):
    monkeypatch.setattr(preflight.platform, "system", lambda: "Linux")
    monkeypatch.setattr(preflight.platform, "machine", lambda: "riscv64")
    (problem,) = preflight.problems()
    assert "x86_64 and aarch64; this is riscv64" in problem.what


@pytest.fixture
def linux(monkeypatch):
    """Make all conditions good ones."""
    monkeypatch.setattr(preflight.platform, "system", lambda: "Linux")
    monkeypatch.setattr(preflight.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(preflight.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(preflight.shutil, "which", lambda name, path: f"/usr/bin/{name}")
    monkeypatch.setattr(preflight, "_said", lambda command: "bubblewrap 0.8.0\n")
    monkeypatch.setattr(preflight, "_start", lambda: None)
    monkeypatch.setattr(preflight, "_setting", lambda name: None)
    return monkeypatch


def test_a_machine_with_everything_has_no_problem(linux):
    assert preflight.problems() == []


def test_everything_missing_is_told_together(linux):
    linux.setattr(preflight.importlib.util, "find_spec", lambda name: None)
    linux.setattr(preflight.shutil, "which", lambda name, path: None)
    otter, bwrap = preflight.problems()
    assert "pip install 'lessons[coursework]'" in otter.remedy
    assert "apt install bubblewrap" in bwrap.remedy


@pytest.mark.parametrize("tool", ["prlimit", "setpriv"])
def test_a_machine_without_util_linux_is_told(linux, tool):
    linux.setattr(preflight.shutil, "which", lambda name, path: None if name == tool else name)
    (problem,) = preflight.problems()
    assert "util-linux" in problem.remedy


@pytest.mark.parametrize(
    ("said", "old"),
    [
        ("bubblewrap 0.6.1\n", True),
        ("bubblewrap 0.7.0\n", True),
        ("bubblewrap 0.8.0\n", False),
        ("bubblewrap 0.11.2\n", False),
        ("bubblewrap 1.0\n", False),
        ("", True),
    ],
)
def test_the_version_of_bubblewrap_counts(linux, said, old):
    linux.setattr(preflight, "_said", lambda command: said)
    found = preflight.problems()
    assert bool(found) == old
    assert all("0.8 or newer" in problem.remedy for problem in found)


FORBIDDEN = "bwrap: setting up uid map: Permission denied"


@pytest.mark.parametrize(("name", "values"), preflight.SWITCHES.items())
def test_a_kernel_that_forbids_user_namespaces_is_told_how_to_allow_them(linux, name, values):
    forbids, allows = values
    linux.setattr(preflight, "_setting", lambda asked: forbids if asked == name else None)
    problem = preflight.explain(FORBIDDEN)
    assert f"{name} = {forbids}" in problem.what
    assert f"sudo sysctl -w {name}={allows}" in problem.remedy


def test_an_open_switch_is_not_blamed(linux):
    linux.setattr(preflight, "_setting", lambda name: preflight.SWITCHES[name][1])
    problem = preflight.explain(FORBIDDEN)
    assert FORBIDDEN in problem.what
    assert "container" in problem.remedy


def test_a_python_that_another_user_cannot_read_is_named(linux):
    python = preflight.this_place().python
    problem = preflight.explain(f"bwrap: execvp {python}: Permission denied\n")
    assert python in problem.what
    assert "chmod o+rx" in problem.remedy


def test_a_sandbox_that_does_not_start_is_a_problem(linux):
    linux.undo()

    def broken(*_):
        raise SandboxError("bwrap: Creating new namespace failed: Operation not permitted")

    linux.setattr(preflight, "Sandbox", broken)
    assert "Operation not permitted" in preflight._start().what


def test_this_machine_starts_python_in_a_sandbox(sandbox):
    assert preflight.problems() == []


@pytest.mark.parametrize(
    ("line", "file", "limit", "told"),
    [
        ("0::/user/scope", "user/scope/memory.max", "8589934592", False),
        ("0::/user/scope", "user/memory.max", "8589934592", False),  # of a group above
        ("0::/user/scope", "user/scope/memory.max", "max", True),
        ("4:memory:/job", "memory/job/memory.limit_in_bytes", "8589934592", False),
        ("4:memory:/job", "memory/job/memory.limit_in_bytes", "9223372036854771712", True),
        ("0::/", "other", "1", True),
    ],
)
def test_it_says_whether_the_kernel_s_memory_is_limited(tmp_path, line, file, limit, told):
    (tmp_path / "groups" / file).parent.mkdir(parents=True)
    (tmp_path / "groups" / file).write_text(limit)
    (tmp_path / "own").write_text(f"9:pids:/\n{line}\n")
    found = preflight.advice(tmp_path / "groups", tmp_path / "own")
    assert ["MemoryMax" in sentence for sentence in found] == [True] * told
