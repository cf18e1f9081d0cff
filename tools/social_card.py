"""Draw book/assets/social.png, the picture that links to the course show.

    python -m tools.social_card

On the right stands the course's recurring picture, measured anew: gradient norm by layer.
"""

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from lessons.data import digits
from lessons.measure import gradient_norms
from lessons.networks import three_nets
from lessons.plots import COLORS, style

ASSETS = Path(__file__).resolve().parents[1] / "book" / "assets"
WIDTH, HEIGHT = 1200, 630
INK, MUTED = "#1f2933", "#5f6670"


def norms():
    """Return the gradient norm of each layer of the three nets on 256 digits, first layer first."""
    data, found = digits(dtype=torch.float64), {}
    for name, net in three_nets(dtype=torch.float64).items():
        loss = torch.nn.functional.cross_entropy(net(data.train_x[:256]), data.train_y[:256])
        loss.backward()
        found[name] = list(gradient_norms(net).values())
    return found


def draw():
    """Return the card as a figure of 1200 x 630 pixels."""
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, layout="none")
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    page.set_axis_off()
    page.text(60, 185, "Vanishing and\nExploding\nGradients", size=38, weight="bold", color=INK,
              va="center")  # fmt: skip
    page.text(60, 345, "Nothing is taken on trust.", size=22, color=INK)
    lines = "A course you can run:\nsee it happen, find out why,\npredict how fast, choose the fix."
    page.text(60, 510, lines, size=17, color=MUTED, linespacing=1.5)
    axes = figure.add_axes((0.56, 0.17, 0.40, 0.66), yscale="log")
    for name, values in norms().items():
        layers = np.arange(1, len(values) + 1)
        axes.plot(layers, values, color=COLORS[name], lw=4, marker="o", ms=7)
        place = (11, values[10]) if name == "exploding" else (8, values[7])
        axes.annotate(
            name, place, (10, 14 if name == "exploding" else -28), textcoords="offset points",
            size=19, weight="bold", color=COLORS[name],
        )  # fmt: skip
    axes.set_xlabel("layer (1 = next to the input)", size=15, color=MUTED)
    axes.set_title("gradient norm", size=15, color=MUTED, loc="left", weight="normal")
    axes.set_xticks([1, 5, 10, 15, 20])
    axes.tick_params(labelsize=13, colors=MUTED)
    return figure


if __name__ == "__main__":
    with style():
        card = draw()
        card.savefig(ASSETS / "social.png", metadata={"Software": None})
    print(f"{ASSETS / 'social.png'}: {(ASSETS / 'social.png').stat().st_size / 1000:.0f} KB")
