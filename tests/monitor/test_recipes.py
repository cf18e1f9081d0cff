"""The monitor at work: recipes as they stand in the course, each run as it is.

A recipe may use ``model``, ``optimizer``, ``data``, ``loss_of`` and what its test names.
"""

import math
import types

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.adapters.test_hugging_face import Classifier, offline, points  # noqa: F401
from tests.monitor.nets import batches, hooks_on, plain, sgd

PLAIN = """\
with Monitor(model, optimizer) as monitor:
    for x, y in data:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
print(monitor.report())
"""

ACT = """\
with Monitor(model, optimizer, on_finding=[Skip(), RollBack(), CutRate(0.1)]) as monitor:
    for x, y in data:
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()
        if monitor.stopped:
            break
"""

# In the loop, after optimizer.step(): one line makes the writer, two write what is new.
TENSORBOARD = """\
writer = SummaryWriter(folder)
with Monitor(model, optimizer) as monitor:
    for step, (x, y) in enumerate(data):
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()
        for name, value in monitor.latest(step).items():
            writer.add_scalar(name, value, step)
writer.close()
"""

WANDB = """\
wandb.init(project="my-nets")
with Monitor(model, optimizer) as monitor:
    for step, (x, y) in enumerate(data):
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()
        if numbers := monitor.latest(step):
            wandb.log(numbers, step=step)
"""

LIGHTNING = """\
from lightning.pytorch import Trainer
from lessons.monitor.adapters.lightning import GradientMonitor

watcher = GradientMonitor(every=10)
Trainer(callbacks=[watcher], **options).fit(module, data)
print(watcher.report())
"""

HUGGING_FACE = """\
from transformers import Trainer, TrainingArguments
from lessons.monitor.adapters.hugging_face import GradientMonitor

watcher = GradientMonitor(every=10)
arguments = TrainingArguments(folder, logging_steps=1, **options)
Trainer(model, arguments, train_dataset=data, callbacks=[watcher]).train()
print(watcher.report())
"""

# Gradients are recorded unscaled; steps that the scaler skips are counted.
AMP = """\
scaler = torch.amp.GradScaler(device)
with Monitor(model, optimizer) as monitor:
    for x, y in data:
        optimizer.zero_grad()
        with torch.autocast(device, dtype=half):
            loss = loss_of(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
print(monitor.report())
"""

# Every process has the same gradients after the backward pass, so one report is enough.
DDP = """\
model = torch.nn.parallel.DistributedDataParallel(net)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with Monitor(model, optimizer) as monitor:
    for x, y in data:
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()
if torch.distributed.get_rank() == 0:
    print(monitor.report())
"""

PYTEST = """\
def test_training_is_healthy():
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in data:
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            optimizer.step()
    assert monitor.healthy(), str(monitor.report())
"""


def run(recipe, steps=25, **names):
    """Run a recipe; return its names."""
    model = names.pop("model", None) or plain()
    names = {"model": model, "optimizer": sgd(model), "data": list(batches(steps))} | names
    names |= {"torch": torch, "Monitor": Monitor, "loss_of": functional.cross_entropy}
    exec(compile(recipe, "<recipe>", "exec"), names)
    return names


def check(monitor, capsys):
    """All steps were seen, nothing is wrong, and the report was printed."""
    assert monitor.record.steps == 25
    assert monitor.healthy()
    assert f"{monitor.report()}\n" in capsys.readouterr().out


def test_plain(capsys):
    names = run(PLAIN)
    assert len(names["monitor"].record.losses) == 25
    check(names["monitor"], capsys)


def test_act():
    from lessons.monitor.actions import CutRate, RollBack, Skip

    data = list(batches(25))
    data[13] = (data[13][0] * math.nan, data[13][1])
    names = run(ACT, data=data, Skip=Skip, RollBack=RollBack, CutRate=CutRate)
    assert names["monitor"].record.skipped[0] == 1
    assert all(parameter.isfinite().all() for parameter in names["model"].parameters())


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    names = run(TENSORBOARD, SummaryWriter=SummaryWriter, folder=tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    rows = names["monitor"].record.rows
    written = events.Scalars("gradient/0.weight")
    assert (
        [event.step for event in written] == [row.step for row in rows] == [0, 1, 2, 4, 8, 10, 20]
    )
    true = [row.get("gradient", ["0.weight"]).item() for row in rows]
    assert [event.value for event in written] == pytest.approx(true, rel=1e-6)
    assert {"gradient_norm", "ratio/6.weight", "dead/1", "signal/0"} <= set(
        events.Tags()["scalars"]
    )


def test_wandb():
    logged = {}
    wandb = types.SimpleNamespace(
        init=lambda project: None, log=lambda numbers, step: logged.update({step: numbers})
    )
    names = run(WANDB, wandb=wandb)
    assert list(logged) == [row.step for row in names["monitor"].record.rows]
    numbers = logged[10]
    assert all(isinstance(value, float) for value in numbers.values())
    gradients = [value for name, value in numbers.items() if name.startswith("gradient/")]
    assert math.hypot(*gradients) == pytest.approx(numbers["gradient_norm"])
    assert numbers["ratio/0.weight"] == pytest.approx(
        numbers["update/0.weight"] / numbers["weight/0.weight"]
    )


@pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
def test_lightning(capsys):
    from tests.monitor.adapters.test_lightning import Module

    options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    options |= {"enable_checkpointing": False, "accelerator": "cpu", "max_epochs": 1}
    data = torch.utils.data.DataLoader(list(batches(25)), batch_size=None)
    names = run(LIGHTNING, module=Module(plain()), data=data, options=options)
    check(names["watcher"].monitor, capsys)


def test_hugging_face(tmp_path, capsys):
    options = {"report_to": [], "save_strategy": "no", "disable_tqdm": True, "use_cpu": True}
    options |= {"num_train_epochs": 1, "optim": "sgd", "learning_rate": 0.1}
    names = run(
        HUGGING_FACE, model=Classifier(plain()), data=points(200), folder=tmp_path, options=options
    )
    check(names["watcher"].monitor, capsys)


def test_amp(capsys):
    names = run(AMP, device="cpu", half=torch.bfloat16)
    check(names["monitor"], capsys)
    unscaled = names["monitor"].record.rows[0].get("gradient")
    assert math.hypot(*unscaled.tolist()) < 10  # the scale was 65536


def test_distributed(capsys):
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        names = run(DDP, net=plain())
    finally:
        torch.distributed.destroy_process_group()
    check(names["monitor"], capsys)


def test_pytest():
    healthy = run(PYTEST, build=plain)["test_training_is_healthy"]
    healthy()
    sick = run(PYTEST, build=lambda: plain(20, activation=nn.Sigmoid))["test_training_is_healthy"]
    with pytest.raises(AssertionError, match="vanishing"):
        sick()


@pytest.mark.parametrize("recipe", [PLAIN, TENSORBOARD, WANDB, AMP])
def test_no_hook_stays(recipe, tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    wandb = types.SimpleNamespace(init=lambda project: None, log=lambda numbers, step: None)
    names = run(
        recipe, steps=3, SummaryWriter=SummaryWriter, folder=tmp_path, wandb=wandb, device="cpu",
        half=torch.bfloat16,
    )  # fmt: skip
    assert not hooks_on(names["model"])
