"""The data are what they say, seeded, and never downloaded."""

import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from lessons.data import PARTS, SAMPLES, adding, digits, recall


def test_digits_are_all_there_once():
    data = digits(standardize=False, dtype=torch.float64)
    together = torch.cat([data.train_x, data.test_x])
    expected = torch.as_tensor(load_digits().data)
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, expected.tolist()))
    assert together.min() == 0 and together.max() == 16
    # Each digit keeps its share in both parts.
    shares = [torch.bincount(y, minlength=10) / len(y) for y in (data.train_y, data.test_y)]
    assert (shares[0] - shares[1]).abs().max() < 0.01


def test_the_stored_split_is_scikit_learns():
    """If not, store what it gives as uint8: numpy.savez_compressed with the names of PARTS."""
    x, y = load_digits(return_X_y=True)
    expected = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
    found = digits(standardize=False, dtype=torch.float64)
    assert len(y) == SAMPLES
    for name, part in zip(PARTS, expected, strict=True):
        assert torch.equal(getattr(found, name), torch.as_tensor(part)), name


def test_what_is_changed_in_place_does_not_come_back():
    raw = {"standardize": False, "dtype": torch.float64}
    for more in ({}, {"seed": 1}):
        before = digits(**raw, **more)
        kept = before.train_x.clone()
        before.train_x.zero_()
        assert torch.equal(digits(**raw, **more).train_x, kept)


def test_the_books_split_needs_no_scikit_learn():
    code = "import sys; from lessons.data import digits; digits(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_standardised_by_the_training_part_alone():
    data, raw = (digits(standardize=s, dtype=torch.float64) for s in (True, False))
    assert data.train_x.mean().abs() < 1e-12
    assert data.train_x.std(correction=0).item() == pytest.approx(1)
    mean, deviation = raw.train_x.mean(), raw.train_x.std(correction=0)
    torch.testing.assert_close(data.test_x, (raw.test_x - mean) / deviation)


def test_digits_are_seeded():
    assert torch.equal(digits(seed=3).train_x, digits(seed=3).train_x)
    assert not torch.equal(digits(seed=3).train_x, digits(seed=4).train_x)


@given(st.integers(1, 20), st.integers(2, 50), st.integers(0, 1000))
def test_adding_has_two_marks_one_in_each_half(samples, length, seed):
    x, y = adding(samples, length, seed)
    marks = x[:, :, 1]
    assert x.shape == (samples, length, 2) and y.shape == (samples, 1)
    assert (marks[:, : length // 2].sum(1) == 1).all()
    assert (marks[:, length // 2 :].sum(1) == 1).all()
    assert ((x[:, :, 0] >= 0) & (x[:, :, 0] < 1)).all()
    torch.testing.assert_close(y[:, 0], (x[:, :, 0] * marks).sum(1))


def test_always_answering_one_costs_a_sixth():
    _, y = adding(20_000, 10, dtype=torch.float64)
    assert ((y - 1) ** 2).mean().item() == pytest.approx(1 / 6, rel=0.03)


@given(st.integers(1, 20), st.integers(2, 30), st.integers(2, 6), st.integers(0, 1000))
def test_recall_shows_the_answer_first_and_never_again(samples, length, classes, seed):
    x, y = recall(samples, length, classes, seed)
    assert x.shape == (samples, length, 2 * classes)
    assert (x.sum(2) == 1).all()
    assert torch.equal(x[:, 0].argmax(1), y) and y.max() < classes
    assert not x[:, 1:, :classes].any()


def test_recall_distractors_do_not_give_the_answer_away():
    x, y = recall(8000, 2, classes=4)
    counts = torch.zeros(4, 4)
    counts.index_put_((y, x[:, 1].argmax(1) - 4), torch.ones(8000), accumulate=True)
    # 500 expected in each cell; five standard deviations of a binomial are 108.
    assert (counts - 500).abs().max() < 5 * math.sqrt(500 * 15 / 16)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: digits(test_fraction=1.0), ValueError, "test_fraction=1.0"),
        (lambda: digits(test_fraction=0), ValueError, "test_fraction=0.0"),
        (lambda: digits(standardize="yes"), TypeError, "standardize='yes'"),
        (lambda: digits(seed=-1), ValueError, "seed=-1"),
        (lambda: digits(dtype=torch.int8), TypeError, "dtype=torch.int8"),
        (lambda: digits(test_fraction=1e-6), ValueError, "test_fraction=1e-06"),
        (lambda: adding(0, 10), ValueError, "samples=0"),
        (lambda: adding(3, 1), ValueError, "length=1"),
        (lambda: recall(3, 10, classes=1), ValueError, "classes=1"),
        (lambda: recall(3, 10.0), TypeError, "length=10.0"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
