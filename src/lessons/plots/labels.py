"""Names of lines: at their ends, beside them, or in a legend where neither has room."""

import numpy as np
from matplotlib.transforms import Bbox

from lessons.plots.colors import ink

_ALONG = 13  # places tried along a line
_GAP = 4  # pixels between a label and a line


def label_lines(figure, ax, lines):
    """Write the names of lines where they end; else beside them; else in a legend below.

    Labels do not touch each other, nor lines that are not theirs.

    Parameters
    ----------
    figure, ax : Figure, Axes
        With everything drawn but the labels.
    lines : sequence of Line2D
        Each with its label; a line without a finite point gets none.
    """
    _arrange(figure)
    lines = [line for line in lines if len(_pixels(line))]
    height = 1.25 * _font(ax) * figure.dpi / 72
    if not any(
        place(figure, ax, lines, height) for place in (_at_ends(0.7), _beside, _at_ends(2.4))
    ):
        legend_below(figure, ax)
        return
    for line in lines:
        line.set_linestyle("-")  # a name tells more than dashes do
    figure.set_layout_engine("none")  # everything has its place; arranging it again takes long


def legend_below(figure, ax):
    """A legend under the axes never covers a line."""
    handles, labels = ax.get_legend_handles_labels()
    lengths = [len(label) + 8 for label in labels]  # in letters, with the handle and the gap
    room = 128 * figure.get_figwidth() / _font(ax)
    columns = len(labels) if sum(lengths) <= room else max(1, int(room // max(lengths)))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def _font(ax):
    return ax.xaxis.get_ticklabels()[0].get_fontsize() if ax.xaxis.get_ticklabels() else 10


def _pixels(line):
    """The line's finite points in pixels, (n, 2), with points between them."""
    points = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return points
    steps = np.linspace(0, len(points) - 1, max(240, len(points)))
    known = np.arange(len(points))
    return np.column_stack([np.interp(steps, known, points[:, i]) for i in (0, 1)])


def _at_ends(most):
    """Place labels right of the lines' ends, moved by at most ``most`` line heights."""

    def place(figure, ax, lines, height):
        # Naming makes the axes narrower, not higher: what is too near now stays too near.
        ends = np.array([_pixels(line)[-1] for line in lines])
        box = ax.get_window_extent()
        spread = _spread(ends[:, 1], height)
        moves = np.abs(spread - ends[:, 1]).max() / height
        inside = spread.min() > box.y0 and spread.max() < box.y1
        if moves > most or not inside or (ends[:, 0] < box.x0 + 0.9 * box.width).any():
            return []
        where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        texts = [
            ax.annotate(
                line.get_label(), (1, _last(line)), (6, 0), va="center", annotation_clip=False,
                color=ink(line.get_color()), **where,
            )
            for line in lines
        ]  # fmt: skip
        if max(t.get_window_extent().width for t in texts) > 0.36 * figure.bbox.width:
            return _remove(texts)
        _arrange(figure)  # the axes give way to the labels
        ends = np.array([_pixels(line)[-1] for line in lines])
        spread = _spread(ends[:, 1], height)
        for text, end, y in zip(texts, ends, spread, strict=True):
            text.xyann = (6, (y - end[1]) * 72 / figure.dpi)
        return texts

    return place


def _last(line):
    x, y = (np.asarray(v, dtype=float) for v in line.get_data())
    return y[np.flatnonzero(np.isfinite(x) & np.isfinite(y))[-1]]


def _spread(wanted, height):
    """Return places at least ``height`` apart, in the order of those wanted and near them."""
    order = np.argsort(wanted, kind="stable")
    groups = []  # each: [sum of wanted places of its first label, number of labels]
    for i, y in enumerate(wanted[order]):
        groups.append([y - i * height, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    found = np.concatenate([np.full(count, total / count) for total, count in groups])
    places = np.empty(len(wanted))
    places[order] = found + height * np.arange(len(wanted))
    return places


def _beside(figure, ax, lines, height):
    """Place each label above or below its line, where the other lines are far away."""
    paths = [_pixels(line) for line in lines]
    box = ax.get_window_extent().padded(-2)
    texts, taken = [], []
    for line, path in zip(lines, paths, strict=True):
        text = ax.text(
            0.5, 0.5, line.get_label(), transform=ax.transAxes, ha="center", va="center",
            color=ink(line.get_color()),
        )  # fmt: skip
        text.set_in_layout(False)
        texts.append(text)
        extent = text.get_window_extent()
        others = [p for p in paths if p is not path]
        best = _best(path, others, taken, box, extent.width, max(extent.height, 0.8 * height))
        if best is None:
            return _remove(texts)
        taken.append(best)
        centre = ((best.x0 + best.x1) / 2, (best.y0 + best.y1) / 2)
        text.set_position(ax.transAxes.inverted().transform(centre))
    return texts


def _best(path, others, taken, box, width, height):
    """Return the Bbox of the free place that is farthest from the other lines, or None."""
    best, most = None, 2.0 * _GAP
    for x, y in path[np.linspace(0, len(path) - 1, _ALONG).astype(int)]:
        x = np.clip(x, box.x0 + width / 2 + _GAP, box.x1 - width / 2 - _GAP)
        for side in (1, -1):
            # As near as the line allows over the whole width of the label.
            under = path[np.abs(path[:, 0] - x) <= width / 2 + _GAP]
            edge = (under[:, 1].max() if side > 0 else under[:, 1].min()) if len(under) else y
            centre = edge + side * (height / 2 + _GAP)
            place = Bbox.from_bounds(x - width / 2, centre - height / 2, width, height)
            if abs(edge - y) > 1.5 * height or any(place.overlaps(t.padded(_GAP)) for t in taken):
                continue
            inside = box.y0 <= place.y0 and place.y1 <= box.y1
            room = min([_distance(place, other) for other in others], default=99)
            if inside and min(room, 60) > most:
                best, most = place, min(room, 60)
    return best


def _distance(place, path):
    """Distance in pixels from a Bbox to the nearest point of a line."""
    x = np.maximum(np.maximum(place.x0 - path[:, 0], path[:, 0] - place.x1), 0)
    y = np.maximum(np.maximum(place.y0 - path[:, 1], path[:, 1] - place.y1), 0)
    return np.hypot(x, y).min()


def _remove(texts):
    for text in texts:
        text.remove()
    return []


def _arrange(figure):
    """Let the layout give everything its place, without drawing it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
