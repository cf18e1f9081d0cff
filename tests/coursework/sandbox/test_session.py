"""A worker answers, and whatever it does instead, the grader goes on."""

import json
import time
from dataclasses import replace

import pytest
import torch

from lessons.coursework.grading.proxies import Environment, StudentError, StudentFunction
from lessons.coursework.grading.running import Running
from lessons.coursework.inside.codec import decode, encode
from lessons.coursework.intake.notebook import parse
from lessons.coursework.sandbox import memory
from lessons.coursework.sandbox.launch import SandboxError
from lessons.coursework.sandbox.limits import MIB, Limits
from lessons.coursework.sandbox.session import OutOfTime, Session, WorkerLost
from lessons.coursework.student import expect
from tests.coursework.submissions import notebook

LIMITS = Limits(cell=3, call=2, submission=60, memory=768 * MIB, output=2000)


@pytest.fixture(scope="module")
def session(sandbox):
    """Return a worker that several tests use."""
    with Session(LIMITS) as started:
        yield started


def run(session, source, cell=1):
    return session.request(3, do="cell", cell=cell, source=source)


def call(session, name, *args, **keywords):
    what = {"args": encode(list(args)), "keywords": encode(keywords)}
    return session.request(3, do="call", name=name, **what)


def test_functions_are_called_with_values_and_return_values(session):
    assert run(session, "def f(x, *, by):\n    return {'y': (x * by, by)}") == {"magics": False}
    answer = call(session, "f", torch.tensor([1.0, 2.0]), by=3)
    back = decode(answer["value"])
    assert torch.equal(back["y"][0], torch.tensor([3.0, 6.0]))
    assert back["y"][1] == 3
    assert "changed" not in answer


@pytest.mark.any_user
def test_what_a_function_does_to_its_arguments_is_told(sandbox):
    """ "Return new tensors" can fail when it is graded, as it can in the notebook."""
    source = "def f(x):\n    x[0].mul_(2)\n    return x\ndef g(x):\n    return [x[0] * 2]"
    with running(source) as found:
        given, before = [torch.tensor([1.0])], [torch.tensor([1.0])]
        f, g = Environment(found).get("f"), Environment(found).get("g")
        assert f(given)[0].tolist() == g(given)[0].tolist() == [2.0]
        assert (f.changed, g.changed) == (True, False)
        expect.kept(g, given, before, "g")
        with pytest.raises(AssertionError, match="f has changed the tensors"):
            expect.kept(f, given, before, "f")
    own = lambda x: x[0].mul_(2)  # noqa: E731
    expect.kept(own, given, before, "own")
    own(given)
    with pytest.raises(AssertionError, match="own has changed the tensors"):
        expect.kept(own, given, before, "own")


@pytest.mark.any_user
def test_an_exception_tells_its_line_and_its_kinds(session):
    answer = run(session, "def g():\n    raise KeyError('k')\n\ng()", cell=7)
    assert answer["error"] == "KeyError: 'k' (cell 7, line 4; cell 7, line 2)"
    assert answer["kinds"][:3] == ["KeyError", "LookupError", "Exception"]
    assert "cell 8, line 2" in run(session, "a = 1\nb = = 2", cell=8)["error"]


@pytest.mark.any_user
def test_names_are_missing_values_functions_or_something_else(session):
    run(session, "a, b, d = 5, ..., object()\ndef c(): pass")
    found = [session.request(3, do="look", name=name)["is"] for name in ("a", "b", "c", "d", "e")]
    assert found == ["value", "missing", "function", "other", "missing"]


@pytest.mark.any_user
def test_the_notebook_is_the_main_module_and_its_source_can_be_read(session):
    source = (
        "import inspect, pickle, sys\n"
        "class Point:\n    pass\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].Point is Point\n"
        "pickle.loads(pickle.dumps(Point()))\n"
        "def f():\n    return 5  # why\n"
        "assert '# why' in inspect.getsource(f)\ndisplay(f)\n"
        "assert sys.argv == ['notebook']"
    )
    assert run(session, source, cell=20) == {"magics": False}


@pytest.mark.any_user
def test_the_checker_is_silent(session):
    source = (
        "from lessons.coursework import Checker\nimport lessons.coursework\n"
        "grader = lessons.coursework.Checker('x')\ngrader.check('q1')\ngrader.check_all()\n"
        "from lessons.coursework.student.checker import Checker as Other\nassert Other is Checker"
    )
    assert run(session, source) == {"magics": False}


@pytest.mark.parametrize("poll", [0.05, 600])
def test_the_cell_that_keeps_too_much_is_blamed_and_not_the_next(monkeypatch, sandbox, poll):
    """Whether the watcher looks in time or not; the memory outlives the cell's own exception."""
    monkeypatch.setattr("lessons.coursework.sandbox.session.POLL", poll)
    fill = "kept = []\nwhile True:\n    kept.append(bytearray(2**26))"
    with Session(LIMITS) as fresh:
        assert run(fresh, "a = 5") == {"magics": False}
        with pytest.raises(WorkerLost, match="held more than 768 MiB of memory"):
            fresh.request(30, do="cell", cell=2, source=fill)


@pytest.mark.any_user
def test_the_end_of_what_is_printed_is_kept(session):
    run(session, "import sys\nprint('x' * 5000, 'the end')\nprint('!', file=sys.stderr)")
    assert session.output().endswith("x the end\n!\n")
    assert len(session.output()) == LIMITS.output


@pytest.mark.any_user
def test_a_value_that_is_too_large_is_told_from_a_broken_channel(sandbox):
    with Session(Limits(message=2000)) as session:
        run(session, "def f():\n    return 'x' * 5000")
        assert call(session, "f") == {"unfit": "is too large to be checked"}


@pytest.mark.any_user
def test_a_worker_that_does_not_answer_is_lost_at_the_deadline(sandbox):
    with Session(LIMITS) as session:
        began = time.monotonic()
        with pytest.raises(WorkerLost, match=r"took longer than 0\.5 s"):
            session.request(0.5, do="cell", cell=1, source="while True: pass")
        assert time.monotonic() - began < 5
        with pytest.raises(WorkerLost, match=r"took longer than 0\.5 s"):
            run(session, "a = 1")


def test_with_patience_the_processor_s_time_counts(sandbox):
    """Waiting, for the processor or for anything, is not the worker's time; computing is."""
    with Session(replace(LIMITS, patience=20)) as session:
        session.request(0.3, do="cell", cell=1, source="import time; time.sleep(1)")
        began = memory.seconds(session._sandbox.init)
        assert session._used() - began < 0.2
        with pytest.raises(OutOfTime, match=r"took longer than 0\.3 s"):
            session.request(0.3, do="cell", cell=2, source="while True: pass")
    with Session(replace(LIMITS, patience=2)) as session, pytest.raises(OutOfTime):
        session.request(0.3, do="cell", cell=1, source="import time; time.sleep(60)")


@pytest.mark.any_user
def test_the_whole_submission_has_a_deadline_too(sandbox):
    with Session(LIMITS) as session:
        session.until = time.monotonic() + 0.5
        with pytest.raises(WorkerLost, match="60 s for everything together were over"):
            run(session, "while True: pass")


def test_a_request_that_nobody_reads_has_a_deadline(sandbox):
    with Session(LIMITS) as session:
        run(session, "import os, signal, threading\n"
            "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGSTOP)).start()")  # fmt: skip
        time.sleep(0.5)
        with pytest.raises(WorkerLost, match="took longer than 3 s"):
            run(session, "#" * 10**6)


def test_a_worker_that_cannot_start_is_not_the_submission_s_fault(sandbox):
    with pytest.raises(SandboxError, match="did not start in time"):
        Session(Limits(start=0.1))


def running(*sources, limits=LIMITS):
    return Running(parse(notebook(*sources), limits), limits)


@pytest.mark.any_user
def test_a_cell_that_ends_the_worker_is_skipped_in_the_next(sandbox):
    with running("a = 1", "import os\nos._exit(1)", "b = a + 1", "1 / 0") as found:
        assert [error.cell for error in found.errors] == [2, 4]
        assert Environment(found).get("b") == 2


@pytest.mark.any_user
def test_a_function_that_hangs_is_not_called_again(sandbox):
    with running("def f(): \n    while True: pass\ndef g():\n    return 5") as found:
        f = Environment(found).get("f")
        with pytest.raises(StudentError, match=r"f took longer than 2 s\."):
            f()
        began = time.monotonic()
        with pytest.raises(StudentError, match="before, so it is not tried again"):
            f()
        assert time.monotonic() - began < 1
        assert Environment(found).get("g")() == 5
        assert found.notes == ["f took longer than 2 s."]
        assert found.errors == ()


@pytest.mark.any_user
def test_time_spent_starting_is_not_the_student_s(sandbox):
    limits = Limits(submission=2, start=60)
    with running("import time\ntime.sleep(1.5)\na = 1", limits=limits) as found:
        assert found.errors == ()
        time.sleep(1)
        with pytest.raises(StudentError, match="2 s for everything together were over"):
            Environment(found).get("a")
        with pytest.raises(StudentError, match="the 2 s of the submission are over"):
            Environment(found).get("b")


DEEP = json.loads("[" * 900 + "]" * 900)


class Fake:
    """Stands for a running submission, and answers what it is told."""

    def __init__(self, **answer):
        self.answer = answer

    def ask(self, do, name, **what):
        return self.answer


@pytest.mark.any_user
def test_exceptions_are_of_the_type_that_was_raised():
    f = StudentFunction(Fake(error="ValueError: no", kinds=["Odd", "ValueError", "Exception"]), "f")
    with pytest.raises(ValueError, match=r"^f raised ValueError: no$") as caught:
        f()
    assert isinstance(caught.value, StudentError)
    assert caught.value.kind == "Odd"
    with pytest.raises(StudentError) as caught:
        StudentFunction(Fake(error="x", kinds=["SystemExit", "AssertionError"]), "f")()
    assert not isinstance(caught.value, SystemExit | AssertionError)


@pytest.mark.any_user
@pytest.mark.parametrize(
    "answer",
    [
        {"error": 5, "kinds": 5},
        {"error": [], "kinds": [5, None, []]},
        {"error": DEEP, "kinds": DEEP},
        {"unfit": DEEP},
        {"error": "\ud800\x1b[2J" * 10_000, "kinds": ["x" * 10**6]},
        {"unfit": "\ud800"},
        {"value": {"is": "tensor", "dtype": "float32", "shape": [10**12], "data": ""}},
        {"value": {"is": 5}},
        {"is": "value"},
    ],
    ids=range(9),
)
def test_forged_answers_are_at_most_errors_or_none(answer):
    try:
        assert StudentFunction(Fake(**answer), "f")() is None
    except StudentError as error:
        assert len(str(error)) <= 2000
        str(error).encode()


@pytest.mark.any_user
def test_arguments_that_cannot_cross_are_the_test_s_fault():
    with pytest.raises(TypeError, match="The test's arguments of f: one holds a function"):
        StudentFunction(Fake(), "f")(lambda: 0)


@pytest.mark.any_user
def test_given_names_are_not_asked_for():
    environment = Environment(Fake(**{"is": "missing"}), _seed=5)
    assert environment.get("_seed") == 5
    assert environment.get("x") is None
    assert environment.missing == ["x"]
