"""Whatever is handed in: it is a notebook that can be graded, or it is said why not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.inside.magics import Shell
from lessons.coursework.intake.notebook import Cell, NotebookError, answers, parse
from lessons.coursework.sandbox.limits import Limits
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


def ran(source):
    """Return the variables after a cell, and whether something in it was not run."""
    names = {}
    shell = Shell(names)
    names["get_ipython"] = lambda: shell
    try:
        shell.run(source, "cell 1")
    finally:
        shell.end()
    return {k: v for k, v in names.items() if k not in ("get_ipython", "__builtins__")}, shell


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%matplotlib inline\na = 1", {"a": 1}),
        ("%%bash\nrm -rf /", {}),
        ("!pip install x\na = 1", {"a": 1}),
        ("if True:\n    !ls\n    b = 1", {"b": 1}),
        ("files = !ls\nprint?\n?print\na = 1", {"files": [], "a": 1}),
        ("!echo {x}", {}),
        ("%%timeit\na = 1", {}),
    ],
)
def test_lines_for_ipython_are_left_out(source, names):
    found, shell = ran(source)
    assert (found, shell.left_out) == (names, True)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%%time\na = 1", {"a": 1}),
        ("%%time\n%%capture out\na = 1", {"a": 1}),
        ("%%time\nimport asyncio as b\nawait b.sleep(0)\na = 1", {"a": 1}),
        ("%time a = 1", {"a": 1}),
        ("a = %time 1 + 1", {"a": 2}),
        ("async def one():\n    return 1\na = await one()", {"a": 1}),
        ("a = 1", {"a": 1}),
        ('a = """\n%d\n!x"""', {"a": "\n%d\n!x"}),
        ("a = (7\n  % 3)", {"a": 1}),
    ],
)
def test_cells_run_as_in_jupyter(source, names):
    found, shell = ran(source)
    assert {key: found[key] for key in names} == names
    assert not shell.left_out


@pytest.mark.parametrize("source", ["a = = 1", "def f(:", "x y z", "%%time\na = = 1"])
def test_what_is_no_cell_either_way_says_so(source):
    with pytest.raises(SyntaxError):
        ran(source)


def test_an_error_below_a_cell_magic_keeps_its_line():
    with pytest.raises(ZeroDivisionError) as caught:
        ran("%%time\na = 1\n1 / 0")
    assert caught.traceback[-1].lineno + 1 == 3


def test_answers_stand_between_the_marks_of_otter():
    texts = [
        *("# Title", "<!-- BEGIN QUESTION -->\n**6.** Why?", "Because.", "And so on."),
        *("<!-- END QUESTION -->", "not this"),
        *("<!-- BEGIN QUESTION -->\n**7.** And?", "No.\n\n<!-- END QUESTION -->", "nor this"),
    ]
    cells = [Cell(number, "markdown", text) for number, text in enumerate(texts, 1)]
    found = answers(cells, ["q6", "q7", "q8"])
    assert found == {"q6": "Because.\n\nAnd so on.", "q7": "No.", "q8": ""}
