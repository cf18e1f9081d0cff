"""Measure the course's LSTM against ``nn.LSTM`` and against its textbook form.

All take turns in one process with one thread. Writes its section of benchmarks/results.md.
"""

import statistics
import time

import torch
from torch import nn

from benchmarks.monitor_overhead import quartiles
from benchmarks.results import in_rounds, machine, table
from lessons.fixes.lstm import LSTM, TextbookLSTM

TIME, BATCH, INPUTS, WIDTH = 100, 32, 64, 128


def layers():
    """Return the three layers by name, with the same weights."""
    torch.manual_seed(0)
    theirs = nn.LSTM(INPUTS, WIDTH, batch_first=True)
    ours = LSTM(INPUTS, WIDTH, batch_first=True)
    ours.load_state_dict(theirs.state_dict())
    textbook = TextbookLSTM(INPUTS, WIDTH).load(theirs)
    return {"nn.LSTM": theirs, "lstm.LSTM": ours, "textbook, eight Linears": textbook}


def seconds(layer, x):
    """Return the CPU seconds of one forward and backward pass."""
    start = time.process_time()
    layer(x)[0].square().sum().backward()
    return time.process_time() - start


def measure(rounds):
    """Return the seconds of each round by name; within a round the layers take turns."""
    x = torch.randn(BATCH, TIME, INPUTS, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    made = layers()
    names, found = list(made), {name: [] for name in made}
    for number in range(-2, rounds):
        for name in names if number % 2 else names[::-1]:
            used = seconds(made[name], x)
            if number >= 0:  # the first two warm up
                found[name].append(used)
    return found


def ratio(found, above, below):
    """Return the median of above / below over the rounds, with the quartiles.

    Examples
    --------
    >>> ratio({"a": [2.0, 4.0, 6.0], "b": [1.0, 1.0, 1.0]}, "a", "b")
    (4.0, '4.00 [3.00, 5.00]')
    """
    pairs = zip(found[above], found[below], strict=True)
    low, middle, high = quartiles([a / b for a, b in pairs])
    return middle, f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def section(found):
    """Return the section of the results."""
    rows = [
        (
            name,
            f"{1000 * statistics.median(times):.1f}",
            ratio(found, name, "nn.LSTM")[1],
            ratio(found, "textbook, eight Linears", name)[1],
        )
        for name, times in found.items()
    ]
    rounds = len(found["nn.LSTM"])
    return "\n\n".join(
        [
            "## What an LSTM from scratch costs",
            f"Measured by `python -m benchmarks.lstm` with {machine()}, one thread. Forward and "
            f"backward, {TIME} steps, batch {BATCH}, {INPUTS} inputs, width {WIDTH}, float32. In "
            f"each of {rounds} rounds all take turns; CPU time, median of the rounds with the "
            "quartiles.",
            table(["layer", "ms", "its time : nn.LSTM", "textbook : its time"], rows),
            "`lstm.LSTM` takes the product with the input out of the walk through time, makes all "
            "gates with one product, and computes the gradient of the recurrent matrix once "
            "instead of at each step.",
        ]
    )


def main(argv=None):
    """Measure; write the section, or print it."""
    in_rounds("lstm", __doc__, measure, section, 40, argv)


if __name__ == "__main__":
    main()
