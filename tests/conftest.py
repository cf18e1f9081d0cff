"""What all tests share: no windows, and property tests that try the same examples each time."""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def _luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.fixture(scope="session")
def contrast():
    """Return the function that gives the contrast ratio (WCAG 2.2) of two colours #rrggbb."""

    def ratio(one, other):
        low, high = sorted([_luminance(one), _luminance(other)])
        return (high + 0.05) / (low + 0.05)

    return ratio
