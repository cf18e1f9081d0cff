"""Takes the weight's size for the weight."""


def window(w, b):
    if abs(w) <= 4:
        return None
    z = math.acosh(abs(w) / 2 - 1)
    return (-z - b) / abs(w), (z - b) / abs(w)
