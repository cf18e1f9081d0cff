"""What all tests share: no windows, and property tests that try the same examples each time."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
