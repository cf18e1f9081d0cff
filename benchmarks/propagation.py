"""Measure what a map of gradients costs: by `sweep`, and by one backward pass for each net.

The map has 40 gains, 40 depths, 4 activations and 8 seeds. The slow way is measured on a sample.
Writes its section of benchmarks/results.md.
"""

import argparse
import math
import multiprocessing
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.results import machine, table, write_section
from lessons import activations
from lessons._threads import one_thread
from lessons.networks import mlp
from lessons.propagation import sweep


@dataclass(frozen=True)
class Map:
    """A map of nets: what is asked for."""

    activations: tuple = ("sigmoid", "tanh", "relu", "gelu")
    gains: tuple = tuple(np.geomspace(0.1, 4.0, 40).tolist())
    depth: int = 40
    seeds: int = 8
    width: int = 128
    batch: int = 16

    @property
    def nets(self):
        """How many cells there are, a net each."""
        return len(self.activations) * len(self.gains) * self.depth * self.seeds


def at_once(asked):
    """Return the whole map, log10 of the factors."""
    how = {"width": asked.width, "batch": asked.batch, "seeds": asked.seeds}
    return sweep(asked.activations, asked.gains, asked.depth, **how).log10_factor


def backward(function, x, error):
    """Return log10 of the gradient's factor, from one backward pass."""
    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(function(x), x, error)
    return (gradient.norm(dim=1) / error.norm(dim=1)).log10().mean().item()


def module(asked, activation, gain, depth, seed):
    """Build a net as the chapters do, in float64, and send one gradient back."""
    how = {"inputs": asked.width, "outputs": asked.width, "initialization": "lecun", "gain": gain}
    net = mlp(depth, asked.width, activation=activation, seed=seed, dtype=torch.float64, **how)
    generator = torch.Generator().manual_seed(seed)
    x, error = _ends(asked, generator)
    return backward(lambda x: net.activation.function(net(x)), x, error)


def bare(asked, activation, gain, depth, seed):
    """Do the same without a module: matrices drawn in float32, multiplied in float64."""
    function, generator = activations.get(activation).function, torch.Generator().manual_seed(seed)
    scale = gain / math.sqrt(asked.width)
    size = asked.width, asked.width
    weights = [torch.randn(size, generator=generator).double() * scale for _ in range(depth)]

    def net(x):
        for weight in weights:
            x = function(x @ weight.T)
        return x

    return backward(net, *_ends(asked, generator))


def _ends(asked, generator):
    size = asked.batch, asked.width
    return [torch.randn(size, generator=generator, dtype=torch.float64) for _ in range(2)]


ONE_BY_ONE = {
    "a backward pass for each net, built with `mlp`": module,
    "the same, matrices without a module": bare,
}


def sample(asked, size, seed=0):
    """Draw cells of the map, so many of each activation and each at another depth.

    Examples
    --------
    >>> cells = sample(Map(), 3)
    >>> len(cells), sorted({depth for _, _, depth, _ in cells})  # the middles of three thirds
    (12, [7, 21, 34])
    """
    random = np.random.default_rng(seed)
    depths = [int((i + 0.5) * asked.depth / size + 1) for i in range(size)]
    return [
        (name, random.choice(asked.gains), depth, int(random.integers(asked.seeds)))
        for name in asked.activations
        for depth in depths
    ]


def timed(function, *args):
    """Call; return CPU seconds: with one thread, those on the clock of a quiet machine."""
    before = time.process_time()
    function(*args)
    return time.process_time() - before


def measure(asked, repeats, size):
    """Return CPU seconds of the sweep and of each slow way, the latter for the whole map.

    They take turns: after each sweep comes a share of the sample, of both slow ways.
    """
    cells = sample(asked, size)
    at_once(asked)
    for slow in ONE_BY_ONE.values():
        slow(asked, *cells[0])
    fast, one_by_one = [], {name: [] for name in ONE_BY_ONE}
    for repeat in range(repeats):
        fast.append(timed(at_once, asked))
        for cell in cells[repeat::repeats]:
            for name, slow in ONE_BY_ONE.items():
                one_by_one[name].append(timed(slow, asked, *cell))
    found = {"`sweep`": statistics.median(fast)}
    return found | {n: statistics.mean(times) * asked.nets for n, times in one_by_one.items()}


def _peak(way, asked):
    """Return the MB that a way holds at its peak beyond what is held before; for a new process."""
    torch.set_num_threads(1)
    torch.ones(2, 2, requires_grad=True).square().sum().backward()
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew
    before = _status("VmRSS")
    if way in ONE_BY_ONE:
        ONE_BY_ONE[way](asked, asked.activations[-1], asked.gains[-1], asked.depth, 0)
    else:
        at_once(asked)
    return (_status("VmHWM") - before) / 1024


def _status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def memory(asked, ways):
    """Return the MB that each way holds at its peak; the slow ones hold their deepest net."""
    spawn = multiprocessing.get_context("spawn")
    found = {}
    for way in ways:
        with spawn.Pool(1) as pool:
            found[way] = pool.apply(_peak, (way, asked))
    return found


def section(asked, repeats, size):
    """Measure; return the section of the results."""
    seconds = measure(asked, repeats, size)
    held = memory(asked, seconds)
    fast = seconds["`sweep`"]
    rows = [
        (
            way,
            f"{found:.2f}" if way == "`sweep`" else f"{found:.0f}",
            f"{found / fast:.0f}",
            f"{held[way]:.0f}",
        )
        for way, found in seconds.items()
    ]
    head = ["way", "CPU seconds", "times `sweep`", "memory, MB"]
    shape = (
        f"{len(asked.gains)} gains × {asked.depth} depths × {len(asked.activations)} activations × "
        f"{asked.seeds} seeds, so {asked.nets} nets, of width {asked.width}, with {asked.batch} "
        "inputs"
    )
    tried = size * len(asked.activations)
    return "\n\n".join(
        [
            "## What a map of gradients costs",
            f"Measured by `python -m benchmarks.propagation` with {machine()}, one thread. "
            f"The map: {shape}. `sweep` computed all of it, {repeats} times (median). The other "
            f"ways were not run to their end: {tried} nets, spread over depths and "
            "activations, took turns with `sweep` in one process; their mean time is multiplied by "
            "the number of nets. Both work in float64, since in float32 the deepest cells would be "
            "0. Memory is the peak of a fresh process beyond what it held before; one by "
            "one it is that of the deepest net.",
            table(head, rows),
        ]
    )


def main(argv=None):
    """Measure everything and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sample", type=int, default=20, help="nets of each activation")
    chosen = parser.parse_args(argv)
    with one_thread():
        text = section(Map(), chosen.repeats, chosen.sample)
    print(text, file=sys.stderr)
    write_section("propagation", text)


if __name__ == "__main__":
    main()
