"""Grading a submission: its points, its messages, and what a person should know."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lessons.coursework.grading.assignment import AssignmentError, load
from lessons.coursework.grading.grade import grade, seed_of
from lessons.coursework.grading.result import Result
from lessons.coursework.sandbox.limits import MIB, Limits
from tests.coursework.submissions import (
    HALF,
    HONEST,
    NORM,
    STUDENT,
    THRESHOLD,
    TINY,
    notebook,
)

LIMITS = Limits(cell=10, call=5)


def messages(result):
    """Return name and message of the tests that failed."""
    cases = [case for question in result.questions for case in question.cases]
    return {case.name: case.message for case in cases if not case.passed}


def test_an_honest_submission_gets_all_points(tiny):
    data = notebook(*HONEST)
    result = grade(data, tiny, "ada", submission="ada.ipynb")
    assert (result.status, result.score, result.possible) == ("graded", 6.0, 6.0)
    assert [(q.name, q.score, q.possible) for q in result.questions] == [("q1", 4, 4), ("q2", 2, 2)]
    assert (result.errors, result.notes, result.output) == ((), (), "")
    assert (result.claimed, result.student, result.submission) == ("ada", "ada", "ada.ipynb")
    assert result.digest == hashlib.sha256(data).hexdigest()
    assert Result.from_json(result.to_json()) == result


def test_an_empty_submission_gets_none_and_says_what_is_missing(tiny):
    result = grade(notebook(), tiny, "ada")
    assert (result.status, result.score) == ("graded", 0.0)
    assert messages(result) == {
        "q1 - 1": "norm is not defined, or still to be written.",
        "q1 - 2": "Try tensors of several shapes.\nnorm is not defined, or still to be written.",
        "q1 - 3": "A hidden test failed.\nnorm is not defined, or still to be written. "
        "(the same cause as in: q1 - 2)",
        "q2 - 1": "half(x) is x / 2.\nhalf is not defined, or still to be written.",
        "q2 - 2": "threshold is not defined, or still to be written.",
    }


def test_hidden_tests_say_what_stopped_and_nothing_of_their_inputs(tiny):
    """The submission chooses the words of its exceptions, and the names of their types."""
    leak = "def half(x):\n    raise ValueError(f'the input is {x}')\ndef norm(tensors):\n"
    leak += "    print('printed', tensors)\n    raise ValueError(f'the input is {tensors}')"
    result = grade(notebook(STUDENT, leak, "threshold = 3"), tiny, "ada", limits=LIMITS)
    said = messages(result)
    assert "the input is [tensor([3.])" in said["q1 - 1"]
    assert said["q1 - 2"] == (
        "Try tensors of several shapes.\nnorm raised ValueError (cell 2, line 5)."
    )
    assert said["q2 - 1"] == "half(x) is x / 2.\nhalf raised ValueError (cell 2, line 2)."
    assert said["q2 - 2"] == "ada: threshold is 3"
    assert "printed" not in result.output


def test_the_name_of_an_exception_gives_nothing_away(tiny):
    leak = "def norm(tensors):\n    raise type(f'input{tensors}', (TypeError,), {})"
    said = messages(grade(notebook(STUDENT, leak), tiny, "ada", limits=LIMITS))
    assert said["q1 - 2"].endswith("norm raised an exception (cell 2, line 2).")


def test_an_untouched_student_is_told_from_another_ones_name(tiny):
    (note,) = grade(notebook('STUDENT = "your-id"', *HONEST[1:]), tiny, "ada").notes
    assert note.startswith("STUDENT was left as 'your-id'")


def test_points_are_partial(tiny):
    no_refusal = "def norm(x):\n    return float(sum((t.double() ** 2).sum() for t in x)) ** 0.5"
    result = grade(notebook(no_refusal, THRESHOLD), tiny, "ada")
    assert [case.points for case in result.questions[0].cases] == [1.0, 2.0, 0.0]
    assert result.score == 4.0


def test_the_student_is_who_the_roster_says(tiny):
    cells = [*HONEST, 'assert STUDENT == "ada"']
    assert grade(notebook(*cells), tiny, " ADA ").notes == ()
    result = grade(notebook(*cells), tiny, "eve")
    assert result.notes == ("The notebook says STUDENT = 'ada'.",)
    assert (result.claimed, result.student, result.score) == ("ada", "eve", 6.0)


def test_what_was_not_run_and_what_stopped_is_said(tiny):
    cells = [STUDENT, "%matplotlib inline\nprint('hi')", "1 / 0", NORM, HALF, THRESHOLD]
    result = grade(notebook(*cells), tiny, "ada")
    assert result.score == 6.0
    assert [error.cell for error in result.errors] == [3]
    assert result.errors[0].error.startswith("ZeroDivisionError")
    assert result.notes == ("Lines for IPython alone were not run (cells 2).",)
    assert result.output == "hi\n"


def test_what_is_no_notebook_fails_with_a_reason_and_needs_no_sandbox():
    large = b"{" + b" " * (100 * MIB)
    for data, reason in [(large, "100 MiB"), (b"{", "no JSON"), (b"[" * 10**5, "deeply")]:
        result = grade(data, load(TINY), "ada")
        assert (result.status, result.score, result.possible) == ("failed", 0.0, 6.0)
        assert reason in result.reason
        assert result.questions == ()


def test_names_may_be_in_any_script(tiny):
    cells = ['STUDENT = "Zoë 学生 🎓"', *HONEST[1:]]
    name = "зачёт\udc80.ipynb"
    result = grade(notebook(*cells), tiny, "Zoë 学生 🎓", submission=name)
    assert (result.score, result.notes) == (6.0, ())
    assert Result.from_json(result.to_json()) == result


def test_the_answer_to_a_question_marked_by_hand_is_kept(tiny):
    import json

    stored = json.loads(notebook(*HONEST))
    texts = ["<!-- BEGIN QUESTION -->\n**3.** Why?", "Because.\x1b[31m", "<!-- END QUESTION -->"]
    stored["cells"] += [{"cell_type": "markdown", "source": text} for text in texts]
    (answer,) = grade(json.dumps(stored).encode(), tiny, "ada").manual
    assert (answer.name, answer.possible, answer.answer) == ("q3", 3.0, "Because.�[31m")


def test_seeds_are_the_same_for_ever():
    # The first seven bytes of: printf '2025\0ada' | sha256sum
    assert seed_of("ada", "2025") == 0x742AC97F4E4B36
    assert seed_of("\udc80") != seed_of("")
    assert len({seed_of(f"student {number}") for number in range(1000)}) == 1000


def test_other_points_than_promised_are_the_assignment_s_fault(tiny):
    wrong = replace(tiny, questions=(replace(tiny.questions[0], points=5.0), *tiny.questions[1:]))
    with pytest.raises(AssignmentError, match="other points than 5"):
        grade(notebook(), wrong, "ada")


def test_tests_that_cannot_be_read_are_the_assignment_s_fault(tiny, tmp_path):
    (tmp_path / "q1.py").write_text("name = 'q1'\n1 / 0", encoding="utf-8")
    wrong = replace(tiny, tests={**tiny.tests, "q1": tmp_path / "q1.py"})
    with pytest.raises(AssignmentError, match=r"q1.py cannot be used: division by zero"):
        grade(notebook(), wrong, "ada")


def test_tests_that_submissions_could_read_are_refused(tiny):
    wrong = replace(tiny, tests={**tiny.tests, "q1": Path(sys.prefix) / "q1.py"})
    with pytest.raises(AssignmentError, match=r"q1.py lies in .*which submissions can read"):
        grade(notebook(), wrong, "ada")


def test_cell_magics_and_await_cost_nothing(tiny):
    """As Jupyter would run them: the function below %%time is there."""
    norm, half = f"%%time\n{NORM}", f"import asyncio\nawait asyncio.sleep(0)\n{HALF}"
    result = grade(notebook(STUDENT, norm, half, THRESHOLD), tiny, "ada")
    assert (result.score, result.errors, result.notes) == (6.0, (), ())
