"""What the detection benchmark found, for the course to show: who finds sick runs in 25 steps.

The numbers are those that ``benchmarks/detection.py`` stored.
"""

import functools
import html
import json
from dataclasses import dataclass
from importlib import resources

from lessons._check import choice

HALVES = ("reported", "tuning", "drawn")
_HEADINGS = ("detector", "recall", "false alarms", "F1", "right kinds")


@dataclass(frozen=True)
class Run:
    """One run of the benchmark.

    Attributes
    ----------
    name : str
        Of the configuration.
    seed : int
    half : str
        "tuning", "reported" or "drawn".
    outcome : str
        "learned", "stalled" or "diverged", at the end of the training.
    verdict : str or None
        Kind of the monitor's gravest finding after 25 steps; None where it raised no alarm.
    """

    name: str
    seed: int
    half: str
    outcome: str
    verdict: str | None

    @property
    def sick(self):
        """Whether the run stalled or diverged."""
        return self.outcome != "learned"


@dataclass(frozen=True, repr=False)
class DetectionTable:
    """Detectors by their scores: plain text in a terminal, an HTML table in a notebook.

    Attributes
    ----------
    scores : dict of str to dict
        By detector: "recall", "false_alarms", "f1" and "right_kinds", shares from 0 to 1; None
        where nothing can be said.
    """

    scores: dict

    def _cells(self):
        for name, s in self.scores.items():
            shares = [
                "–" if s[key] is None else f"{100 * s[key]:.0f} %"
                for key in ("recall", "false_alarms", "right_kinds")
            ]
            yield name, *shares[:2], f"{s['f1']:.2f}", shares[2]

    def __repr__(self):
        lines = [_HEADINGS, *self._cells()]
        return "\n".join(f"{a:<28}{b:>8}{c:>14}{d:>7}{e:>13}" for a, b, c, d, e in lines)

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
        body = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
            for name, *cells in self._cells()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True, repr=False)
class Detection:
    """Results of the benchmark; made by `results`.

    Attributes
    ----------
    summary : dict
        By half and detector: scores and lists of runs, as ``benchmarks/detection.json`` has them.
    runs : tuple of Run
    """

    summary: dict
    runs: tuple

    def table(self, half="reported"):
        """Return the detectors' scores on one half.

        Parameters
        ----------
        half : {"reported", "tuning", "drawn"}
            The half that was not used for tuning, the other one, or the configurations drawn at
            random after the tuning.

        Returns
        -------
        DetectionTable
        """
        return DetectionTable(self.summary[choice("half", half, HALVES)])

    @property
    def misses(self):
        """Sick runs of the reported half without an alarm."""
        return tuple(run for run in self.runs if run.half == "reported" and _missed(run))

    @property
    def false_alarms(self):
        """Runs of the reported half that learned, with an alarm."""
        return tuple(
            run for run in self.runs if run.half == "reported" and not run.sick and run.verdict
        )

    def __repr__(self):
        sick = sum(run.sick for run in self.runs)
        return f"Detection({len(self.runs)} runs, {sick} of them sick)"


def _missed(run):
    return run.sick and run.verdict is None


@functools.cache
def results():
    """Return the stored results of the detection benchmark.

    Returns
    -------
    Detection

    Examples
    --------
    >>> found = results()
    >>> len(found.runs) >= 180, "AutoTrainer" in found.table().scores
    (True, True)
    """
    text = resources.files("lessons.signs").joinpath("detection.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return Detection(stored["summary"], tuple(Run(*run) for run in stored["runs"]))
