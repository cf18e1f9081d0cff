"""CSV tables that may hold anything: read from any LMS or spreadsheet, written without formulas.

A spreadsheet takes a cell that begins with ``=`` for a formula and runs it. A cell of text that
could be one is written with an apostrophe before it; :func:`unescape` takes it off again.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

# The full-width signs start formulas in some locales; blanks and marks before them are skipped.
_DANGEROUS = re.compile(r"['\s\ufeff\x00-\x1f]*[=+\-@＝＋－＠\t\r\n]")
_NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)\s*", re.ASCII)
_DELIMITERS = ",;\t"


def escape(cell):
    """Return the text of a cell that no spreadsheet takes for a formula.

    Numbers, also as text, stay as they are, and so does Moodle's "-" for nothing.

    Examples
    --------
    >>> escape("=1+1"), escape("-3.5"), escape("Ada"), escape(None)
    ("'=1+1", '-3.5', 'Ada', '')
    """
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    text = cell.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if _DANGEROUS.match(text) and not (_NUMBER.fullmatch(text) or text.strip() == "-"):
        return "'" + text
    return text


def unescape(text):
    """Return what :func:`escape` was given.

    Examples
    --------
    >>> unescape("'=1+1"), unescape("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and escape(text[1:]) == text else text


@dataclass(frozen=True)
class Table:
    """A CSV file: its first row, the other rows as dictionaries, and how it was written."""

    header: tuple
    rows: tuple
    delimiter: str = ","
    marked: bool = False  # begins with a byte order mark

    def column(self, *names):
        """Return the header's spelling of the first of ``names`` that is a column, or None."""
        spelled = {fold(name): name for name in reversed(self.header)}
        return next((spelled[fold(name)] for name in names if fold(name) in spelled), None)


def fold(text):
    """Return a text for comparing: one case, one spelling, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def decode(data):
    """Return ``(text, marked)`` of a CSV file's bytes: UTF-8, UTF-16 with a mark, else Windows'."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), False
    try:
        return data.decode("utf-8-sig"), data.startswith(b"\xef\xbb\xbf")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), False


def parse(data, what):
    """Read the bytes of a CSV file, separated by commas, semicolons or tabs.

    Parameters
    ----------
    data : bytes
    what : str
        The file's name, for messages.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the file is empty, is no CSV or has a column twice.
    """
    text, marked = decode(data)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"{what} cannot be read as CSV: {error}.") from None
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        raise ValueError(f"{what} is empty; expected a CSV file with a first row of column names.")
    header = tuple(unescape(name) for name in lines[0])
    if twice := {name for name in header if name and header.count(name) > 1}:
        raise ValueError(f"{what} has the column {min(twice)!r} twice.")
    padding = [""] * len(header)
    rows = tuple(
        dict(zip(header, map(unescape, [*line, *padding]), strict=False)) for line in lines[1:]
    )
    return Table(header, rows, delimiter, marked)


def dump(header, rows, *, delimiter=",", marked=False):
    """Return a CSV file as bytes in UTF-8; ``rows`` are dictionaries by the names in ``header``."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(escape(name) for name in header)
    writer.writerows([escape(row.get(name)) for name in header] for row in rows)
    return stream.getvalue().encode("utf-8-sig" if marked else "utf-8")


def number(text):
    """Return a number written with a point or a comma, or None.

    Examples
    --------
    >>> number("2,5"), number(" 3 "), number("three")
    (2.5, 3.0, None)
    """
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def points(value):
    """Return points as text: at most two decimals, none that say nothing.

    Examples
    --------
    >>> points(2.0), points(2.5), points(1 / 3)
    ('2', '2.5', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")
