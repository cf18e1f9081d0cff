"""The report in its forms."""

import html.parser
import json
import math
import sys
import types

import pytest
import torch
from torch import nn

from lessons.monitor import Monitor
from lessons.monitor.reporting.picture import draw
from lessons.monitor.reporting.report import NUMBERS
from tests.monitor.nets import batches, plain, sgd, train


def monitored(model, lr=0.1, steps=15):
    optimizer = sgd(model, lr)
    with Monitor(model, optimizer, every=2) as monitor:
        train(model, optimizer, batches(steps), monitor)
    return monitor


@pytest.fixture(scope="module")
def sick():
    return monitored(plain(20, activation=nn.Sigmoid))


@pytest.fixture(scope="module")
def broken():
    return monitored(plain(), lr=1e20)


def test_text(sick):
    text = str(sick.report())
    assert text.startswith("Gradient monitor: ")
    assert "(15 steps, 9 kept)" in text
    for found in sick.findings():
        assert f"{found.severity} {found.kind}: {found.where}" in text
    assert max(map(len, text.splitlines())) <= 100


def test_text_of_a_healthy_run():
    assert str(monitored(plain()).report()) == "Gradient monitor: no findings (15 steps, 9 kept)"


def test_html_is_well_formed_and_escaped(sick):
    class Balance(html.parser.HTMLParser):
        open_, text = [], ""

        def handle_starttag(self, tag, attributes):
            self.open_.append(tag)

        def handle_endtag(self, tag):
            assert self.open_.pop() == tag

        def handle_data(self, data):
            self.text += data

    parser = Balance()
    parser.feed(sick._repr_html_())
    assert parser.open_ == []
    assert sick.findings()[0].evidence in parser.text


def test_json(sick):
    report = sick.report()
    loaded = json.loads(report.to_json())
    assert [found["kind"] for found in loaded["findings"]] == [f.kind for f in sick.findings()]
    row = sick.record.rows[3]
    assert loaded["rows"][3]["step"] == row.step
    assert loaded["rows"][3]["parameters"] == list(row.names)
    assert loaded["rows"][3]["gradient"] == row.get("gradient").tolist()


def test_json_holds_what_is_not_finite(broken):
    loaded = json.loads(broken.report().to_json(), parse_constant=pytest.fail)
    assert loaded["non_finite"]["step"] == broken.record.bad.step
    assert any("inf" in row["gradient"] for row in loaded["rows"])


def test_table(sick):
    table = sick.report().table()
    assert len(table) == sum(len(row.names) for row in sick.record.rows)
    assert set(table[0]) == {"step", "optimizer", "parameter", *NUMBERS}
    first = table[0]
    assert first["parameter"] == "0.weight"
    assert first["ratio"] == pytest.approx(first["update"] / first["weight"])


def test_frame(sick, monkeypatch):
    """A stand-in for pandas: what it is given is the table."""
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=list))
    frame, table = sick.report().to_frame(), sick.report().table()
    assert [line["step"] for line in frame] == [line["step"] for line in table]


def test_frame_of_pandas(sick):
    pandas = pytest.importorskip("pandas")
    frame = sick.report().to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["step", "optimizer", "parameter", *NUMBERS]


def test_picture(sick, broken):
    from matplotlib.figure import Figure

    for monitor in (sick, broken):
        figure = monitor.report().plot()
        assert isinstance(figure, Figure)
        above, below, bar = figure.axes
        assert all(ax.get_title(loc="left") and ax.get_ylabel() for ax in (above, below))
        assert below.get_xlabel() == "step"
        assert bar.get_ylabel().startswith("gradient norm")
        assert all("10^{" in text for text in map(bar.yaxis.get_major_formatter(), [-3.0, 0.0]))
        image = above.images[0].get_array()
        assert image.shape == (len(monitor.record.matrices), len(monitor.record.rows))
        row = monitor.record.rows[0]
        true = row.get("gradient", monitor.record.matrices).log10()
        assert torch.tensor(image[:, 0].tolist()) == pytest.approx(true.float(), rel=1e-5)
        legend = {text.get_text() for text in figure.legends[0].texts}
        for number, found in enumerate(monitor.findings(), start=1):
            assert f"{number}: {found.kind} ({found.severity})" in legend
        numbers = ", ".join(text.get_text() for text in below.texts).split(", ")
        assert sorted(map(int, numbers)) == list(range(1, len(monitor.findings()) + 1))
        figure.canvas.draw()


def shown(figure):
    """Return the texts of a figure as it is drawn."""
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(lambda a: hasattr(a, "get_fontsize")) if t.get_visible()]
    return [t for t in texts if t.get_text().strip()]


def test_picture_for_a_phone_is_legible_and_its_marks_do_not_collide(sick, broken):
    for monitor in (sick, broken):
        for narrow in (True, False):
            figure = monitor.report().plot(narrow=narrow)
            width = 96 * figure.get_figwidth()
            scale = min(1, 358 / width) if narrow else 1
            assert min(text.get_fontsize() for text in shown(figure)) * 96 / 72 * scale >= 11
            below = figure.axes[1]
            boxes = [text.get_window_extent() for text in below.texts]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
            for box in boxes:
                assert below.bbox.x0 <= box.x0 and box.x1 <= below.bbox.x1


def test_the_picture_has_the_house_s_look_and_leaves_the_user_s_alone(sick):
    import matplotlib

    from lessons.monitor.reporting import picture
    from lessons.plots.colors import COLORS, LITTLE_TO_MUCH

    before = dict(matplotlib.rcParams)
    sick.report().plot()
    assert dict(matplotlib.rcParams) == before
    assert [COLORS[name] for name in ("other", "dark", "neutral")] == [
        picture.OTHER,
        picture.DARK,
        picture.GREY,
    ]
    ends = [matplotlib.colors.to_hex(LITTLE_TO_MUCH(x)) for x in (0.0, 1.0)]
    assert ends == [picture.MUCH[0], picture.MUCH[-1]]


def test_without_matplotlib_the_extra_is_named(sick, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # what a missing package looks like
    with pytest.raises(ModuleNotFoundError, match=r"pip install matplotlib, or \"lessons\[course"):
        sick.report().plot()


def test_picture_of_nothing():
    model = plain()
    with Monitor(model, sgd(model)) as monitor:
        figure = draw(monitor.record, [])
    assert figure.axes[0].get_title(loc="left")


def test_nothing_finite_is_drawn_as_a_gap(broken):
    assert not math.isfinite(max(broken.record.rows[-1].get("gradient").tolist()))
    broken.report().plot().canvas.draw()


def test_findings_carry_their_advice(sick):
    for found in sick.findings():
        assert found.advice.startswith("# ")
        assert found.chapter.split("/")[0] in ("fixes", "signs", "causes")
