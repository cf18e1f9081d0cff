"""Draw book/assets/social.png, the picture that links to the course show.

    python -m tools.social_card

The bars come from the logo, the colours of the text from the figures' style.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lessons.plots import style

ASSETS = Path(__file__).resolve().parents[1] / "book" / "assets"
WIDTH, HEIGHT = 1200, 630
INK, MUTED = "#1f2933", "#5f6670"


def bars():
    """Yield x, y, width, height and colour of each bar of the logo, which is 64 units wide."""
    for rect in ET.parse(ASSETS / "logo.svg").getroot().iter("{http://www.w3.org/2000/svg}rect"):
        yield *(float(rect.get(key)) for key in ("x", "y", "width", "height")), rect.get("fill")


def draw():
    """Return the card as a figure of 1200 x 630 pixels."""
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, layout="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    scale, left, top = 6.2, 745, 120
    for x, y, width, height, color in bars():
        corner = (left + x * scale, top + y * scale)
        rounded = "round,pad=0,rounding_size=8"
        axes.add_patch(
            FancyBboxPatch(corner, width * scale, height * scale, rounded, color=color, lw=0)
        )
    axes.text(70, 235, "Vanishing and\nExploding Gradients", size=38, weight="bold", color=INK)
    axes.text(70, 335, "Nothing is taken on trust.", size=24, color=INK)
    lines = "A course you can run: see it happen, find out why,\npredict how fast, choose the fix."
    axes.text(70, 470, lines, size=17, color=MUTED, linespacing=1.5)
    return figure


if __name__ == "__main__":
    with style():
        card = draw()
        card.savefig(ASSETS / "social.png", metadata={"Software": None})
    print(f"{ASSETS / 'social.png'}: {(ASSETS / 'social.png').stat().st_size / 1000:.0f} KB")
