"""Part *fixes* of the course, and the one index of its fixes: what each cures, and what not.

The monitor's advice and the page *Which fix for what?* take it from here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fix:
    """One remedy.

    Attributes
    ----------
    name : str
        As its module: "batch_norm".
    title : str
    cures : tuple of str
        The findings that it is for, as ``lessons.monitor.KINDS`` names them.
    leaves : str
        What it does not cure.
    first : str
        When to try it before the others.
    cost : str
    chapter : str
        "fixes/batch_norm".
    """

    name: str
    title: str
    cures: tuple
    leaves: str
    first: str
    cost: str

    @property
    def chapter(self):
        """Where the course measures it."""
        return f"fixes/{self.name}"


_ALL = (
    Fix(
        "initialization",
        "Initialization",
        (
            "weights_too_large",
            "exploding",
            "vanishing",
            "exploding_signals",
            "vanishing_signals",
            "dead_units",
            "saturated",
        ),
        "What comes later: a step that is too large, a wall met in training. Fifty sigmoid layers "
        "learn with none of the recipes tried.",
        "Always: it is chosen before the first step.",
        "Nothing at each step.",
    ),
    Fix(
        "activation",
        "Another activation",
        ("vanishing", "vanishing_signals", "dead_units"),
        "Weights of a wrong size: a ReLU net with too large weights explodes.",
        "A deep net of sigmoids, together with its initialization; neurons that are off for all "
        "data.",
        "Nothing, or a little more than a ReLU.",
    ),
    Fix(
        "batch_norm",
        "Batch normalization",
        ("vanishing", "exploding", "exploding_signals", "vanishing_signals", "saturated"),
        "Depth: in a deep ReLU net it makes the gradient grow by 1.21 with each layer. Small "
        "batches.",
        "When batches are not small; with shortcuts around the blocks if the net is deep.",
        "A pass over the batch in each layer; training and use differ.",
    ),
    Fix(
        "residual",
        "Residual connections",
        ("vanishing",),
        "Explosion: He-initialized branches without a normalization double the mean square of the "
        "signal with each block.",
        "Nets of more than about twenty layers.",
        "An addition; a projection where widths differ.",
    ),
    Fix(
        "lstm",
        "LSTM",
        ("vanishing_through_time",),
        "Explosion through time: with large recurrent weights it explodes too. Clip as well.",
        "Sequences of more than about twenty steps.",
        "Four times the weights of a plain recurrent net of the same width.",
    ),
    Fix(
        "clipping",
        "Gradient clipping",
        ("exploding_through_time", "step_too_large", "spike"),
        "Vanishing: a cut never lifts a gradient. A chaotic net, whose gradient says nothing.",
        "Recurrent nets, and losses with walls.",
        "One norm over all gradients; a threshold to choose.",
    ),
    Fix(
        "weight_decay",
        "Weight decay",
        (),
        "An explosion at the start, with every strength from 0 to 1.",
        "Weights that keep growing; the chapter shows it on a random walk only.",
        "A strength to choose, which depends on the rate.",
    ),
    Fix(
        "losses",
        "A bounded loss",
        ("diverging_loss",),
        "The layers behind it: the factor of each stays as it was.",
        "A regression with wrong targets.",
        "A width δ to choose.",
    ),
    Fix(
        "learning_rate",
        "Learning rate and momentum",
        ("step_too_large", "step_too_small", "diverging_loss", "stalled_loss"),
        "A gradient that vanishes with depth. A net that explodes may learn at a small rate, but "
        "little of it holds for new data.",
        "A loss that jumps, or hardly falls, in a net whose layers are alike.",
        "More steps where it is smaller.",
    ),
    Fix(
        "depth",
        "Fewer layers",
        ("vanishing", "exploding"),
        "The factor of a layer, which is raised to a smaller power.",
        "When the task does not need them: try half.",
        "What a deep net can fold with few weights.",
    ),
)
FIXES = {fix.name: fix for fix in _ALL}


def for_kind(kind):
    """Return the fixes for one kind of finding, in the course's order.

    Parameters
    ----------
    kind : str
        One of ``lessons.monitor.KINDS``.

    Returns
    -------
    list of Fix
        Empty if none is for it.

    Examples
    --------
    >>> [fix.name for fix in for_kind("exploding_through_time")]
    ['clipping']
    """
    return [fix for fix in _ALL if kind in fix.cures]
