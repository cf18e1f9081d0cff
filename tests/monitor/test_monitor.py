"""The monitor changes nothing, measures what it says, and leaves nothing behind."""

import copy
import io
import math
import pickle
import subprocess
import sys
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from lessons.monitor.watching import scaling
from tests.monitor.nets import batches, hooks_on, norm, plain, sgd, train


class Scaled(nn.Module):
    """Attention, convolution, a recurrent layer and dropout in one model."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(1, 4, 3, padding=1)
        self.activation = nn.ReLU(inplace=True)
        self.recurrent = nn.GRU(4, 6, batch_first=True)
        self.block = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.1, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.activation(self.convolution(x[:, None]))  # (batch, 4, 8)
        x, _ = self.recurrent(x.transpose(1, 2))  # (batch, 8, 6)
        return self.head(self.block(x)[:, -1])


def weights_after(build, make_optimizer, watched, every):
    model = build()
    optimizer = make_optimizer(model)
    torch.manual_seed(5)  # dropout
    if watched:
        with Monitor(model, optimizer, every=every) as monitor:
            train(model, optimizer, batches(12), monitor)
    else:
        train(model, optimizer, batches(12))
    return [parameter.detach().clone() for parameter in model.parameters()]


def mixed():
    torch.manual_seed(0)
    return Scaled()


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("build", [plain, mixed])
@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda model: sgd(model, momentum=0.9),
        lambda model: torch.optim.AdamW(model.parameters(), lr=1e-2),
    ],
    ids=["sgd", "adamw"],
)
def test_the_same_weights_bit_for_bit(build, make_optimizer, every):
    bare = weights_after(build, make_optimizer, False, every)
    watched = weights_after(build, make_optimizer, True, every)
    assert all(torch.equal(a, b) for a, b in zip(bare, watched, strict=True))


def test_what_is_recorded_is_what_happened():
    model = plain()
    optimizer = sgd(model)
    monitor = Monitor(model, optimizer, every=1)  # never closed
    names = [name for name, _ in model.named_parameters()]
    for x, y in batches(3):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        before = [parameter.detach().clone() for parameter in model.parameters()]
        gradients = [norm(parameter.grad) for parameter in model.parameters()]
        optimizer.step()
        row = monitor.record.rows[-1]
        moved = [norm(p - old) for p, old in zip(model.parameters(), before, strict=True)]
        for quantity, true in (
            ("gradient", gradients),
            ("used", gradients),
            ("weight", [norm(old) for old in before]),
        ):
            assert row.get(quantity, names).tolist() == pytest.approx(true, rel=1e-5)
        matrices = [i for i, p in enumerate(model.parameters()) if p.ndim == 2]
        got = row.get("update", names).tolist()
        assert [got[i] for i in matrices] == pytest.approx([moved[i] for i in matrices], rel=1e-4)
        ratio = row.get("ratio", names).tolist()
        true = [moved[i] / norm(before[i]) for i in matrices]
        assert [ratio[i] for i in matrices] == pytest.approx(true, rel=1e-4)
    assert [row.step for row in monitor.record.rows] == [0, 1, 2]


def test_which_steps_are_watched():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=10) as monitor:
        train(model, optimizer, batches(31))
    assert [row.step for row in monitor.record.rows] == [0, 1, 2, 4, 8, 10, 20, 30]
    assert monitor.record.steps == 31


def test_no_hook_stays_on_between_watched_steps_and_after_closing():
    model = plain()
    optimizer = sgd(model)
    monitor = Monitor(model, optimizer, every=10)
    assert hooks_on(model)
    train(model, optimizer, batches(3))
    assert len(hooks_on(model)) == 1  # step 3 is not watched; one remembers the batch
    train(model, optimizer, batches(1))
    assert len(hooks_on(model)) > 1  # step 4 is
    monitor.close()
    assert not hooks_on(model)
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    monitor.close()  # again does nothing


def test_the_scaler_is_as_it_was():
    class Scaler(torch.amp.GradScaler):
        """Stands for the class: other tests may have left monitors open."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling, "GradScaler", Scaler)
        patch.setattr(scaling, "_listeners", weakref.WeakSet())
        patch.setattr(scaling, "_wrapped", [])
        before = Scaler.step, Scaler.unscale_
        model = plain()
        one, two = Monitor(model, sgd(model)), Monitor(model, sgd(model))
        assert Scaler.step is not before[0]
        one.close()
        assert Scaler.step is not before[0]
        two.close()
        assert (Scaler.step, Scaler.unscale_) == before


def test_an_exception_goes_through_and_the_hooks_go():
    model = plain()
    with pytest.raises(ZeroDivisionError), Monitor(model, sgd(model)):
        model(torch.ones(1, 8))
        raise ZeroDivisionError
    assert not hooks_on(model)


def test_a_failed_backward_pass_does_not_blind_the_monitor():
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise ArithmeticError

    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        with pytest.raises(ArithmeticError):
            model[2:](Failing.apply(model[:2](torch.ones(4, 8)))).sum().backward()
        train(model, optimizer, batches(3))
    assert all(row.get("gradient").isfinite().all() for row in monitor.record.rows)


@pytest.mark.parametrize("open_", [True, False])
def test_a_model_can_be_pickled_and_copied(open_):
    model = plain()
    optimizer = sgd(model)
    monitor = Monitor(model, optimizer, every=1)
    train(model, optimizer, batches(2))
    if not open_:
        monitor.close()
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    twins = [torch.load(file, weights_only=False), copy.deepcopy(model)]
    twins.append(pickle.loads(pickle.dumps(model)))
    monitor.close()
    rows = len(monitor.record.rows)
    for twin in twins:
        train(twin, sgd(twin), batches(1))
        assert not any("monitor" in str(getattr(h, "function", "")) for h in hooks_on(twin))
    assert len(monitor.record.rows) == rows
    pickle.dumps(monitor.record)


def test_two_monitors_see_the_same():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as one, Monitor(model, optimizer, every=2) as two:
        train(model, optimizer, batches(5))
    by_step = {row.step: row for row in one.record.rows}
    assert [row.step for row in two.record.rows] == [0, 1, 2, 4]
    for row in two.record.rows:
        torch.testing.assert_close(row.values, by_step[row.step].values, equal_nan=True)
        assert row.dead == by_step[row.step].dead


def test_memory_is_bounded():
    model = nn.Linear(8, 3)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1, capacity=64) as monitor:
        train(model, optimizer, batches(600, size=2), monitor)
    record = monitor.record
    steps = [row.step for row in record.rows]
    assert len(steps) < 64 + 32
    assert steps[0] == 0
    assert steps[-32:] == list(range(568, 600))
    assert len(record.losses) <= 600


def test_losses_can_be_floats_or_tensors():
    model = plain()
    with Monitor(model, sgd(model)) as monitor:
        monitor.loss(0.5)
        monitor.loss(torch.tensor([0.25], requires_grad=True))
    assert monitor.record.losses == [(0, 0.5), (0, 0.25)]


def test_a_loss_may_come_after_its_step():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=2) as monitor:
        for batch in batches(4):
            train(model, optimizer, [batch])
            monitor.loss(0.5, step=monitor.record.steps - 1)
    assert monitor.record.losses == [(step, 0.5) for step in range(4)]


def test_the_latest_numbers():
    model = plain()
    halves = [sgd(model[:3]), sgd(model[3:])]
    with Monitor(model, halves, every=2) as monitor:
        assert monitor.latest() == {}
        for x, y in batches(4):
            for optimizer in halves:
                optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            for optimizer in halves:
                optimizer.step()
        assert monitor.latest(3) == {}  # not watched
        numbers = monitor.latest()
    assert numbers == monitor.latest(2)
    rows = monitor.record.rows[-2:]
    assert {row.optimizer for row in rows} == {0, 1}
    for row in rows:
        for quantity in ("gradient", "used", "weight"):
            got = [numbers[f"{quantity}/{name}"] for name in row.names]
            assert got == row.get(quantity).tolist()
        for name, share in row.dead.items():
            assert numbers[f"dead/{name}"] == share
        for name, size in row.signals.items():
            assert numbers[f"signal/{name}"] == size
    assert "update/0.bias" not in numbers  # not measured
    assert all(isinstance(value, float) for value in numbers.values())


def test_an_untrained_model_has_no_findings():
    model = plain()
    with Monitor(model, sgd(model)) as monitor:
        assert monitor.findings() == []
        assert monitor.healthy() is None
        assert "no verdict" in monitor.report().summary()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": 3}, TypeError, "torch.nn.Module"),
        ({"optimizer": "sgd"}, TypeError, "Optimizer"),
        ({"optimizer": []}, ValueError, "at least one"),
        ({"every": 0}, ValueError, "every"),
        ({"every": 1.5}, TypeError, "every"),
        ({"budget": 0}, ValueError, "budget"),
        ({"budget": math.nan}, ValueError, "budget"),
        ({"capacity": 3}, ValueError, "capacity"),
    ],
)
def test_wrong_arguments_are_named(change, error, message):
    model = plain()
    arguments = {"model": model, "optimizer": sgd(model)} | change
    with pytest.raises(error, match=message):
        Monitor(**arguments)
    assert not hooks_on(model)


def test_severity_is_checked():
    model = plain()
    with Monitor(model, sgd(model)) as monitor, pytest.raises(ValueError, match="warning"):
        monitor.healthy("warnings")


def test_importing_it_loads_torch_alone():
    """What torch brings along (numpy, where it is installed) is not counted."""
    code = (
        "import sys, torch; before = set(sys.modules);"
        "import lessons.monitor, lessons.monitor.adapters.doctor;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    third_party = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert third_party <= {"lessons", "torch"}
