"""Weight decay: L1, L2 and decoupled; what holding weights small does to signals and gradients."""

from lessons.fixes.weight_decay.effect import (
    Trained,
    first_steps,
    halving_steps,
    mean_weight,
    trained,
    walk,
    walk_size,
)
from lessons.fixes.weight_decay.optimizers import Adam, Descent

__all__ = [
    "Adam",
    "Descent",
    "Trained",
    "first_steps",
    "halving_steps",
    "mean_weight",
    "trained",
    "walk",
    "walk_size",
]
