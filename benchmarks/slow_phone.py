"""The playground on a slow phone: the processes of its pages may run a sixth of the time.

Chromium's own throttle (`Emulation.setCPUThrottlingRate`) does not reach workers. So the renderer
is stopped and let go many times a second, page and worker together.
"""

import contextlib
import os
import signal
import statistics
import threading
import time

from benchmarks.results import table
from tools.website import playground

SHARE = 1 / 6
PERIOD = 0.02  # seconds; longer where this machine is busy, but the share is kept
NETS = [(10, 32), (20, 64), (50, 128)]

# For each move of a slider: until the browser has painted what the page answers at once (Event
# Timing), and until the picture is that of the new setting. Both from the event's own time on.
_WATCH = """() => {
  const {playground} = document.querySelector(".pg");
  Object.assign(window, {answers: [], pictures: []});
  new PerformanceObserver((list) => {
    const keys = list.getEntries().filter(({name}) => name === "keydown");
    answers.push(...keys.map(({duration}) => duration));
  }).observe({type: "event", durationThreshold: 16});
  let asked = null;
  addEventListener("input", (event) => (asked = event.timeStamp), true);
  const {picture} = playground;
  const paint = picture.paint.bind(picture);
  picture.paint = () => {
    paint();
    if (asked === null || playground.report.turn !== playground.turn) return;
    pictures.push(performance.now() - asked);
    asked = null;
  };
}"""
_STEPS = """() => [document.querySelector(".pg").playground.report.steps, performance.now()]"""


@contextlib.contextmanager
def slowed(browser, share=SHARE):
    """Let the browser's renderers run this share of the time, by measured time."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [one["id"] for one in processes if one["type"] == "renderer"]
    done = threading.Event()

    def send(what):
        for process in renderers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, what)

    def throttle():
        ran = stood = 0.0
        last = time.monotonic()
        while not done.wait(PERIOD * share):
            send(signal.SIGSTOP)
            stopped = time.monotonic()
            ran += stopped - last
            time.sleep(max(0.002, ran * (1 / share - 1) - stood))
            send(signal.SIGCONT)
            last = time.monotonic()
            stood += last - stopped

    thread = threading.Thread(target=throttle)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def watched(browser, depth, width, moves):
    """Return steps a second while it trains, and the milliseconds of each answer and picture."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    playground.serve(context, "http://playground.test/")
    page = context.new_page()
    page.goto(f"http://playground.test/#depth={depth}&width={width}&rate=0.001&pace=0")
    page.wait_for_function("document.querySelector('.pg').playground?.report")
    page.evaluate(_WATCH)
    page.locator("#pg-gain").focus()
    with slowed(browser):
        page.evaluate("document.querySelector('.pg').playground.run()")
        page.wait_for_timeout(3000)
        before, start = page.evaluate(_STEPS)
        page.wait_for_timeout(4000)
        after, end = page.evaluate(_STEPS)
        for move in range(moves):
            page.keyboard.press("ArrowLeft" if move % 2 else "ArrowRight")
            page.wait_for_timeout(700 if depth * width < 2000 else 3000)
        answers, pictures = page.evaluate("[answers, pictures]")
    context.close()
    return 1000 * (after - before) / (end - start), answers, pictures


def section(browser, moves=20):
    """Measure; return what is said of it in the results."""
    rows = []
    for depth, width in NETS:
        speed, answers, pictures = watched(browser, depth, width, moves)
        # Event Timing leaves out what took less than 16 ms.
        answers += [8.0] * (moves - len(answers))
        middle = [f"{statistics.median(times):.0f}" for times in (answers, pictures)]
        late = f"{sum(time > 100 for time in answers)} of {moves}"
        rows.append((f"{depth} × {width}", f"{speed:.0f}", middle[0], late, middle[1]))
    head = ["layers × neurons", "steps a second", "answer, ms", "later than 100 ms", "picture, ms"]
    return "\n\n".join(
        [
            "On a slow phone: the page's process, with its worker, may run a sixth of the time "
            "(stopped and let go up to fifty times a second). While it trains, a slider is moved "
            "by a key. *Answer* is the time until the slider's new value is painted, *picture* "
            f"until the net is drawn with it; medians of {moves}. After 100 ms without a new "
            "picture the page says that it computes.",
            table(head, rows),
        ]
    )
