"""What the detection benchmark found, for the course to show: who finds sick runs in 25 steps.

The numbers are those that ``benchmarks/detection.py`` stored.
"""

import functools
import json
from dataclasses import dataclass
from importlib import resources

from lessons import tables
from lessons._check import choice

HALVES = ("reported", "tuning", "drawn")


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

    def _table(self):
        def share(value):
            return None if value is None else f"{100 * value:.0f} %"

        return tables.table(
            [
                (name, *map(share, (s["recall"], s["false_alarms"])), s["f1"],
                 share(s["right_kinds"]))
                for name, s in self.scores.items()
            ],
            ["detector", "recall", "false alarms", "F1", "right kinds"],
            formats={"F1": ".2f"},
        )  # fmt: skip

    def __repr__(self):
        return repr(self._table())

    def _repr_html_(self):
        return self._table()._repr_html_()


@dataclass(frozen=True, repr=False)
class Detection:
    """Results of the benchmark; made by `results`.

    Attributes
    ----------
    summary : dict
        By half and detector: scores and lists of runs, as ``benchmarks/detection/runs.json`` has
        them.
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
    text = resources.files(__package__).joinpath("detection.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return Detection(stored["summary"], tuple(Run(*run) for run in stored["runs"]))


def real_code():
    """Return what `benchmarks/real_code` stored: how many set-ups and faults, and what was found.

    Returns
    -------
    dict

    Examples
    --------
    >>> real_code()["false alarms"]
    0
    """
    folder = resources.files("lessons.signs.monitor")
    return json.loads((folder / "real_code.json").read_text(encoding="utf-8"))
