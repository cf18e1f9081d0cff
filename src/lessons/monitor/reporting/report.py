"""The report: as text, in a notebook, as JSON, as a table, as a picture."""

import dataclasses
import html
import json
import math
import re
import textwrap
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from lessons.monitor.finding import SEVERITIES, Finding
from lessons.monitor.record.record import Record
from lessons.monitor.record.rows import QUANTITIES, Row

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

NUMBERS = (*QUANTITIES, "ratio")
WIDTH = 76  # of the text, which notebooks and terminals show without scrolling


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip(), "      ")


def _json_number(value: float | None) -> float | str | None:
    """Return a value that JSON can hold: None for NaN, "inf" for what was not finite."""
    if value is None or math.isnan(value):
        return None
    return "inf" if math.isinf(value) else value


def address(chapter: str) -> str | None:
    """Return a chapter's address on the course's website, None where the package knows none."""
    try:
        urls = metadata.metadata("lessons").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return None
    for url in urls:
        found = re.fullmatch(r"Repository, https://github\.com/([^/]+)/([^/]+?)(\.git)?/?", url)
        if found:
            return f"https://{found[1]}.github.io/{found[2]}/notebooks/{chapter}.html"
    return None


def _link(chapter: str) -> str:
    at = address(chapter)
    name = html.escape(chapter)
    return f'<a href="{html.escape(at)}">{name}</a>' if at else name


@dataclass(frozen=True, repr=False)
class Report:
    """What a monitor found and measured, at one moment.

    Attributes
    ----------
    record : Record
    findings : tuple of Finding
    """

    record: Record
    findings: tuple[Finding, ...]

    def summary(self) -> str:
        """Return one line."""
        count, record = len(self.findings), self.record
        if not count:
            verdict = "no findings" if record.rows else "no verdict, since no step was seen"
        else:
            worst = max((f.severity for f in self.findings), key=SEVERITIES.index)
            verdict = f"{count} finding{'s' * (count > 1)}, the gravest: {worst}"
        skipped = f", {record.skipped[0]} skipped" * bool(record.skipped[0])
        return (
            f"Gradient monitor: {verdict} ({record.steps} steps, {len(record.rows)} kept{skipped})"
        )

    def __str__(self) -> str:
        lines = [self.summary()]
        for number, found in enumerate(self.findings, start=1):
            lines += [
                "",
                f"{number}. {found}",
                textwrap.fill(found.evidence, WIDTH, initial_indent="   ", subsequent_indent="   "),
                textwrap.fill(
                    f"rule: {found.rule} ({found.source})",
                    WIDTH,
                    initial_indent="   ",
                    subsequent_indent="   ",
                ),
                "   try:",
                _indented(found.advice),
            ]
            if found.chapter:
                lines.append(f"   read: {address(found.chapter) or found.chapter}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{html.escape(self.summary())}</strong></p>"]
        for found in self.findings:
            read = f"<p>Read on: {_link(found.chapter)}</p>" if found.chapter else ""
            parts.append(
                f"<details open><summary>{html.escape(str(found))}</summary>"
                f"<p>{html.escape(found.evidence)}</p>"
                f"<p>Rule: {html.escape(found.rule)} ({html.escape(found.source)})</p>"
                f"<pre>{html.escape(found.advice)}</pre>{read}</details>"
            )
        return "\n".join(parts)

    def table(self) -> list[dict[str, Any]]:
        """Return the numbers as a list of dicts: one per watched step and parameter."""
        return [
            {"step": row.step, "optimizer": row.optimizer, "parameter": name}
            | dict(zip(NUMBERS, values, strict=True))
            for row in self.record.rows
            for name, *values in zip(
                row.names, *(row.get(quantity).tolist() for quantity in NUMBERS), strict=True
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as lists, dicts, strings and numbers that JSON can hold."""
        record = self.record
        return {
            "steps": record.steps,
            "skipped": record.skipped[0],
            "non_finite": dataclasses.asdict(record.bad) if record.bad else None,
            "findings": [dataclasses.asdict(found) for found in self.findings],
            "losses": [[step, _json_number(value)] for step, value in record.losses],
            "rows": [_row_dict(row) for row in record.rows],
        }

    def to_json(self, indent: int | None = None) -> str:
        """Return a string of JSON; what is unknown is null, what was not finite is "inf"."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_frame(self) -> "pandas.DataFrame":
        """Return the numbers as a ``pandas.DataFrame``: one line per watched step and parameter.

        Raises
        ------
        ImportError
            If pandas is not installed; `table` gives the same as a list of dicts.
        """
        import pandas

        return pandas.DataFrame(self.table())

    def plot(self, *, narrow: bool = False) -> "Figure":
        """Draw the gradients by layer and step, and the update : weight ratio.

        Parameters
        ----------
        narrow : bool
            Draw it for a phone.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If matplotlib is not installed; it belongs to the extra ``course``.
        """
        from lessons.monitor.reporting.picture import draw

        try:
            return draw(self.record, self.findings, narrow=narrow)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise ModuleNotFoundError(
                'A picture needs matplotlib: pip install matplotlib, or "lessons[course]" for all '
                "that the course uses. Without it: print the report, or take its table().",
                name="matplotlib",
            ) from None


def _row_dict(row: Row) -> dict[str, Any]:
    numbers = {
        quantity: [_json_number(value) for value in row.get(quantity).tolist()]
        for quantity in NUMBERS
    }
    by_module = {
        name: {key: _json_number(value) for key, value in getattr(row, name).items()}
        for name in ("signals", "dead", "saturated", "idle")
    }
    times = {
        module: {"time": steps, "gradient": [_json_number(value) for value in norms]}
        for module, (steps, norms) in row.times.items()
    }
    names = {"step": row.step, "optimizer": row.optimizer, "parameters": list(row.names)}
    return names | numbers | by_module | {"times": times}
