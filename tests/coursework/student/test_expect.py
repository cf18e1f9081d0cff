"""Expectations: what passes, and that what does not is described in words."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.student import expect

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(FINITE)
def test_a_number_is_itself(value):
    expect.number(value, value, "f()")


@given(FINITE.filter(lambda x: abs(x) > 1e-30))
def test_a_number_may_be_a_little_off_and_no_more(value):
    expect.number(value * (1 + 1e-7), value, "f()", relative=1e-6)
    with pytest.raises(AssertionError, match=r"f\(\) gives .* expected"):
        expect.number(value * (1 + 1e-5), value, "f()", relative=1e-6)


def test_nan_is_expected_where_it_is_expected():
    expect.number(math.nan, math.nan, "f()")
    for got, wanted in ((math.nan, 1.0), (1.0, math.nan)):
        with pytest.raises(AssertionError):
            expect.number(got, wanted, "f()")


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (torch.tensor(5.0), "the tensor 5.0"),
        (None, "nothing (None)"),
        ([5.0], "a list"),
        (True, "True"),
        ("5", "a str"),
    ],
)
def test_what_is_no_number_is_described(got, words):
    with pytest.raises(AssertionError) as caught:
        expect.number(got, 5.0, "f()")
    assert str(caught.value) == f"f() gives {words}; expected a Python number."


def test_several_numbers():
    expect.numbers((1.0, 2.0), [1.0, 2.0], "f()")
    for got in (None, 1.0, [1.0], [1.0, 3.0], [1.0, None]):
        with pytest.raises(AssertionError, match=r"f\(\)"):
            expect.numbers(got, [1.0, 2.0], "f()")


WANTED = [torch.tensor([1.0, 2.0]), None, torch.zeros(2, 3)]


def test_tensors_that_agree():
    expect.tensors([t if t is None else t.clone() for t in WANTED], WANTED, "f()", 0)
    expect.tensors(tuple(WANTED), WANTED, "f()")
    expect.tensors([torch.zeros(0)], [torch.zeros(0)], "f()")


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, torch.tensor([1.0, 2.1]), "the tensor [1.0, 2.1]; expected the tensor [1.0, 2.0]"),
        (0, torch.tensor([1.0, math.nan]), "the tensor [1.0, nan]; expected the tensor"),
        (0, torch.tensor([[1.0, 2.0]]), "expected the shape (2,)"),
        (
            0,
            torch.tensor([1.0, 2.0], dtype=torch.float64),
            "of torch.float64; expected torch.float32",
        ),
        (0, [1.0, 2.0], "a list; expected a tensor"),
        (1, torch.zeros(1), "entry 1 of the result is the tensor [0.0]; expected None"),
        (2, None, "entry 2 of the result is nothing (None); expected a tensor"),
    ],
)
def test_tensors_that_differ_are_described(place, value, words):
    got = list(WANTED)
    got[place] = value
    with pytest.raises(AssertionError) as caught:
        expect.tensors(got, WANTED, "f()")
    assert words in str(caught.value)


def test_lists_of_other_lengths():
    with pytest.raises(AssertionError, match="1 entry; expected 3"):
        expect.tensors(WANTED[:1], WANTED, "f()")
    with pytest.raises(AssertionError, match="expected a list"):
        expect.tensors(WANTED[0], WANTED, "f()")
