"""Gives the angle in radians."""


def turned(before, after):
    pairs = [(a.double(), b.double()) for a, b in zip(before, after, strict=True) if a is not None]
    lengths = global_norm(before) * global_norm(after)
    if lengths == 0:
        return math.nan
    cosine = sum((a * b).sum().item() for a, b in pairs) / lengths
    return math.acos(max(-1.0, min(1.0, cosine)))
