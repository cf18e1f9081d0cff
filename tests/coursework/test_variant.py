"""One student, one variant, for ever."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.variant import VARIANTS, variant

NAMES = st.text(min_size=1).filter(lambda text: text.strip())


def test_is_the_digest_that_the_documentation_names():
    digest = hashlib.sha256(b"clipping\nada").digest()
    assert variant("ada", "clipping") == int.from_bytes(digest[:8], "big") % 2**31


@given(NAMES)
def test_is_a_seed_that_every_generator_takes(student):
    assert 0 <= variant(student, "clipping") < VARIANTS


@given(st.text("abcxyzäß 0189", min_size=1).filter(lambda text: text.strip()))
def test_case_and_spaces_do_not_count(student):
    assert variant(f"  {student.upper()}\t", "Clipping") == variant(student, "clipping")


def test_full_width_letters_are_the_same_letters():
    assert variant("ａｄａ１", "clipping") == variant("ada1", "clipping")


def test_neighbours_and_other_assignments_have_other_data():
    seeds = {variant(f"s{n}", name) for n in range(300) for name in ("clipping", "lstm")}
    assert len(seeds) == 600


@pytest.mark.parametrize(
    ("student", "error"),
    [("", ValueError), (" \n", ValueError), (12, TypeError), (None, TypeError)],
)
def test_names_that_are_none_are_refused(student, error):
    with pytest.raises(error, match="student="):
        variant(student, "clipping")
