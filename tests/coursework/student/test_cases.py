"""Test cases run without otter and come to what otter says they do."""

import pytest
import torch

from lessons.coursework.student import cases

TEXT = """
from {module} import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(name="adds", points=0.5, hidden=False, failure_message="Add.")
def test_adds(add):
    assert add(1, 2) == 3, "1 + 2"

@test_case(name="sees all", points=2, hidden=True)
def test_all(env, other, _seed, _student):
    assert "add" in env and other is None and _seed is None and _student is None
"""


def answers(add=lambda a, b: a + b):
    return {"add": add, "other": None}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # otter's own imports
@pytest.mark.parametrize(
    "names", [answers(), answers(lambda a, b: a), answers(lambda a: a), answers(None), {}]
)
def test_agrees_with_otter(names):
    from otter.test_files import ExceptionTestFile

    ours = [cases.run(c, names) for c in cases.read(TEXT.format(module=cases.__name__))]
    otters = ExceptionTestFile.from_string(TEXT.format(module="otter.test_files"))
    otters.run(names)
    if names:  # without a name at all, ours does not call the test
        assert [o.passed for o in ours] == [r.passed for r in otters.test_case_results]
    assert sum(o.points for o in ours) == otters.possible == 2.5
    assert [c.hidden for c in cases.read(TEXT.format(module=cases.__name__))] == [False, True]


def test_a_failure_says_what_happened_and_gives_the_hint():
    (adds, _) = cases.read(TEXT.format(module=cases.__name__))
    outcome = cases.run(adds, answers(lambda a, b: a - b))
    assert (outcome.passed, outcome.happened, outcome.hint) == (False, "1 + 2", "Add.")


def test_what_is_not_written_yet_is_not_called():
    (adds, _) = cases.read(TEXT.format(module=cases.__name__))
    outcome = cases.run(adds, {})
    assert (outcome.happened, outcome.hint) == (
        "`add` is not defined. Run the cell that defines it.",
        "",
    )


def test_ctrl_c_ends_a_check():
    def stopped(a, b):
        raise KeyboardInterrupt

    (adds, _) = cases.read(TEXT.format(module=cases.__name__))
    with pytest.raises(KeyboardInterrupt):
        cases.run(adds, answers(stopped))


def test_generator():
    def draw(seed):
        return torch.rand(3, generator=cases.generator(seed)).tolist()

    assert draw(None) == draw(0) != draw(1)
    assert draw(2**63 + 1) == draw(1)  # a digest of any length is a seed
    state = torch.random.get_rng_state()
    draw(3)
    assert torch.equal(torch.random.get_rng_state(), state)
