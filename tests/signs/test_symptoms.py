"""Facts of the chapter *Which signs lie?*: which run shows which sign, for three seeds."""

import math

import pytest
import torch

from lessons.data import digits
from lessons.signs.symptoms import PATIENTS, SIGNS, diagnose, examine, signs


@pytest.fixture(scope="module")
def examined():
    data = digits()
    return {
        (name, seed): examine(patient, data.train_x, data.train_y, seed=seed)
        for name, patient in PATIENTS.items()
        for seed in range(3)
    }


def there(examined, sign):
    """The patients that show the sign with every seed, and those that show it with any."""
    shows = {name: [signs(examined[name, seed])[sign][1] for seed in range(3)] for name in PATIENTS}
    return {n for n, s in shows.items() if all(s)}, {n for n, s in shows.items() if any(s)}


def test_two_measurements_tell_the_patients_apart(examined):
    for (name, seed), observation in examined.items():
        assert diagnose(observation) == PATIENTS[name].gradient, (name, seed)


def test_a_poor_loss_is_no_evidence(examined):
    always, _ = there(examined, "poor loss")
    assert always >= {"vanishing", "exploding, tanh", "step too small", "one broken pixel"}


def test_nan_has_three_causes_here(examined):
    always, ever = there(examined, "NaN in loss or weights")
    assert always == ever == {"exploding, ReLU", "step too large", "one broken pixel"}


def test_the_exploding_tanh_net_never_prints_nan_and_its_loss_does_not_jump(examined):
    for sign in ("NaN in loss or weights", "loss jumps"):
        assert "exploding, tanh" not in there(examined, sign)[1]


def test_a_jumping_loss_is_also_what_tiny_batches_do(examined):
    assert "tiny batches" in there(examined, "loss jumps")[0]
    for seed in range(3):
        assert examined["tiny batches", seed].history.accuracy[-1] > 0.5


def test_growing_weights_mean_exploding_or_a_broken_step(examined):
    always, ever = there(examined, "weights grow")
    assert always == ever
    assert always == {"exploding, tanh", "exploding, ReLU", "step too large", "one broken pixel"}


def test_late_layers_move_more_when_the_gradient_vanishes_or_layers_are_frozen(examined):
    always, ever = there(examined, "late layers move more")
    assert always == ever == {"vanishing", "vanishing, Adam", "frozen layers"}


def test_weights_do_not_shrink_when_the_gradient_vanishes(examined):
    assert there(examined, "weights shrink")[0] == there(examined, "weights shrink")[1]
    assert there(examined, "weights shrink")[0] == {"weight decay"}
    assert there(examined, "weights at 0")[1] == {"half pruned"}
    for seed in range(3):
        first = examined["vanishing", seed]
        assert torch.equal(first.before[0], first.after[0])


def test_the_two_sick_nets_that_differ_most_share_the_poor_loss_and_little_else(examined):
    common = [
        sign for sign in SIGNS if {"vanishing", "exploding, tanh"} <= there(examined, sign)[0]
    ]
    assert common == ["poor loss"]


def test_a_sign_is_measured_from_the_run(examined):
    healthy = signs(examined["healthy", 0])
    loss = examined["healthy", 0].history.loss
    assert healthy["poor loss"][0] == pytest.approx(loss[-1] / math.log(10))
    assert healthy["hardly improves"][0] == pytest.approx(loss[-1] / loss[0])
    assert examined["healthy", 0].first_step < 0.1


def test_the_spoiled_data_are_a_copy():
    data = digits()
    before = data.train_x.clone()
    examine(PATIENTS["one broken pixel"], data.train_x, data.train_y, steps=2)
    assert torch.equal(data.train_x, before)


def test_bad_input_is_named():
    data = digits()
    with pytest.raises(TypeError, match="patient='healthy'; expected a Patient"):
        examine("healthy", data.train_x, data.train_y)
    with pytest.raises(ValueError, match="steps=0"):
        examine(PATIENTS["healthy"], data.train_x, data.train_y, steps=0)
