"""One server, one browser, and each page visited once on a desk and once on a phone.

A visit collects what the tests ask for, so that a page is loaded once for all of them.
"""

import functools
import gzip
import http.server
import json
import os
import re
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SITE = Path(os.environ.get("SITE_FOLDER", ROOT / "_build" / "html"))
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
SMALLEST = {"width": 320, "height": 568}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
COMPRESSED = {".avif", ".gif", ".jpg", ".png", ".webp", ".woff", ".woff2"}

# What axe looks at. Colours do not depend on the width, structure does not depend on the colours.
# Of texts that look alike one is enough (`probe.looks`). Code has the same colours on every page:
# one test looks at one page's code.
AXE = {"resultTypes": ["violations"], "preload": False}
COLOURS = ["color-contrast", "link-in-text-block"]
RULES = {rule: {"enabled": False} for rule in COLOURS}
RULES["label-content-name-mismatch"] = {"enabled": True}
STRUCTURE = ({}, AXE | {"rules": RULES})
TEXT = ({"include": [["[data-look]"]], "exclude": [["pre"]]}, AXE | {"runOnly": COLOURS})
CODE = ({"include": [["pre"]]}, AXE | {"runOnly": COLOURS})
AXE_RUNS = {"desk": {"light": [STRUCTURE, TEXT], "dark": [TEXT]}, "phone": {"light": [STRUCTURE]}}
CONTROLS = ".lessons-control :is(input, select)"


@dataclass
class Visit:
    """What was seen of one page at one width."""

    page: str
    console: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    outside: list = field(default_factory=list)
    paths: set = field(default_factory=set)
    content: dict = field(default_factory=dict)
    axe: dict = field(default_factory=dict)
    moves: list = field(default_factory=list)

    @property
    def weight(self):
        """Bytes over the wire if the server compresses text, without the page's figures."""
        figures = ("/_images/", "/_frames/")
        return sum(wire_size(path) for path in self.paths if not path.startswith(figures))


@functools.cache
def wire_size(path):
    """Return the bytes of a file of the site, compressed if it is text."""
    file = SITE / unquote(path).lstrip("/")
    if not file.is_file():
        return 0
    data = file.read_bytes()
    return len(data) if file.suffix in COMPRESSED else len(gzip.compress(data, 6))


def pytest_xdist_make_scheduler(config, log):
    """Give all tests of one page to one worker, which visits it once.

    ``--dist loadgroup`` is for this, but with pytest 9.2 tests have no group in their names.
    """
    if config.getvalue("dist") != "loadgroup":
        return None

    class ByPage(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            page = re.search(r"([\w/]+)\]$", nodeid)
            return page[1] if page and "test_pages.py" in nodeid else nodeid

    return ByPage(config, log)


def lacking(what):
    """Skip for want of ``what``; on the CI machine, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def site():
    """The folder of the built website."""
    if not (SITE / "index.html").is_file():
        lacking(f"There is no built website in {SITE}; build it first: make book")
    return SITE


@pytest.fixture(scope="session")
def address(site):
    """The address at which the website is served here."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium of the system."""
    from playwright.sync_api import sync_playwright

    # The shell without windows draws the same and takes two thirds of the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        lacking(f"No browser: none of {', '.join(names)} is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def rooms(chromium, address):
    """A browser context for each width, in which no request leaves this machine."""
    contexts = {}
    for name, size in (("desk", DESK), ("phone", PHONE)):
        context = chromium.new_context(
            viewport=size, color_scheme="light", has_touch=name != "desk"
        )
        context.add_init_script(path=HERE / "probe.js")
        context.route(lambda url: not url.startswith(address), lambda route: route.abort())
        contexts[name] = context
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def open_page(rooms, address):
    """A function that opens a page and waits until all of it is drawn."""
    opened = []

    def go(name, room="desk", visit=None):
        page = rooms[room].new_page()
        opened.append(page)
        visit = visit or Visit(name)
        page.on("console", lambda m: m.type == "error" and visit.console.append(m.text))
        page.on("pageerror", lambda error: visit.console.append(str(error)))
        page.on("request", lambda request: note(visit, request.url, address))
        page.on("response", lambda r: r.status >= 400 and visit.failures.append(r.url))
        page.goto(address + name, wait_until="load")
        page.evaluate("probe.finished()")
        return page

    yield go
    for page in opened:
        page.close()


def note(visit, url, address):
    """Remember a request: a file of the site or, which must not be, of another host."""
    if url.startswith(address):
        visit.paths.add(urlsplit(url).path)
    elif not url.startswith(("data:", "blob:")):
        visit.outside.append(url)


@pytest.fixture(scope="session")
def visited():
    return {}


@pytest.fixture(scope="session")
def axe():
    """A function that turns a page light or dark and returns what axe-core finds there."""
    from axe_playwright_python.sync_playwright import Axe

    def violations(page, mode, runs):
        page.emulate_media(color_scheme=mode)
        page.wait_for_selector(f'html[data-theme="{mode}"]', state="attached")
        page.evaluate("probe.still()")
        assert page.evaluate("probe.looks()") > 0
        found = [Axe().run(page, context=c or None, options=o).response for c, o in runs]
        return [violation for response in found for violation in response["violations"]]

    return violations


@pytest.fixture
def visit(visited, open_page, axe):
    """A function that returns what was seen of a page, visiting it the first time."""

    def look(name, room="desk"):
        if (name, room) not in visited:
            seen = visited[name, room] = Visit(name)
            page = open_page(f"{name}.html", room, seen)
            seen.content = page.evaluate("probe.content()")
            for mode, runs in AXE_RUNS[room].items():
                seen.axe[mode] = axe(page, mode, runs)
            for explorer in page.query_selector_all(".lessons-explore"):
                for control in explorer.query_selector_all(CONTROLS):
                    seen.moves.append(move(page, explorer, control))
            if room == "phone":
                page.set_viewport_size(SMALLEST)
                seen.content["overflow on the smallest"] = page.evaluate("probe.overflow()")
        return visited[name, room]

    return look


def move(page, explorer, control):
    """Choose another value by keyboard alone; return what was seen of it."""
    control.focus()
    before = explorer.evaluate("probe.picture")
    explorer.evaluate("explorer => { window.watched = probe.heights(explorer) }")
    page.keyboard.press(control.evaluate("probe.key"))
    heights = page.evaluate("watched")
    after = explorer.evaluate("probe.picture")
    seen = control.evaluate("probe.control")
    return seen | {"before": before, "after": after, "heights": heights}


@pytest.fixture(scope="session")
def code_colours(axe):
    """A function that returns what axe-core finds in the code of a page."""
    return lambda page, mode: axe(page, mode, [CODE])


@pytest.fixture(scope="session")
def text_colours(axe):
    """A function that returns what axe-core finds in one text of each look of a page."""
    return lambda page, mode: axe(page, mode, [TEXT])


@pytest.fixture(scope="session")
def described():
    """A function that makes axe's findings short."""

    def short(violations):
        found = {}
        for violation in violations:
            nodes = [node["html"][:120] for node in violation["nodes"][:3]]
            found[violation["id"]] = [violation["help"], len(violation["nodes"]), *nodes]
        return json.dumps(found, indent=1)

    return short
