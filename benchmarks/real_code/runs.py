"""All runs of the suite: each set-up healthy and with each of its faults."""

from benchmarks.real_code import language, others, vision  # noqa: F401, they register
from benchmarks.real_code.suite import HEALTHY, SETUPS, named


def all_runs():
    """Return a list of (set-up, fault, right kinds, kind that was named)."""
    return [
        (name, fault, kinds, named(name, fault))
        for name, setup in SETUPS.items()
        for fault, kinds in {HEALTHY: set(), **setup.faults}.items()
    ]
