"""Every page of the website, in a real browser: whole, self-contained, accessible, still."""

import re

import pytest

from tools import build

PAGES = [*build.pages(), "search"]
ROOMS = ["desk", "phone"]
MOST_BYTES = 400_000  # what a first visit loads, compressed, without the page's figures
MOST_SHIFT = 0.02

pytestmark = [pytest.mark.site, pytest.mark.browser]
each_page = pytest.mark.parametrize("name", PAGES)
each_room = pytest.mark.parametrize("room", ROOMS)


@each_page
@each_room
def test_page_loads_without_a_complaint(visit, name, room):
    seen = visit(name, room)
    assert (seen.console, seen.failures) == ([], [])


@each_page
@each_room
def test_no_request_leaves_the_site(visit, name, room):
    assert visit(name, room).outside == []


@each_page
@pytest.mark.parametrize(
    ("room", "mode"), [("desk", "light"), ("desk", "dark"), ("phone", "light")]
)
def test_axe_finds_nothing(visit, described, name, room, mode):
    violations = visit(name, room).axe[mode]
    assert not violations, described(violations)


@each_page
@each_room
def test_page_is_no_wider_than_the_screen(visit, name, room):
    content = visit(name, room).content
    assert content["overflow"] <= 0
    assert content.get("overflow on the smallest", 0) <= 0


@each_page
def test_every_picture_is_drawn_and_described_in_words(visit, name):
    for image in visit(name).content["images"]:
        assert image["drawn"], image
        assert image["alt"] and image["alt"].strip(), image
        path_like = r"\.(png|svg|webp|jpe?g|gif)\s*$|^\S*/\S*$|^data:"
        assert not re.search(path_like, image["alt"]), image


@each_page
def test_no_widget_and_no_dead_progress_bar_is_left(visit, name):
    assert visit(name).content["widgets"] == 0


@each_page
def test_a_formula_is_no_stop_for_the_keyboard(visit, name):
    assert visit(name).content["stops"] == 0


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_whole_and_cost_nothing_where_there_are_none(site, name):
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    formulas = text.count('class="katex"')
    assert text.count("<math ") == formulas, "each has its text for a screen reader"
    assert ("katex.min.css" in text) == bool(formulas)
    assert "katex-error" not in text
    assert ("explore.js" in text) == ('class="lessons-explore"' in text)


@each_page
@each_room
def test_every_control_changes_its_figure_by_keyboard(visit, name, room):
    for move in visit(name, room).moves:
        (old_alt, old_picture), (new_alt, new_picture) = move["before"], move["after"]
        assert old_alt != new_alt and old_picture != new_picture, move["label"]


@each_page
@each_room
def test_a_figure_keeps_its_height_while_it_changes(visit, name, room):
    for move in visit(name, room).moves:
        assert max(move["heights"]) - min(move["heights"]) < 1, move["label"]


@each_page
def test_every_control_has_a_name_a_value_and_a_visible_focus(visit, name):
    for move in visit(name).moves:
        assert move["label"] != ""
        assert move["focused"] and move["outline"] not in {"none", "auto"}
        if move["slider"]:
            assert move["value"] == move["readout"] != ""


@each_page
@each_room
def test_nothing_jumps_while_the_page_loads(visit, name, room):
    assert visit(name, room).content["shifts"] < MOST_SHIFT


@each_page
def test_page_has_a_language_and_one_title(visit, name):
    content = visit(name).content
    assert (content["language"], content["titles"]) == ("en", 1)


@each_page
def test_page_is_not_heavy(visit, name):
    assert visit(name).weight < MOST_BYTES


@pytest.mark.parametrize("name", build.pages())
def test_page_has_a_description_of_its_own(site, name):
    def description(page):
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        found = re.findall(r'<meta[^>]*name="description"[^>]*>', text)
        return [re.search(r'content="([^"]*)"', tag)[1] for tag in found]

    own = description(name)
    assert len(own) == 1
    assert 50 <= len(own[0]) <= 200
    assert own not in [description(other) for other in PAGES if other not in {name, "search"}]
