"""What tests of grading need: a sandbox, and a tiny assignment."""

import os

import pytest

collect_ignore = ["tiny"]


@pytest.fixture(scope="session")
def sandbox():
    """Skip where nothing can be graded, and say why; on CI that is a failure."""
    from lessons.coursework.sandbox import preflight

    if found := preflight.problems():
        reason = "; ".join(map(str, found))
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must be able to grade: {reason}")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def tiny(sandbox):
    """Return the tiny assignment, where there is a sandbox."""
    from lessons.coursework.grading.assignment import load
    from tests.coursework.submissions import TINY

    return load(TINY)
