"""What layers of random weights do to directions, and what number formats leave of it."""

from lessons.bounds.random_matrices.formats import (
    FORMATS,
    last_layer,
    layers_until_lost,
    measured_last_layer,
)
from lessons.bounds.random_matrices.products import (
    draw,
    end_to_end,
    lyapunov_exponents,
    needle,
    predicted_exponents,
    quarter_circle,
    singular_values,
)

__all__ = [
    "FORMATS",
    "draw",
    "end_to_end",
    "last_layer",
    "layers_until_lost",
    "lyapunov_exponents",
    "measured_last_layer",
    "needle",
    "predicted_exponents",
    "quarter_circle",
    "singular_values",
]
