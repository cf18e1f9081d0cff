"""Takes the nearest recorded norm instead of going along a line."""


def choose_threshold(norms, percent):
    finite = sorted(norm for norm in norms if math.isfinite(norm))
    return finite[round(percent / 100 * (len(finite) - 1))]
