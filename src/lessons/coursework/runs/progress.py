"""How far a long run is: a bar with the time left on a terminal, plain lines elsewhere."""

import sys
import time

from tqdm import tqdm

EVERY = 10.0  # seconds between lines


class Progress:
    """Counts submissions on ``stream``; a context manager.

    Parameters
    ----------
    total : int
    done : int
        Those that need no work.
    stream : file, optional
        Standard error by default.
    """

    def __init__(self, total, done=0, stream=None):
        self._stream = stream or sys.stderr
        self._total, self._done, self._fresh = total, done, 0
        self._start = self._told = time.monotonic()
        self._bar = None
        if self._stream.isatty():
            self._bar = tqdm(
                total=total,
                initial=done,
                unit="submission",
                file=self._stream,
                dynamic_ncols=True,
                disable=False,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()

    def advance(self):
        """Count one submission."""
        self._done += 1
        self._fresh += 1
        if self._bar is not None:
            self._bar.update()
            return
        now = time.monotonic()
        if self._done == self._total or now - self._told >= EVERY:
            self._told = now
            print(self.line(now - self._start), file=self._stream, flush=True)

    def line(self, seconds):
        """Return what is said after so many seconds.

        Examples
        --------
        >>> import io
        >>> progress = Progress(300, done=100, stream=io.StringIO())
        >>> for _ in range(50):
        ...     progress.advance()
        >>> progress.line(75)
        '150 of 300 graded, 1.5 s each, about 3:45 left'
        """
        each = seconds / max(self._fresh, 1)
        text = f"{self._done} of {self._total} graded, {each:.1f} s each"
        left = self._total - self._done
        return text + (f", about {clock(each * left)} left" if left else "")


def clock(seconds):
    """Return a duration as minutes and seconds, with hours where there are some.

    Examples
    --------
    >>> clock(75), clock(4000)
    ('1:15', '1:06:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
