"""The picture that is drawn anew while a net trains, shown by a stand-in for the notebook."""

import sys

import pytest
import torch
from torch import nn

from lessons.monitor import Monitor
from lessons.monitor.reporting import live
from lessons.monitor.reporting.live import Live
from tests.monitor.nets import batches, plain, sgd, train


@pytest.fixture
def shown(monkeypatch):
    """Every picture, and the place at which it was shown."""
    pictures = []

    class Handle:
        def update(self, snapshot):
            pictures.append(("again", snapshot))

    def display(snapshot, display_id):
        assert display_id is True
        pictures.append(("new", snapshot))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return pictures


def weights(**options):
    model = plain(20, activation=nn.Sigmoid)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=4, **options) as monitor:
        train(model, optimizer, batches(9), monitor)
    return monitor, [parameter.detach().clone() for parameter in model.parameters()]


def test_each_look_is_drawn_in_place_of_the_one_before(shown, monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 0.0)
    monkeypatch.setattr(live, "SHARE", 1.0)
    monitor, there = weights(live=True)
    looks = [row.step for row in monitor.record.rows]
    assert looks == [0, 1, 2, 4, 8]
    assert [place for place, _ in shown] == ["new"] + ["again"] * len(looks)  # and at the end
    first, *_, last = (snapshot for _, snapshot in shown)
    assert "(1 steps, 1 kept)" in repr(first)
    assert repr(last).startswith(monitor.report().summary())
    assert "error vanishing" in repr(last)
    page = last._repr_html_()
    assert "error vanishing" in page and 'alt="' in page and "data:image/png;base64,iVBOR" in page
    _, without = weights()
    assert all(torch.equal(a, b) for a, b in zip(there, without, strict=True))


@pytest.mark.parametrize(("drawing", "pause"), [(0.0, 1.0), (0.5, 4.5)])
def test_pictures_are_so_rare_that_drawing_takes_a_tenth(drawing, pause, shown, monkeypatch):
    monitor, _ = weights()
    now, drawn = [100.0], []

    def report():
        now[0] += drawing
        drawn.append(now[0])
        return monitor.report()

    shows = Live(clock=lambda: now[0])
    shows.show(report)
    now[0] += 0.9 * pause
    shows.show(report)
    assert len(drawn) == 1
    shows.show(report, last=True)
    assert len(drawn) == 2
    now[0] += 1.1 * pause
    shows.show(report)
    assert len(drawn) == len(shown) == 3


@pytest.mark.parametrize("package", ["IPython", "matplotlib"])
def test_what_is_missing_is_named(package, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    model = plain()
    with pytest.raises(ModuleNotFoundError, match=f"pip install {package.lower()}"):
        Monitor(model, sgd(model), live=True)
