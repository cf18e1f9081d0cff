"""Results as a small table: HTML in a notebook and on the website, aligned text elsewhere."""

import html
import math
import numbers
import re
from dataclasses import dataclass

from lessons._check import integer

# What may stand in a column of numbers besides Python's numbers.
_NUMBER = re.compile(
    r"[-+−±<>≤≥≈ ]*\d[\d.,]*(?:e[-+]?\d+)?(?:[  ]?(?:%|°|×|x))?|[-+−]?(?:∞|inf)|NaN|nan|–|"
)
_POWER = re.compile(r"(?<=\d)e([-+]?)0*(\d+)")
_ALIGN = {True: "text-align:right;white-space:nowrap", False: "text-align:left"}


@dataclass(frozen=True, repr=False)
class Table:
    """What `table` returns: an HTML table in a notebook, aligned columns when printed.

    Attributes
    ----------
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Texts of the cells; the first of a row names it.
    caption : str
        One sentence above the table, or "".
    """

    columns: tuple
    rows: tuple
    caption: str = ""

    @property
    def numeric(self):
        """For each column, whether all its cells are numbers: these stand on the right."""
        return tuple(
            bool(self.rows) and all(_NUMBER.fullmatch(cell) for cell in cells)
            for cells in (zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns))
        )

    def __repr__(self):
        lines = [self.columns, *self.rows]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        sides = [">" if right else "<" for right in self.numeric]
        texts = [
            "  ".join(f"{c:{s}{w}}" for c, s, w in zip(line, sides, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*filter(None, [self.caption]), *texts])

    def _repr_html_(self):
        rows = "".join(
            "<tr>"
            + "".join(
                _cell("td" if i else "th", _pretty(text) if right else html.escape(text), right,
                      "" if i else ' scope="row"')
                for i, (text, right) in enumerate(zip(row, self.numeric, strict=True))
            )
            + "</tr>"
            for row in self.rows
        )  # fmt: skip
        head = "".join(
            _cell("th", html.escape(name), right, ' scope="col"')
            for name, right in zip(self.columns, self.numeric, strict=True)
        )
        caption = (
            '<caption style="caption-side:top;text-align:left;color:inherit">'
            f"{html.escape(self.caption)}</caption>"
            if self.caption
            else ""
        )
        # The first words tell tools.notebooks that the plain text is stored and compared.
        return (
            f'<div class="lessons-table"><table>{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )


def table(rows, columns, *, caption="", digits=3, formats=None):
    """Return rows of results as a table to look at.

    Parameters
    ----------
    rows : sequence of sequence
        Cells: text, numbers (also of numpy and one-element tensors), True or False (shown as
        "yes" and "no"), None (shown as "–"). The first cell names its row.
    columns : sequence of str
        Headings, one for each cell of a row. A heading names the unit.
    caption : str
        One sentence that says what the table holds.
    digits : int
        Significant digits of numbers that are no integers, from 1 to 3: more of them differ from
        machine to machine.
    formats : dict of str to str, optional
        A format specification for a column's numbers, such as ``{"accuracy": ".0%"}``.

    Returns
    -------
    Table

    Raises
    ------
    TypeError, ValueError
        If a row has not one cell for each column, a cell is of another kind, or a format is
        unknown.

    Examples
    --------
    >>> norms = {"vanishing": 2.66e-12, "healthy": 0.5612}
    >>> table(norms.items(), ["net", "norm at layer 1"], digits=2)
    net        norm at layer 1
    vanishing          2.7e-12
    healthy               0.56
    """
    if isinstance(columns, str) or not all(isinstance(name, str) for name in columns):
        raise TypeError(f"columns={columns!r}; expected a list of headings.")
    columns, formats = tuple(columns), formats or {}
    integer("digits", digits, 1, 3)
    if unknown := [name for name in formats if name not in columns]:
        raise ValueError(f"formats has a key {unknown[0]!r}; expected one of {list(columns)}.")
    texts = []
    for number, row in enumerate(rows):
        row = tuple(row)
        if len(row) != len(columns):
            raise ValueError(f"rows[{number}] has {len(row)} cells; expected {len(columns)}.")
        texts.append(
            tuple(
                _text(f"rows[{number}], column {name!r},", cell, digits, formats.get(name))
                for name, cell in zip(columns, row, strict=True)
            )
        )
    return Table(columns, tuple(texts), " ".join(caption.split()))


def _text(where, cell, digits, form):
    if hasattr(cell, "item") and not isinstance(cell, numbers.Number):
        if math.prod(getattr(cell, "shape", ())) != 1:
            raise ValueError(f"{where} has shape {tuple(cell.shape)}; expected one number.")
        cell = cell.item()
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, numbers.Real):
        raise TypeError(f"{where} is a {type(cell).__name__}; expected text, a number or None.")
    if form is not None:
        try:
            return format(float(cell) if form[-1:] in "eEfFgG%" else cell, form)
        except (TypeError, ValueError) as error:
            raise ValueError(f"formats has {form!r}; expected a format such as '.2f'.") from error
    return str(cell) if isinstance(cell, numbers.Integral) else significant(float(cell), digits)


def significant(value, digits=3):
    """Return a float as text with so many significant digits, and powers of ten only where needed.

    Examples
    --------
    >>> [significant(v) for v in (0.44774, 1234.5, 3.9e5, 2.66e-12, 0.0, float("inf"))]
    ['0.448', '1230', '3.9e+05', '2.66e-12', '0', 'inf']
    """
    if value == 0 or not math.isfinite(value):
        return "NaN" if math.isnan(value) else format(value, "g")
    rounded = float(format(value, f".{digits - 1}e"))
    if not 1e-3 <= abs(rounded) < 1e5:
        return format(rounded, f".{digits}g")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = format(rounded, f".{decimals}f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _pretty(text):
    """Write a number as in a book: powers of ten, and a minus as wide as a plus."""
    text = html.escape(text).replace("inf", "∞")
    text = _POWER.sub(lambda m: f"×10<sup>{'−' if m[1] == '-' else ''}{m[2]}</sup>", text)
    return text.replace("-", "−")


def _cell(tag, content, right, more=""):
    return f'<{tag}{more} style="{_ALIGN[right]}">{content}</{tag}>'
