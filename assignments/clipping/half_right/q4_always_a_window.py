"""Takes the root of a negative number where there is no window."""


def window(w, b):
    s = (1 + math.sqrt(1 - 4 / abs(w))) / 2
    z = math.log(s / (1 - s))
    return tuple(sorted([(-z - b) / w, (z - b) / w]))


def window_width(w):
    low, high = window(w, 0.0)
    return high - low
