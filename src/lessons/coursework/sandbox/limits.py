"""What a submission may use: seconds, memory, processes, bytes."""

from dataclasses import dataclass, replace

from lessons._check import integer, number

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits of one submission.

    Deadlines are absolute: they count from the beginning of a cell, a call or the submission,
    however often something arrives in between.

    Parameters
    ----------
    cell, call, submission
        Seconds for one cell, for one call of a student's function, and for everything together.
    start
        Seconds for starting the sandbox and importing PyTorch; not the student's time.
    memory
        Bytes that each process may add to its address space after PyTorch is imported, and bytes of
        all processes together.
    processes
        Processes and threads.
    scratch
        Bytes of ``/tmp`` and, again, of ``/dev/shm``.
    file
        Bytes of one file.
    files
        Open files of one process.
    output
        Bytes kept of what the submission prints; the end is kept.
    message
        Bytes of one answer.
    notebook
        Bytes of the notebook.
    restarts
        How often a worker that hung or ended is started again.
    patience
        How many times its seconds may pass on the clock while a cell, a call or the submission has
        not used them as processor time: 1, and more where something is tried again, ``alone``.

    Raises
    ------
    ValueError, TypeError
        When a limit is not a positive number (``restarts`` may be 0).

    Examples
    --------
    >>> Limits(cell=3).cell, Limits().memory // MIB
    (3.0, 2048)
    """

    cell: float = 20.0
    call: float = 10.0
    submission: float = 120.0
    start: float = 60.0
    memory: int = 2048 * MIB
    processes: int = 64
    scratch: int = 64 * MIB
    file: int = 16 * MIB
    files: int = 256
    output: int = 2**16
    message: int = 16 * MIB
    notebook: int = 20 * MIB
    restarts: int = 3
    patience: float = 1.0

    def alone(self):
        """Return the limits of a second try, for what may have waited for a busy processor."""
        return replace(self, patience=4.0)

    def __post_init__(self):
        """Check every limit."""
        for name in ("cell", "call", "submission", "start", "patience"):
            object.__setattr__(self, name, number(name, getattr(self, name), above=0))
        least = {"restarts": 0, "memory": 256 * MIB, "message": 1024, "processes": 4, "files": 16}
        for name in ("memory", "processes", "scratch", "file", "files", "output", "message"):
            integer(name, getattr(self, name), least=least.get(name, 1))
        for name in ("notebook", "restarts"):
            integer(name, getattr(self, name), least=least.get(name, 1))
