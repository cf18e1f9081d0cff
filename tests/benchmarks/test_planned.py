"""The runs drawn at random, told their plan: what is stored is what the code says."""

import json

import pytest

from benchmarks.detection import drawn, outcomes, planned
from benchmarks.results import RESULTS

FOUND = json.loads(planned.RESULTS.read_text(encoding="utf-8"))
REFERENCES, LABELS = outcomes.stored()


@pytest.mark.parametrize(("draw", "times"), [(drawn.THIRD, 1), (drawn.FOURTH, 2)])
def test_a_draw_is_another_one_of_the_same_kind(draw, times):
    assert len(draw) == times * len(drawn.CONFIGS) == times * drawn.COUNT

    def told(config):
        return config.name.split(": ", 1)[1]

    others = [c for c in (*drawn.CONFIGS, *drawn.THIRD, *drawn.FOURTH) if c not in draw]
    assert not set(map(told, draw)) & set(map(told, others))
    assert {c.task for c in draw} == {c.task for c in drawn.CONFIGS}


def test_every_run_is_stored_and_scored():
    for draw, configs in planned.DRAWS.items():
        assert [run["name"] for run in FOUND["runs"][draw]] == [config.name for config in configs]
        assert FOUND["summary"][draw] == planned.summary(FOUND["runs"][draw])
    rows = planned.markdown(FOUND).split("\n\n")[-1]
    assert rows in RESULTS.read_text(encoding="utf-8")


def test_watching_to_the_end_changes_no_label():
    known = {run["name"]: run["outcome"] for run in LABELS}
    assert all(run["outcome"] == known[run["name"]] for run in FOUND["runs"]["first draw"])


@pytest.mark.parametrize("place", [35, 36])
def test_verdicts_can_be_reproduced(place):
    config = drawn.CONFIGS[place]
    found = planned.run(config, REFERENCES[config.task])
    assert found == FOUND["runs"]["first draw"][place]


def test_the_aim_is_reached_on_runs_that_were_not_in_sight():
    told = FOUND["summary"]["fourth draw"]["planned 100"]
    assert told["f1"] >= 0.9 and told["false_alarms"] <= 0.1


@pytest.mark.parametrize("draw", planned.DRAWS)
def test_a_plan_finds_more(draw):
    plain, told = (FOUND["summary"][draw][f"{setting} 100"] for setting in ("plain", "planned"))
    assert told["recall"] >= plain["recall"] + 0.1
    assert told["f1"] > plain["f1"]
