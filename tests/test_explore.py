"""Facts about interactive figures: what is stored, what the sliders select, what is refused."""

import base64
import gzip
import html
import io
import itertools
import json
import re
import sys
from urllib.parse import unquote
from xml.etree import ElementTree

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import embed
from matplotlib.figure import Figure
from PIL import Image

from lessons import plots
from lessons.explore import explore, frames
from lessons.plots.canvas import TEXT_ONLY
from lessons.plots.picture import NARROW_BELOW
from lessons.svg import slim

GAINS, DEPTHS = [0.5, 1.0, 2.0], [5, 10]


def draw(gain, depth=5):
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot(gain ** np.arange(depth), "o-", label=r"$\|g_l\|$")
    return figure, f"Gain {gain}, depth {depth}: the last norm is {gain ** (depth - 1):.3g}."


stacked = pytest.mark.skipif(
    not hasattr(ipywidgets, "Stack"), reason="ipywidgets 7 shows one frame at a time"
)


def pictures(explorer):
    """The frames of the widget, in the order of the first control, then the second."""
    if not hasattr(ipywidgets, "Stack"):
        pytest.skip("ipywidgets 7 shows one frame at a time")
    stack = explorer.widget().children[-1].children[1]
    inner = [c for c in stack.children if isinstance(c, ipywidgets.Stack)] or [stack]
    return [picture.value for s in inner for picture in s.children]


def alt(frame):
    return html.unescape(re.search(r'alt="([^"]*)"', frame)[1])


def source(frame):
    return html.unescape(re.search(r'src="([^"]*)"', frame)[1])


def links(widget):
    """(source, its trait, target, its trait) of each link that the page's own script keeps."""
    models = embed.dependency_state(widget).values()
    ends = [m["state"] for m in models if m["model_name"] == "LinkModel"]
    return {tuple(end["source"]) + tuple(end["target"]) for end in ends}


@pytest.fixture
def widgets_7(monkeypatch):
    """ipywidgets as it is without Stack, as in 7.7.1."""
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)


def test_one_frame_per_value_each_with_its_own_alt_text():
    frames = pictures(explore(draw, gain=GAINS))
    assert [alt(f) for f in frames] == [draw(g)[1] for g in GAINS]


def test_two_controls_give_every_combination():
    frames = pictures(explore(draw, depth=DEPTHS, gain=GAINS))
    assert [alt(f) for f in frames] == [draw(g, d)[1] for d, g in itertools.product(DEPTHS, GAINS)]


@stacked
def test_each_slider_is_linked_in_the_browser_to_the_stacks_it_selects():
    widget = explore(draw, depth=DEPTHS, gain=GAINS).widget()
    outer = widget.children[-1].children[1]
    depth, gain = widget.children[:2]
    pairs = [(depth, outer)] + [(gain, inner) for inner in outer.children]
    name = "IPY_MODEL_{}".format
    assert links(widget) == {
        (name(p.model_id), "index", name(s.model_id), "selected_index") for p, s in pairs
    }
    assert [len(s.children) for s in (outer, *outer.children)] == [2, 3, 3]


@stacked
@pytest.mark.parametrize("start", [None, {"gain": 2.0}, {"gain": 1, "depth": 10}])
def test_start_sets_slider_and_frame_alike(start):
    widget = explore(draw, start=start, depth=DEPTHS, gain=GAINS).widget()
    depth, gain = widget.children[:2]
    assert float(gain.label) == (start or {}).get("gain", 0.5)
    assert int(depth.label) == (start or {}).get("depth", 5)
    outer = widget.children[-1].children[1]
    assert outer.selected_index == depth.index
    assert {s.selected_index for s in outer.children} == {gain.index}


def test_without_stack_the_kernel_swaps_the_frame(widgets_7):
    widget = explore(draw, start={"depth": 10}, depth=DEPTHS, gain=GAINS).widget()
    depth, gain = widget.children[:2]
    shown = widget.children[-1].children[1]
    for depth.index, gain.index in itertools.product(range(2), range(3)):
        assert alt(shown.children[0].value) == draw(float(gain.label), int(depth.label))[1]


def test_without_stack_the_first_frame_is_the_start(widgets_7):
    widget = explore(draw, start={"gain": 2.0}, gain=GAINS).widget()
    assert alt(widget.children[-1].children[1].children[0].value) == draw(2.0)[1]


def test_names_become_a_list_and_numbers_a_slider():
    widget = explore(
        lambda f, gain: (draw(gain)[0], f"{f} at {gain}"), f=["relu", "tanh"], gain=GAINS
    ).widget()
    assert isinstance(widget.children[0], ipywidgets.Dropdown)
    assert isinstance(widget.children[1], ipywidgets.SelectionSlider)


def test_labels_and_formats_are_what_the_reader_sees():
    widget = explore(draw, gain=GAINS, labels={"gain": "gain g"}, formats={"gain": ".2f"}).widget()
    slider = widget.children[0]
    assert slider.description == "gain g"
    assert [text for text, _ in slider.options] == ["0.50", "1.00", "2.00"]


def test_numpy_values_reach_draw_as_plain_numbers_and_read_well():
    seen = []

    def spy(gain):
        seen.append(gain)
        return draw(gain)

    widget = explore(spy, gain=np.arange(1, 4) * 0.1).widget()
    assert {type(gain) for gain in seen} == {float}
    assert [text for text, _ in widget.children[0].options] == ["0.1", "0.2", "0.3"]


@pytest.mark.parametrize("image", ["svg", "webp"])
def test_the_same_call_gives_the_same_frames(image):
    first, second = (pictures(explore(draw, gain=GAINS, image=image)) for _ in range(2))
    assert first == second
    assert "202" not in re.sub(r"[\d.]+[ ,LQCMz%]", "", unquote(first[0]))[:2000]  # no date


def test_the_svg_is_well_formed_has_its_size_and_refers_to_what_it_holds():
    frame = pictures(explore(draw, gain=GAINS))[0]
    prefix, _, body = source(frame).partition(",")
    root = ElementTree.fromstring(unquote(body))
    assert prefix == "data:image/svg+xml"
    assert (root.get("width"), root.get("height")) == ("216pt", "144pt")  # 3 x 2 inches of 72 pt
    ids = {e.get("id") for e in root.iter()} - {None}
    references = set(re.findall(r"#(i\d+)", unquote(body)))
    assert references
    assert references == ids
    assert 'width="288" height="192"' in frame  # 3 x 2 inches of 96 px: room before it loads


def test_slimming_moves_no_point_by_more_than_a_hundredth():
    stream = io.StringIO()
    draw(2.0)[0].savefig(stream, format="svg")
    number = re.compile(r"-?\d+\.?\d*")

    def lines(svg):
        # Paths on the page itself; letters and markers are drawn elsewhere and moved there.
        root = ElementTree.fromstring(svg)
        space = "{http://www.w3.org/2000/svg}"
        inside = {e for d in root.iter(f"{space}defs") for e in d.iter()}
        return [
            [float(n) for n in number.findall(e.get("d"))]
            for e in root.iter(f"{space}path")
            if e not in inside
        ]

    before, after = lines(stream.getvalue()), lines(slim(stream.getvalue()))
    assert len(before) == len(after) > 3
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old, atol=0.00501)


def test_sixty_recurring_pictures_stay_within_the_limit():
    def layers(gain):
        figure = Figure(figsize=(7, 4.2))
        axes = figure.subplots()
        for k in range(3):
            axes.plot(np.log10(gain) * np.arange(20) - k, marker="osD"[k], label=f"net {k}")
        axes.set(title=f"gain {gain:.2f}", xlabel="layer", ylabel="log10 gradient norm")
        axes.legend()
        return figure, f"Gain {gain:.3g}."

    film = explore(layers, gain=np.linspace(0.5, 2, 12)).wide
    weight = len(gzip.compress(json.dumps(film.packed()).encode(), 6))
    assert weight < frames.MOST_BYTES * 12 / 60 / 2


def test_webp_keeps_every_pixel():
    def picture(seed):
        figure = Figure(figsize=(1, 1))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(np.random.default_rng(seed).random((8, 8)))
        return figure, f"Seed {seed}."

    frame = pictures(explore(picture, seed=[0, 1], image="webp"))[1]
    data = source(frame).partition("base64,")[2]
    stream = io.BytesIO()
    picture(1)[0].savefig(stream, format="png", dpi=192)
    ours, png = (Image.open(s).convert("RGB") for s in (io.BytesIO(base64.b64decode(data)), stream))
    assert ours.size == (192, 192)
    assert np.array_equal(np.asarray(ours), np.asarray(png))


def test_figures_of_pyplot_are_closed_and_settings_stay():
    before = dict(plt.rcParams)

    def pyplot(gain):
        figure, axes = plt.subplots(figsize=(2, 2))
        axes.plot([gain])
        return figure, f"Gain {gain}."

    explore(pyplot, gain=GAINS)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_alt_text_is_escaped():
    frames = pictures(explore(lambda g: (draw(g)[0], f'"<{g}>" & more'), g=GAINS))
    assert alt(frames[0]) == '"<0.5>" & more'
    assert "<0.5>" not in frames[0]


def figure_of(size):
    return Figure(figsize=(size, 2)), f"Size {size}."


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"draw": 3, "gain": GAINS}, TypeError, r"draw=3 is a int; expected a function"),
        ({}, ValueError, r"controls=\[\]; expected one or two"),
        ({"a": GAINS, "b": GAINS, "c": GAINS}, ValueError, r"controls=\['a', 'b', 'c'\]"),
        ({"gain": []}, ValueError, r"gain=\[\]; expected at least two values"),
        ({"gain": [1]}, ValueError, r"gain=\[1\]; expected at least two values"),
        ({"gain": 2}, TypeError, r"gain=2 is a int; expected a list"),
        ({"gain": "relu"}, TypeError, r"gain='relu' is a str; expected a list"),
        ({"gain": [1, None]}, TypeError, r"gain holds None; expected numbers or names"),
        ({"gain": [1, True]}, TypeError, r"gain holds True"),
        ({"gain": [1, float("nan")]}, ValueError, r"gain holds nan; expected finite"),
        ({"gain": [1, 1.0]}, ValueError, r"gain reads 1, 1; expected values that read differently"),
        ({"gain": np.ones((2, 2))}, TypeError, r"gain holds \[1.0, 1.0\]"),
        ({"gain": range(61)}, ValueError, r"61 frames \(61 of gain\); expected at most 60"),
        (
            {"gain": range(8), "depth": range(8)},
            ValueError,
            r"64 frames \(8 of gain x 8 of depth\)",
        ),
        ({"gain": GAINS, "image": "png"}, ValueError, r"image='png' is unknown"),
        ({"gain": GAINS, "start": 2}, TypeError, r"start=2 is a int; expected a dict"),
        ({"gain": GAINS, "start": {"gian": 1}}, ValueError, r"start='gian'.*mean 'gain'"),
        ({"gain": GAINS, "start": {"gain": 3}}, ValueError, r"start\['gain'\]=3; expected one of"),
        ({"gain": GAINS, "labels": {"depth": "d"}}, ValueError, r"a key of labels='depth'"),
        ({"gain": GAINS, "formats": {"gain": "q"}}, ValueError, r"formats\['gain'\]='q'"),
        ({"draw": lambda gain: draw(gain)[0], "gain": GAINS}, TypeError, r"draw\(gain=0.5\) retur"),
        ({"draw": lambda gain: ("a", "b"), "gain": GAINS}, TypeError, r"returned a tuple; expect"),
        (
            {"draw": lambda gain: (draw(gain)[0], " "), "gain": GAINS},
            ValueError,
            r"draw\(gain=0.5\) returned the alt text ' '",
        ),
        (
            {"draw": lambda gain: (draw(gain)[0], "A figure."), "gain": GAINS},
            ValueError,
            r"draw\(gain=1.0\) and draw\(gain=0.5\) return one alt text",
        ),
        ({"draw": figure_of, "size": [2, 3]}, ValueError, r"192 x 192 from draw\(size=2\), 288 x"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, error, message):
    arguments = {"draw": draw, **arguments}
    message = message.replace("start='gian'", "a key of start='gian'")
    with pytest.raises(error, match=message):
        explore(**arguments)


def test_too_heavy_figures_are_refused_with_their_weight(monkeypatch):
    monkeypatch.setattr(frames, "MOST_BYTES", 20_000)

    def noise(seed):
        figure = Figure(figsize=(7, 4))
        figure.subplots().plot(*np.random.default_rng(seed).random((2, 1000)), "o")
        return figure, f"Seed {seed}."

    with pytest.raises(ValueError, match=r"4 frames that weigh \d\d KB .* at most 20 KB"):
        explore(noise, seed=range(4))


# On a page ----------------------------------------------------------------------------------------


def test_the_page_shows_the_start_and_holds_every_frame():
    explorer = explore(draw, start={"gain": 2.0}, depth=DEPTHS, gain=GAINS)
    page = explorer.page()
    assert alt(page) == draw(2.0, 5)[1]
    data = json.loads(re.search(r"<script type=.application/json.>(.*)</script>", page)[1])
    assert list(data) == ["wide"]
    walks = data["wide"]["frames"]
    assert [a for a, _ in walks] == [draw(g, d)[1] for d in DEPTHS for g in GAINS]
    place, found = -1, ""
    for jump in walks[explorer.first][1]:
        place += jump + 1
        found += data["wide"]["parts"][place]
    assert found == source(page)


def test_controls_of_the_page_say_their_name_and_value_and_sleep_until_the_script_comes():
    page = explore(draw, depth=DEPTHS, gain=GAINS, formats={"gain": ".2f"}).page()
    for tag in re.findall("<input[^>]*>", page):
        assert " disabled" in tag and 'type="range"' in tag
        name = re.search(r'id="([^"]*)"', tag)[1]
        assert f'<label for="{name}">' in page
    assert 'aria-valuetext="0.50" data-texts="[&quot;0.50&quot;' in page


def test_a_list_of_names_is_a_native_list():
    explorer = explore(lambda f: (draw(1.0)[0], f"{f}<"), f=["relu", "tanh"], start={"f": "tanh"})
    assert "<option>relu</option><option selected>tanh</option>" in explorer.page()
    assert explorer.page().count("<script") == explorer.page().count("</script") == 1


def test_on_the_website_a_figure_of_the_course_has_a_narrow_form(monkeypatch):
    def line(gain):
        with plots.style():
            figure, ax = plots.canvas("Title", "x", "y")
            ax.plot([gain])
        return figure, f"Gain {gain}."

    assert explore(line, gain=GAINS).narrow is None
    monkeypatch.setenv(frames.PHONES, "1")
    assert explore(draw, gain=GAINS).narrow is None, "it has one size"
    explorer = explore(line, gain=GAINS)
    assert explorer.narrow.width < 360 < explorer.wide.width
    assert [f.alt for f in explorer.narrow.frames] == [f.alt for f in explorer.wide.frames]
    assert explorer.narrow.frames[0].address in explorer.page()
    assert f"(max-width: {NARROW_BELOW}px)" in explorer.page()


def test_where_only_what_is_printed_counts_the_ends_are_drawn(monkeypatch):
    seen = []

    def watched(gain):
        seen.append(gain)
        return draw(gain)

    monkeypatch.setenv(TEXT_ONLY, "1")
    explorer = explore(watched, gain=GAINS)
    assert seen == [GAINS[0], GAINS[-1]]
    first, between, last = explorer.wide.frames
    assert between == first != last
    assert explorer._repr_mimebundle_()["text/plain"].startswith("Explorer of 3 figures")


def test_one_object_is_a_widget_in_a_notebook_and_html_on_the_website(monkeypatch):
    explorer = explore(draw, gain=GAINS)
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == "Explorer of 3 figures: gain 0.5, 1, 2"
    assert bundle["text/html"] == explorer.page()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert "text/html" not in explorer._repr_mimebundle_()
