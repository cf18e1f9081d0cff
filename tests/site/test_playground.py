"""The playground computes what PyTorch computes: the same losses, gradients and weights in float64.

These tests need Chromium, and no built website: they serve book/assets alone.
"""

import gzip
import itertools
import json
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from torch.nn import functional

from lessons import activations, data, loss_wall
from lessons.bounds import random_matrices
from lessons.networks import INITIALIZATIONS, initialize_
from tools.website import playground

pytestmark = pytest.mark.browser
HOST = "http://playground.test/"
MOST_BYTES = 150_000  # compressed, with the digits
STEPS = 20
EXACT = 1e-10
SMALL = {"depth": 8, "width": 13, "gain": 1.0}
LARGE = {"depth": 20, "width": 64, "norm": "none", "skip": "none", "gain": 1.0}
TRAINING = [
    {"optimizer": optimizer, "rate": rate, "clip": clip, "threshold": threshold}
    for optimizer, rate, clip, threshold in (
        ("sgd", 0.05, "none", 1.0),
        ("momentum", 0.02, "norm", 0.5),
        ("adam", 0.001, "none", 1.0),
        ("sgd", 0.1, "norm", 0.1),
        ("momentum", 0.02, "value", 0.01),
    )
]
# Every pair of a normalisation and a skip connection, every activation with two of the pairs.
PAIRS = itertools.product(["none", "batch", "layer"], ["none", "plain", "scaled"])
CASES = [
    ({"activation": activation, "norm": norm, "skip": skip} | SMALL, training)
    for activation, (norm, skip), training in zip(
        [*activations.ACTIVATIONS] * 2, itertools.cycle(PAIRS), itertools.cycle(TRAINING),
        strict=False,
    )
] + [  # the nets of the chapters: deeper ones double each rounding error at each step
    (LARGE | {"activation": "relu", "gain": 2.0}, TRAINING[3] | {"rate": 1e-3}),
    (LARGE | {"activation": "sigmoid"}, TRAINING[1]),
    (LARGE | {"activation": "tanh", "gain": 1.5}, TRAINING[3]),
    (LARGE | {"activation": "relu", "norm": "batch"}, TRAINING[3]),
    (LARGE | {"activation": "relu", "depth": 1}, TRAINING[2]),
]  # fmt: skip

ENGINE = """async (given) => {
  const {how, training, weights} = JSON.parse(given);
  const {Net} = await import("/net.js");
  const {Optimizer, clip} = await import("/optimizers.js");
  const net = new Net({...how, initialization: "he"});
  const parameters = net.parameters();
  weights.forEach((values, p) => parameters[p][0].set(values));
  const optimizer = new Optimizer(parameters);
  const copy = (index) => parameters.map((p) => [...p[index]]);
  const found = {losses: [], lengths: []};
  for (const [step, y] of labels.entries()) {
    const answers = net.forward(pixels[step], y.length);
    found.losses.push(net.loss(y));
    net.backward();
    if (!found.first) {
      found.first = {answers: [...answers.subarray(0, y.length * 10)], gradients: copy(1)};
      found.first.look = net.look();
    }
    found.lengths.push(clip(parameters, training.clip, training.threshold));
    optimizer.step(training.optimizer, training.rate);
  }
  found.weights = copy(0);
  return JSON.stringify(found);
}"""


@pytest.fixture(scope="module")
def batches():
    """Digits for each step: (steps, 32, 64) and (steps, 32)."""
    digits = data.digits(dtype=torch.float64)
    return (
        digits.train_x[: STEPS * 32].reshape(STEPS, 32, 64),
        digits.train_y[: STEPS * 32].reshape(STEPS, 32),
    )


@pytest.fixture(scope="module")
def room(chromium):
    """A browser context in which HOST serves the playground's files, and a page with it alone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    playground.serve(context, HOST)
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(room, batches):
    """A page that can import the playground's modules and holds the batches."""
    page = room.new_page()
    page.goto(f"{HOST}#depth=1&width=4")
    give = (
        "([x, y]) => Object.assign(window, {pixels: x.map(b => Float64Array.from(b)), labels: y})"
    )
    page.evaluate(give, [batches[0].flatten(1).tolist(), batches[1].tolist()])
    return page


class Reference:
    """The same net, of PyTorch's functions."""

    def __init__(self, how, seed):
        self.how = how
        generator = torch.Generator().manual_seed(seed)
        sizes = [64, *[how["width"]] * (how["depth"] - 1), 10]
        self.parameters = []
        for layer, (n, m) in enumerate(itertools.pairwise(sizes)):
            self.parameters.append(self.draw((m, n), how["gain"] * (2 / n) ** 0.5, generator))
            self.parameters.append(self.draw((m,), 0.1, generator))
            if layer < how["depth"] - 1 and how["norm"] != "none":
                self.parameters.append(1 + self.draw((m,), 0.1, generator))
                self.parameters.append(self.draw((m,), 0.1, generator))
        self.parameters = [p.requires_grad_() for p in self.parameters]

    @staticmethod
    def draw(shape, deviation, generator):
        return deviation * torch.randn(*shape, generator=generator, dtype=torch.float64)

    def __call__(self, x):
        """Return the answers; keep each layer's input and z, with their gradients."""
        how, left = self.how, iter(self.parameters)
        scale = how["depth"] ** -0.5 if how["skip"] == "scaled" else 1.0
        self.inputs, self.outputs = [], []
        for layer in range(how["depth"]):
            self.inputs.append(x)
            z = functional.linear(x, next(left), next(left))
            self.outputs.append(z)
            z.retain_grad()
            if layer == how["depth"] - 1:
                return z
            if how["norm"] == "batch":
                z = functional.batch_norm(z, None, None, next(left), next(left), training=True)
            elif how["norm"] == "layer":
                z = functional.layer_norm(z, z.shape[1:], next(left), next(left))
            a = activations.get(how["activation"]).function(z)
            x = x + scale * a if how["skip"] != "none" and x.shape == a.shape else a
        return None


def torchs(net, training, x, y):
    """Train by PyTorch; return what the engine returns."""
    parameters, rate = net.parameters, training["rate"]
    optimizer = {
        "sgd": lambda: torch.optim.SGD(parameters, lr=rate),
        "momentum": lambda: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
        "adam": lambda: torch.optim.Adam(parameters, lr=rate),
    }[training["optimizer"]]()
    found = {"losses": [], "lengths": []}
    for batch, labels in zip(x, y, strict=True):
        optimizer.zero_grad()
        answers = net(batch)
        loss = functional.cross_entropy(answers, labels)
        loss.backward()
        if not found["losses"]:
            found["first"] = {
                "answers": answers.detach().flatten(),
                "gradients": [p.grad.clone().flatten() for p in parameters],
                "look": [
                    (h.detach().square().mean().sqrt().item(), z.grad.norm().item())
                    for h, z in zip(net.inputs, net.outputs, strict=True)
                ],
            }
        found["losses"].append(loss.item())
        length = torch.nn.utils.get_total_norm([p.grad for p in parameters])
        found["lengths"].append(length.item())
        if training["clip"] == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, training["threshold"])
        elif training["clip"] == "value":
            torch.nn.utils.clip_grad_value_(parameters, training["threshold"])
        optimizer.step()
    found["weights"] = [p.detach().flatten() for p in parameters]
    return found


def apart(found, expected):
    """Return the largest difference, as a share of the largest number."""
    found = torch.as_tensor(found, dtype=torch.float64)
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert expected.isfinite().all()
    return ((found - expected).abs().max() / expected.abs().max().clamp(min=1e-300)).item()


@pytest.mark.parametrize(
    ("how", "training"), CASES, ids=lambda value: "-".join(map(str, value.values()))
)
def test_loss_gradients_and_twenty_steps_are_torchs(page, batches, how, training):
    net = Reference(how, seed=len(how["activation"]))
    weights = [p.flatten().tolist() for p in net.parameters]
    given = {"how": how, "training": training, "weights": weights}
    # As text: Playwright takes longer to pack the numbers one by one than the net to train.
    found = json.loads(page.evaluate(ENGINE, json.dumps(given)))
    expected = torchs(net, training, *batches)
    first, wanted = found.pop("first"), expected.pop("first")
    assert apart(first["answers"], wanted["answers"]) < EXACT
    seen = [(layer["signal"], layer["error"]) for layer in first["look"]]
    for ours, theirs in zip(seen, wanted["look"], strict=True):
        assert ours == pytest.approx(theirs, rel=EXACT)
    for layer, ours, theirs in by_layer(how, first["gradients"], wanted["gradients"]):
        assert apart(ours, theirs) < EXACT, layer
    for what in ("losses", "lengths"):
        assert apart(found[what], expected[what]) < EXACT, what
    for layer, ours, theirs in by_layer(how, found["weights"], expected["weights"]):
        assert apart(ours, theirs) < EXACT, layer


def by_layer(how, ours, theirs):
    """Yield each layer's number and all that belongs to it as one vector, ours and torch's.

    The gradient of a bias before BatchNorm is 0 but for rounding: alone it could not be compared.
    """
    size, last = 2 if how["norm"] == "none" else 4, len(theirs) - 2
    for layer, start in enumerate(range(0, len(theirs), size), start=1):
        parts = slice(start, min(start, last) + size)
        one = [torch.tensor(part, dtype=torch.float64) for part in ours[parts]]
        yield layer, torch.cat(one), torch.cat(theirs[parts])


def test_the_digits_are_those_of_the_course(page):
    script = """async () => {
      const {unpack} = await import("/trainer.js");
      const {DIGITS} = await import("/digits.js");
      const found = unpack(DIGITS, Float64Array);
      return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values]]));
    }"""
    found, digits = page.evaluate(script), data.digits(dtype=torch.float64)
    assert found["trainY"] == digits.train_y.tolist() and found["testY"] == digits.test_y.tolist()
    assert apart(found["trainX"], digits.train_x.flatten()) < 1e-12
    assert apart(found["testX"], digits.test_x.flatten()) < 1e-12


def test_the_names_are_those_of_the_course(page):
    script = """async () => [
      Object.keys((await import("/initialization.js")).INITIALIZATIONS),
      Object.values((await import("/activations.js")).ACTIVATIONS)
        .map((activation) => [activation.label, activation.steepest])]"""
    names, found = page.evaluate(script)
    assert names == list(INITIALIZATIONS)
    known = activations.ACTIVATIONS.values()
    assert [label for label, _ in found] == [a.label for a in known]
    assert [slope for _, slope in found] == pytest.approx([a.steepest_slope for a in known], 1e-4)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_in_float32_slopes_vanish_where_torchs_do(page, name):
    script = """async ({name, x}) => {
      const {Net} = await import("/net.js");
      const net = {depth: 1, width: 1, initialization: "he", gain: 1, norm: "none", skip: "none"};
      return x.map(new Net({...net, activation: name}, Float32Array).slope);
    }"""
    x = torch.linspace(-40, 40, 161).requires_grad_()
    found = page.evaluate(script, {"name": name, "x": x.tolist()})
    (slope,) = torch.autograd.grad(activations.get(name).function(x).sum(), x)
    assert torch.allclose(torch.tensor(found, dtype=slope.dtype), slope, rtol=1e-4, atol=1e-7)
    if name in {"sigmoid", "tanh"}:
        assert (torch.tensor(found) == 0).tolist()[-40:] == (slope == 0).tolist()[-40:]


def test_in_float32_two_things_break_in_pytorch_alone(page):
    """The page says so: the length of a huge gradient, and the error of an answer that is sure."""
    script = """async () => {
      const {clip} = await import("/optimizers.js");
      const {Net} = await import("/net.js");
      const huge = Float32Array.from([3e20, 4e20]);
      clip([[huge, huge, 0]], "norm", 1);
      const {DEFAULTS} = await import("/settings.js");
      const how = {...DEFAULTS, depth: 1};
      const net = new Net(how, Float32Array);
      net.layers[0].weight.fill(0);
      net.layers[0].bias[3] = 30;
      net.forward(new Float32Array(64), 1);
      return [[...huge], net.loss([3])];
    }"""
    clipped, loss = page.evaluate(script)
    assert clipped == pytest.approx([0.6, 0.8]) and loss == pytest.approx(9 * np.exp(-30), rel=0.1)
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3e20, 4e20])
    torch.nn.utils.clip_grad_norm_(parameter, 1.0)
    sure = torch.tensor([[0, 0, 0, 30.0, 0, 0, 0, 0, 0, 0]])
    assert parameter.grad.tolist() == [0, 0]
    assert functional.cross_entropy(sure, torch.tensor([3])) == 0


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_first_weights_are_as_large_as_the_course_draws_them(page, name):
    script = """async ({name, rows, columns}) => {
      const {initialize, random} = await import("/initialization.js");
      const empty = new Float64Array(rows * columns);
      return [...initialize(empty, rows, columns, name, 1.5, random(1))];
    }"""
    rows, columns = 40, 100
    found = page.evaluate(script, {"name": name, "rows": rows, "columns": columns})
    found = torch.tensor(found, dtype=torch.float64).view(rows, columns)
    generator = torch.Generator().manual_seed(0)
    drawn = initialize_(torch.empty(rows, columns).double(), name, 1.5, generator=generator)
    assert found.std().item() == pytest.approx(drawn.std().item(), rel=0.05)
    assert abs(found.mean().item()) < 0.1 * drawn.std().item()
    if name == "pytorch":
        assert found.abs().max() <= 1.5 / columns**0.5
    if name == "orthogonal":
        assert torch.allclose(found @ found.T, 1.5**2 * torch.eye(rows).double(), atol=1e-12)


BREAK = """async (settings) => {
  const {Trainer} = await import("/trainer.js");
  const {DIGITS} = await import("/digits.js");
  const trainer = new Trainer(settings, DIGITS);
  while (!trainer.broken && trainer.steps < 50) trainer.step();
  return {
    ...trainer.broken,
    x: [...trainer.x],
    weights: trainer.net.layers.map((layer) => [...layer.weight]),
    biases: trainer.net.layers.map((layer) => [...layer.bias]),
  };
}"""


@pytest.mark.parametrize(("rate", "gain"), [(0.1, 2.0), (1.0, 1.4)])
def test_the_layer_where_nan_begins_is_torchs(page, rate, gain):
    settings = {
        "depth": 30, "width": 32, "activation": "relu", "initialization": "he", "gain": gain,
        "norm": "none", "skip": "none", "bias": 0, "seed": 3, "precision": "float32",
        "optimizer": "sgd", "rate": rate, "clip": "none", "threshold": 1,
    }  # fmt: skip
    found = page.evaluate(BREAK, settings)
    assert found["step"] > 0 and found["where"] == "forward" and found["kind"] == "inf"
    h, sizes = torch.tensor(found["x"]).view(32, 64), [64, *[32] * 29, 10]
    for layer, (n, m) in enumerate(itertools.pairwise(sizes), start=1):
        weight = torch.tensor(found["weights"][layer - 1]).view(m, n)
        z = functional.linear(h, weight, torch.tensor(found["biases"][layer - 1]))
        if not z.isfinite().all():
            break
        h = z.relu()
    assert found["layer"] == layer


def test_a_healthy_net_learns_the_digits(page):
    script = """async (settings) => {
      const {Trainer} = await import("/trainer.js");
      const {DIGITS} = await import("/digits.js");
      const trainer = new Trainer(settings, DIGITS);
      const before = trainer.report(true);
      for (let step = 0; step < 100; step++) trainer.step();
      return [before, trainer.report(true)];
    }"""
    settings = {
        "depth": 5, "width": 32, "activation": "relu", "initialization": "he", "gain": 1,
        "norm": "none", "skip": "none", "bias": 0, "seed": 0, "precision": "float32",
        "optimizer": "momentum", "rate": 0.05, "clip": "none", "threshold": 1,
    }  # fmt: skip
    before, after = page.evaluate(script, settings)
    assert before["test"]["accuracy"] < 0.4 < 0.8 < after["test"]["accuracy"]
    assert after["steps"] == 100 and after["broken"] is None
    assert all(0 < layer["update"] < 1 for layer in after["layers"])


# From three seeds of each patient: what its button says of it, and what its cure does.
PATIENT = """async ([name, sickFor, healedFor]) => {
  const {Trainer} = await import("/trainer.js");
  const {DEFAULTS, PATIENTS} = await import("/settings.js");
  const {DIGITS} = await import("/digits.js");
  const {decades} = await import("/words.js");
  const {how, cure} = PATIENTS[name];
  const seen = (settings, steps, seed) => {
    const trainer = new Trainer({...DEFAULTS, ...settings, seed}, DIGITS);
    const {layers} = trainer.report(false);
    const found = {
      arrives: decades(layers, 0), signals: layers.map((l) => l.signal),
      layer: (layers[0].error / layers.at(-2).error) ** (1 / (layers.length - 2)),
      dead: layers.map((l) => l.dead), lengths: [], best: 0,
    };
    while (!trainer.broken && trainer.steps < steps) {
      trainer.step();
      found.lengths.push(trainer.length);
      if (name !== "wall" || trainer.steps % 10) continue;
      found.best = Math.max(found.best, trainer.test().accuracy);
    }
    found.lengths = found.lengths.map(String); // inf and nan as text
    found.end = trainer.broken ? 0 : trainer.test().accuracy;
    return {...found, broken: trainer.broken};
  };
  return [0, 1, 2].map((seed) =>
    [seen(how, sickFor, seed), seen({...how, ...cure}, healedFor, seed)]);
}"""


def of_sigmoids(sick, healed):
    assert 10 ** sick["arrives"] == pytest.approx(1e-12, rel=1)  # a millionth of a millionth
    assert sick["layer"] == pytest.approx(1 / 4, abs=0.03)


def of_a_shout(sick, healed):
    assert sick["layer"] == pytest.approx(2, abs=0.2)


def of_nan(sick, healed):
    assert sick["broken"]["step"] == 1
    assert (sick["broken"]["where"], sick["broken"]["kind"]) == ("forward", "inf")


def of_a_wall(sick, healed):
    assert sick["best"] > 0.5
    lengths = [float(length) for length in sick["lengths"]]
    usual = np.median(lengths[:20])
    assert max(lengths[:20]) < 100 * usual < max(lengths[20:])


def of_batch_norm(sick, healed):
    assert min(sick["signals"][1:]) > 0.8 * max(sick["signals"][1:])
    assert sick["layer"] == pytest.approx(1.25, abs=0.05)


def of_faint_layers(sick, healed):
    assert sick["arrives"] == pytest.approx(-15, abs=1)


def of_the_dead(sick, healed):
    assert sick["dead"][0] < 0.5 and sick["dead"][4:-1] == [1.0] * 3
    assert healed["arrives"] == pytest.approx(-1.5, abs=0.4)


@pytest.mark.parametrize(
    ("name", "steps", "as_said"),
    [
        ("vanishing", (30, 150), of_sigmoids),
        ("exploding", (30, 50), of_a_shout),
        ("nan", (10, 150), of_nan),
        ("wall", (70, 60), of_a_wall),
        ("batch_norm", (30, 30), of_batch_norm),
        ("residual", (30, 30), of_faint_layers),
        ("dead", (30, 150), of_the_dead),
    ],
)
def test_patients_do_not_learn_and_their_cures_do(page, name, steps, as_said):
    for sick, healed in page.evaluate(PATIENT, [name, *steps]):
        assert sick["end"] < 0.3 and healed["end"] > 0.4
        as_said(sick, healed)


def test_each_level_of_the_challenge_can_be_reached(page):
    script = """async () => {
      const {Trainer} = await import("/trainer.js");
      const {CHALLENGE, DEFAULTS} = await import("/settings.js");
      const {DIGITS} = await import("/digits.js");
      const {start, steps, levels} = CHALLENGE;
      // One who needs fewer steps than there are needs less time here.
      const ways = [
        [100, {activation: "tanh", initialization: "lecun", gain: 0.5, skip: "scaled"}],
        [120, {activation: "tanh", initialization: "orthogonal", optimizer: "adam", rate: 0.001}],
      ];
      return [0, 1, 2].flatMap((seed) => ways.map(([enough, way]) => {
        const settings = {...DEFAULTS, ...start, ...way, seed};
        const trainer = new Trainer(settings, DIGITS);
        while (trainer.steps < Math.min(enough, steps)) trainer.step();
        return levels.map(({reached}) => reached(100 * trainer.test().accuracy, settings));
      }));
    }"""
    found = page.evaluate(script)
    for with_skips, without in zip(found[::2], found[1::2], strict=True):
        assert with_skips == [True, True, False]
        assert without[0] and without[2]


# The page -----------------------------------------------------------------------------------------


@pytest.fixture
def opened(room):
    """A function that opens the playground at a state; returns the page once it has drawn."""
    pages = []

    def go(state=""):
        page = room.new_page()
        pages.append(page)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"{HOST}{state}")
        page.wait_for_function("document.querySelector('.pg-verdict')?.textContent")
        return page

    yield go
    for page in pages:
        assert page.errors == []
        page.close()


def verdict(page):
    return page.locator(".pg .pg-verdict").inner_text()


def test_all_of_it_is_light(room):
    texts = [path.read_bytes() for path in playground.SOURCE.iterdir()] + [
        playground.digits().encode()
    ]
    assert sum(len(gzip.compress(text, 6)) for text in texts) < MOST_BYTES


def test_the_address_holds_the_net(opened):
    page = opened("#depth=7&activation=tanh&gain=2&nonsense=1&width=33")
    values = page.evaluate("document.querySelector('.pg').playground.settings")
    assert (values["depth"], values["activation"], values["gain"]) == (7, "tanh", 2)
    assert values["width"] == 64, "an unknown value is as usual"
    page.locator("#pg-activation").select_option("sigmoid")
    page.wait_for_function("location.hash.includes('activation=sigmoid')")
    assert "depth=7" in page.url and "nonsense" not in page.url
    again = opened(f"#{urlsplit(page.url).fragment}")
    same = "document.querySelector('.pg').playground.settings"
    assert again.evaluate(same) == page.evaluate(same)


def test_a_slider_by_keyboard_changes_the_net(opened):
    page = opened("#depth=5&width=8")
    page.locator("#pg-depth").press("ArrowRight")
    page.wait_for_function("document.querySelector('.pg-net').ariaLabel.startsWith('The net, 6')")
    assert page.locator("#pg-depth").get_attribute("aria-valuetext") == "6"


def test_of_settings_that_wait_the_last_count(opened):
    page = opened("#depth=50&width=64&pace=0")
    script = """async (values) => {
      const {playground} = document.querySelector(".pg");
      const {worker} = playground;
      let reports = 0;
      worker.addEventListener("message", ({data}) => data.steps === 0 && reports++);
      playground.run();
      for (const gain of values) playground.change({gain});
      while (playground.report.turn !== playground.turn) await new Promise(requestAnimationFrame);
      return [reports, playground.running];
    }"""
    reports, running = page.evaluate(script, [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5])
    assert reports <= 3, "ten nets were asked for at once; those between need not be made"
    assert running
    page.evaluate("document.querySelector('.pg').playground.pause()")


def test_while_it_computes_the_old_picture_is_marked(opened):
    page = opened("#depth=2&width=4")
    page.evaluate(
        """() => {
          const {playground} = document.querySelector(".pg");
          playground.held = [];
          playground.worker.onmessage = (message) => playground.held.push(message);
        }"""
    )
    page.locator("#pg-gain").press("ArrowRight")
    assert page.locator("#pg-gain").get_attribute("aria-valuetext") == "1.05", "at once"
    page.wait_for_function("document.querySelector('.pg-numbers').innerText === 'computing …'")
    assert page.locator(".pg-old").count() == 1
    page.evaluate(
        """() => {
          const {playground} = document.querySelector(".pg");
          playground.hear(playground.held.at(-1).data);
        }"""
    )
    page.wait_for_function("/^step 0/.test(document.querySelector('.pg-numbers').innerText)")
    assert page.locator(".pg-old").count() == 0


@pytest.mark.parametrize(
    ("name", "word"), [("vanishing", "vanishes"), ("exploding", "explodes"), ("dead", "dead")]
)
def test_what_is_broken_is_said_and_a_touch_heals_it(opened, name, word):
    page = opened(f"#net={name}")
    assert word in verdict(page)
    if name == "dead":
        page.locator(".pg-patients button", has_text="Dead").tap()
        page.locator(".pg-heal").tap()
        page.wait_for_function(
            "/healthy|vanishes/.test(document.querySelector('.pg-verdict').innerText)"
        )
        assert "ELU" in page.locator(".pg-story").inner_text()


def test_the_moment_of_nan_and_its_layer_are_said(opened):
    page = opened("#net=nan&pace=0")
    page.locator(".pg-main").first.tap()
    page.wait_for_function("document.querySelector('.pg-verdict').innerText.startsWith('Broken')")
    assert "step 1" in verdict(page) and "on the way forward, in layer" in verdict(page)
    assert "float32" in verdict(page)
    assert page.locator(".pg-main").first.inner_text() == "Train", "it has stopped"


def test_where_there_is_no_error_nothing_is_said_to_vanish(page):
    script = """async () => {
      const {verdict} = await import("/words.js");
      const layer = {error: 0, dead: 0};
      return verdict({layers: [layer, layer], broken: null}, {activation: "relu"});
    }"""
    assert "no error to send back" in page.evaluate(script)


def test_the_challenge_counts(opened):
    page = opened()
    go = page.locator(".pg-challenge .pg-main")
    go.click()
    assert (
        page.locator("#pg-depth").is_disabled()
        and "learns nothing" in page.locator(".pg-score").inner_text()
    )
    # Shorter, so that the test is: what counts is the way, not the number.
    page.evaluate(
        """async () => { const {CHALLENGE} = await import("/settings.js");
          Object.assign(CHALLENGE.start, {depth: 3, width: 16}) }"""
    )
    page.locator("#pg-activation").select_option("tanh")
    page.locator("#pg-optimizer").select_option("momentum")
    go.click()
    page.wait_for_function("/points/.test(document.querySelector('.pg-score').innerText)")
    assert page.locator(".pg-reached").count() >= 1
    assert "levels reached" in page.locator(".pg-score").inner_text()


def test_with_reduced_motion_nothing_moves(opened, room):
    page = opened()
    page.emulate_media(reduced_motion="reduce")
    page.locator(".pg-main").first.click()
    page.wait_for_function("document.querySelector('.pg').playground.report.steps > 2")
    assert page.evaluate("document.querySelector('.pg').playground.picture.drawing.start") is None


# The loss wall ------------------------------------------------------------------------------------


def test_the_wall_and_its_descents_are_those_of_the_course(page):
    script = """async ([points, rate, threshold]) => {
      const {descend, lossAndGradient} = await import("/surface.js");
      return [points.map(([w, b]) => lossAndGradient(w, b)),
        descend(5, -2, rate), descend(5, -2, rate, threshold)];
    }"""
    points = [[w, b] for w in np.linspace(3.5, 6.7, 9) for b in np.linspace(-3.2, 3, 9)]
    losses, *paths = page.evaluate(script, [points, 0.3, 0.2])
    expected = loss_wall.loss_and_gradient(*np.transpose(points))
    assert np.allclose(np.transpose(losses), expected, rtol=1e-7, atol=1e-12)
    for path, limit in zip(paths, (np.inf, 0.2), strict=True):
        assert np.allclose(path, loss_wall.descend(5.0, -2.0, 0.3, limit, 45)[0], atol=1e-6)


@pytest.mark.parametrize(("rate", "moves", "who"), [(1.0, 9, {True}), (3.0, 9, {True, False})])
def test_whether_the_cut_run_ends_lower_is_as_the_chapter_says(rate, moves, who):
    starts = 5 + 1e-6 * np.arange(-(moves // 2), moves // 2 + 1)
    ends = [
        [loss_wall.descend(w, -2.0, rate, limit, 45)[0][-1] for w in starts]
        for limit in (np.inf, 0.3)
    ]
    free, cut = (loss_wall.loss_and_gradient(*np.transpose(end))[0] for end in ends)
    assert set((cut < free).tolist()) == who


@pytest.fixture
def near_the_wall(opened):
    """The page, scrolled to where the wall begins to be computed."""
    page = opened("#depth=1&width=4")
    page.locator(".pg-wall").evaluate("wall => wall.scrollIntoView()")
    page.wait_for_function("document.querySelector('.pg-wall').wall")
    return page


def test_the_wall_turns_by_keyboard_and_by_a_finger(near_the_wall):
    page = near_the_wall
    turn, look = page.locator("#pg-turn"), "document.querySelector('.pg-hill').toDataURL()"
    before = page.evaluate(look)
    turn.press("ArrowRight")
    page.wait_for_function(f"{look} !== {json.dumps(before)}")
    hill = page.locator(".pg-hill")
    hill.scroll_into_view_if_needed()
    box, value = hill.bounding_box(), turn.get_attribute("aria-valuetext")
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.up()
    assert turn.get_attribute("aria-valuetext") != value


def test_the_wall_says_which_ball_is_thrown(near_the_wall):
    page = near_the_wall
    said = page.locator(".pg-wall .pg-verdict")
    assert "Not clipped: longest step 5," in said.inner_text()
    assert "Clipped: longest step 0.3," in said.inner_text()
    page.locator("#pg-theta").press("Home")
    assert "Clipped: longest step 0.05," in said.inner_text()
    page.locator(".pg-wall .pg-main").click()
    page.wait_for_function("document.querySelector('.pg-wall').wall.shown > 1")


# The float ruler and the memory strip -------------------------------------------------------------


def test_formats_end_where_the_course_says(page):
    script = """async (factors) => {
      const {FORMATS, lastLayer} = await import("/formats.js");
      return Object.fromEntries(
        Object.keys(FORMATS).map((name) => [name, factors.map((f) => lastLayer(name, f))]));
    }"""
    factors = [0.1, 0.25, 0.5, 0.7, 0.9, 1.1, 1.5, 2, 4, 10]
    for name, layers in page.evaluate(script, factors).items():
        assert layers == [random_matrices.last_layer(name, factor) for factor in factors]


@pytest.mark.parametrize("factor", [0.7, 0.8, 0.9])
def test_rounded_at_each_layer_a_number_never_becomes_zero(factor):
    """So the chapter says why the ruler rounds once: the smallest number times 0.7 is itself."""
    for name in ("float16", "bfloat16", "float32"):
        with pytest.raises(ValueError, match="has not ended"):
            random_matrices.measured_last_layer(name, factor, most=4000)
        assert random_matrices.last_layer(name, factor) < 1500


@pytest.mark.parametrize(("radius", "bias"), [(0.8, 3.0), (1.1, -1.0)])
def test_the_strip_of_memory_is_a_gradient_of_torch(page, radius, bias):
    script = """async ([radius, bias]) =>
      (await import("/formats.js")).backInTime(radius, bias, 30)"""
    found = page.evaluate(script, [radius, bias])
    matrix = initialize_(
        torch.empty(8, 8).double(), "orthogonal", radius, generator=torch.manual_seed(0)
    )
    state = torch.ones(8, dtype=torch.float64, requires_grad=True)
    last = state
    lstm = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
    for parameter in lstm.parameters():
        torch.nn.init.zeros_(parameter)
    lstm.bias_ih.data[1] = bias
    cell = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
    kept, nothing = cell, torch.zeros(1, 1, dtype=torch.float64)
    for _ in range(30):
        last = matrix @ last
        _, kept = lstm(nothing, (nothing, kept))
    error = torch.nn.functional.normalize(torch.ones(8, dtype=torch.float64), dim=0)
    (gradient,) = torch.autograd.grad(last @ error, state)
    assert found["plain"][30] == pytest.approx(gradient.norm().item(), rel=1e-10)
    (gradient,) = torch.autograd.grad(kept.sum(), cell)
    assert found["cell"][30] == pytest.approx(gradient.item(), rel=1e-10)


@pytest.mark.parametrize(
    ("place", "control", "before", "after"),
    [
        (".pg-ruler", "#pg-layers", "float16: 0 only at layer 25", "float16: 0 since layer 25"),
        (".pg-memory", "#pg-radius", "0.042 times", "2·10⁵ times"),
        (".pg-circle", "#pg-circle-layer", "Half-axes 0.51 and 0.51", "Half-axes 0.012 and 0.012"),
    ],
)
def test_rulers_and_strips_say_what_they_show(opened, place, control, before, after):
    page = opened("#depth=1&width=4")
    said = page.locator(f"{place} :is(.pg-verdict, figcaption)").first
    assert before in said.inner_text()
    page.locator(control).press("End")
    assert after in said.inner_text()
    assert after in page.locator(f"{place} canvas").first.get_attribute("aria-label")


# A digit whispered backwards ----------------------------------------------------------------------


def test_what_arrives_at_a_layer_is_torchs_gradient(page):
    script = """async (name) => {
      const {arriving, patient} = await import("/echo.js");
      const net = patient(name);
      const found = arriving(net, pixels[0], labels[0]);
      return {
        found: found.map((picture) => [...picture]),
        weights: net.layers.map((layer) => [...layer.weight]),
      };
    }"""
    given = page.evaluate(script, "healthy")
    pixels = "({x: [...pixels[0]], y: labels[0]})"
    batch = page.evaluate(pixels)
    h = torch.tensor(batch["x"], dtype=torch.float64).view(32, 64)
    inputs, sizes = [], [64] * 20 + [10]
    for layer, (n, m) in enumerate(itertools.pairwise(sizes)):
        h = h.requires_grad_() if layer == 0 else h
        h.retain_grad()
        inputs.append(h)
        z = h @ torch.tensor(given["weights"][layer], dtype=torch.float64).view(m, n).T
        h = z.relu() if layer < 19 else z
    functional.cross_entropy(h, torch.tensor(batch["y"])).backward()
    for found, one in zip(given["found"], inputs, strict=True):
        assert apart(found, one.grad.sum(0)) < EXACT


def test_two_halves_agree_on_a_whisper_and_not_on_a_shout(opened):
    page = opened("#depth=1&width=4")
    page.locator(".pg-whisper").scroll_into_view_if_needed()
    page.locator("#pg-whisper-layer").press("End")
    page.wait_for_function(
        "[...document.querySelectorAll('.pg-whisper figcaption')].every(c => c.innerText !== '…')"
    )
    captions = page.locator(".pg-whisper figcaption").all_inner_texts()
    agree = [float(text.split("halves ")[1].rstrip(".").replace("−", "-")) for text in captions]
    assert agree[0] > 0.8 and agree[1] > 0.8 and abs(agree[2]) < 0.4
    assert "10⁻¹³" in captions[0]


# A circle through twenty Jacobians ----------------------------------------------------------------


def test_the_circle_has_the_axes_of_the_product(page):
    script = """async () => {
      const {axes, KINDS, products} = await import("/ellipse.js");
      const strays = (seed) => {
        const long = products("needle", seed).map((matrix) => axes(matrix)[0]);
        return Math.max(...long) > 10 || Math.min(...long) < 0.1;
      };
      const seeds = Array.from({length: 1000}, (_, seed) => seed);
      window.strayed = seeds.filter(strays).length;
      const axis = (layer) => seeds.map((seed) => axes(products("needle", seed)[layer])[0]);
      window.long = [axis(10), axis(20)];
      return Object.fromEntries(Object.keys(KINDS).map((kind) => {
        const found = products(kind);
        return [kind, [found, found.map(axes)]];
      }));
    }"""
    ends = {}
    for kind, (matrices, axes) in page.evaluate(script).items():
        expected = np.linalg.svd(np.reshape(matrices, (-1, 2, 2)), compute_uv=False)
        assert np.allclose(axes, expected, rtol=1e-6, atol=1e-15)
        assert len(axes) == 21 and axes[0] == [1, 1]
        ends[kind] = axes[-1]
    assert ends["shrinks"] == pytest.approx([0.8**20] * 2)
    assert ends["round"] == pytest.approx([1, 1])
    assert ends["needle"][0] > 100 * ends["needle"][1]
    assert page.evaluate("strayed") / 1000 == pytest.approx(2 / 3, abs=0.05)  # as the chapter says
    ten, twenty = np.array(page.evaluate("long"))
    assert np.log10(twenty).mean() == pytest.approx(np.log10(ten).mean(), abs=0.1)
    assert twenty.mean() > 2 * ten.mean(), "it is the logarithm that stays, not the length"
