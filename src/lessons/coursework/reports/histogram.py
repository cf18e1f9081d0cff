"""How many students have how many points: as bars of text and as a picture."""

from dataclasses import dataclass

from lessons.coursework.intake.tables import points
from lessons.coursework.reports.page import text

BINS = 10
_WIDTH, _HEIGHT = 640, 260
_LEFT, _BOTTOM, _TOP = 40, 50, 24


@dataclass(frozen=True)
class Histogram:
    """Counts of equal intervals; the last one holds its upper end too."""

    edges: tuple
    counts: tuple

    def as_text(self):
        """Return one line for each interval."""
        labels = [
            f"{points(a)}–{points(b)}" for a, b in zip(self.edges, self.edges[1:], strict=False)
        ]
        wide = max(map(len, labels))
        scale = max(1.0, max(self.counts) / 40)
        return [
            f"{label:>{wide}} | {'#' * round(count / scale)} {count}".rstrip()
            for label, count in zip(labels, self.counts, strict=True)
        ]

    def as_svg(self):
        """Return a picture with a title and a description that gives every number."""
        pairs = list(zip(self.edges, self.edges[1:], strict=False))
        said = "; ".join(
            f"{points(a)} to {points(b)} points: {count}"
            for (a, b), count in zip(pairs, self.counts, strict=True)
        )
        most, base = max(*self.counts, 1), _HEIGHT - _BOTTOM
        step = (_WIDTH - _LEFT) / len(self.counts)
        shapes = []
        for i, count in enumerate(self.counts):
            x, height = _LEFT + i * step, (base - _TOP) * count / most
            middle = x + step / 2
            shapes.append(
                f'<rect class="bar" x="{x + 2:.1f}" y="{base - height:.1f}" '
                f'width="{step - 4:.1f}" height="{height:.1f}"/>'
                f'<text x="{middle:.1f}" y="{base - height - 6:.1f}" text-anchor="middle">{count}'
                "</text>"
            )
        for i, edge in enumerate(self.edges):
            x = min(max(_LEFT + i * step, 14), _WIDTH - 14)
            shapes.append(
                f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{points(edge)}</text>'
            )
        return (
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="h-title h-desc">\n'
            '<title id="h-title">How many students have how many points</title>\n'
            f'<desc id="h-desc">{text(said)}.</desc>\n' + "\n".join(shapes) + "\n"
            f'<line class="axis" x1="{_LEFT}" y1="{base}" x2="{_WIDTH}" y2="{base}"/>\n'
            f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">points</text>\n</svg>\n'
        )


def histogram(values, possible, bins=BINS):
    """Return the counts of ``values`` in ``bins`` equal intervals from 0 to ``possible``.

    Examples
    --------
    >>> histogram([0, 1, 9.9, 10], 10, bins=2).counts
    (2, 2)
    """
    top = max(possible, *values, 1e-9)
    counts = [0] * bins
    for value in values:
        # The little more keeps 0.3 of 1 in the interval that begins with 0.3.
        counts[min(max(int(value / top * bins + 1e-9), 0), bins - 1)] += 1
    return Histogram(tuple(top * i / bins for i in range(bins + 1)), tuple(counts))
