"""One palette: the stylesheet, the logo and the figures say the same colours."""

import re
from pathlib import Path

import pytest
from PIL import Image

from lessons import show
from lessons.plots import COLORS

ASSETS = Path(__file__).resolve().parents[2] / "book" / "assets"
STYLE = re.sub(r"/\*.*?\*/", "", (ASSETS / "lessons.css").read_text(encoding="utf-8"), flags=re.S)


def variables(selector):
    """Return the custom properties that a rule of the stylesheet sets."""
    rule = re.search(rf"^{re.escape(selector)} \{{(.*?)\}}", STYLE, re.S | re.M)[1]
    return dict(re.findall(r"--([\w-]+):\s*(#\w+);", rule))


def test_pages_and_figures_have_one_palette():
    found = {k.removeprefix("lessons-"): v.lower() for k, v in variables(":root").items()}
    assert found == {name: color.lower() for name, color in COLORS.items()}


@pytest.mark.parametrize("name", ["logo.svg", "favicon.svg"])
def test_the_logo_has_the_colours_of_its_meaning(name):
    fills = re.findall(r'fill="(#\w+)"', (ASSETS / name).read_text(encoding="utf-8"))
    meaning = ["vanishing", "vanishing", "healthy", "exploding", "exploding"]
    assert [fill.lower() for fill in fills] == [COLORS[m].lower() for m in meaning]


def test_the_social_card_has_the_size_that_networks_show():
    path = ASSETS / "social.png"
    with Image.open(path) as image:
        assert image.size == (1200, 630)
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_shown_source_can_be_read(mode, contrast):
    found = variables(f'html[data-theme="{mode}"]')
    inks = ["ink", "keyword", "comment", "string", "number", "name"]
    for ink in inks:
        if f"lessons-{ink}" in found:  # light mode keeps the colours of lessons.show
            assert contrast(found[f"lessons-{ink}"], found["lessons-paper"]) >= 4.5, ink
    assert mode == "light" or all(f"lessons-{ink}" in found for ink in inks)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_code_has_one_palette_in_cells_in_shown_sources_and_in_dark_notebooks(mode):
    shown = dict(show._COLORS.values()) if mode == "light" else _declared(show._DARK)
    page = variables(f'html[data-theme="{mode}"]')
    assert {f"lessons-{name}": color for name, color in shown.items()}.items() <= page.items()


def _declared(text):
    return dict(re.findall(r"--lessons-(\w+):(#\w+)", text))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("ink", ["text-base", "text-muted", "link", "link-hover", "inline-code"])
def test_text_can_be_read(mode, ink, contrast):
    found = variables(f'html[data-theme="{mode}"]')
    for paper in ("pst-color-background", "lessons-paper"):
        assert contrast(found[f"pst-color-{ink}"], found[paper]) >= 4.5


def test_a_dark_page_and_an_inverted_figure_have_one_background():
    white = round(255 * (1 - 0.92))
    background = "#" + f"{white:02x}" * 3
    assert "invert(0.92) hue-rotate(180deg)" in STYLE
    assert variables('html[data-theme="dark"]')["pst-color-background"] == background
