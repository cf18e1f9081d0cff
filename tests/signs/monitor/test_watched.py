"""The loop of the chapter, against torch and against the twelve patients."""

import copy
import math
import re
from dataclasses import replace

import nbformat
import pytest
import torch

from lessons._threads import one_thread
from lessons.data import digits, recall
from lessons.measure import decades_per_layer, loss_gradients
from lessons.monitor.rules.remedies import REINITIALIZE
from lessons.networks import mlp, rnn, three_nets
from lessons.patients import PATIENTS
from lessons.signs.monitor import gradient_by_layer, seen, verdict, watched
from lessons.signs.monitor.detection import HALVES, results
from lessons.twins import twin
from tests.monitor import test_recipes
from tools.repository import ROOT


@pytest.fixture(scope="module")
def data():
    return digits()


def test_the_first_look_is_the_gradient_of_the_first_batch(data):
    net = mlp(5, seed=3)
    batch = torch.randint(len(data.train_x), (128,), generator=torch.Generator().manual_seed(7))
    true = loss_gradients(net, data.train_x[batch], data.train_y[batch])
    norms = gradient_by_layer(watched(net, data.train_x, data.train_y, steps=1, seed=7))
    assert list(norms.values()) == pytest.approx(list(true.values()), rel=1e-5)


@one_thread()
def test_the_loop_is_that_of_torch(data):
    ours, plain = mlp(3, seed=1), mlp(3, seed=1)
    watched(ours, data.train_x, data.train_y, lr=0.05, momentum=0.5, steps=7, seed=2, every=1)
    optimizer = torch.optim.SGD(plain.parameters(), 0.05, momentum=0.5)
    generator = torch.Generator().manual_seed(2)
    for _ in range(7):
        batch = torch.randint(len(data.train_x), (128,), generator=generator)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(plain(data.train_x[batch]), data.train_y[batch])
        loss.backward()
        optimizer.step()
    assert all(a.equal(b) for a, b in zip(ours.parameters(), plain.parameters(), strict=True))


@pytest.mark.parametrize("name", ["vanishing", "healthy", "exploding"])
def test_scaling_the_loss_moves_the_picture_and_not_its_shape(data, name):
    scale = 2.0**10  # exact in binary
    one, other = (
        gradient_by_layer(watched(three_nets()[name], data.train_x, data.train_y, steps=1, scale=s))
        for s in (1.0, scale)
    )
    for layer in one:
        assert other[layer] == pytest.approx(scale * one[layer], rel=1e-5)


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize("name", ["vanishing", "healthy"])
def test_with_adam_the_verdict_does_not_depend_on_the_scale_of_the_loss(data, name, scale):
    how = {"optimizer": "adam", "lr": 1e-3, "scale": scale}
    assert verdict(watched(three_nets()[name], data.train_x, data.train_y, **how)) == name


# At the rate of the healthy net; at its own the exploding tanh net's verdict is chance.
LOUD = replace(PATIENTS["exploding, tanh"], how=PATIENTS["healthy"].how)
EXPECTED = {
    "healthy": [],
    "vanishing": ["vanishing"],
    "vanishing, Adam": ["vanishing"],
    "exploding, tanh": ["exploding"],
    "exploding, ReLU": ["non_finite", "exploding_signals"],
    "step too small": ["step_too_small"],
    "step too large": ["non_finite", "step_too_large"],
    "tiny batches": [],
    "one broken pixel": ["non_finite"],
    "frozen layers": [],
    "weight decay": [],
    "half pruned": [],
}


def other_in_the_last_bit(patient, seed):
    return replace(patient, build=lambda s: twin(patient.build(s), seed=seed)) if seed else patient


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", EXPECTED)
def test_patients_through_the_monitor(data, name, seed):
    patient = other_in_the_last_bit(LOUD if name == "exploding, tanh" else PATIENTS[name], seed)
    monitor = seen(patient, data.train_x, data.train_y, seed=seed)
    assert [f.kind for f in monitor.findings() if f.severity != "notice"] == EXPECTED[name]


def test_chaos_fools_the_monitor_too(data):
    """At the rate of the chapter on signs the last bit decides what is said of the tanh net."""
    patient = PATIENTS["exploding, tanh"]
    said = {
        verdict(seen(other_in_the_last_bit(patient, seed), data.train_x, data.train_y, seed=0))
        for seed in range(8)
    }
    assert len(said) >= 2


@pytest.mark.parametrize("seed", range(3))
def test_fading_through_time_is_found(seed):
    x, y = recall(512, 30)
    for gain, fades in ((1.0, False), (0.5, True)):
        net = rnn(32, inputs=8, outputs=4, gain=gain, seed=seed)
        monitor = watched(net, x, y, optimizer="adam", lr=0.001, seed=seed)
        assert any(f.kind == "vanishing_through_time" for f in monitor.findings()) == fades


MODULES = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


def with_modules(net):
    """The same net with PyTorch's own modules, so that advice can exchange them."""
    activation = MODULES[net.activation.name]
    chain = [module for layer in net.layers for module in (layer, activation())]
    return torch.nn.Sequential(*chain[:-1])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name", ["vanishing", "exploding, tanh", "exploding, ReLU", "step too small", "step too large"]
)
def test_the_advice_heals_its_patient(data, name, seed):
    """Followed to the letter, round by round, until the monitor is silent: then the loss falls."""
    patient = LOUD if name == "exploding, tanh" else PATIENTS[name]
    model, how = with_modules(patient.build(seed)), {"momentum": 0.0} | patient.how
    torch.manual_seed(seed)
    for _ in range(6):
        trained = copy.deepcopy(model)
        monitor = watched(trained, data.train_x, data.train_y, steps=150, seed=seed, **how)
        findings = [f for f in monitor.findings() if f.kind != "non_finite"]
        if monitor.healthy():
            break
        optimizer = torch.optim.SGD(model.parameters(), how["lr"])
        exec(findings[0].advice, {"torch": torch, "model": model, "optimizer": optimizer})
        how["lr"] = optimizer.param_groups[0]["lr"]
    assert monitor.healthy()
    losses = [loss for _, loss in monitor.record.losses]
    assert sum(losses[-10:]) < 0.98 * sum(losses[:10])


def test_the_weights_of_he_alone_do_not_heal_the_sigmoid_net(data):
    model = with_modules(three_nets()["vanishing"])
    torch.manual_seed(0)
    exec(REINITIALIZE, {"torch": torch, "model": model})
    norms = gradient_by_layer(watched(model, data.train_x, data.train_y))
    assert decades_per_layer(norms) == pytest.approx(-0.5, abs=0.1)
    right = (model(data.train_x).argmax(1) == data.train_y).double().mean()
    assert right < 0.3


def test_the_snippets_for_work_are_recipes_that_run():
    cells = nbformat.read(ROOT / "notebooks/signs/monitor.ipynb", as_version=4).cells
    chapter = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    page = (ROOT / "book/monitor_at_work.md").read_text(encoding="utf-8")
    text = chapter.split("## Exercises")[0] + page
    snippets = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert len(snippets) >= 9
    known = {value for value in vars(test_recipes).values() if isinstance(value, str)}
    assert set(snippets) <= known


@pytest.mark.parametrize(("row", "least", "most"), [("every 10", 1.0, 1.04), ("every=1", 1.1, 1.2)])
def test_the_price_that_the_chapter_names_is_the_measured_one(row, least, most):
    lines = (ROOT / "benchmarks/results.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| MLP 50×256") and row in line]
    assert len(rows) == 2
    assert all(least <= float(cells[3].split()[0]) <= most for cells in rows)


def test_the_benchmark_is_as_large_as_the_chapter_says():
    names = {half: {r.name for r in results().runs if r.half == half} for half in HALVES}
    assert len(names["reported"] | names["tuning"]) == 135
    assert len(names["drawn"]) == 90


def test_the_readme_says_what_was_measured():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for half in ("reported", "drawn"):
        scores = results().summary[half]["lessons.monitor, every 10th"]
        assert f"{100 * scores['precision']:.0f} of 100" in text
        assert f"{100 * scores['recall']:.0f} %" in text


def test_the_broken_pixel_is_traced_to_the_first_layer(data):
    (found,) = [
        f
        for f in seen(PATIENTS["one broken pixel"], data.train_x, data.train_y).findings()
        if f.kind == "non_finite"
    ]
    assert found.where.startswith("layers.0")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"optimizer": "adm"}, "optimizer='adm'"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"steps": 0}, "steps=0"),
        ({"scale": math.inf}, "scale=inf"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_bad_input(data, how, message):
    with pytest.raises(ValueError, match=message):
        watched(mlp(2), data.train_x, data.train_y, **how)
