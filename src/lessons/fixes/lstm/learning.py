"""Two tasks that ask for a memory, and nets that learn them or do not."""

import math

from lessons._check import choice
from lessons.data import adding, recall
from lessons.fixes.lstm.nets import reader
from lessons.training import train

# The task: its data, the net's inputs and outputs, the loss.
TASKS = {"recall": (recall, 8, 4, "cross_entropy"), "adding": (adding, 2, 1, "mse")}


def learn(task, length, kind, *, steps=150, lr=0.01, samples=600, seed=0, dtype=None, **how):
    """Train a net of :func:`reader` with Adam on batches of 64.

    Parameters
    ----------
    task : str
        "recall": name the first of ``length`` symbols. "adding": add the two marked numbers.
    length : int
        Steps of a sequence.
    kind : str or nn.Module
    steps : int
        Updates.
    lr : float
    samples, seed : int
    dtype : torch.dtype, optional
    **how
        ``width``, ``forget``, ``enter``, ``gain`` for :func:`reader`.

    Returns
    -------
    lessons.training.History

    Raises
    ------
    TypeError, ValueError
        On an unknown task or kind, or sizes below 1.

    Examples
    --------
    >>> history = learn("recall", 5, "lstm", forget=1.6, enter=-1.6, steps=60, lr=0.02)
    >>> history.accuracy[-1] > 0.9
    True
    """
    make, inputs, outputs, loss = TASKS[choice("task", task, TASKS)]
    net = reader(kind, inputs=inputs, outputs=outputs, seed=seed, dtype=dtype, **how)
    x, y = make(samples, length, seed=seed)
    if dtype is not None:
        x = x.to(dtype)
        y = y.to(dtype) if loss == "mse" else y
    record = max(1, steps // 6)
    return train(
        net,
        x,
        y,
        loss=loss,
        optimizer="adam",
        lr=lr,
        steps=steps,
        batch_size=64,
        seed=seed,
        record_every=record,
    )


def solved(history, share=0.25):
    """Whether a net of :func:`learn` reached a quarter of the loss that guessing has.

    Guessing costs ln 4 in recall and 1/6 in adding.

    Examples
    --------
    >>> solved(learn("adding", 10, "plain", steps=1))
    False
    """
    guess = math.log(4) if history.accuracy else 1 / 6
    return min(history.loss) < share * guess
