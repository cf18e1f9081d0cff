"""Many submissions at once: each has one result, whatever happens to the processes."""

import os
import signal
import stat
from collections import Counter
from dataclasses import replace

import psutil
import pytest

from lessons.coursework.grading import store
from lessons.coursework.intake.collect import collect
from lessons.coursework.runs import batch
from lessons.coursework.runs.tasks import GraderBroken
from lessons.coursework.sandbox.limits import Limits
from tests.coursework import fakes


@pytest.fixture
def students(tmp_path):
    """Return the function that makes submissions from {student: what the notebook says}."""

    def make(about):
        folder = tmp_path / "submissions"
        folder.mkdir(exist_ok=True)
        for student, said in about.items():
            (folder / f"{student}.ipynb").write_bytes(fakes.notebook(student, **said))
        return collect(folder, "clipping").submissions

    return make


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def run(submissions, grade=fakes.grade, jobs=2):
    return list(
        batch.grade_all(
            submissions, fakes.ASSIGNMENT, grade, salt="s", limits=Limits(submission=5), jobs=jobs
        )
    )


def calls(log):
    return Counter(path.name.rpartition("-")[2] for path in log.iterdir())


def children():
    return [p for p in psutil.Process().children() if "resource_tracker" not in str(p.cmdline())]


def test_each_is_graded_once_and_nothing_is_left_running(students, log):
    submissions = students(
        {f"s{i}": {"score": i % 5, "log": str(log), "sleep": 0.1} for i in range(12)}
    )
    done = run(submissions)
    assert {s.student: r.score for s, r in done} == {f"s{i}": i % 5 for i in range(12)}
    assert calls(log) == {f"s{i}": 1 for i in range(12)}
    assert len({path.name.split("-")[1] for path in log.iterdir()}) == 2  # both processes worked
    assert children() == []


def test_a_process_that_is_killed_is_replaced_and_its_submission_tried_again(students, log):
    about = {f"s{i}": {"log": str(log)} for i in range(6)}
    about["s2"] |= {"kill": 1}
    done = run(students(about))
    assert {r.status for _, r in done} == {"graded"}
    assert calls(log) == {f"s{i}": 2 if i == 2 else 1 for i in range(6)}


def test_a_submission_that_kills_two_processes_is_recorded(students, log):
    about = {f"s{i}": {"log": str(log)} for i in range(4)}
    about["s0"] |= {"kill": 9}
    done = {s.student: r for s, r in run(students(about), jobs=1)}
    assert done["s0"].status == "failed"
    assert "SIGKILL" in done["s0"].reason
    assert (done["s0"].possible, len(done["s0"].manual)) == (6.0, 1)
    assert {done[f"s{i}"].status for i in (1, 2, 3)} == {"graded"}
    assert calls(log)["s0"] == 2


def test_what_took_too_long_is_graded_again_alone_and_with_patience(students, log):
    """A neighbour that keeps the processors busy takes no points."""
    about = {f"s{i}": {"log": str(log), "sleep": 0.2} for i in range(6)}
    for name in ("s1", "s2"):
        about[name] |= {"slow": 2}
    done = {s.student: r for s, r in run(students(about))}
    assert {r.timed_out for r in done.values()} == {False}
    assert calls(log) == {f"s{i}": 2 if i in (1, 2) else 1 for i in range(6)}
    begun = sorted((int(path.name.split("-")[0]), path.name[-2:]) for path in log.iterdir())
    *together, (first, _), (second, _) = begun
    assert {name for _, name in begun[-2:]} == {"s1", "s2"}
    assert first - together[-1][0] > 0.2e9 and second - first > 0.2e9


def test_a_sandbox_that_starts_late_on_a_busy_machine_stops_nobody(students):
    done = {s.student: r for s, r in run(students({"ada": {"starts late": 2}, "bob": {}}))}
    assert {r.status for r in done.values()} == {"graded"}
    with pytest.raises(GraderBroken, match="does not start"):
        run(students({"ada": {"starts late": 100}}))


def test_what_takes_too_long_alone_too_is_told(students, log):
    (one,) = run(students({"s1": {"log": str(log), "slow": 100}}), jobs=1)
    assert one[1].timed_out
    assert calls(log) == {"s1": 2}


def _cores(notebook, assignment, student, **more):
    """Grade as the fakes do, and say on which processors."""
    output = repr(sorted(os.sched_getaffinity(0)))
    return replace(fakes.grade(notebook, assignment, student, **more), output=output)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor")
def test_each_process_has_a_processor_of_its_own(students):
    submissions = students({f"s{i}": {"sleep": 0.3} for i in range(4)})
    used = {result.output for _, result in run(submissions, grade=_cores)}
    first, second, *_ = sorted(os.sched_getaffinity(0))
    assert used == {f"[{first}]", f"[{second}]"}
    many = run(submissions[:1], grade=_cores, jobs=100)
    assert many[0][1].output == repr(sorted(os.sched_getaffinity(0)))


def test_an_error_of_the_grader_is_recorded(students):
    done = {s.student: r for s, r in run(students({"ada": {"raise": "oops"}, "bob": {}}))}
    assert done["bob"].status == "graded"
    assert "RuntimeError: oops" in done["ada"].reason


def test_a_process_that_does_not_answer_is_ended(students, monkeypatch):
    monkeypatch.setattr(batch, "_allowed", lambda limits: 1.0)
    done = run(students({"ada": {"sleep": 60}}), jobs=1)
    assert "did not answer" in done[0][1].reason


def _does_not_unpickle():
    raise ImportError("no such thing here")


class _Unusable:
    def __reduce__(self):
        return _does_not_unpickle, ()

    def __call__(self):
        """Never called."""


def test_a_grader_that_cannot_start_is_told_at_once(students):
    with pytest.raises(GraderBroken, match="cannot start"):
        run(students({"ada": {}, "bob": {}}), grade=_Unusable())


def test_processes_are_replaced_after_some_time(students, log, monkeypatch):
    monkeypatch.setattr(batch, "MOST_TASKS", 2)
    submissions = students({f"s{i}": {"log": str(log)} for i in range(5)})
    assert len(run(submissions, jobs=1)) == 5
    assert len({path.name.split("-")[1] for path in log.iterdir()}) == 3


def test_a_file_that_changed_or_went_is_recorded(students, tmp_path):
    submissions = students({"ada": {}, "bob": {}, "carl": {}})
    (tmp_path / "submissions" / "ada.ipynb").write_bytes(b"other")
    (tmp_path / "submissions" / "bob.ipynb").unlink()
    done = {s.student: r for s, r in run(submissions)}
    assert "changed" in done["ada"].reason
    assert done["bob"].status == "failed"
    assert done["carl"].status == "graded"


def test_stopping_half_way_leaves_nothing_running(students):
    submissions = students({f"s{i}": {} for i in range(8)})
    going = batch.grade_all(
        submissions, fakes.ASSIGNMENT, fakes.grade, salt="", limits=Limits(), jobs=2
    )
    next(going)
    assert children()
    going.close()
    assert children() == []
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_files_are_whole_or_absent(tmp_path, monkeypatch):
    store.write(tmp_path / "a" / "x.json", "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        store.write(tmp_path / "a" / "x.json", "new")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["x.json"]
    assert (tmp_path / "a" / "x.json").read_text() == "old"


def test_the_salt_is_drawn_once_and_kept_private(tmp_path):
    with store.opened(tmp_path / "out") as out:
        first = store.salt(out)
    path = tmp_path / "out" / "salt.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store.opened(tmp_path / "out", resume=True) as out:
        assert store.salt(out) == store.salt(out, first) == first
        with pytest.raises(ValueError, match="another salt"):
            store.salt(out, "other")
    with store.opened(tmp_path / "new") as out:
        assert len(store.salt(out)) >= 16
        assert store.salt(out) != first


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    for resume in (False, True):
        with (
            pytest.raises(ValueError, match=r"not empty|other files"),
            store.opened(tmp_path, resume),
        ):
            pass
    with pytest.raises(ValueError, match="is a file"), store.opened(tmp_path / "thesis.tex"):
        pass


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    with (
        store.opened(tmp_path / "out") as out,
        pytest.raises(ValueError, match="Another run"),
        store.opened(out, resume=True),
    ):
        pass


def test_what_is_finished(students, tmp_path):
    (ada,) = students({"ada": {}})
    result = fakes.grade(ada.read(), fakes.ASSIGNMENT, "ada")
    with store.opened(tmp_path / "out") as out:
        assert store.finished(out, ada, fakes.ASSIGNMENT) is None
        store.keep(out, ada, result)
        assert store.finished(out, ada, fakes.ASSIGNMENT) == result
        for field in ("digest", "tests", "student"):
            store.keep(out, ada, replace(result, **{field: "other"}))
            assert store.finished(out, ada, fakes.ASSIGNMENT) is None
        store.result_path(out, ada).write_text("{")
        assert store.finished(out, ada, fakes.ASSIGNMENT) is None
