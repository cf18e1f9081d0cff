"""What a reader does: move a slider, turn the colours, search, come in by the front door."""

import pytest

from tools import build

pytestmark = [pytest.mark.site, pytest.mark.browser]
CONTROLS = ".lessons-control :is(input, select)"
ALT = "explorer => explorer.querySelector('.lessons-explore-figure img')?.alt"
CHANGED = f"([explorer, old]) => ![undefined, old].includes(({ALT})(explorer))"


def test_two_controls_choose_among_all_their_frames(open_page):
    page = open_page("book/index.html")
    explorer = page.query_selector(".lessons-explore")
    first, second = explorer.query_selector_all(CONTROLS)
    first.press("Home")
    second.press("Home")
    seen = []
    for control, key in (
        (second, "End"),
        (first, "End"),
        (second, "Home"),
        (first, "Home"),
    ):
        before = explorer.evaluate(ALT)
        control.press(key)
        page.wait_for_function(CHANGED, arg=[explorer, before])
        seen.append(explorer.evaluate(ALT))
    assert len(set(seen)) == 4


def test_a_touch_on_the_slider_changes_the_figure(open_page):
    page = open_page("book/index.html", "phone")
    explorer = page.query_selector(".lessons-explore")
    before = explorer.evaluate(ALT)
    track = explorer.query_selector_all("input")[1]
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    page.wait_for_function(CHANGED, arg=[explorer, before])


def test_the_net_of_the_first_page_breaks_and_heals_by_touch(open_page):
    page = open_page("book/index.html", "phone")
    said = "document.querySelector('.pg-verdict')?.innerText.includes('{}')"
    page.wait_for_function(said.format("healthy"))
    page.locator(".pg-patients button", has_text="A whisper").tap()
    page.wait_for_function(said.format("vanishes"))
    page.locator(".pg-heal").tap()
    page.wait_for_function(said.format("healthy"))
    page.locator(".pg + p a").first.tap()
    page.wait_for_url("**/notebooks/causes/vanishing_and_exploding.html")


def test_the_playground_says_what_it_needs_without_javascript_and_from_a_folder(
    chromium, address, site
):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}book/playground.html")
    assert "needs JavaScript" in page.locator(".pg").inner_text()
    context.close()
    page = chromium.new_page()
    page.goto((site / "book" / "playground.html").as_uri())
    page.wait_for_function("document.querySelector('.pg').innerText.includes('from a folder')")
    page.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_code_can_be_read(open_page, code_colours, described, mode):
    chapter = next(name for name in build.pages() if name.startswith("notebooks/"))
    violations = code_colours(open_page(f"{chapter}.html"), mode)
    assert not violations, described(violations)


PALE = "color: rgb(128 128 128 / 50%) !important"
FAULTS = {  # in the last one of its kind
    "article td": PALE,
    "article p": "background: {like_the_text} !important",
    "article th": "opacity: 0.3 !important",
    "article p a": PALE,
}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_one_text_of_each_look_shows_every_fault(open_page, text_colours, mode):
    page = open_page("book/how_to_use.html")
    assert text_colours(page, mode) == []
    for selector, style in FAULTS.items():
        element = page.locator(f"{selector}:visible").last
        before = element.get_attribute("style") or ""
        style = style.format(like_the_text="#333" if mode == "light" else "#ccc")
        element.evaluate("(e, style) => e.setAttribute('style', style)", style)
        assert text_colours(page, mode) != [], selector
        element.evaluate("(e, style) => e.setAttribute('style', style)", before)
        assert text_colours(page, mode) == []


def test_touch_targets_on_a_phone_are_large_enough(open_page):
    page = open_page("book/index.html", "phone")
    small = page.evaluate(
        """() => [...document.querySelectorAll(
             ".bd-header-article button, .bd-header-article label, .bd-article summary")]
           .filter(e => e.checkVisibility())
           .map(e => e.getBoundingClientRect())
           .filter(box => Math.min(box.width, box.height) < 24).length"""
    )
    assert small == 0  # WCAG 2.2, 2.5.8


def test_the_colour_button_turns_the_page_and_its_figures(open_page):
    page = open_page("book/index.html")

    def look():
        return page.evaluate(
            """() => ({mode: document.documentElement.dataset.theme,
                 paper: getComputedStyle(document.body).backgroundColor,
                 figure: getComputedStyle(document.querySelector(".cell_output img")).filter})"""
        )

    seen = {}
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        now = look()
        seen[now["mode"]] = now
    assert seen.keys() == {"light", "dark"}
    assert seen["light"]["paper"] != seen["dark"]["paper"]
    assert seen["light"]["figure"] == "none"
    assert seen["dark"]["figure"] == "invert(0.92) hue-rotate(180deg)"
    page.evaluate("localStorage.clear()")


def test_a_dark_page_is_printed_light_and_is_dark_again_afterwards(open_page):
    page = open_page("book/index.html")
    theme = "document.documentElement.dataset.theme"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{theme} === 'dark'")
    page.emulate_media(color_scheme="dark", media="print")
    page.wait_for_function(f"{theme} === 'light'")
    page.emulate_media(color_scheme="dark", media="screen")
    page.wait_for_function(f"{theme} === 'dark'")


def test_without_javascript_the_start_figure_shows_and_no_dead_control(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}book/index.html")
    assert page.locator(".lessons-explore-figure img").is_visible()
    assert page.locator(CONTROLS).count() == 2
    assert not any(page.locator(CONTROLS).nth(i).is_visible() for i in range(2))
    assert page.locator("body").evaluate("b => getComputedStyle(b).color") == "rgb(31, 41, 51)"
    context.close()


def test_opened_from_a_folder_sliders_work_and_the_search_says_what_it_cannot(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{(site / 'book' / 'index.html').as_uri()}")
    explorer = page.query_selector(".lessons-explore")
    before = explorer.evaluate(ALT)
    explorer.query_selector_all(CONTROLS)[1].press("End")
    page.wait_for_function(CHANGED, arg=[explorer, before])
    page.goto(f"{(site / 'search.html').as_uri()}?q=clipping")
    assert "You opened this site from a folder" in page.locator("main").inner_text()
    context.close()


@pytest.mark.parametrize("query", ["梯度爆炸", "爆炸", "exploding gradient"])
def test_search_finds_a_term_and_leads_to_its_entry(open_page, query):
    page = open_page(f"search.html?q={query}")
    page.wait_for_selector("#search-results li a")
    first = page.locator("#search-results li a").first.get_attribute("href")
    assert "book/glossary.html" in first
    entry = first.partition("#")[2]
    page = open_page(first.partition("#")[0])
    assert "梯度爆炸" in page.locator(f"[id='{entry}']").inner_text()


def test_the_index_is_loaded_when_somebody_searches(rooms, address):
    page = rooms["desk"].new_page()
    seen = []
    page.on("request", lambda request: seen.append(request.url))
    for name in ("book/index.html", "search.html"):
        page.goto(address + name, wait_until="networkidle")
    assert not any("searchindex" in url for url in seen)
    page.close()


def test_on_paper_solutions_are_open_and_folded_again_afterwards(open_page, site):
    folded = "document.querySelectorAll('.bd-article details:not(.hide, [open])').length"
    page = open_page("notebooks/fixes/clipping.html")
    before = page.evaluate(folded)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) == before > 0


def test_search_finds_clipping(open_page):
    page = open_page("search.html?q=clipping")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() >= 1


def test_search_opens_by_keyboard_and_is_accessible(open_page, axe, described):
    page = open_page("book/index.html")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#pst-search-dialog[open]")
    assert page.evaluate("document.activeElement.type") == "search"
    violations = axe(page, "light", [({}, {"resultTypes": ["violations"], "preload": False})])
    assert not violations, described(violations)


def test_the_front_door_leads_to_the_first_page(rooms, address):
    page = rooms["desk"].new_page()
    page.goto(address)
    page.wait_for_url(f"{address}book/index.html")
    assert page.locator("article h1").count() == 1
    page.close()


def test_a_solution_unfolds_by_keyboard(open_page, site):
    names = [n for n in build.pages() if "<summary" in (site / f"{n}.html").read_text()]
    for name in names[:1]:
        page = open_page(f"{name}.html")
        summary = page.locator("details > summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("details").first.evaluate("d => d.open")
