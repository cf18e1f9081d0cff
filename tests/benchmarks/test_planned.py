"""The runs drawn at random, told their plan: what is stored is what the code says."""

import json

import pytest

from benchmarks.detection import drawn, outcomes, planned
from benchmarks.results import RESULTS

FOUND = json.loads(planned.RESULTS.read_text(encoding="utf-8"))
REFERENCES, LABELS = outcomes.stored()


def test_the_third_draw_is_another_one_of_the_same_kind():
    assert len(drawn.THIRD) == len(drawn.CONFIGS) == drawn.COUNT

    def told(config):
        return config.name.split(": ", 1)[1]

    assert not set(map(told, drawn.THIRD)) & set(map(told, drawn.CONFIGS))
    assert {c.task for c in drawn.THIRD} == {c.task for c in drawn.CONFIGS}


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


@pytest.mark.parametrize("draw", planned.DRAWS)
def test_a_plan_finds_more(draw):
    plain, told = (FOUND["summary"][draw][f"{setting} 100"] for setting in ("plain", "planned"))
    assert told["recall"] >= plain["recall"] + 0.1
    assert told["f1"] > plain["f1"]
