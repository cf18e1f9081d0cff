"""Whatever is handed in: it is a notebook that can be graded, or it is said why not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.limits import Limits
from lessons.coursework.magics import without_magics
from lessons.coursework.notebook import Cell, NotebookError, answers, parse
from tests.coursework.submissions import notebook

LIMITS = Limits()


def cells_of(*cells):
    return json.dumps({"cells": list(cells), "nbformat": 4}).encode()


def cell(source, kind="code"):
    return {"cell_type": kind, "source": source}


def test_cells_count_from_one_and_lines_are_joined():
    data = cells_of(cell("# Title", "markdown"), cell(["a = 1\n", "b = 2"]))
    assert parse(data, LIMITS) == (Cell(1, "markdown", "# Title"), Cell(2, "code", "a = 1\nb = 2"))
    assert parse(b"\xef\xbb\xbf" + data, LIMITS) == parse(data, LIMITS)


BROKEN = {
    "empty": (b" \n", "is empty"),
    "too large": (b" " * (20 * 2**20 + 1), "20 MiB"),
    "no JSON": (b"print('hello')", "is no JSON"),
    "cut off": (notebook("a = 1")[:-30], "is no JSON"),
    "a pickle": (b"\x80\x04\x95\x00", "no text in UTF-8"),
    "a list": (b"[1, 2]", "no notebook of format 4"),
    "format 3": (b'{"worksheets": [{"cells": []}]}', "no notebook of format 4"),
    "cells of another kind": (cells_of(5), "Cell 1 is no cell"),
    "a source of another kind": (cells_of(cell(["a", 5])), "Cell 1 is no cell"),
    "an unknown kind of cell": (cells_of(cell("", "heading")), "Cell 1 is no cell"),
    "nested deeply": (b"[" * 150_000, "nested too deeply"),
    "nested more deeply": (b'{"a":' * 250_000, "too many parts"),
    "many numbers": (b"[" + b"0," * 6_000_000 + b"0]", "too many parts"),
    "many cells": (cells_of(*[cell("")] * 2001), "2001 cells"),
    "endless digits": (b'{"cells": ' + b"9" * 10_000 + b"}", "is no JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_notebook_is_refused_in_plain_words(name):
    data, reason = BROKEN[name]
    with pytest.raises(NotebookError, match=reason):
        parse(data, LIMITS)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        parse(data, LIMITS)
    except NotebookError as error:
        assert str(error)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "x"]), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_read_or_refused(stored):
    try:
        parse(json.dumps(stored).encode(), LIMITS)
    except NotebookError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\na = 1", "pass\na = 1"),
        ("%%bash\nrm -rf /", ""),
        ("!pip install x\na = 1", "pass\na = 1"),
        ("if True:\n    !ls\n    b = 1", "if True:\n    pass\n    b = 1"),
        ("files = !ls\nprint?\n?print\na = 1", "pass\npass\npass\na = 1"),
        ("%time x = 1\n!echo {x}", "pass\npass"),
    ],
)
def test_lines_for_ipython_are_left_out(source, plain):
    assert without_magics(source) == (plain, True)
    compile(plain, "cell", "exec")


@pytest.mark.parametrize(
    "source",
    ["a = 1", 'a = """\n%d\n!x"""', "x = (a\n  % b)", "a = = 1", "def f(:", "x" * 10**5, ""],
)
def test_other_lines_stay_as_they_are(source):
    assert without_magics(source) == (source, False)


def test_answers_stand_between_the_marks_of_otter():
    texts = [
        *("# Title", "<!-- BEGIN QUESTION -->\n**6.** Why?", "Because.", "And so on."),
        *("<!-- END QUESTION -->", "not this"),
        *("<!-- BEGIN QUESTION -->\n**7.** And?", "No.\n\n<!-- END QUESTION -->", "nor this"),
    ]
    cells = [Cell(number, "markdown", text) for number, text in enumerate(texts, 1)]
    found = answers(cells, ["q6", "q7", "q8"])
    assert found == {"q6": "Because.\n\nAnd so on.", "q7": "No.", "q8": ""}
