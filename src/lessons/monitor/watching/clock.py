"""How often to look: the steps that are watched, and what watching them costs."""

import math
import time

SETTLED = 8  # steps before which the budget does not matter
HOOK = 4.5e-6  # seconds: what the optimizer's hook takes on a step that is not watched
# By how much looking takes longer than the monitor's own clock sees (hooks being called, caches
# gone cold), and a probe in training longer than one after another: measured, on nets of all sizes.
UNSEEN = 1.4
COLD = 4.0
clock = time.perf_counter


def following(step, stride):
    """Return the next watched step: 0, 1, 2, 4, 8, … below the stride, then its multiples.

    Examples
    --------
    >>> steps = [0]
    >>> while steps[-1] < 30:
    ...     steps.append(following(steps[-1], 10))
    >>> steps
    [0, 1, 2, 4, 8, 10, 20, 30]
    """
    return min(step + stride - step % stride, max(1, 2 * step))


class Budget:
    """Times the monitor itself and says when the next look is paid for.

    The time spent on looking, the next look included, and on hooks between the looks stays below
    ``share`` of the time that the training took without the monitor.

    Parameters
    ----------
    share : float or None
        None counts the time but never asks to wait.
    """

    def __init__(self, share):
        self.share = share
        self.spent = 0.0  # seconds
        self._began, self._depth = 0.0, 0
        self._start, self._first = None, 0.0
        self._bare = None  # seconds of a step without the monitor
        self._idle = HOOK

    def __enter__(self):
        if self._depth == 0:
            self._began = clock()
        self._depth += 1

    def __exit__(self, *error):
        self._depth -= 1
        if self._depth == 0:
            self.spent += clock() - self._began

    def due(self, step, planned, looks):
        """Return the step of the next look, not before ``planned``.

        Parameters
        ----------
        step : int
            Steps made.
        planned : int
            What the stride asks for.
        looks : int
            Looks so far; the first is not counted, since first calls are slow.
        """
        now, spent = clock(), self.spent + (clock() - self._began if self._depth else 0.0)
        if self._start is None:
            self._start, self._first, self._step = now, spent, step
        if self.share is None or looks < 2:
            return planned
        spent -= self._first
        self._bare = (now - self._start - spent) / max(step - self._step, 1)
        if step < SETTLED or self._bare <= 0:
            return planned
        needed = UNSEEN * spent * looks / (looks - 1)
        share = max(self.share - self._idle / self._bare, self.share / 4)
        return max(planned, self._step + math.ceil(needed / (share * self._bare)))

    def affords(self, seconds):
        """Return whether a probe that takes this long may be made on every step.

        It may take a quarter of the budget, and is counted from now on.
        """
        if self.share is None or self._bare is None:
            return True
        affordable = COLD * seconds <= self.share * self._bare / 4
        self._idle = HOOK + COLD * seconds * affordable
        return affordable
