"""The monitor on real code: no healthy set-up alarms, and each fault is named as it is stored."""

import json

import pytest

from benchmarks.real_code import runs  # noqa: F401, it registers the set-ups
from benchmarks.real_code.__main__ import COPY, summary
from benchmarks.real_code.suite import HEALTHY, SETUPS, named
from lessons._threads import one_thread

STORED = json.loads(COPY.read_text(encoding="utf-8"))
MISSED = {(name, fault): said for name, fault, said in STORED["misses"]}


@pytest.fixture(autouse=True)
def alone():
    with one_thread():
        yield


def test_the_suite_is_large_enough_and_the_stored_results_good_enough():
    assert STORED["setups"] == len(SETUPS) >= 20
    assert all(len(setup.faults) >= 2 for setup in SETUPS.values())
    assert STORED["faults"] == sum(len(setup.faults) for setup in SETUPS.values())
    assert STORED["false alarms"] == 0
    assert STORED["named"] >= 0.85 * STORED["faults"]
    assert STORED["named"] == STORED["faults"] - len(MISSED)


@pytest.mark.parametrize("name", SETUPS)
def test_a_healthy_set_up_raises_no_alarm(name):
    assert named(name) is None


FAULTS = [(name, fault) for name, setup in SETUPS.items() for fault in setup.faults]


@pytest.mark.parametrize(("name", "fault"), [pair for pair in FAULTS if pair not in MISSED])
def test_a_fault_is_named(name, fault):
    assert named(name, fault) in SETUPS[name].faults[fault]


def test_summary():
    one = [("a", HEALTHY, set(), None), ("a", "x", {"k"}, "k"), ("a", "y", {"k"}, "other")]
    found = summary([*one, ("b", HEALTHY, set(), "k"), ("b", "z", {"k"}, None)])
    assert (found["setups"], found["false alarms"]) == (2, 1)
    assert (found["faults"], found["found"], found["named"]) == (3, 2, 1)
    assert found["misses"] == [["a", "y", "other"], ["b", "z", None]]
