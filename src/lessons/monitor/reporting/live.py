"""A picture in a notebook that is drawn anew while the training runs."""

import base64
import html
import importlib
import io
import time
from collections.abc import Callable
from typing import Any

from lessons.monitor.reporting.report import Report

PAUSE = 1.0  # seconds from one picture to the next, at least
SHARE = 0.1  # of the time that may go into drawing


class Snapshot:
    """A report's first line above its picture, drawn when it is made."""

    def __init__(self, report: Report) -> None:
        self.text = "\n".join([report.summary(), *map(str, report.findings)])
        drawn = io.BytesIO()
        report.plot().savefig(drawn, format="png")
        self._picture = base64.b64encode(drawn.getvalue()).decode("ascii")

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        lines = html.escape(self.text)
        alternative = "Gradients by layer and step, and update : weight"
        return (
            f'<pre>{lines}</pre><img alt="{alternative}" '
            f'src="data:image/png;base64,{self._picture}">'
        )


class Live:
    """Shows reports at one place of a notebook, each in place of the one before.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.

    Raises
    ------
    ModuleNotFoundError
        If IPython or matplotlib is not installed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        for package in ("IPython.display", "matplotlib"):
            try:
                importlib.import_module(package)
            except ModuleNotFoundError as error:
                name = package.partition(".")[0]
                if (error.name or "").partition(".")[0] != name:
                    raise
                raise ModuleNotFoundError(
                    f"live=True shows a picture in a notebook, which needs {name}: "
                    f"pip install {name.lower()}",
                    name=name,
                ) from None
        self._clock = clock
        self._handle: Any = None
        self._due = -float("inf")

    def show(self, report: Callable[[], Report], last: bool = False) -> None:
        """Show a report if it is time for the next picture, or if it is the last one."""
        begun = self._clock()
        if begun < self._due and not last:
            return
        snapshot = Snapshot(report())
        if self._handle is None:
            self._handle = importlib.import_module("IPython.display").display(
                snapshot, display_id=True
            )
        else:
            self._handle.update(snapshot)
        ended = self._clock()
        self._due = ended + max(PAUSE, (ended - begun) * (1 / SHARE - 1))
