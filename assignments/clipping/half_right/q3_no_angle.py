"""Clips by value; the angle is not written."""


def clip_by_value(gradients, limit):
    return [None if g is None else g.clamp(-limit, limit) for g in gradients]


def turned(before, after): ...
