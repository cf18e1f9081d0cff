"""The picture of a run: gradients by layer and step, and the update : weight ratio."""

import math

MARKED = {"notice": ":", "warning": "--", "error": "-"}
# Vanishing is blue, exploding orange, healthy green, as everywhere in the course.
BLUE, ORANGE, GREEN, GREY = "#0057A0", "#D55E00", "#00936A", "#5F6670"
LABELS = 12  # names or steps written along an axis, at most


def _log10(value):
    return math.log10(value) if math.isfinite(value) and value > 0 else math.nan


def _heat_map(figure, axes, rows, names):
    columns = [[_log10(v) for v in row.get("gradient", names).tolist()] for row in rows]
    image = axes.imshow(
        list(zip(*columns, strict=True)), aspect="auto", origin="lower", cmap="cividis"
    )
    figure.colorbar(image, ax=axes, label="log10 of the gradient norm")
    every = max(1, math.ceil(len(names) / LABELS))
    axes.set_yticks(range(0, len(names), every), names[::every], fontsize=8)
    axes.set(title="Gradient by layer (input at the bottom)", ylabel="weight matrix")


def _band(axes, rows, names, limits):
    ratios = [[_log10(v) for v in row.get("ratio", names).tolist()] for row in rows]
    ratios = [sorted(v for v in values if not math.isnan(v)) for values in ratios]
    known = [(place, values) for place, values in enumerate(ratios) if values]
    places = [place for place, _ in known]
    axes.fill_between(
        places,
        [values[0] for _, values in known],
        [values[-1] for _, values in known],
        color=GREEN,
        alpha=0.25,
        label="all layers",
    )
    middle = [values[len(values) // 2] for _, values in known]
    axes.plot(places, middle, color=GREEN, marker="o", markersize=3, label="median layer")
    for limit, color, dashes, label in (
        (limits.ratio_high, ORANGE, "--", "limit: step too large"),
        (limits.ratio_low, BLUE, "-.", "limit: step too small"),
    ):
        axes.axhline(math.log10(limit), color=color, linestyle=dashes, label=label)
    axes.set(title="Update : weight", xlabel="step", ylabel="log10 of the ratio")


def _mark(axes, rows, findings):
    """Draw a line for each finding where it begins; lines that coincide share their numbers."""
    steps = [row.step for row in rows]
    places = {}
    for number, found in enumerate(findings, start=1):
        place = next(
            (i for i, step in enumerate(steps) if step >= found.since_step), len(steps) - 1
        )
        places.setdefault(place, []).append(str(number))
        axes.axvline(
            place,
            color=GREY,
            linestyle=MARKED[found.severity],
            label=f"{number}: {found.kind} ({found.severity})",
        )
    for place, numbers in places.items():
        axes.annotate(
            ", ".join(numbers), (place, 1), xycoords=("data", "axes fraction"), xytext=(2, -2),
            textcoords="offset points", va="top", fontsize=9, color=GREY,
        )  # fmt: skip


def draw(record, findings, limits=None):
    """Return a figure: a heat map of log10 gradient norms above the band of update : weight.

    Parameters
    ----------
    record : Record
    findings : sequence of Finding
        Each is marked by a numbered vertical line at the step since when it holds.
    limits : Thresholds, optional
        Drawn as horizontal lines.
    """
    from matplotlib.figure import Figure

    from lessons.monitor.thresholds import Thresholds

    figure = Figure(figsize=(7.2, 6.4), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2), sharex=True)
    rows = [row for row in record.rows if row.optimizer == 0]
    names = [name for name in record.matrices if any(name in row.names for row in rows)]
    if not rows or not names:
        above.set_title("No weight matrix was watched")
        return figure
    _heat_map(figure, above, rows, names)
    _band(below, rows, names, limits or Thresholds())
    _mark(below, rows, findings)
    every = max(1, math.ceil(len(rows) / LABELS))
    below.set_xticks(range(0, len(rows), every), [row.step for row in rows[::every]])
    below.set_xlim(-0.5, len(rows) - 0.5)
    figure.legend(
        *below.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
    )
    return figure
