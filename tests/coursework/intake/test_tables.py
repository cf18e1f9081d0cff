"""CSV: nothing that a spreadsheet would run, nothing lost."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.intake.tables import dump, escape, fold, number, parse, points, unescape

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NASTY = st.builds("".join, st.lists(st.sampled_from(list("=+-@'\t\r\n a1.,;\"＝")), max_size=6))


@given(TEXT | NASTY)
def test_no_cell_begins_like_a_formula(text):
    written = escape(text)
    assert (
        not written.startswith(("=", "+", "-", "@", "\t", "\r"))
        or number(written) is not None
        or written.strip() == "-"
    )


@given(TEXT | NASTY)
def test_escaping_can_be_undone(text):
    assert unescape(escape(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_formulas_are_escaped(text):
    assert escape(text) == "'" + text


@pytest.mark.parametrize("cell", ["-3.5", "+2", "12", "-0,5", "Ada", "x=1", "a-b", 3, 2.5])
def test_numbers_and_words_stay(cell):
    assert escape(cell) == str(cell)


@given(
    st.lists(st.tuples(TEXT | NASTY, TEXT | NASTY), max_size=5),
    st.sampled_from(",;\t"),
    st.booleans(),
)
def test_what_is_written_is_read_again(rows, delimiter, marked):
    rows = [{"who": f"x{a}", "what": b} for a, b in rows]
    table = parse(dump(["who", "what"], rows, delimiter=delimiter, marked=marked), "file")
    assert table.header == ("who", "what")
    assert list(table.rows) == rows
    assert (table.delimiter, table.marked) == (delimiter, marked)


def test_names_in_any_script():
    names = ["Ада Лавлейс", "王小明", "سارة", "Zoë", "Nguyễn", "👩‍🔬"]
    data = dump(["name"], [{"name": name} for name in names])
    assert [row["name"] for row in parse(data, "file").rows] == names
    assert list(csv.reader(io.StringIO(data.decode())))[1:] == [[name] for name in names]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_spreadsheets_save(encoding):
    table = parse("id;name\r\n1;Zoë\r\n\r\n".encode(encoding), "file")
    assert table.rows == ({"id": "1", "name": "Zoë"},)


def test_short_and_long_rows():
    table = parse(b"a,b\n1\n1,2,3\n", "file")
    assert table.rows == ({"a": "1", "b": ""}, {"a": "1", "b": "2"})


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "empty"), (b"\n \n", "empty"), (b"a,a\n1,2\n", "column 'a' twice")]
)
def test_bad_files_are_told(data, said):
    with pytest.raises(ValueError, match=said):
        parse(data, "class.csv")


def test_columns_are_found_however_they_are_spelled():
    table = parse("SIS  Login ID,ＩＤ\n".encode(), "file")
    assert table.column("login", "sis login id") == "SIS  Login ID"
    assert table.column("id") == "ＩＤ"
    assert table.column("name") is None


@given(st.floats(0, 1e6))
def test_points_are_near_and_short(value):
    assert abs(float(points(value)) - value) <= 0.005 + 1e-9
    assert number(points(value)) is not None


def test_decimal_comma():
    assert [number(t) for t in ("1,5", "1.5", "-2", " 3", "1.2.3", "", "nan", "1e5")] == [
        1.5,
        1.5,
        -2.0,
        3.0,
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("other", ["ADA lovelace", " Ada\tLovelace ", "Ａｄａ Lovelace"])
def test_one_name_in_many_spellings(other):
    assert fold(other) == "ada lovelace"
