"""What ``Checker`` shows: plain text in a terminal, HTML in a notebook, the same words in both."""

import html
import re
from dataclasses import dataclass, field

# Words carry the meaning; colour and sign repeat it. Text keeps the page's own colour, so that it
# can be read on light and dark.
_BOX = "border-left:.3em solid {};padding:.2em .8em;margin:.3em 0"
_GREEN, _ORANGE = "#00936A", "#D55E00"


@dataclass(frozen=True, repr=False)
class Verdict:
    """What checking one question came to.

    Attributes
    ----------
    question : str
    outcomes : tuple of Outcome
        One for each public test case.
    points : float
        What the whole question is worth, hidden cases included.
    note : str
        Something to put right first; may be empty.
    """

    question: str
    outcomes: tuple
    points: float
    note: str = ""

    @property
    def passed(self):
        """Whether every public case passed."""
        return all(outcome.passed for outcome in self.outcomes)

    @property
    def summary(self):
        """The verdict in one sentence."""
        right = sum(outcome.passed for outcome in self.outcomes)
        state = "right on these examples" if self.passed else "not yet"
        checked = sum(outcome.points for outcome in self.outcomes)
        text = f"{self.question}: {state}. {right} of {counted(len(self.outcomes), 'check')} passed"
        if checked:
            got = sum(outcome.points for outcome in self.outcomes if outcome.passed)
            text += f", {got:g} of {counted(checked, 'point')}"
        if rest := round(self.points - checked, 6):
            more = counted(rest, "more point" if checked else "point")
            text += f". {more} when it is graded, on other inputs"
        return f"{text}."

    def _each(self):
        """Yield each outcome with what is said about it; nothing is said twice."""
        before = []
        for outcome in self.outcomes:
            said = [outcome.happened, f"Hint: {outcome.hint}" if outcome.hint else ""]
            yield outcome, [text for text in said if text and text not in before]
            before += said

    def __repr__(self):
        lines = [*filter(None, [self.note]), self.summary]
        for outcome, said in self._each():
            lines.append(f"  {'✓ passed' if outcome.passed else '✗ not yet'}: {outcome.name}")
            lines += [f"      {text}" for text in said]
        return "\n".join(lines)

    def _repr_html_(self):
        items = []
        for outcome, texts in self._each():
            sign, word = ("✓", "passed") if outcome.passed else ("✗", "not yet")
            said = "".join(f"<br>{_marked(text)}" for text in texts)
            items.append(
                f'<li><span aria-hidden="true">{sign}</span> <strong>{word}:</strong> '
                f"{_marked(outcome.name)}{said}</li>"
            )
        note = f"<p>{_marked(self.note)}</p>" if self.note else ""
        return (
            f'<div style="{_BOX.format(_GREEN if self.passed else _ORANGE)}">{note}'
            f"<p><strong>{_marked(self.summary)}</strong></p>"
            f'<ul style="list-style:none;padding-left:.5em">{"".join(items)}</ul></div>'
        )


@dataclass(frozen=True, repr=False)
class Overview:
    """What checking all questions came to.

    Attributes
    ----------
    verdicts : tuple of Verdict
    manual : dict of str to float
        Questions that a person marks, with their points.
    """

    verdicts: tuple
    manual: dict = field(default_factory=dict)
    note: str = ""

    @property
    def passed(self):
        """Whether every public case of every question passed."""
        return all(verdict.passed for verdict in self.verdicts)

    def _rows(self):
        for verdict in self.verdicts:
            right = sum(outcome.passed for outcome in verdict.outcomes)
            state = "✓ right on these examples" if verdict.passed else "✗ not yet"
            yield (
                verdict.question,
                f"{right} of {len(verdict.outcomes)}",
                f"{verdict.points:g}",
                state,
            )
        for name, points in self.manual.items():
            yield name, "none", f"{points:g}", "read by a person"

    @property
    def summary(self):
        """How much is checked, in one sentence."""
        checked = sum(o.points for verdict in self.verdicts for o in verdict.outcomes)
        tested = sum(verdict.points for verdict in self.verdicts)
        text = f"Checked here: examples, {checked:g} of {counted(tested, 'point')}."
        if rest := round(tested - checked, 6):
            text += f" {counted(rest, 'point')} when it is graded, on other inputs."
        if by_hand := sum(self.manual.values()):
            text += f" {counted(by_hand, 'point')} by a person."
        return text

    _HEAD = ("question", "checks passed", "points in all", "verdict")

    def __repr__(self):
        rows = [self._HEAD, *self._rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self._HEAD))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*filter(None, [self.note]), *lines, self.summary])

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{text}</th>' for text in self._HEAD)
        body = "".join(
            f'<tr><th scope="row">{_marked(row[0])}</th>'
            + "".join(f"<td>{_marked(text)}</td>" for text in row[1:])
            + "</tr>"
            for row in self._rows()
        )
        note = f"<p>{_marked(self.note)}</p>" if self.note else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        table += f"<p>{_marked(self.summary)}</p>"
        return f'<div style="{_BOX.format(_GREEN if self.passed else _ORANGE)}">{note}{table}</div>'


def counted(number, noun):
    """Return the number and the noun in its right form, such as ``2 points``."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def _marked(text):
    """Return text as HTML, with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
