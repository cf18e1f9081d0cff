"""The published rules at their published limits, on traces made by hand."""

import pytest

from benchmarks.detection.rules import absolute, autotrainer, deepchecker
from benchmarks.detection.watch import Trace

STEPS = 20


def trace(norm=(1.0, 1.0), mean=(0.01, 0.01), ratio=(1e-3, 1e-3), zeros=0.1, outputs=(1.0,),
          dead=0.0, saturated=0.0, far=0.0, loss=1.0):  # fmt: skip
    """The same numbers in every step; `mean` may be a function of the step."""
    return Trace(
        loss=[loss] * STEPS,
        norm=[list(norm)] * STEPS,
        mean=[list(mean(i) if callable(mean) else mean) for i in range(STEPS)],
        ratio=[list(ratio)] * STEPS,
        zeros=[zeros] * STEPS,
        outputs=[list(outputs)] * STEPS,
        dead=[{0: dead}] * STEPS,
        saturated=[{0: saturated}] * STEPS,
        far=[{0: far}] * STEPS,
    )


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"norm": (0.99e-4, 0.1)}, ["vanishing"]),
        ({"norm": (1.01e-4, 1.0)}, []),  # the ratio alone is not enough
        ({"norm": (0.9e-4, 0.08)}, []),  # nor is the size
        ({"norm": (71.0, 1.0)}, ["exploding"]),
        ({"norm": (69.0, 1.0)}, []),
        ({"zeros": 0.7}, ["dead_units"]),
        ({"zeros": 0.69}, []),
        ({"loss": float("nan")}, ["exploding"]),
    ],
)
def test_autotrainer(changes, found):
    assert autotrainer(trace(**changes)) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"mean": (0.9e-6, 0.1)}, ["vanishing"]),
        ({"mean": (0.1, 1.1e6)}, ["exploding"]),
        ({"mean": lambda i: (0.5**i, 1.0)}, ["vanishing"]),
        ({"mean": lambda i: (0.9**i, 1.0)}, []),
        ({"mean": lambda i: (1.0, 2.0**i)}, ["exploding"]),
        ({"mean": lambda i: (1.0, 1.9**i)}, []),
        ({"ratio": (1e-3, 0.11)}, ["step_too_large"]),
        ({"ratio": (0.9e-4, 1e-3)}, ["step_too_small"]),
        ({"ratio": (0.0, 1e-3)}, ["step_too_small"]),
        ({"dead": 0.51}, ["dead_units"]),
        ({"saturated": 0.51}, ["saturated"]),
        ({"dead": 0.49, "saturated": 0.49}, []),
        ({"loss": float("inf")}, ["non_finite"]),
    ],
)
def test_deepchecker(changes, found):
    assert deepchecker(trace(**changes)) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"outputs": (0.9e-6, 1.0)}, ["vanishing"]),
        ({"outputs": (1.0, 1.1e3)}, ["exploding"]),
        ({"dead": 0.91}, ["dead_units"]),
        ({"far": 0.71}, ["saturated"]),
        ({"dead": 0.89, "far": 0.69}, []),
        ({"loss": float("nan")}, ["non_finite"]),
    ],
)
def test_absolute_thresholds(changes, found):
    assert absolute(trace(**changes)) == found
