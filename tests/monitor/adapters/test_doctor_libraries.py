"""`lessons doctor` on scripts of Hugging Face and Lightning, and on updates written by hand."""

import json
import textwrap

import pytest

from lessons.monitor.adapters.doctor import main

HEAD = """
    import sys

    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    activation, depth = (nn.Sigmoid, 20) if "--sick" in sys.argv else (nn.ReLU, 3)
    net = nn.Sequential(nn.Linear(8, 16), activation())
    for _ in range(depth - 2):
        net.extend([nn.Linear(16, 16), activation()])
    net.append(nn.Linear(16, 3))
    x = torch.randn(512, 8)
    y = x[:, :3].argmax(1)
"""
HUGGING_FACE = """
    from transformers import Trainer, TrainingArguments

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x, labels):
            scores = self.net(x)
            return {"loss": functional.cross_entropy(scores, labels), "logits": scores}

    arguments = TrainingArguments(
        sys.argv[1], report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True,
        learning_rate=3e-3, max_grad_norm=1.0,
    )
    data = [{"x": one, "labels": answer} for one, answer in zip(x, y)]
    Trainer(Net(), arguments, train_dataset=data).train()
    print("after the end")
"""
LIGHTNING = """
    import lightning.pytorch as L

    class Module(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net

        def training_step(self, batch, index):
            x, y = batch
            return functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.3)

    data = torch.utils.data.TensorDataset(x, y)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(
        max_epochs=3, default_root_dir=sys.argv[1], enable_checkpointing=False, accelerator="cpu",
        gradient_clip_val=1.0, **quiet,
    )
    trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=8))
    print("after the end")
"""
OWN_OPTIMIZER = """
    class Sign(torch.optim.Optimizer):
        def __init__(self, parameters, lr):
            super().__init__(parameters, {"lr": lr})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter -= group["lr"] * parameter.grad.sign()

    optimizer = Sign(net.parameters(), 1e-3)
    for step in range(999):
        optimizer.zero_grad()
        functional.cross_entropy(net(x), y).backward()
        optimizer.step()
"""
BY_HAND = """
    for step in range(30):
        functional.cross_entropy(net(x), y).backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
"""


@pytest.fixture
def doctor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def look(script, *arguments):
        path, saved = tmp_path / "train.py", tmp_path / "report.json"
        path.write_text("".join(map(textwrap.dedent, (HEAD, script))), encoding="utf-8")
        options = ["--steps", "60", "--json", str(saved), "--", str(tmp_path / "out"), *arguments]
        code = main(["doctor", str(path), *options])
        return code, json.loads(saved.read_text(encoding="utf-8")) if saved.exists() else None

    return look


@pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
@pytest.mark.parametrize("script", [HUGGING_FACE, LIGHTNING, OWN_OPTIMIZER])
def test_a_script_is_looked_at_as_it_is(script, doctor, capsys):
    code, report = doctor(script)
    assert code == 0, report["findings"]
    assert report["steps"] == len(report["losses"]) == 60
    assert report["losses"][-1][1] < 0.9 * report["losses"][0][1]
    assert "after the end" not in capsys.readouterr().out  # it was ended before
    code, report = doctor(script, "--sick")
    assert (code, report["findings"][0]["kind"]) == (1, "vanishing")


def test_updates_by_hand_are_not_seen_and_it_is_said(doctor, capsys):
    assert doctor(BY_HAND) == (2, None)
    assert "written by hand" in capsys.readouterr().err
