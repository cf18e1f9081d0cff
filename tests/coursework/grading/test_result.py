"""Results are written and read; what is no result is refused."""

import json

import pytest

from lessons.coursework.grading.result import Case, CellError, ManualAnswer, QuestionResult, Result

CASE = Case("q1 - 1", True, 2.0, 2.0, True, "")
RESULT = Result(
    *("tiny", "ada.ipynb", "ada"),
    claimed="Ada\ud800",
    score=2.0,
    possible=4.0,
    questions=(QuestionResult("q1", 2.0, 4.0, (CASE,)),),
    manual=(ManualAnswer("q3", 3.0, "Because…"),),
    errors=(CellError(3, "ValueError: no"),),
    output="5\n",
    notes=("a", "b"),
    seconds=1.5,
    digest="d" * 64,
    tests="t",
)


def test_a_result_comes_back_as_it_was():
    text = RESULT.to_json()
    assert text.isascii()
    assert Result.from_json(text) == RESULT
    assert json.loads(text)["schema"] == 2


def test_a_result_shows_who_got_how_much():
    assert repr(RESULT) == "Result(tiny, ada: 2/4)"
    failed = Result("tiny", "x", "eve", status="failed", reason="The file is empty.")
    assert repr(failed) == "Result(tiny, eve: The file is empty.)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"schema": 3}',
        RESULT.to_json().replace('"schema": 2', '"schema": 3'),
        RESULT.to_json().replace('"notes"', '"other"'),
        "[" * 100_000,
    ],
    ids=range(8),
)
def test_other_texts_are_no_results(text):
    with pytest.raises(ValueError, match="no result of grading"):
        Result.from_json(text)
