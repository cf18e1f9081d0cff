"""Messages name what a student can change: the function, the line, the reason."""

import math

import pytest
import torch

from lessons.coursework.student import explain


def empty(x): ...


def documented(x):
    """Return x."""


def constant(x):
    return 5


def constant_documented(x):
    """Return 5."""
    return 5


@pytest.mark.parametrize("value", [..., empty, documented])
def test_a_placeholder_is_noticed(value):
    assert "`f` is still to be written" in explain.unfinished(["f"], {"f": value})


@pytest.mark.parametrize("value", [constant, constant_documented, len, 0, None, "", torch.zeros(2)])
def test_an_answer_is_no_placeholder(value):
    assert explain.unfinished(["f"], {"f": value}) == ""


def said(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return explain.error(error)


def student(code):
    names = {"torch": torch, "math": math}
    exec(compile(code, "cell 3", "exec"), names)
    return names["f"]


def test_the_line_is_the_students():
    f = student("def f(x):\n    y = 1\n    return x / 0\n")
    assert said(f, 1.0) == "ZeroDivisionError: float division by zero (in `f`, line 3 of its cell)"


def test_what_torch_does_inside_is_not_shown():
    f = student("import torch\ndef f(x):\n    return torch.nn.functional.cross_entropy(x, 3)\n")
    message = said(f, torch.zeros(2))
    assert "TypeError" in message
    assert message.endswith("(in `f`, line 3 of its cell)")


def test_the_source_is_shown_where_it_is_known():
    assert said(constant) == (  # no frame of the call: the arguments are wrong
        f"TypeError: constant() missing 1 required positional argument: 'x' "
        f"(in `said`, line {said.__code__.co_firstlineno + 2} of its cell: `function(*arguments)`)"
    )


def test_a_missing_key_is_called_so():
    assert said(student('def f(d):\n    return d["losses"]\n'), {}).startswith(
        "KeyError: there is no 'losses' "
    )


def test_long_messages_are_cut():
    f = student("def f():\n    raise ValueError('x' * 10_000)\n")
    assert len(said(f)) < 400
