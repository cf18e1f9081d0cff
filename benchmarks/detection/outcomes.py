"""What became of each run: the labels of the detection benchmark.

A run is labelled by its outcome, never by intention. It trains for the number of steps of its task.
Each task has two fixed losses: ``chance``, that of the best answer which does not look at the
input, and ``reference``, the median final loss of a plain network with Adam over three seeds
(`REFERENCES`). A run's final loss is the median of its last 20 batch losses. The run

- has **diverged** if a loss or a weight is not finite;
- otherwise has **learned** if its final loss covers at least half of the way from ``chance`` to
  ``reference``: a converged network that stays converged has learned;
- otherwise has **diverged** if its final loss is over 1.1 times its first loss;
- otherwise has **stalled**.

Diverged and stalled runs are sick. The seeds of one configuration may differ: each run keeps its
own label. The way does not begin at the run's own first loss, since a network that begins with a
huge loss and ends at chance has learned nothing.
"""

import functools
import json
import math
import multiprocessing
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from benchmarks.detection import tasks
from benchmarks.detection.config import Config, adam
from benchmarks.detection.nets import Reader, Transformer, Words, cnn1d, mlp, net
from benchmarks.detection.suite import CONFIGS, RUNS, SEEDS
from benchmarks.detection.train import train

CACHE = Path(__file__).with_name("outcomes.json")
LAST = 20  # batches
SHARE = 0.5  # of the way from chance to the reference
ABOVE = 1.1  # times the first loss

_mlp = (net(mlp, 4, width=64), 1e-3)
_curve = (net(mlp, 4, inputs=8, outputs=1, width=64), 3e-3)
REFERENCES = {
    "digits": _mlp,
    "noisy digits": _mlp,
    "rare digit": (net(mlp, 4, width=64, outputs=2), 1e-3),
    "autoencoder": (net(mlp, 3, width=64, outputs=64), 1e-3),
    "curve": _curve,
    "steep curve": _curve,
    "waves": (net(cnn1d, 4), 3e-3),
    "words": (net(Words, deviation=0.3), 1e-2),
    "chain": (net(Transformer, vocabulary=12), 3e-3),
    "recall 10": (net(Reader, "GRU", 8, 4), 1e-2),
    "recall 30": (net(Reader, "LSTM", 8, 4, forget=3.0), 1e-2),
    "recall 60": (net(Reader, "LSTM", 8, 4, forget=5.0), 1e-2),
    "adding 10": (net(Reader, "GRU", 2, 1), 1e-2),
    "adding 20": (net(Reader, "LSTM", 2, 1, forget=2.0), 1e-2),
}


def final(losses):
    """Return the median of the last losses."""
    return statistics.median(losses[-LAST:])


@functools.cache
def reference(name):
    """Return what a plain network reaches on the task: the median of three seeds."""
    build, rate = REFERENCES[name]
    config = Config(f"reference: {name}", name, build, adam(rate))
    steps = tasks.get(name).steps
    return statistics.median(final(train(config, seed, steps)[0]) for seed in SEEDS)


def label(losses, finite, chance, reached):
    """Return "diverged", "learned" or "stalled"; see the module's description.

    Examples
    --------
    >>> label([2.3] * 40 + [0.9] * 20, True, 2.3, 0.1), label([2.3] * 60, True, 2.3, 0.1)
    ('learned', 'stalled')
    >>> label([2.3] * 40 + [2.9] * 20, True, 2.3, 0.1), label([2.3, float("nan")], True, 2.3, 0.1)
    ('diverged', 'diverged')
    """
    if not finite or not all(map(math.isfinite, losses)):
        return "diverged"
    if final(losses) <= chance - SHARE * (chance - reached):
        return "learned"
    return "diverged" if final(losses) > ABOVE * losses[0] else "stalled"


def outcome(config, seed, reached):
    """Train one run to its end; return its label and numbers for the record."""
    task = tasks.get(config.task)
    losses, finite = train(config, seed, task.steps)
    end = final(losses)
    return {
        "name": config.name,
        "seed": seed,
        "outcome": label(losses, finite, task.chance, reached),
        "first_loss": _number(losses[0]),
        "final_loss": _number(end),
        "steps": len(losses),
    }


def _number(value):
    return float(f"{value:.4g}") if math.isfinite(value) else None


def stored():
    """Return the stored references and the stored runs."""
    found = json.loads(CACHE.read_text(encoding="utf-8"))
    return found["references"], found["runs"]


def _one(arguments):
    name, seed, reached = arguments
    return outcome(CONFIGS[name], seed, reached)


def run_all(workers=2):
    """Train every run to its end in several processes and store what came out.

    Returns
    -------
    dict of str to float, list of dict
        As `stored`.
    """
    with pool(workers) as executor:
        names = list(tasks.TASKS)
        found = shown("references", executor.map(reference, names), len(names))
        references = dict(zip(names, found, strict=True))
        todo = [(name, seed, references[CONFIGS[name].task]) for name, seed in RUNS]
        runs = list(shown("outcomes", executor.map(_one, todo), len(todo)))
    references = {name: _number(value) for name, value in references.items()}
    lines = ",\n".join(json.dumps(run) for run in runs)
    text = f'{{"references": {json.dumps(references)},\n"runs": [\n{lines}\n]}}\n'
    CACHE.write_text(text, encoding="utf-8")
    return references, runs


def pool(workers):
    """Return processes with one thread each."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=torch.set_num_threads, initargs=(1,))


def shown(what, items, count):
    """Pass the items on; print at each tenth of them how many have come."""
    for done, item in enumerate(items, start=1):
        if done * 10 // count > (done - 1) * 10 // count:
            print(f"{what}: {done} of {count}", flush=True)
        yield item
