"""A submission that runs: its cells in a worker, and a new worker when one is lost."""

import time

from lessons.coursework.grading.result import CellError
from lessons.coursework.intake.text import clean, words
from lessons.coursework.sandbox.session import OutOfTime, Session, WorkerLost


class Running:
    """The cells of a notebook, run in a sandbox; a context manager.

    A cell that stops with an exception is recorded, and the later ones run. A cell that costs the
    worker its life is skipped in the next worker, a function that does so is not called again;
    after ``limits.restarts`` new workers everything that is asked fails at once.

    Parameters
    ----------
    cells : sequence of notebook.Cell
    limits : Limits
    hide : sequence of str
        What the sandbox leaves out of ``lessons``.

    Attributes
    ----------
    errors, output, notes
        The cells that stopped, what the cells printed, and what a person should know.
    timed_out
        Whether a cell or a call took too long.
    """

    def __init__(self, cells, limits, hide=()):
        self._cells = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
        self._limits, self._hide = limits, hide
        self._until = time.monotonic() + limits.submission * limits.patience
        self._session, self._skipped, self._refused, self._starts = None, {}, {}, 0
        self.errors, self.output, self.notes, self._whole = (), "", [], False
        self.timed_out = False
        try:
            self._run()
        except WorkerLost as lost:
            self.notes.append(f"A part of the notebook {lost}.")
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End the worker, if there is one."""
        if self._session is not None:
            self._session.stop()
        self._session = None

    def ask(self, do, name, **what):
        """Ask the worker about the function or value ``name``; return its answer.

        Raises
        ------
        WorkerLost
            When it did not answer, or did not answer an earlier time.
        """
        if name in self._refused:
            raise WorkerLost(f"{self._refused[name]} before, so it is not tried again")
        self._run()
        try:
            return self._session.request(self._limits.call, do=do, name=name, **what)
        except WorkerLost as lost:
            self._refused[name] = str(lost)
            self.timed_out |= isinstance(lost, OutOfTime)
            self.notes.append(f"{name} {lost}.")
            self.stop()
            raise

    def _run(self):
        """Have a worker that ran all cells but the skipped ones."""
        while self._session is None:
            if time.monotonic() >= self._until:
                over = f"the {self._limits.submission:g} s of the submission are over"
                raise WorkerLost(f"was not tried: {over}")
            if self._starts > self._limits.restarts:
                raise WorkerLost(f"was not tried: the submission was ended {self._starts} times")
            self._starts += 1
            began = time.monotonic()
            self._session = Session(self._limits, self._hide)
            self._until += time.monotonic() - began  # starting is not the student's time
            self._session.until = self._until
            if not self._run_cells():
                self.stop()

    def _run_cells(self):
        """Run the cells, and return whether the worker lived to their end."""
        errors, magics, lived = {}, [], True
        for cell in self._cells:
            if not lived or cell.number in self._skipped:
                continue
            what = {"do": "cell", "cell": cell.number, "source": cell.source}
            try:
                answer = self._session.request(self._limits.cell, **what)
            except WorkerLost as lost:
                self._skipped[cell.number] = f"The cell {lost}."
                self.timed_out |= isinstance(lost, OutOfTime)
                lived = False
                continue
            if "error" in answer:
                errors[cell.number] = words(answer["error"])
            if answer.get("magics") is True:
                magics.append(cell.number)
        if not self._whole:
            self._whole = lived
            errors |= self._skipped
            self.errors = tuple(CellError(number, errors[number]) for number in sorted(errors))
            self.output = clean(self._session.output(), self._limits.output)
            if magics and lived:
                cells = ", ".join(map(str, magics))
                self.notes.append(f"Lines for IPython alone were not run (cells {cells}).")
        return lived
