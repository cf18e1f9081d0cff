"""``lessons-grade`` as people run it: a whole class, interrupted, gone on with, marked by hand."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from lessons.coursework import cli
from lessons.coursework.intake.tables import dump, parse
from lessons.coursework.runs.progress import Progress
from lessons.coursework.sandbox import preflight
from tests.coursework import fakes, submissions
from tests.coursework.submissions import TINY
from tools.repository import ROOT

# The command with a grader that needs no sandbox.
FAKE = "import sys; from lessons.coursework.cli import main; from tests.coursework import fakes; "
FAKE += "sys.exit(main(sys.argv[1:], fakes.grade))"

# What is started in the background, or under nohup, begins with Ctrl-C ignored.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "


@pytest.fixture
def assignment(tmp_path):
    """Return the folder of a built assignment with two tested questions and a written one."""
    folder = tmp_path / "assignment"
    (folder / "tests").mkdir(parents=True)
    built = {"schema": 1, "name": "clipping", "title": "Gradient clipping", "digest": "tests-1"}
    built["questions"] = [
        {"name": q.name, "points": q.points, "manual": q.manual} for q in fakes.ASSIGNMENT.questions
    ]
    (folder / "assignment.json").write_text(json.dumps(built))
    for name in ("q1", "q2"):
        (folder / "tests" / f"{name}.py").write_text("")
    return folder


@pytest.fixture
def grade(tmp_path, assignment, capfd):
    """Return the function that runs the command with the fake grader: (code, what it said)."""

    def run(*more, about=None, source=None, grader=fakes.grade):
        folder = tmp_path / "submissions"
        folder.mkdir(exist_ok=True)
        for student, said in (about or {}).items():
            (folder / f"{student}.ipynb").write_bytes(fakes.notebook(student, **said))
        words = [assignment, source or folder, "--out", tmp_path / "out", *more]
        code = cli.main([str(word) for word in words], grader)
        return code, "".join(capfd.readouterr())

    return run


def rows(path):
    return parse(path.read_bytes(), path.name).rows


def test_a_class(grade, tmp_path):
    code, said = grade(about={"ada": {"score": 6.0}, "bob": {"score": 2.0}})
    out = tmp_path / "out"
    assert code == 0
    assert "2 of 2 graded" in said and "2 written answers" in said
    assert {path.name for path in out.iterdir()} - {".lock"} == {
        "results",
        "feedback",
        "gradescope",
        "scores.csv",
        "files.csv",
        "items.csv",
        "summary.html",
        "summary.txt",
        "to_grade_by_hand.csv",
        "to_grade_by_hand.html",
        "salt.txt",
    }
    assert [(r["student"], r["score"]) for r in rows(out / "scores.csv")] == [
        ("ada", "6"),
        ("bob", "2"),
    ]
    assert sorted(p.name for p in (out / "feedback").iterdir()) == ["ada.html", "bob.html"]
    assert not list(out.rglob(".partial*"))


def test_marks_by_hand_are_filled_in_and_stay(grade, tmp_path):
    about = {"ada": {"score": 6.0}, "bob": {"score": 2.0}}
    grade(about=about)
    sheet = tmp_path / "out" / "to_grade_by_hand.csv"
    table = parse(sheet.read_bytes(), "sheet")
    first, second = table.rows
    filled = [first | {"points": "2,5", "comment": "Good."}, second | {"comment": "Ask."}]
    sheet.write_bytes(dump(table.header, filled, delimiter=";", marked=True))
    for _ in range(2):  # a second run changes nothing
        code, said = grade("--resume")
        assert code == 0
        assert "2 were graded before" in said and "1 written answer to mark" in said
        assert [r["score"] for r in rows(tmp_path / "out" / "scores.csv")] == ["8.5", "2"]
        assert not list(sheet.parent.glob("*before*"))
        kept = rows(sheet)
        assert [(r["points"], r["comment"]) for r in kept] == [("2.5", "Good."), ("", "Ask.")]
    assert "Good." in (tmp_path / "out" / "feedback" / "ada.html").read_text()
    other = tmp_path / "bob.csv"
    other.write_text("student,question,points\nbob,words,3\neve,words,1\n")
    code, said = grade("--resume", "--manual", other)
    assert [r["score"] for r in rows(tmp_path / "out" / "scores.csv")] == ["8.5", "5"]
    assert "no submission of 'eve'" in said
    assert [r["points"] for r in rows(sheet)] == ["2.5", "3"]


def test_a_new_answer_is_marked_anew_and_nothing_filled_in_is_lost(grade, tmp_path):
    grade(about={"ada": {}})
    sheet = tmp_path / "out" / "to_grade_by_hand.csv"
    table = parse(sheet.read_bytes(), "sheet")
    sheet.write_bytes(dump(table.header, [table.rows[0] | {"points": "3"}]))
    code, said = grade("--resume", about={"ada": {"answer": "Other."}})
    assert code == 0
    assert "mark it again" in said
    assert [r["points"] for r in rows(sheet)] == [""]
    (before,) = sheet.parent.glob("*before*")
    assert [r["points"] for r in rows(before)] == ["3"]


def test_resume_grades_only_what_is_new_or_changed(grade, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    about = {name: {"log": str(log)} for name in ("ada", "bob", "carl")}
    grade(about=about)
    grade("--resume", about={"bob": {"log": str(log), "score": 1.0}, "dora": {"log": str(log)}})
    graded = sorted(path.name.rpartition("-")[2] for path in log.iterdir())
    assert graded == ["ada", "bob", "bob", "carl", "dora"]
    assert [r["score"] for r in rows(tmp_path / "out" / "scores.csv")] == ["4", "1", "4", "4"]


def test_failures_and_refusals_are_told(grade, tmp_path):
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / "link.ipynb").symlink_to("/etc/passwd")
    code, said = grade(about={"ada": {}, "eve": {"raise": "oops"}})
    assert code == 1
    assert "1 failed to run, 1 written answer to mark" in said and "RuntimeError: oops" in said
    assert "refused: link.ipynb: a symbolic link" in said
    files = {r["file"]: r["outcome"] for r in rows(tmp_path / "out" / "files.csv")}
    assert files == {"ada.ipynb": "graded", "eve.ipynb": "graded", "link.ipynb": "refused"}
    code, said = grade("--resume", about={"eve": {}})  # what the grader failed at is tried again
    assert "1 were graded before" in said


def test_names_of_every_kind(grade, tmp_path):
    folder = os.fsencode(tmp_path / "submissions")
    os.mkdir(folder)
    names = [
        "王小明",
        "سارة",
        "a\nb",
        "\x1b[31mred",
        "=cmd()",
        "c d",
        "x" * 200,
        "..hidden",
        "$(id)",
    ]
    for name in [*(name.encode() for name in names), b"\xff\xfe"]:
        with open(os.path.join(folder, name + b".ipynb"), "wb") as file:
            file.write(fakes.notebook("someone", answer=name.decode("latin-1")))
    code, said = grade()
    assert code == 0, said
    assert "\x1b" not in said
    scores = (tmp_path / "out" / "scores.csv").read_bytes().decode("utf-8-sig")
    assert len(parse(scores.encode(), "scores").rows) == len(names)  # the hidden one is ignored
    assert not [line for line in scores.splitlines() if line.startswith("=")]
    pages = list((tmp_path / "out" / "feedback").iterdir())
    assert len(pages) == len(names)
    assert all(path.name.isprintable() and path.parent.name == "feedback" for path in pages)


def test_canvas_from_zip_to_import(grade, tmp_path):
    path, gradebook = tmp_path / "canvas.zip", tmp_path / "gradebook.csv"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("lovelaceada_11_100_clipping.ipynb", fakes.notebook("ada@uni.edu", 6.0))
        file.writestr("wang_LATE_12_101_clipping.ipynb", fakes.notebook("wang@uni.edu", 3.0))
        file.writestr("eve_99_102_clipping.ipynb", fakes.notebook("eve@uni.edu", 1.0))
    gradebook.write_text(
        "Student,ID,SIS Login ID,Section,Gradient clipping (7)\n    Points Possible,,,,6\n"
        '"Lovelace, Ada",11,ada@uni.edu,,\n"Wang, X",12,wang@uni.edu,,\n"Zuse, K",13,zuse,,\n'
    )
    code, said = grade("--roster", gradebook, source=path)
    assert code == 0
    out = tmp_path / "out"
    assert [r["Gradient clipping (7)"] for r in rows(out / "canvas.csv")] == ["6", "6", "3", ""]
    scores = {r["student"]: r for r in rows(out / "scores.csv")}
    assert scores["zuse"]["status"] == "no submission"
    assert (scores["wang@uni.edu"]["late"], scores["wang@uni.edu"]["hours late"]) == ("yes", "")
    assert "not in gradebook.csv" in scores["eve"]["notes"]
    assert "expects 6 points, the assignment has 9" in said


def test_who_handed_in_what_cannot_be_graded_is_no_absentee(grade, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "bob.zip").write_bytes(b"PK")
    (folder / "carl.ipynb").symlink_to("/etc/passwd")
    known = tmp_path / "class.csv"
    known.write_text("id\nada\nbob\ncarl\ndora\n")
    code, said = grade("--roster", known, "--zero", about={"ada": {}})
    assert code == 1
    found = {r["student"]: (r["status"], r["score"]) for r in rows(tmp_path / "out" / "scores.csv")}
    assert found["bob"] == found["carl"] == ("not graded", "")
    assert found["dora"] == ("no submission", "0")
    assert "bob.zip: not a notebook; unpack it" in said and "carl.ipynb: a symbolic link" in said


def test_lateness_and_what_it_costs(grade, tmp_path):
    grade(about={"ada": {}, "bob": {}})
    time = 1_700_000_000
    os.utime(tmp_path / "submissions" / "ada.ipynb", (time, time - 60))
    os.utime(tmp_path / "submissions" / "bob.ipynb", (time, time + 25 * 3600))
    grade("--resume", "--due", "2023-11-14T22:13:20Z", "--penalty", "10")
    ada, bob = rows(tmp_path / "out" / "scores.csv")
    assert (ada["score"], ada["hours late"], ada["deduction"]) == ("4", "0.0", "")
    assert (bob["score"], bob["hours late"], bob["deduction"]) == ("3.2", "25.0", "20 %")


def test_a_class_that_calls_itself_otherwise_is_warned_about(grade, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    for i in range(3):
        (folder / f"name{i}_{i + 10}_5{i}_clipping.ipynb").write_bytes(fakes.notebook(f"u{i}@x.y"))
    code, said = grade()
    assert "Attention: 3 of 3 notebooks name a STUDENT" in said and "--roster" in said
    assert code == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--penalty", "10"], "--due"),
        (["--due", "tomorrow"], "2026-11-30T18:00"),
        (["--roster", "none.csv"], "cannot be read"),
        (["--manual", "none.csv"], "cannot be read"),
        (["--column", "x"], "Canvas"),
    ],
)
def test_wrong_use_is_told_without_a_traceback(grade, more, said):
    code, output = grade(*more, about={"ada": {}})
    assert code == 2
    assert said in output
    assert "Traceback" not in output


def test_a_folder_without_notebooks(grade, tmp_path):
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / "a.pdf").write_bytes(b"1")
    code, said = grade()
    assert code == 2
    assert "a.pdf: not a notebook" in said


def test_a_folder_with_results_is_not_written_over(grade):
    grade(about={"ada": {}})
    code, said = grade()
    assert code == 2
    assert "--resume" in said


def test_an_assignment_that_is_not_built(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["none", "x", "--out", "y"]) == 2
    assert "make assignments" in capsys.readouterr().err


def test_other_systems_are_told_at_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "win32")
    assert cli.main([]) == 2
    assert "WSL" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_graded(grade, tmp_path, monkeypatch):
    problem = preflight.Problem("bwrap is not there.", "Install bubblewrap.")
    monkeypatch.setattr(preflight, "problems", lambda: [problem])
    code, said = grade(about={"ada": {}}, grader=None)
    assert code == 2
    assert "Install bubblewrap." in said
    assert not (tmp_path / "out").exists()


def test_a_bar_on_a_terminal_and_lines_elsewhere(capsys):
    class Terminal:
        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

        def isatty(self):
            return True

    terminal = Terminal()
    with Progress(2, stream=terminal) as progress:
        progress.advance()
        progress.advance()
    assert "2/2" in terminal.text
    with Progress(2) as progress:
        progress.advance()
        progress.advance()
    assert capsys.readouterr().err.splitlines() == ["2 of 2 graded, 0.0 s each"]


def started(*words):
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def in_session(leader):
    """Return the processes in the session of ``leader``."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_and_gone_on_with(assignment, tmp_path, how):
    folder, log, out = tmp_path / "submissions", tmp_path / "log", tmp_path / "out"
    folder.mkdir()
    log.mkdir()
    for i in range(8):
        data = fakes.notebook(f"s{i}", sleep=0.3, log=str(log))
        (folder / f"s{i}.ipynb").write_bytes(data)
    words = ["-c", HEARS + FAKE, assignment, folder, "--out", out]
    first = started(*words)
    deadline = time.monotonic() + 60
    while len(list(out.glob("results/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(first.pid, how)  # as Ctrl-C does: to everything in the foreground
    said, _ = first.communicate(timeout=60)
    assert first.returncode == (-how if how == signal.SIGKILL else 130), said
    done = len(list(out.glob("results/*.json")))
    assert 3 <= done < 8
    if how != signal.SIGKILL:
        assert f"{done} of 8 are graded." in said and "Go on with --resume." in said
        assert "Traceback" not in said
    for path in out.glob("results/*.json"):
        json.loads(path.read_text())
    while in_session(first.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert in_session(first.pid) == []
    salt = (out / "salt.txt").read_text()
    second = started(*words, "--resume")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 0, said
    assert f"{done} were graded before" in said
    assert len(rows(out / "scores.csv")) == 8
    assert (out / "salt.txt").read_text() == salt
    assert stat.S_IMODE((out / "salt.txt").stat().st_mode) == 0o600
    calls = len(list(log.iterdir()))
    assert 8 <= calls <= 10  # at most the two that were under way are graded twice
    assert not list(out.rglob(".partial*"))


def test_nothing_is_imported_from_the_folder_of_the_submissions(assignment, tmp_path):
    """Who starts the command there must not run what students put beside their notebooks."""
    folder, reached = tmp_path / "submissions", tmp_path / "reached"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(fakes.notebook("ada"))
    code = f"open({str(reached)!r}, 'a').write(__name__ + ' ')\nraise SystemExit('caught')\n"
    for name in ("pickle", "yaml", "torch", "otter", "lessons", "tqdm", "json", "sitecustomize"):
        (folder / f"{name}.py").write_text(code)
    done = subprocess.run(
        [Path(sys.executable).with_name("lessons-grade"), TINY, ".", "--out", tmp_path / "out"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not reached.exists(), reached.read_text()
    assert done.returncode in (0, 2), done.stderr  # 2: there is no sandbox here


def test_a_whole_run_in_the_sandbox(sandbox, tmp_path):
    folder, out = tmp_path / "submissions", tmp_path / "out"
    folder.mkdir()
    _, *honest = submissions.HONEST
    for student, cells in {
        "ada": ['STUDENT = "ada"', *honest],
        "bob": ['STUDENT = "bob"', honest[0]],
        "eve": ['STUDENT = "ada"', "import os\nos._exit(0)", *honest],
    }.items():
        (folder / f"{student}.ipynb").write_bytes(submissions.notebook(*cells))
    (folder / "dora.ipynb").write_bytes(b"no notebook")
    done = started("-m", "lessons.coursework.cli", TINY, folder, "--out", out, "--jobs", "2")
    said, _ = done.communicate(timeout=120)
    assert done.returncode == 1, said
    assert "4 submissions, 3 graded, 1 failed to run" in said
    found = {r["student"]: r for r in rows(out / "scores.csv")}
    assert (found["ada"]["score"], found["ada"]["possible"]) == ("6", "9")
    assert found["bob"]["score"] == "4"
    assert found["eve"]["score"] == "6"
    assert "STUDENT" in found["eve"]["notes"]
    assert (found["dora"]["status"], found["dora"]["possible"]) == ("failed", "9")
    assert "The same STUDENT in several notebooks" in said


def test_the_command_works_from_anywhere(tmp_path, monkeypatch):
    from lessons.coursework.grading import assignment as module

    built = tmp_path / "checkout" / "_build" / "assignments" / "tiny"
    (built / "tests").mkdir(parents=True)
    for name in ("assignment.json", "tests/q1.py", "tests/q2.py"):
        (built / name).write_bytes((TINY / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path / "checkout")
    monkeypatch.chdir(tmp_path)
    assert module.load("tiny").name == "tiny"


def test_too_few_addresses_are_told_without_a_traceback(monkeypatch, capsys):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (2**32, 2**32))
    assert cli.main(["x", "y", "--out", "z"]) == 2
    assert "ulimit -v unlimited" in capsys.readouterr().err


def test_a_terminal_that_knows_few_letters(assignment, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "王小明.ipynb").write_bytes(fakes.notebook(**{"raise": "oops"}))
    done = subprocess.run(
        [sys.executable, "-c", FAKE, assignment, folder, "--out", tmp_path / "out"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "  ???  The grader failed: RuntimeError: oops" in done.stdout.decode("latin-1")
    assert b"UnicodeEncodeError" not in done.stderr
