"""What a submission wrote is shown as it is, but for what could harm who reads it."""

import pytest

from lessons.coursework.intake.text import clean, printable
from lessons.coursework.reports.page import text


@pytest.mark.parametrize(
    "kept", ["王 Zoë", "👩\u200d🔬", "می\u200cخواهم", "名前\u3000山田", "a\xa0b"]
)
def test_what_people_write_stays(kept):
    """Emoji, letters that joiners shape, and wide spaces are no control characters."""
    assert clean(kept) == printable(kept) == text(kept) == kept


@pytest.mark.parametrize("harm", ["\x1b", "\u202e", "\u2028", "\u2029", "\ud800", "\ue000", "\x85"])
def test_what_moves_a_cursor_or_a_direction_does_not(harm):
    assert clean(f"a{harm}b") == text(f"a{harm}b") == "a�b"
    assert printable(f"a{harm}b") == f"a\\u{ord(harm):04x}b"


def test_lines_and_tabs_are_for_texts_and_not_for_names():
    assert (clean("a\tb\r\nc"), printable("a\tb\n")) == ("a\tb\nc", "a\\u0009b\\u000a")
