"""Trains and measures; the comparison is not written."""


def compare(seed, threshold): ...
