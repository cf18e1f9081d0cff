"""The callback in the real Lightning: what it sees, and that it changes nothing."""

import copy
import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.monitor.nets import batches, hooks_on, norm, plain

L = pytest.importorskip("lightning.pytorch")

from lessons.monitor.adapters.lightning import GradientMonitor  # noqa: E402

# Lightning's advice, and what torch says of Lightning's use of it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
]


class Module(L.LightningModule):
    def __init__(self, net, lr=0.1):
        super().__init__()
        self.net, self.lr, self.losses = net, lr, []

    def loss(self, batch):
        x, y = batch
        value = functional.cross_entropy(self.net(x), y)
        self.losses.append(value.item())
        return value

    def training_step(self, batch, index):
        return self.loss(batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.lr)


def fit(module, *callbacks, steps=15, size=32, **options):
    """Fit on ``steps`` batches; nothing is written, asked for or printed but what callbacks do."""
    data = torch.utils.data.DataLoader(list(batches(steps, size)), batch_size=None)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    options = (
        quiet | {"accelerator": "cpu", "max_epochs": 1, "enable_checkpointing": False} | options
    )
    given = {"val_dataloaders": options.pop("validation", None)}
    given["ckpt_path"] = options.pop("ckpt_path", None)
    L.Trainer(callbacks=list(callbacks), **options).fit(module, data, **given)


def steps_of(callback):
    return [row.step for row in callback.monitor.record.rows]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_healthy_fit(precision, capsys):
    callback, module = GradientMonitor(every=5), Module(plain())
    fit(module, callback, precision=precision)
    assert callback.monitor.healthy()
    assert steps_of(callback) == [0, 1, 2, 4, 5, 10]
    record = callback.monitor.record
    assert [step for step, _ in record.losses] == list(range(15))
    assert [loss for _, loss in record.losses] == pytest.approx(module.losses)
    assert record.matrices == tuple(f"net.{place}.weight" for place in (0, 2, 4, 6))
    assert record.rows[-1].dead.keys() == {"net.1", "net.3", "net.5"}
    assert not hooks_on(module)
    assert callback.report().findings == ()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("show", [True, False])
def test_a_sick_one_is_found_and_shown(show, capsys):
    callback = GradientMonitor(every=2, show=show)
    fit(Module(plain(20, activation=nn.Sigmoid)), callback)
    assert "vanishing" in {found.kind for found in callback.monitor.findings()}
    assert capsys.readouterr().out == (f"{callback.report()}\n" if show else "")


def test_the_same_weights_bit_for_bit():
    def weights(*callbacks):
        module = Module(plain())
        fit(module, *callbacks, gradient_clip_val=0.1, accumulate_grad_batches=2)
        return [parameter.detach().clone() for parameter in module.parameters()]

    pairs = zip(weights(), weights(GradientMonitor(every=1)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_accumulated_batches_are_one_step():
    callback, module = GradientMonitor(every=1, planned=True), Module(plain())
    twin = copy.deepcopy(module)
    fit(module, callback, accumulate_grad_batches=3, steps=8)
    assert steps_of(callback) == [0, 1, 2]
    assert callback.monitor.record.planned == 3
    mean = [sum(part) / len(part) for part in (module.losses[:3], module.losses[3:6])]
    losses = callback.monitor.record.losses
    assert [step for step, _ in losses] == [0, 1, 2]
    assert [loss for _, loss in losses][:2] == pytest.approx(mean)
    # The first gradient is the mean of three, before the step and after it.
    (sum(twin.loss(batch) for batch in batches(3)) / 3).backward()
    true = [norm(parameter.grad) for parameter in twin.parameters()]
    row = callback.monitor.record.rows[0]
    for quantity in ("gradient", "used"):
        got = row.get(quantity, [name for name, _ in twin.named_parameters()]).tolist()
        assert got == pytest.approx(true, rel=1e-5)


@pytest.mark.parametrize("algorithm", ["norm", "value"])
def test_clipping_by_the_trainer_shows_both_norms(algorithm):
    clipped = []

    class Clipping(Module):
        def configure_gradient_clipping(self, optimizer, gradient_clip_val, **options):
            before = math.hypot(*(norm(p.grad) for p in self.parameters()))
            self.clip_gradients(optimizer, gradient_clip_val, options["gradient_clip_algorithm"])
            clipped.append((before, math.hypot(*(norm(p.grad) for p in self.parameters()))))

    callback = GradientMonitor(every=1)
    options = {"gradient_clip_val": 1e-3, "gradient_clip_algorithm": algorithm}
    fit(Clipping(plain()), callback, steps=3, **options)
    for row, (before, after) in zip(callback.monitor.record.rows, clipped, strict=True):
        assert math.hypot(*row.get("gradient").tolist()) == pytest.approx(before, rel=1e-5)
        assert math.hypot(*row.get("used").tolist()) == pytest.approx(after, rel=1e-5)
        assert after < before / 2


class Manual(Module):
    """Two optimizers in manual optimization, the second every other batch; clipped by hand."""

    def __init__(self, net):
        super().__init__(net)
        self.automatic_optimization = False

    def configure_optimizers(self):
        halves = self.net[:3], self.net[3:]
        return [torch.optim.SGD(half.parameters(), 0.1, momentum=0.9) for half in halves]

    def training_step(self, batch, index):
        first, second = self.optimizers()
        first.zero_grad()
        second.zero_grad()
        loss = self.loss(batch)
        self.manual_backward(loss)
        self.clip_gradients(first, 1e-3, "norm")
        first.step()
        if index % 2 == 0:
            second.step()
        return {"loss": loss}


def test_manual_optimization_with_two_optimizers():
    callback, module = GradientMonitor(every=1), Manual(plain())
    fit(module, callback, steps=6)
    rows = callback.monitor.record.rows
    assert [row.step for row in rows if row.optimizer == 0] == [0, 1, 2, 3, 4, 5]
    assert [row.step for row in rows if row.optimizer == 1] == [0, 1, 2]
    first = rows[0]
    assert math.hypot(*first.get("used").tolist()) == pytest.approx(1e-3, rel=1e-3)
    assert math.hypot(*first.get("gradient").tolist()) > 1e-2
    assert [loss for _, loss in callback.monitor.record.losses] == pytest.approx(module.losses)
    assert not hooks_on(module)


class Logger(L.loggers.logger.DummyLogger):
    """Keeps what it is given, by step."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def log_metrics(self, metrics, step=None):
        self.seen.setdefault(step, {}).update(metrics)


@pytest.mark.parametrize("log", [True, False])
def test_each_look_reaches_the_trainers_logger(log):
    callback, logger = GradientMonitor(every=2, log=log), Logger()
    options = {"logger": logger, "log_every_n_steps": 1, "accumulate_grad_batches": 2}
    fit(Module(plain()), callback, steps=12, **options)
    rows = callback.monitor.record.rows
    assert [row.step for row in rows] == [0, 1, 2, 4]
    told = {f"monitor/{n}": v for row in rows for n, v in row.flat().items()}
    expected = {row.step: {f"monitor/{n}": v for n, v in row.flat().items()} for row in rows}
    assert logger.seen == (expected if log else {})
    assert {"monitor/gradient_norm", "monitor/ratio/net.0.weight"} <= set(told)


def test_a_live_view_of_a_fit(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "lessons.monitor.reporting.live.Live.show", lambda *_, last=False: shown.append(last)
    )
    fit(Module(plain()), GradientMonitor(every=2, live=True), steps=3)
    assert shown == [False, False, False, True]


def test_manual_optimization_logs_the_looks_of_both_optimizers():
    callback, logger = GradientMonitor(every=1, log=True), Logger()
    fit(Manual(plain()), callback, steps=4, logger=logger, log_every_n_steps=1)
    layers = [{f"monitor/gradient/net.{i}.weight" for i in half} for half in ((0, 2), (4, 6))]
    # The second optimizer makes a step at every other batch: its steps are 0 and 1.
    assert layers[0] | layers[1] <= set(logger.seen[0])
    assert all(layers[0] <= set(logger.seen[step]) for step in range(4))


def test_the_first_nan_is_dated_between_the_looks():
    class Breaking(Module):
        def training_step(self, batch, index):
            return super().training_step(batch, index) * (math.nan if index == 7 else 1)

    callback = GradientMonitor(every=10)
    fit(Breaking(plain()), callback)
    bad = callback.monitor.record.bad
    assert (bad.step, bad.what, bad.certain) == (7, "gradient", True)
    assert callback.monitor.findings()[0].kind == "non_finite"


def test_validation_in_between_is_not_looked_at():
    class Validated(Module):
        def validation_step(self, batch, index):
            return functional.cross_entropy(self.net(batch[0]), batch[1])

    def rows(module, **options):
        callback = GradientMonitor(every=2)
        fit(module, callback, **options)
        return callback.monitor.record.rows

    data = torch.utils.data.DataLoader(list(batches(2, seed=9)), batch_size=None)
    validated = rows(Validated(plain()), validation=data, val_check_interval=2)
    for one, other in zip(validated, rows(Module(plain())), strict=True):
        torch.testing.assert_close(one.values, other.values, rtol=0, atol=0, equal_nan=True)
        assert one.signals == other.signals
        assert one.dead == other.dead


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_closes(error):
    class Failing(Module):
        def training_step(self, batch, index):
            if index == 3:
                raise error
            return super().training_step(batch, index)

    callback, module = GradientMonitor(every=1), Failing(plain())
    # Lightning ends the process on an interrupt.
    with pytest.raises(SystemExit if error is KeyboardInterrupt else error):
        fit(module, callback)
    assert callback.monitor.closed
    assert not hooks_on(module)
    assert steps_of(callback) == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")
def test_a_fit_goes_on_from_a_checkpoint(tmp_path):
    checkpoint = L.callbacks.ModelCheckpoint(tmp_path)
    options = {"enable_checkpointing": True, "steps": 5}
    fit(Module(plain()), GradientMonitor(every=1), checkpoint, **options)
    (path,) = tmp_path.glob("*.ckpt")
    assert "GradientMonitor" not in str(torch.load(path, weights_only=False))
    callback = GradientMonitor(every=1, planned=True)
    fit(Module(plain()), callback, checkpoint, max_epochs=2, ckpt_path=path, **options)
    assert steps_of(callback) == [0, 1, 2, 3, 4]
    assert callback.monitor.record.planned == 5  # of ten in all
    assert {file.suffix for file in tmp_path.iterdir()} == {".ckpt"}


def test_a_plan_without_an_end_is_none():
    def ending(callback, trainer):
        callback.monitor.stopped = callback.monitor.record.steps >= 3

    callback = GradientMonitor(planned=True)
    stop = L.callbacks.LambdaCallback(on_train_batch_end=lambda t, *_: ending(callback, t))
    fit(Module(plain()), stop, callback, steps=2, max_epochs=-1)
    assert callback.monitor.record.planned is None
    assert callback.monitor.record.steps >= 3


def test_every_fit_has_its_own_monitor():
    callback, module = GradientMonitor(), Module(plain())
    with pytest.raises(RuntimeError, match="no training run"):
        callback.report()
    callback.close()  # nothing is open
    fit(module, callback, steps=3)
    first = callback.monitor
    fit(module, callback, steps=4)
    assert callback.monitor is not first
    assert callback.monitor.record.steps == 4


def test_wrong_options_are_named_before_the_fit():
    with pytest.raises(ValueError, match="every"):
        GradientMonitor(every=0)


OTHER = """
import pytorch_lightning as L
from lessons.monitor.adapters.lightning import GradientMonitor
assert issubclass(GradientMonitor, L.Callback), GradientMonitor.__mro__
"""
MISSING = """
import sys
sys.modules["lightning"] = sys.modules["pytorch_lightning"] = None
sys.modules["transformers"] = None
try:
    import lessons.monitor.adapters.{module}
except ModuleNotFoundError as error:
    assert "pip install {package}" in str(error), error
else:
    raise AssertionError("it was imported")
"""


@pytest.mark.parametrize(
    "code",
    [
        OTHER,
        MISSING.format(module="lightning", package="lightning"),
        MISSING.format(module="hugging_face", package="transformers"),
    ],
    ids=["pytorch_lightning", "no lightning", "no transformers"],
)
def test_other_installations(code):
    subprocess.run([sys.executable, "-c", code], check=True)
