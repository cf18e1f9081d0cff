"""The loop of the chapter, against torch and against the twelve patients."""

import math
import re
from dataclasses import replace

import nbformat
import pytest
import torch

from lessons.data import digits, recall
from lessons.measure import loss_gradients
from lessons.networks import mlp, rnn, three_nets
from lessons.signs.monitor import gradient_by_layer, seen, verdict, watched
from lessons.signs.monitor.detection import HALVES, results
from lessons.signs.symptoms import PATIENTS
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


EXPECTED = {
    "healthy": "healthy",
    "vanishing": "vanishing",
    "vanishing, Adam": "vanishing",
    "exploding, tanh": "exploding",
    "tiny batches": "healthy",
    "frozen layers": "healthy",
    "half pruned": "healthy",
    "one broken pixel": "non_finite",
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", EXPECTED)
def test_patients_through_the_monitor(data, name, seed):
    monitor = seen(PATIENTS[name], data.train_x, data.train_y, seed=seed)
    assert verdict(monitor) == EXPECTED[name]


def test_what_the_chapter_says_of_its_own_limits(data):
    """An alarm that may be called false, and a miss: better rules need other words there."""
    nets, patient = [], PATIENTS["weight decay"]
    kept = replace(patient, build=lambda seed: nets.append(patient.build(seed)) or nets[-1])
    verdicts = [verdict(seen(kept, data.train_x, data.train_y, seed=seed)) for seed in range(3)]
    assert verdicts == ["step_too_large", "healthy", "healthy"]
    right = [(net(data.test_x).argmax(1) == data.test_y).double().mean().item() for net in nets]
    assert 0.3 < right[0] < min(right[1:]) - 0.1
    x, y = recall(512, 30)
    verdicts = {
        seed: verdict(
            watched(
                rnn(32, inputs=8, outputs=4, gain=0.5, seed=seed),
                x, y, optimizer="adam", lr=0.003, seed=seed,
            )
        )
        for seed in (0, 1)
    }  # fmt: skip
    assert verdicts == {0: "vanishing_through_time", 1: "healthy"}


def test_the_snippets_for_work_are_recipes_that_run():
    cells = nbformat.read(ROOT / "notebooks/signs/monitor.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    snippets = re.findall(r"^```python\n(.*?)^```", text.split("## Exercises")[0], re.M | re.S)
    assert len(snippets) >= 6
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
        scores = results().summary[half]["lessons.monitor, every step"]
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
