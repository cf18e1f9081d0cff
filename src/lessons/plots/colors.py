"""The colours of the course and what they mean, and how the lines of one figure get theirs."""

from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from lessons._check import choice

# Vanishing is blue, exploding orange, healthy green, in the whole book, and nothing else is.
MEANINGS = {"vanishing": "#0057A0", "exploding": "#D55E00", "healthy": "#00936A"}
# For everything else. All can be told apart, also by colour-blind readers; a test measures it.
OTHERS = {"other": "#B274B2", "fifth": "#663300", "neutral": "#646B76", "dark": "#1F2933"}
COLORS = MEANINGS | OTHERS
_MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
_DASHES = ["-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), "-"]
_ROLES = list(COLORS)
VANISHING_TO_EXPLODING = LinearSegmentedColormap.from_list(
    "vanishing_to_exploding", [COLORS["vanishing"], "#f4f4f4", COLORS["exploding"]]
)
# More is farther from the paper: still so after dark mode has turned light and dark around.
LITTLE_TO_MUCH = LinearSegmentedColormap.from_list(
    "little_to_much", ["#f6f2f6", "#dcc0dc", "#b274b2", "#713f7d", "#2c1338"]
)


def look(i, role=None):
    """Return the colour, marker and dashes of line ``i``.

    Without a ``role`` (a key of ``COLORS``) the colour is one that means nothing.
    """
    if role:
        i = _ROLES.index(choice("role", role, _ROLES))
        return _look(i, COLORS[role])
    names = list(OTHERS)
    return _look(i + len(MEANINGS), OTHERS[names[i % len(names)]])


def looks(labels, roles=None):
    """Return label to :func:`look`; those without a role get what the others leave free.

    Lines of one role have one colour and differ in marker and dashes.
    """
    roles = roles or {}
    free = [role for role in OTHERS if role not in roles.values()] or list(OTHERS)
    found, used = {}, {}
    for label in labels:
        role = roles.get(label) or free[sum(name not in roles for name in found) % len(free)]
        first = look(0, role)
        again = used[role] = used.get(role, -1) + 1
        found[label] = _look(_ROLES.index(role) + 2 * again, first["color"])
    return found


def ink(color):
    """Return the colour, darker where needed, so that text in it can be read on white (4.5 : 1)."""
    red, green, blue = to_rgb(color)
    while _contrast_to_white(red, green, blue) < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return to_hex((red, green, blue))


def _look(i, color):
    dashes, marker = _DASHES[i % len(_DASHES)], _MARKERS[i % len(_MARKERS)]
    return {"color": color, "marker": marker, "linestyle": dashes}


def _contrast_to_white(*channels):
    """Contrast ratio of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 1.05 / (luminance + 0.05)
