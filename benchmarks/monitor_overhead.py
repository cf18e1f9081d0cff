"""Measure how much slower a training step gets under the gradient monitor, and under others.

Pairs of blocks of steps, one bare and one watched, take turns in one process with one thread.
Writes its section of benchmarks/results.md.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time

from benchmarks.overhead_cases import TASKS, WATCHERS, Watcher, nothing
from benchmarks.results import machine, table, write_section
from lessons._threads import one_thread

CLOCKS = {"CPU time": time.process_time, "wall time": time.perf_counter}


def alternate(first, second, pairs):
    """Call two functions in turns, each pair in the other order than the one before.

    Returns
    -------
    list of tuple
        What the first and the second returned, by pair.

    Examples
    --------
    >>> alternate(lambda: print("a", end=""), lambda: print("b", end=""), 3)
    abbaab[(None, None), (None, None), (None, None)]
    """
    found = []
    for pair in range(pairs):
        if pair % 2:
            later = second()
            found.append((first(), later))
        else:
            found.append((first(), second()))
    return found


def timed(task, watcher, folder):
    """Return a function that trains one block and returns seconds by clock, and what to close."""
    model, optimizer, gradients = task.make()
    opened = watcher.open(model, optimizer, folder)
    step = 0

    def block(steps):
        nonlocal step
        before = [clock() for clock in CLOCKS.values()]
        with opened.around():
            for _ in range(steps):
                gradients()
                opened.look(step)
                optimizer.step()
                step += 1
        return [clock() - start for clock, start in zip(CLOCKS.values(), before, strict=True)]

    return block, opened.closing


def measure(task, watcher, pairs):
    """Return [(bare, watched)] seconds by pair, for each clock."""
    steps = task.block * watcher.blocks
    with tempfile.TemporaryDirectory() as folder:
        bare, _ = timed(task, Watcher("", nothing), folder)
        watched, closing = timed(task, watcher, folder)
        with contextlib.closing(closing):
            warm = max(20, steps)  # the first looks come more often
            bare(warm), watched(warm)
            found = alternate(lambda: bare(steps), lambda: watched(steps), pairs)
    return [[(b[i], w[i]) for b, w in found] for i in range(len(CLOCKS))]


def quartiles(values):
    """Return the lower quartile, the median and the upper quartile.

    Examples
    --------
    >>> quartiles([4.0, 1.0, 2.0, 3.0, 5.0])
    [2.0, 3.0, 4.0]
    """
    return statistics.quantiles(values, n=4, method="inclusive")


def summary(pairs):
    """Return what watching costs: quartiles of watched / bare by pair, and that of the totals."""
    low, middle, high = quartiles([watched / bare for bare, watched in pairs])
    bare, watched = (sum(times) for times in zip(*pairs, strict=True))
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]", f"{watched / bare:.3f}"


def section(tasks, watchers, pairs):
    """Measure; return the section of the results."""
    rows = []
    for task in tasks:
        for watcher in watchers:
            found = measure(task, watcher, min(pairs, watcher.pairs))
            steps = task.block * watcher.blocks
            bare = 1000 * statistics.median(bare for bare, _ in found[0]) / steps
            row = (f"{task.name}: {watcher.name}", f"{bare:.2f}", *sum(map(summary, found), ()))
            rows.append(row)
            print(*row, sep="  ", file=sys.stderr, flush=True)
    fewer = [f" ({w.pairs} for {w.name})" for w in watchers if w.pairs < pairs]
    head = ["net: what watches", "bare step, ms"]
    head += [f"{clock}: {what}" for clock in CLOCKS for what in ("median [quartiles]", "totals")]
    return "\n\n".join(
        [
            "## What watching costs",
            f"Measured by `python -m benchmarks.monitor_overhead` with {machine()}, one thread. "
            f"{pairs} pairs{''.join(fewer)} of a bare and a watched block of steps took turns in "
            "one process. "
            "Each number is the time with the watcher divided by the time without: the median of "
            "the pairs with their quartiles, and the quotient of all times added up. With a budget "
            "the monitor looks at irregular steps, so there the totals count.",
            table(head, rows),
        ]
    )


def main(argv=None):
    """Measure everything and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--task", default="", help="only tasks whose name contains this; no file")
    parser.add_argument("--watcher", default="", help="only watchers whose name contains this")
    chosen = parser.parse_args(argv)
    tasks = [task for task in TASKS if chosen.task in task.name]
    watchers = [watcher for watcher in WATCHERS if chosen.watcher in watcher.name]
    with one_thread():
        text = section(tasks, watchers, chosen.pairs)
    if tasks == TASKS and watchers == WATCHERS:
        write_section("monitor overhead", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
