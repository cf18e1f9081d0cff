"""`lessons doctor`: unchanged scripts, the right exit code, nothing left patched."""

import json
import re
import sys
import textwrap

import pytest
import torch
from torch import nn

from lessons.monitor.adapters.doctor import examine, main
from lessons.monitor.watching.names import models_of

HEAD = """
    import sys
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    x = torch.randn(64, 16)
    y = x[:, :4].argmax(1)
"""
HEALTHY = """
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(50):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
VANISHING = """
    layers = [nn.Linear(16, 16), nn.Sigmoid()]
    for _ in range(15):
        layers += [nn.Linear(16, 16), nn.Sigmoid()]
    model = nn.Sequential(*layers, nn.Linear(16, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    while True:
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
"""


@pytest.fixture
def script(tmp_path):
    def write(*parts):
        path = tmp_path / "script.py"
        path.write_text("".join(map(textwrap.dedent, parts)), encoding="utf-8")
        return path

    return write


def test_a_healthy_script(script, capsys):
    path = script(HEAD, HEALTHY)
    before = path.read_bytes()
    assert main(["doctor", str(path)]) == 0
    assert "no findings (50 steps" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_sick_script_is_ended_after_some_steps(script, capsys, tmp_path):
    path, saved = script(HEAD, VANISHING), tmp_path / "report.json"
    assert main(["doctor", str(path), "--steps", "20", "--json", str(saved)]) == 1
    assert "error vanishing" in capsys.readouterr().out
    report = json.loads(saved.read_text(encoding="utf-8"))
    assert report["steps"] == 20
    assert report["findings"][0]["kind"] == "vanishing"
    assert len(report["losses"]) == 20


def test_the_script_gets_its_arguments_and_runs_as_main(script, capsys):
    path = script("assert __name__ == '__main__'\nimport sys\nprint(sys.argv[1:])\n", HEAD, HEALTHY)
    assert main(["doctor", str(path), "--every", "5", "--", "--lr", "3"]) == 0
    assert "['--lr', '3']" in capsys.readouterr().out


def test_several_optimizers_get_a_report_each(script, capsys):
    loop = """
    parts = [nn.Linear(16, 8), nn.Linear(8, 4)]
    optimizers = [
        torch.optim.SGD(parts[0].parameters(), lr=0.1),
        torch.optim.Adam(parts[1].parameters(), lr=0.01),
    ]
    for step in range(5):
        functional.cross_entropy(parts[1](torch.relu(parts[0](x))), y).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    """
    assert examine(script(HEAD, loop)) == 0
    assert re.findall(
        r"(.*)\nGradient monitor: no findings \(5 steps", capsys.readouterr().out
    ) == [
        "SGD on 136 parameters of Linear:",
        "Adam on 36 parameters of Linear:",
    ]


def test_a_scaled_loss_is_noted_unscaled(script, tmp_path):
    loop = """
    model = nn.Linear(16, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for step in range(3):
        optimizer.zero_grad()
        scaler.scale(functional.cross_entropy(model(x), y)).backward()
        scaler.step(optimizer)
        scaler.update()
    """
    saved = tmp_path / "report.json"
    assert examine(script(HEAD, loop), json_path=saved) == 0
    losses = [value for _, value in json.loads(saved.read_text(encoding="utf-8"))["losses"]]
    assert len(losses) == 3
    assert max(losses) < 5


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('no data')", "no data"),
        ("print('nothing to train')", "No optimizer"),
        ("import sys; sys.exit(3)", "No optimizer"),
    ],
)
def test_without_a_verdict(script, capsys, code, said):
    assert examine(script(code)) == 2
    assert said in capsys.readouterr().err


def test_everything_is_as_it_was(script):
    before = torch.optim.Optimizer.__init__, torch.Tensor.backward, torch.amp.GradScaler.scale
    argv, path = list(sys.argv), list(sys.path)
    examine(script("raise SystemExit(1)"))
    after = torch.optim.Optimizer.__init__, torch.Tensor.backward, torch.amp.GradScaler.scale
    assert after == before
    assert (sys.argv, sys.path) == (argv, path)


@pytest.mark.parametrize("arguments", [["no.py"], [__file__, "--steps", "0"], []])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *arguments])
    assert ended.value.code == 2
    capsys.readouterr()


def test_the_outermost_models_are_found():
    inner = nn.Linear(2, 2)
    outer, other = nn.Sequential(nn.Sequential(inner), nn.ReLU()), nn.Linear(3, 3)
    assert models_of(inner.parameters()) == {"": outer}
    both = models_of([*inner.parameters(), *other.parameters()])
    assert set(both.values()) == {outer, other}


def test_a_strange_argument_leads_to_the_two_dashes(tmp_path, capsys):
    script = tmp_path / "train.py"
    script.write_text("", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["doctor", str(script), "--lr", "3"])
    assert f"lessons doctor {script} -- --lr 3" in capsys.readouterr().err


def test_a_script_without_any_gradient_is_sick(tmp_path, capsys):
    script = tmp_path / "train.py"
    script.write_text(
        "import copy, torch\n"
        "model = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.1)\n"
        "for _ in range(9):\n"
        "    model(torch.ones(3, 2)).mean().backward()\n"
        "    optimizer.step()\n",
        encoding="utf-8",
    )
    page = tmp_path / "report.html"
    assert main(["doctor", str(script), "--html", str(page)]) == 1
    assert "no_gradient" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "no_gradient" in text
