"""Notebooks for the tiny assignment."""

import json
from pathlib import Path

TINY = Path(__file__).parent / "tiny"
STUDENT = 'STUDENT = "ada"'
NORM = """import torch

def norm(tensors):
    if not tensors:
        raise ValueError("an empty list has no norm")
    return float(sum((tensor.double() ** 2).sum() for tensor in tensors).sqrt())
"""
HALF = "def half(x):\n    return x / 2"
THRESHOLD = "threshold = 0.5"
HONEST = [STUDENT, NORM, HALF, THRESHOLD]


def notebook(*sources, **extra):
    """Return a notebook with these code cells, as bytes."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **extra}
    return json.dumps(whole).encode()
