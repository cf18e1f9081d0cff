"""Leaves out the bias."""


def window(w, b):
    if abs(w) <= 4:
        return None
    x = math.acosh(abs(w) / 2 - 1) / abs(w)
    return -x, x
