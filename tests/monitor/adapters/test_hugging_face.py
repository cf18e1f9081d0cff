"""The callback in the real Trainer of transformers, on a model made from a configuration."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.monitor.nets import batches, hooks_on, norm, plain

transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from lessons.monitor.adapters.hugging_face import GradientMonitor  # noqa: E402


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        monkeypatch.setenv(name, "1")


class Classifier(nn.Module):
    """What the trainer asks of a model: a dict with the loss."""

    def __init__(self, net):
        super().__init__()
        self.net, self.losses = net, []

    def forward(self, x, labels):
        logits = self.net(x)
        loss = functional.cross_entropy(logits, labels)
        if self.training:
            self.losses.append(loss.item())
        return {"loss": loss, "logits": logits}


def tiny_bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=16, num_labels=3,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def words(count):
    """Sentences of eight words; the first one tells the class."""
    generator = torch.Generator().manual_seed(1)
    sentences = torch.randint(0, 30, (count, 8), generator=generator)
    return [{"input_ids": words, "labels": words[0] % 3} for words in sentences]


def points(count):
    x, y = next(batches(1, size=count))
    return [{"x": one, "labels": label} for one, label in zip(x, y, strict=True)]


def train(model, data, folder, *callbacks, evaluation=None, optimizer="sgd", **options):
    """Train for one epoch; nothing is printed but what the callbacks print."""
    quiet = {"report_to": [], "save_strategy": "no", "disable_tqdm": True, "use_cpu": True}
    chosen = {"logging_steps": 1, "per_device_train_batch_size": 8, "num_train_epochs": 1}
    chosen |= {"learning_rate": 0.1, "lr_scheduler_type": "constant", "max_grad_norm": 0.0}
    arguments = transformers.TrainingArguments(
        str(folder), optim=optimizer, **quiet | chosen | options
    )
    trainer = transformers.Trainer(
        model, arguments, train_dataset=data, eval_dataset=evaluation, callbacks=list(callbacks)
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return trainer


def steps_of(callback):
    return [row.step for row in callback.monitor.record.rows]


def test_a_healthy_transformer(tmp_path, capsys):
    callback, model = GradientMonitor(every=5), tiny_bert()
    options = {"optimizer": "adamw_torch", "learning_rate": 1e-3}
    trainer = train(model, words(160), tmp_path, callback, **options)
    assert callback.monitor.healthy(), str(callback.report())
    assert trainer.state.global_step == callback.monitor.record.steps == 20
    assert steps_of(callback) == [0, 1, 2, 4, 5, 10, 15]
    logged = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    assert callback.monitor.record.losses == list(enumerate(logged))
    # Two blocks of six matrices, the pooler and the classifier; embeddings are none.
    assert len(callback.monitor.record.matrices) == 14
    assert "bert.encoder.layer.0.intermediate.intermediate_act_fn" in (
        callback.monitor.record.rows[0].dead
    )
    assert not hooks_on(model)
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("show", [True, False])
def test_a_sick_one_is_found_and_shown(show, tmp_path, capsys):
    callback = GradientMonitor(every=2, show=show)
    model = Classifier(plain(20, activation=nn.Sigmoid))
    train(model, points(160), tmp_path, callback)
    assert "vanishing" in {found.kind for found in callback.monitor.findings()}
    assert capsys.readouterr().out == (f"{callback.report()}\n" if show else "")


def test_the_same_weights_bit_for_bit(tmp_path):
    def weights(*callbacks):
        model = tiny_bert()
        options = {"max_grad_norm": 1.0, "gradient_accumulation_steps": 2, "seed": 3}
        train(model, words(64), tmp_path, *callbacks, optimizer="adamw_torch", **options)
        return [parameter.detach().clone() for parameter in model.parameters()]

    pairs = zip(weights(), weights(GradientMonitor(every=1)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("options", [{}, {"bf16": True}], ids=["float32", "bf16"])
def test_accumulated_and_clipped_steps_are_seen_once(options, tmp_path):
    """Both norms against what the trainer logs, which measures before it clips."""
    callback, model = GradientMonitor(every=1), Classifier(plain())
    options |= {"gradient_accumulation_steps": 4, "max_grad_norm": 1e-2}
    trainer = train(model, points(160), tmp_path, callback, **options)
    assert trainer.state.global_step == callback.monitor.record.steps == 5
    assert steps_of(callback) == [0, 1, 2, 3, 4]
    logs = [line for line in trainer.state.log_history if "loss" in line]
    for row, line in zip(callback.monitor.record.rows, logs, strict=True):
        whole = math.hypot(*row.get("gradient").tolist())
        assert whole == pytest.approx(line["grad_norm"], rel=1e-4)
        assert math.hypot(*row.get("used").tolist()) == pytest.approx(1e-2, rel=1e-2)
    # The loss is that of the four batches together, not a quarter or four times as much.
    means = [sum(model.losses[i : i + 4]) / 4 for i in range(0, 20, 4)]
    noted = [loss for _, loss in callback.monitor.record.losses]
    assert noted == pytest.approx(means, rel=1e-4)


def test_the_loss_is_noted_when_it_is_logged(tmp_path):
    callback, model = GradientMonitor(planned=True), Classifier(plain())
    train(model, points(160), tmp_path, callback, logging_steps=5)
    assert callback.monitor.record.planned == 20
    losses = callback.monitor.record.losses
    assert [step for step, _ in losses] == [4, 9, 14, 19]
    means = [sum(model.losses[i : i + 5]) / 5 for i in range(0, 20, 5)]
    assert [loss for _, loss in losses] == pytest.approx(means, rel=1e-4)


def test_evaluation_in_between_is_not_looked_at(tmp_path):
    def rows(**options):
        callback = GradientMonitor(every=2)
        train(Classifier(plain()), points(80), tmp_path, callback, **options)
        return callback.monitor.record.rows

    evaluated = rows(evaluation=points(16), eval_strategy="steps", eval_steps=2)
    for one, other in zip(evaluated, rows(), strict=True):
        torch.testing.assert_close(one.values, other.values, rtol=0, atol=0, equal_nan=True)
        assert one.signals == other.signals
        assert one.dead == other.dead


def test_after_an_exception_the_hooks_can_be_taken_off(tmp_path):
    class Failing(Classifier):
        def forward(self, x, labels):
            if len(self.losses) == 3:
                raise ZeroDivisionError
            return super().forward(x, labels)

    callback, model = GradientMonitor(every=1), Failing(plain())
    with pytest.raises(ZeroDivisionError):
        train(model, points(80), tmp_path, callback)
    assert steps_of(callback) == [0, 1, 2]
    callback.close()
    assert not hooks_on(model)
    model.losses.clear()
    model.forward = lambda x, labels: Classifier.forward(model, x, labels)
    first = callback.monitor
    train(model, points(80), tmp_path, callback)
    assert callback.monitor is not first
    assert callback.monitor.record.steps == 10


def test_update_and_weight_norms_are_those_of_the_step(tmp_path):
    """The wrapped optimizer's own hook fires once per step, before the weights change."""
    weights = []

    class Noting(transformers.TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, model=None, **others):
            weights.append(norm(model.net[0].weight))

    callback = GradientMonitor(every=1)
    train(Classifier(plain()), points(40), tmp_path, callback, Noting())
    got = [row.get("weight", ["net.0.weight"]).item() for row in callback.monitor.record.rows]
    assert got == pytest.approx(weights, rel=1e-6)


class Reporter(transformers.TrainerCallback):
    """Keeps what a reporter after the callback would write."""

    def __init__(self):
        self.seen = []

    def on_log(self, args, state, control, logs=None, **others):
        self.seen.append(dict(logs))


@pytest.mark.parametrize("log", [True, False])
def test_each_look_reaches_the_history_and_later_reporters_once(log, tmp_path):
    callback, reporter = GradientMonitor(every=4, log=log), Reporter()
    options = {"evaluation": points(16), "eval_strategy": "steps", "eval_steps": 2}
    trainer = train(
        Classifier(plain()), points(64), tmp_path, callback, reporter, logging_steps=2, **options
    )
    rows = callback.monitor.record.rows
    assert [row.step for row in rows] == [0, 1, 2, 4]
    flat = [{f"monitor/{n}": v for n, v in row.flat().items()} for row in rows]
    # Logged after steps 1, 3, 5 and 7; nothing new was looked at for the last of them.
    expected = [flat[1], flat[2], flat[3], {}] if log else [{}] * 4
    for lines in (trainer.state.log_history, reporter.seen):
        told = [{n: v for n, v in line.items() if n.startswith("monitor/")} for line in lines]
        losses = [of for of, line in zip(told, lines, strict=True) if "loss" in line]
        assert losses == expected
        assert sum(map(bool, told)) == sum(map(bool, expected))  # none beside an evaluation
