"""Each advice is run to the letter on a net that is sick in its way, and heals it."""

import copy
import dataclasses
import math
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.fixes import FIXES
from lessons.monitor import KINDS, Monitor, Record, Row
from lessons.monitor.finding import Finding
from lessons.monitor.rules import remedies
from lessons.monitor.rules.advice import ADVICE, advised
from tests.monitor.nets import batches, plain, sgd, train

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
STEPS = 80


class Patient:
    """A net, its data and its loss; ``visit`` trains it under the monitor."""

    def __init__(self, build, *, lr=0.3, adam=False, loss_of=functional.cross_entropy, **options):
        self.build, self.adam = build, adam
        self.lr = self.first_lr = lr
        self.eps = 1e-8
        x, y = next(batches(1, size=128))
        self.names = {"torch": torch, "x": x, "y": y, "loss_of": loss_of}
        self.names["model"] = build()
        self.options = {
            "zero": True,
            "every": 10,
            "own": True,
            "spoil": None,
            "momentum": 0.0,
        } | options
        self.code, self.codes = "", []  # for each step, and for once

    def visit(self, steps=STEPS):
        names, options = self.names, self.options
        names["model"] = model = copy.deepcopy(names["model"])
        names["optimizer"] = optimizer = self._optimizer(model)
        self.losses = []
        with Monitor(model, optimizer, every=options["every"]) as monitor:
            for step in range(steps):
                if options["spoil"]:
                    options["spoil"](names, step)
                if options["zero"]:
                    optimizer.zero_grad()
                names["loss"] = names["loss_of"](model(names["x"]), names["y"])
                if "loss =" in self.code:
                    exec(self.code.split("loss.backward()")[0], names)
                if "optimizer.step()" in self.code:
                    exec(self.code, names)
                else:
                    names["loss"].backward()
                    optimizer.step()
                self.losses.append(names["loss"].item())
        return monitor

    def _optimizer(self, model):
        parameters = model.parameters()
        if not self.options["own"]:
            parameters = copy.deepcopy(model).parameters()
        if self.adam:
            return torch.optim.Adam(parameters, lr=self.lr, eps=self.eps)
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.options["momentum"])

    def follow(self, finding):
        """Run the advice, after that of the visits before, on a net as it was at first."""
        self.names["model"] = self.build()
        self.names["optimizer"] = optimizer = self._optimizer(self.names["model"])
        if "loss =" in finding.advice or "loss." in finding.advice:
            self.code = finding.advice
        else:
            self.codes.append(finding.advice)
        optimizer.param_groups[0]["lr"] = self.first_lr
        optimizer.param_groups[0] |= {"eps": 1e-8} if self.adam else {}
        for code in self.codes:
            exec(code, self.names)
        self.lr = self.names["optimizer"].param_groups[0]["lr"]
        self.eps = self.names["optimizer"].param_groups[0].get("eps")

    def learns(self):
        return self.losses[-1] < 0.95 * self.losses[0]


def scaled(model, factor, last=1.0):
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, factor / math.sqrt(module.in_features))
            nn.init.zeros_(module.bias)
    model[-1].weight.data *= last / factor
    return model


def dead():
    model = plain()
    for place in (0, 2):
        nn.init.constant_(model[place].bias, -50.0)
    return model


def ending(module):
    return lambda: nn.Sequential(*plain(), module)


class Last(nn.Module):
    def __init__(self, gain, relu=False):
        super().__init__()
        torch.manual_seed(0)
        self.rnn = nn.RNN(1, 32, batch_first=True, nonlinearity="relu" if relu else "tanh")
        self.head = nn.Linear(32, 3)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain)

    def forward(self, x):
        x = torch.cat([x, x.new_zeros(len(x), 12)], 1)  # what counts lies far back
        return self.head(self.rnn(x[:, :, None])[0][:, -1])


def squared(scores, y):
    return functional.mse_loss(scores[:, 0], y.float())


def log_of_0(scores, y):
    return functional.nll_loss((scores - 200 * functional.one_hot(y, 3)).softmax(1).log(), y)


PATIENTS = {
    "vanishing": Patient(lambda: plain(20, activation=nn.Sigmoid), lr=0.05),
    "vanishing_signals": Patient(lambda: scaled(plain(20), 0.3)),
    "vanishing_signals, tanh": Patient(lambda: scaled(plain(25, activation=nn.Tanh), 0.3)),
    "exploding": Patient(lambda: scaled(plain(20, 64, nn.Tanh), 8.0)),
    "exploding_signals": Patient(lambda: scaled(plain(20, 32), 4.0), lr=1e-3, adam=True),
    "weights_too_large": Patient(lambda: scaled(plain(), 1.0, 3e3), lr=1e-3, adam=True),
    "dead_units": Patient(dead),
    "saturated": Patient(lambda: scaled(plain(5, 16, nn.Tanh), 100.0, 0.1), lr=1e-3, adam=True),
    "step_too_large": Patient(plain, lr=1.0, adam=True),
    "step_too_small": Patient(plain, lr=1e-9),
    "exploding_through_time": Patient(lambda: Last(6.0, relu=True), lr=3e-3, adam=True),
    "vanishing_through_time": Patient(lambda: Last(0.2), lr=2e-3, adam=True),
    "missing_zero_grad": Patient(plain, zero=False, lr=0.1),
    "squashed_logits": Patient(ending(nn.Softmax(1)), lr=0.1),
    "raw_logits": Patient(plain, loss_of=functional.nll_loss),
    "wrong_axis": Patient(ending(nn.LogSoftmax(0)), loss_of=functional.nll_loss, lr=0.1),
}
ROUNDS = 8


@pytest.mark.parametrize("name", PATIENTS)
def test_the_advice_heals(name):
    patient, kind = PATIENTS[name], name.split(",")[0]
    monitor = patient.visit()
    assert next(f for f in monitor.findings() if f.kind != "non_finite").kind == kind
    assert not monitor.healthy()
    for _ in range(ROUNDS):
        patient.follow(next(f for f in monitor.findings() if f.kind != "non_finite"))
        monitor = patient.visit()
        left = [f.kind for f in monitor.findings() if f.severity != "notice"]
        if kind not in left and patient.learns():
            break
    assert kind not in left, str(monitor.report())
    assert patient.learns()


@pytest.mark.parametrize("lr", [1.0, 3.0])
def test_steps_that_momentum_adds_up_are_divided_by_their_number(lr):
    """These rates are good without momentum, and a tenth of the larger one is not enough."""
    patient = Patient(plain, lr=lr, momentum=0.99)
    (found, *_) = patient.visit().findings()
    assert (found.kind, found.advice) == ("step_too_large", remedies.LESS_MOMENTUM)
    patient.follow(found)
    assert patient.lr == pytest.approx(lr / 100)
    assert patient.visit().healthy() and patient.learns()


@pytest.mark.parametrize("scale", [1e-11, 1e-13])
def test_gradients_below_epsilon_are_freed_of_it(scale):
    def loss_of(scores, y):
        return scale * functional.cross_entropy(scores, y)

    patient = Patient(plain, lr=1e-2, adam=True, loss_of=loss_of)
    (found, *_) = patient.visit().findings()
    assert (found.kind, found.advice) == ("step_too_small", remedies.SMALLER_EPSILON)
    patient.follow(dataclasses.replace(found, advice=remedies.LARGER_STEP))
    assert not (patient.visit().healthy() and patient.learns())
    patient.codes.clear()
    patient.follow(found)
    assert patient.visit().healthy() and patient.learns()


def test_a_gradient_above_epsilon_asks_for_a_larger_rate():
    patient = Patient(plain, lr=1e-9, adam=True)
    (found, *_) = patient.visit().findings()
    assert (found.kind, found.advice) == ("step_too_small", remedies.LARGER_STEP)


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_parameter_without_a_gradient_does_not_hide_that_the_others_are_below_epsilon(odd):
    gradient = torch.tensor([1e-12, odd, 1e-12], dtype=torch.float64)
    record = Record(epsilon=1e-8)
    record.add(Row(0, 0, ("0", "1", "2"), gradient.expand(4, 3)))
    (found,) = advised([Finding("step_too_small", "all layers", 0, "error", "", "", "")], record)
    assert found.advice == remedies.SMALLER_EPSILON


def scale(quantity, factor, offset=0.0):
    def build():
        patient = Patient(plain, adam=True, lr=1e-2, loss_of=squared)
        patient.names["y"] = patient.names["y"].float()
        patient.names[quantity] = factor * patient.names[quantity] + offset
        return patient

    return build


@pytest.mark.parametrize(
    ("kind", "build"),
    [("inputs_too_large", scale("x", 1e4)), ("targets_too_large", scale("y", 5e4, 2e5))],
)
def test_data_of_the_wrong_size_is_brought_to_size(kind, build):
    patient = build()
    monitor = patient.visit()
    assert monitor.findings()[0].kind == kind
    patient.follow(monitor.findings()[0])
    assert patient.visit().healthy() and patient.learns()


def test_an_optimizer_of_copies_gets_the_models_own_parameters():
    model, stranger = plain(), plain()
    optimizer = sgd(stranger)
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(5))
    exec(monitor.findings()[0].advice, {"model": model, "optimizer": optimizer})
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(150))
    assert monitor.healthy()
    losses = [loss for _, loss in monitor.record.losses]
    assert losses[-1] < 0.9 * losses[0]


def test_what_asks_for_no_gradient_is_made_to():
    model = plain()
    optimizer = torch.optim.SGD([*model[0].parameters(), *model[2].parameters()], lr=0.1)
    model[:4].requires_grad_(False)
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(5))
    exec(monitor.findings()[0].advice, {"optimizer": optimizer, "model": model})
    with Monitor(model, optimizer) as monitor:
        train(model, optimizer, batches(20))
    assert monitor.healthy()


def test_a_cut_is_shown_until_it_is_mended(capsys):
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.cut = nn.Linear(8, 8), nn.Linear(8, 3), True

        def forward(self, x):
            x = self.first(x)
            return self.second(x.detach() if self.cut else x)

    model = Cut()
    (x, y) = next(batches(1))
    with Monitor(model, optimizer := sgd(model)) as monitor:
        train(model, optimizer, batches(5))
    advice = monitor.findings()[0].advice
    names = {"model": model, "x": x, "y": y, "loss_of": functional.cross_entropy}
    exec(advice, names)
    assert capsys.readouterr().out == "first.weight first.bias\n"
    model.cut = False
    exec(advice, names)
    assert capsys.readouterr().out == "\n"


def spoiled(names, step):
    if step == 12:
        names["x"] = names["x"].clone()
        names["x"][3, 2] = math.nan


def test_samples_that_are_not_finite_are_left_out():
    patient = Patient(plain, spoil=spoiled, lr=0.1)
    (found, *_) = patient.visit(20).findings()
    assert (found.kind, found.where) == ("non_finite", "the batch")
    patient.options["spoil"] = None
    patient.follow(found)
    assert len(patient.names["x"]) == 127
    assert patient.visit().healthy() and patient.learns()


def test_the_logarithm_of_0_is_avoided_by_raw_scores():
    patient = Patient(plain, loss_of=log_of_0, lr=0.1)
    (found, *_) = patient.visit(20).findings()
    assert (found.kind, found.where) == ("non_finite", "loss")
    patient.follow(found)
    assert patient.visit().healthy() and patient.learns()


class Root(nn.Module):
    def forward(self, x):
        return x.sum(1, keepdim=True).clamp(max=0).sqrt() + x


def test_torch_names_the_operation():
    """The forward pass must be inside: then the line that made the NaN is in what it says."""
    patient = Patient(lambda: nn.Sequential(*plain(), Root()))
    found = patient.visit(3).findings()[0]
    assert (found.kind, found.advice) == ("non_finite", remedies.FIND_NAN)
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="Backward0' returned nan"):
        exec(found.advice, patient.names)


def drawn(seed, depth=4):
    def build():
        model = plain(depth)
        torch.manual_seed(seed)
        for module in model[::2]:
            module.reset_parameters()
        return model

    return build


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_units_that_die_later(seed):
    """Inputs far from 0, all on one side, push every unit of a layer the same way."""
    patient = Patient(drawn(seed, depth=6), lr=0.02, adam=True)
    patient.names["x"] = patient.names["x"] + 30.0
    chance = math.log(3)
    found = patient.visit().findings()[0]
    assert (found.kind, found.advice) == ("dead_units", remedies.LEAKY)
    assert found.since_step > 0 and found.severity != "notice"
    assert patient.losses[-1] > 0.95 * chance
    patient.follow(found)
    assert patient.lr == pytest.approx(0.002)
    assert patient.visit().healthy() and patient.losses[-1] < 0.9 * chance


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rate", [4e-5, 8e-5])
def test_a_loss_that_stands_still(rate, seed):
    """Steps that are a little too small: no rule but that of the loss sees them."""
    patient = Patient(drawn(seed), lr=rate, adam=True)
    (found,) = patient.visit().findings()
    assert (found.kind, found.advice) == ("stalled_loss", remedies.LARGER_STEP)
    assert not patient.learns()
    patient.follow(found)
    assert patient.visit().findings() == [] and patient.learns()


def beyond(seed):
    """Least squares near its solution; the rate is beyond what its curvature allows, 2 over it.

    By one in 250: then the loss grows by 1.6 % a step, and no step is large.
    """
    generator = torch.Generator().manual_seed(seed)
    x = 1.0 + torch.randn(128, 8, generator=generator)
    weight = 10 * torch.randn(8, generator=generator)
    y = x @ weight + torch.randn(128, generator=generator)
    ones = torch.cat([x, torch.ones(128, 1)], 1)
    curvatures, directions = torch.linalg.eigh(2 * ones.T @ ones / 128)
    error, curvature = 0.5 * directions[:8, -1], curvatures[-1].item()

    def build():
        model = nn.Linear(8, 1)
        model.weight.data = (weight + error)[None]
        model.bias.data.zero_()
        return model

    def loss_of(scores, y):
        return functional.mse_loss(scores[:, 0], y)

    patient = Patient(build, lr=1.004 * 2 / curvature, loss_of=loss_of)
    patient.names |= {"x": x, "y": y}
    return patient


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_loss_that_rises(seed):
    patient = beyond(seed)
    (found,) = patient.visit().findings()
    assert (found.kind, found.advice) == ("diverging_loss", remedies.SMALLER_STEP)
    assert patient.losses[-1] > 1.5 * patient.losses[0]
    patient.follow(found)
    assert patient.visit().findings() == [] and patient.losses[-1] < 0.5 * patient.losses[0]


class Own(nn.Module):
    """A recurrent net of one's own, whose matrix cannot be drawn again by name."""

    def __init__(self, gain, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.cell, self.head = nn.RNNCell(1, 32, nonlinearity="relu"), nn.Linear(32, 3)
        nn.init.orthogonal_(self.cell.weight_hh, gain)

    def forward(self, x):
        h = x.new_zeros(len(x), 32)
        for step in torch.cat([x, x.new_zeros(len(x), 12)], 1).T:
            h = self.cell(step[:, None], h)
        return self.head(h)


@pytest.mark.parametrize(("gain", "lr", "seed"), [(1.8, 0.1, 0), (2.0, 0.03, 0), (2.0, 0.1, 1)])
def test_long_gradients_are_cut(gain, lr, seed):
    patient = Patient(lambda: Own(gain, seed), lr=lr)
    (found,) = [f for f in patient.visit().findings() if f.kind == "exploding_through_time"]
    assert found.advice == remedies.CLIP
    assert math.isnan(patient.losses[-1])
    patient.follow(found)
    patient.visit()
    assert patient.losses[-1] < 0.8 * math.log(3)


def outlier(names, step):
    if step == 40:
        names["whole"], names["x"] = names["x"], 100 * names["x"]
    if step == 41:
        names["x"] = names["whole"]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_after_a_spike_long_gradients_are_cut(seed):
    """One batch is a hundred times too large; the net needs the rest of the run to get over it."""
    patient = Patient(drawn(seed, depth=3), spoil=outlier)
    found = [f for f in patient.visit().findings() if f.kind == "spike"]
    assert {f.advice for f in found} == {remedies.CLIP}
    harmed = patient.losses[-1]
    patient.follow(found[0])
    assert patient.visit().healthy() and patient.losses[-1] < 0.5 * harmed


# --- one report --------------------------------------------------------------------------------
def test_there_is_advice_for_each_kind_and_its_chapter_exists():
    assert set(ADVICE) == set(KINDS)
    for kind in KINDS:
        for since in (0, 9):
            (found,) = advised([Finding(kind, "x", since, "error", "", "", "")], Record())
            assert (NOTEBOOKS / f"{found.chapter}.ipynb").is_file()
            fix = ADVICE[kind](found, Record()).fix
            assert fix is None or kind in FIXES[fix].cures


@pytest.mark.parametrize("first", ["step_too_large", "step_too_small"])
def test_no_report_asks_for_the_opposite_of_itself(first):
    second = {"step_too_large": "stalled_loss", "step_too_small": "diverging_loss"}[first]
    pair = [Finding(kind, kind, 0, "notice", "", "", "") for kind in (first, second)]
    one, other = advised(pair, Record())
    assert one.advice in (remedies.SMALLER_STEP, remedies.LARGER_STEP)
    assert other.advice == remedies.FIRST_THE_OTHER


def test_a_loss_that_follows_from_something_else_sends_to_that():
    model = plain(20, activation=nn.Sigmoid)
    with Monitor(model, optimizer := sgd(model), every=1) as monitor:
        train(model, optimizer, batches(60), monitor)
    first, loss = monitor.findings()
    assert (first.kind, loss.kind) == ("vanishing", "stalled_loss")
    assert loss.advice == remedies.FIRST_THE_CAUSE


@pytest.mark.parametrize(
    ("classes", "operations", "code"),
    [
        ({"Linear", "Tanh"}, set(), remedies.XAVIER),
        ({"Linear"}, {"Tanh"}, remedies.XAVIER),
        ({"Linear", "Tanh", "ReLU"}, set(), remedies.REINITIALIZE),
        ({"Linear", "Tanh"}, {"Relu"}, remedies.REINITIALIZE),
        ({"Linear"}, set(), remedies.REINITIALIZE),
    ],
)
def test_nets_of_tanh_alone_get_xaviers_weights(classes, operations, code):
    record = Record(classes=classes)
    record.start.operations |= operations
    (found,) = advised([Finding("exploding", "all layers", 0, "error", "", "", "")], record)
    assert found.advice == code


def test_sigmoids_that_are_called_by_name_are_left_to_the_hand():
    found = Finding("vanishing", "x", 0, "error", "", "", "")
    record = Record(classes=("Linear",))
    record.start.operations.add("Sigmoid")
    assert advised([found], record)[0].advice == remedies.RELU_BY_HAND
    record = Record(classes=("Linear", "LSTM"))  # whose gates are sigmoids
    record.start.operations.add("Sigmoid")
    assert advised([found], record)[0].advice == remedies.REINITIALIZE


def test_recurrent_matrices_become_orthogonal():
    model = nn.Sequential(nn.LSTM(3, 5))
    exec(remedies.ORTHOGONAL, {"torch": torch, "model": model})
    for block in model[0].weight_hh_l0.detach().split(5):
        torch.testing.assert_close(block @ block.T, torch.eye(5))
    assert (model[0].bias_hh_l0[5:10] == 1).all()


def test_sigmoids_become_relus_at_every_depth():
    model = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Sigmoid(), nn.Tanh()), nn.Sigmoid())
    exec(remedies.RELU, {"torch": torch, "model": model})
    assert [type(m) for m in (*model[1], model[2])] == [nn.ReLU, nn.Tanh, nn.ReLU]
