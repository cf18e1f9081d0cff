"""What was there first is the cause; what it brings about is a notice or is left out."""

import itertools

import pytest

from lessons.monitor.finding import KINDS, Finding
from lessons.monitor.rules.causes import EXPLAINS, ONLY_AS_CAUSE, ORDER, causes_first


def finding(kind, since=0, severity="error", where="layer"):
    return Finding(kind, where, since, severity, "", "", "")


def found(*findings):
    return [(f.severity, f.kind) for f in causes_first(list(findings))]


def test_all_names_are_kinds():
    assert set(EXPLAINS) | set().union(*EXPLAINS.values()) | set(ORDER) <= set(KINDS)
    assert all(kind not in consequences for kind, consequences in EXPLAINS.items())


@pytest.mark.parametrize(
    ("cause", "consequence"), [(a, b) for a in EXPLAINS for b in sorted(EXPLAINS[a])]
)
def test_a_consequence_is_no_alarm_and_a_cause_stays(cause, consequence):
    result = found(finding(consequence, 5), finding(cause, 4))
    assert result[0] == ("error", cause)
    assert result[1:] == ([] if consequence in ONLY_AS_CAUSE else [("notice", consequence)])


@pytest.mark.parametrize(
    ("first", "later"),
    [(a, b) for a in EXPLAINS for b in sorted(EXPLAINS[a]) if a in EXPLAINS.get(b, ())],
)
def test_of_two_that_may_cause_each_other_the_older_is_the_cause(first, later):
    assert found(finding(later, 3), finding(first, 2))[0] == ("error", first)
    assert found(finding(later, 2), finding(first, 3))[0] == ("error", later)


def test_a_later_cause_explains_nothing_that_was_there_before():
    assert found(finding("dead_units", 0), finding("step_too_large", 5)) == [
        ("error", "dead_units"), ("error", "step_too_large"),
    ]  # fmt: skip


def test_a_notice_explains_nothing():
    result = found(finding("exploding", 0, "notice"), finding("vanishing", 5))
    assert result == [("error", "vanishing"), ("notice", "exploding")]


def test_of_findings_since_the_same_step_the_first_in_the_order_is_the_cause():
    for first, second in itertools.pairwise(ORDER):
        (severity, kind), *rest = found(finding(second, 3), finding(first, 3))
        assert (severity, kind) == ("error", first)
        assert [name for _, name in rest] in ([], [second])
    assert found(finding("spike", 3), finding("saturated", 3))[0] == ("error", "saturated")


def test_the_order_does_not_depend_on_that_of_the_rules():
    several = [
        finding("diverging_loss", 0), finding("non_finite", 9), finding("vanishing", 3),
        finding("vanishing", 3, "warning"), finding("saturated", 1, "warning"),
        finding("exploding_through_time", 2),
    ]  # fmt: skip
    for order in itertools.permutations(several):
        assert found(*order) == [
            ("error", "non_finite"), ("error", "exploding_through_time"),
            ("error", "diverging_loss"), ("warning", "saturated"), ("notice", "vanishing"),
        ]  # fmt: skip
