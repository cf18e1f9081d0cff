"""What `make robust` and `make test` change, and that a chapter that then prints more is found."""

import functools
import re
import subprocess
import sys

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes

from lessons.networks import INITIALIZATIONS, mlp
from tools import perturb, robust
from tools.repository import ROOT
from tools.surroundings import EVERY, MIXED, ONCE

WEIGHTS = """import torch
from lessons.networks import mlp
one, other = (mlp(2, dtype=torch.float64).layers[0].weight for _ in range(2))
print(torch.equal(one, other), f"{one.norm():.3g}")"""
LAST_DIGITS = "print(repr(one.norm().item()))"
THREADS = "print(torch.get_num_threads())"


@pytest.fixture
def noise(monkeypatch):
    """Every function that fills weights adds the noise of draw 1."""
    for name in perturb.FILLS:
        monkeypatch.setattr(torch.nn.init, name, getattr(torch.nn.init, name))
    return functools.partial(perturb.install, 1)


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_the_noise_is_about_the_last_bit(initialization, noise):
    build = functools.partial(mlp, 3, initialization=initialization, dtype=torch.float64)
    before = [layer.weight.detach().clone() for layer in build().layers]
    noise()
    for old, layer in zip(before, build().layers, strict=True):
        moved = (layer.weight / old - 1).detach()
        assert 0.5e-7 < moved.std() < 2e-7
        assert moved.abs().max() < 6e-7


def test_nets_built_twice_stay_equal_and_draws_differ(noise):
    noise()
    for one, other in zip(mlp(3).parameters(), mlp(3).parameters(), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(perturb.factors((2, 3), 1), perturb.factors((2, 3), 2))


def test_a_tensor_without_numbers_is_left_alone(noise):
    noise()
    assert torch.nn.init.normal_(torch.empty(2, device="meta")).is_meta


def test_each_set_of_surroundings_changes_everything():
    for places in (MIXED, EVERY):
        assert {p.cpu for p in places} == {"here", "avx2", "default"}
        assert {p.threads for p in places} == {1, 2}
        assert len({p.draw for p in places} - {0}) >= 3
    assert all(p.cpu != "here" and p.threads > 1 and p.draw for p in ONCE)
    assert len(set(EVERY)) == len(EVERY)


def cell(source, text=None):
    outputs = [] if text is None else [new_output("stream", name="stdout", text=text)]
    return new_code_cell(source, execution_count=1, outputs=outputs)


def chapter(folder, *cells):
    path = folder / "chapter.ipynb"
    path.write_text(writes(new_notebook(cells=list(cells))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three chapters where everything is changed: exit status, table, what differs."""
    with torch.no_grad():
        norm = mlp(2, dtype=torch.float64).layers[0].weight.norm().item()
    stored = [cell(WEIGHTS, f"True {norm:.3g}\n"), cell(LAST_DIGITS, f"{norm!r}\n")]
    drawn = new_code_cell("print('a picture')")  # stored without a number
    chapters = {
        "same": [cell("print('always')", "always\n"), drawn],
        "differs": [*stored, cell(THREADS, "1\n"), drawn],
        "breaks": [cell("1 / 0")],
    }
    paths = [chapter(tmp_path_factory.mktemp(name), *cells) for name, cells in chapters.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tools.robust", "--once", *map(str, paths)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    table, *found = done.stdout.split("\n\n")
    return done.returncode, table.splitlines(), found


def test_the_table_and_the_exit_status(run):
    code, table, found = run
    assert [row.split()[-3] for row in table] == ["same", "DIFFERS", "DIFFERS"]
    assert code == 1
    assert found[-1].startswith("2 runs of chapters differ (")


def test_what_differs_is_shown_line_by_line(run):
    differs = run[2][0]
    assert "cell 1 " not in differs  # three digits survive
    assert re.search(r"cell 2 .*\n    -\d+\.\d+\n    \+\d+\.\d+\n", differs)
    assert "    -1\n    +2" in differs  # threads
    assert "picture" not in differs


def test_a_cell_that_fails_elsewhere_is_shown(run):
    assert "fails in cell 1 of 1" in run[2][1]
    assert "ZeroDivisionError" in run[2][1]


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("0.86\n", "0.86\n", 0),
        ("0.86\n", "0.83\n", 1),
        ("0.86\n", "", 1),
        ("", "a warning\n", 1),
        (None, "a picture's caption\n", 0),
    ],
)
def test_printed_text_is_compared(old, new, count):
    stored = cell("f()") if old is None else cell("f()", old)
    stored.execution_count = None if old is None else 1
    found = robust.differences(new_notebook(cells=[stored]), new_notebook(cells=[cell("f()", new)]))
    assert len(found) == count


def test_a_value_counts_as_printed():
    value = new_output("execute_result", data={"text/plain": "0.5"}, execution_count=1)
    assert robust.printed(new_code_cell("x", outputs=[value])) == "0.5\n"
