"""Measure the playground: training steps a second in Chromium, beside PyTorch's of the same net.

And what is left of it on a slow phone.

Writes its section of benchmarks/results.md.
"""

import argparse
import contextlib
import shutil
import statistics
import sys
import time

import torch
from torch.nn.functional import cross_entropy

from benchmarks import slow_phone
from benchmarks.monitor_overhead import one_thread
from benchmarks.results import machine, table, write_section
from lessons.data import digits
from lessons.networks import mlp
from tools.website import playground

HOST = "http://playground.test/"
BATCH = 32
CASES = [(20, 64), (50, 32), (50, 128), (10, 32)]  # layers, neurons in each

# Counts the steps while the page trains as fast as it can, with all its pictures.
_STEPS = """async (seconds) => {
  const {playground} = document.querySelector(".pg");
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  playground.run();
  await wait(1000);
  const [start, before] = [performance.now(), playground.report.steps];
  await wait(1000 * seconds);
  const found = 1000 * (playground.report.steps - before) / (performance.now() - start);
  playground.replace({...playground.settings});
  return found;
}"""


@contextlib.contextmanager
def chromium():
    """Start the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def in_browser(browser, depth, width, seconds):
    """Return the steps a second that a reader sees."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    playground.serve(context, HOST)
    page = context.new_page()
    page.goto(f"{HOST}#depth={depth}&width={width}&rate=0.001&pace=0")
    page.wait_for_function("document.querySelector('.pg').playground?.report")
    found = page.evaluate(_STEPS, seconds)
    context.close()
    return found


def in_torch(depth, width, seconds):
    """Return the steps a second of PyTorch with one thread, nothing looked at."""
    data, net = digits(), mlp(depth, width)
    x, y = data.train_x[:BATCH], data.train_y[:BATCH]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        optimizer.zero_grad()
        cross_entropy(net(x), y).backward()
        optimizer.step()
        steps += 1
    return steps / (time.perf_counter() - start)


def measure(cases, repeats, seconds):
    """Return the medians {case: (browser, PyTorch)}; both take turns."""
    found = {case: ([], []) for case in cases}
    with chromium() as browser:
        for _ in range(repeats):
            for case, (browsers, torchs) in found.items():
                browsers.append(in_browser(browser, *case, seconds))
                torchs.append(in_torch(*case, seconds))
    return {case: tuple(map(statistics.median, both)) for case, both in found.items()}


def section(cases, repeats, seconds):
    """Measure; return the section of the results."""
    rows = [
        (
            f"{depth} × {width}",
            f"{ours:.0f}",
            f"{torchs:.0f}",
            f"{torchs / ours:.1f}",
        )
        for (depth, width), (ours, torchs) in measure(cases, repeats, seconds).items()
    ]
    with chromium() as browser:
        slow = slow_phone.section(browser)
    head = ["layers × neurons", "playground", "PyTorch", "PyTorch : playground"]
    return "\n\n".join(
        [
            "## How fast the playground trains",
            f"Measured by `python -m benchmarks.playground` with {machine()}, and Chromium: "
            f"training steps a second, batches of {BATCH} in float32, median of {repeats} times "
            f"{seconds:g} seconds, taking turns. The playground draws and tests meanwhile, PyTorch "
            "(one thread) does nothing else.",
            table(head, rows),
            slow,
        ]
    )


def main(argv=None):
    """Measure everything and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args(argv)
    with one_thread():
        text = section(CASES, chosen.repeats, chosen.seconds)
    print(text, file=sys.stderr)
    write_section("playground", text)


if __name__ == "__main__":
    main()
