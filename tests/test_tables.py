"""Results as tables: the numbers that were given, right-aligned, in HTML and in plain text."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lessons.tables import significant, table
from tools import notebooks

ROWS = [("a <b>", 2.66e-12, 3, True), ("c", math.inf, None, False)]
COLUMNS = ["net", "norm", "steps", "learns"]


class Cells(HTMLParser):
    """Cells of an HTML table: (tag, attributes, text) each."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in {"th", "td", "caption"}:
            self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        self.found[-1][2] += data


def test_plain_text_is_aligned():
    assert repr(table(ROWS, COLUMNS, caption="Two nets", digits=2)).splitlines() == [
        "Two nets",
        "net       norm  steps  learns",
        "a <b>  2.7e-12      3  yes",
        "c          inf      –  no",
    ]


def test_html_has_scopes_a_caption_and_numbers_on_the_right():
    cells = Cells(table(ROWS, COLUMNS, caption="Two nets", digits=2)._repr_html_()).found
    assert [c[2] for c in cells if c[0] == "caption"] == ["Two nets"]
    scopes = [(c[1]["scope"], c[2]) for c in cells if c[0] == "th"]
    assert scopes == [("col", name) for name in COLUMNS] + [("row", "a <b>"), ("row", "c")]
    right = {c[2] for c in cells if "text-align:right" in c[1]["style"]}
    assert right == {"norm", "steps", "2.7×10−12", "3", "∞", "–"}
    assert "2.7×10<sup>−12</sup>" in table(ROWS, COLUMNS, digits=2)._repr_html_()


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 3))
def test_a_number_is_the_one_given_to_its_digits(value, digits):
    text = significant(value, digits)
    assert float(text) == float(f"{value:.{digits - 1}e}")
    if 1e-3 <= abs(float(text)) < 1e5:
        assert "e" not in text


def test_formats_and_numbers_of_every_kind():
    row = ("x", np.float32(0.25), torch.tensor(3.14159, dtype=torch.float64), np.int64(7), 0.934)
    made = table([row], ["", "a", "b", "c", "d"], formats={"d": ".0%"})
    assert made.rows == (("x", "0.25", "3.14", "7", "93%"),)
    assert made.numeric == (False, True, True, True, True)


def test_words_stand_on_the_left_even_beside_numbers():
    assert table([("a", 1), ("b", "layer 2")], ["net", "where"]).numeric == (False, False)


def test_no_rows_is_still_a_table():
    assert repr(table([], ["a", "b"])) == "a  b"
    assert "<tbody></tbody>" in table([], ["a", "b"])._repr_html_()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: table([(1,)], "a"), TypeError, "columns='a'"),
        (lambda: table([(1, 2)], ["a"]), ValueError, r"rows\[0\] has 2 cells; expected 1"),
        (lambda: table([(1,)], ["a"], digits=4), ValueError, "digits=4"),
        (lambda: table([([1],)], ["a"]), TypeError, r"rows\[0\], column 'a', is a list"),
        (lambda: table([(torch.ones(2),)], ["a"]), ValueError, r"shape \(2,\); expected one"),
        (lambda: table([(1,)], ["a"], formats={"b": ".2f"}), ValueError, "a key 'b'"),
        (lambda: table([(1,)], ["a"], formats={"a": "?"}), ValueError, "formats has '[?]'"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_notebook_stores_the_plain_text_alone():
    """So that the text is compared with what the cell gives, wherever it runs."""
    made = table(ROWS, COLUMNS)
    data = {"text/plain": repr(made), "text/html": made._repr_html_()}
    cell = new_code_cell("x", execution_count=3)
    cell.outputs = [new_output("execute_result", data=data, execution_count=3)]
    stored = notebooks.tidy(new_notebook(cells=[cell]), "").cells[-1]
    assert stored.execution_count == 3
    assert stored.outputs[0].data == {"text/plain": repr(made)}


def test_numbers_in_html_are_those_in_the_text():
    made = table([("a", -0.5), ("b", 12345.6)], ["net", "x"])
    shown = re.sub("<[^>]+>", "|", made._repr_html_()).replace("−", "-")
    for row in made.rows:
        assert all(f"|{text}|" in shown for text in row)
