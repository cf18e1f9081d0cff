"""The picture of a run: gradients by layer and step, and the update : weight ratio."""

import math

MARKED = {"notice": ":", "warning": "--", "error": "-"}
# Vanishing is blue, exploding orange, healthy green, as everywhere in the course.
BLUE, ORANGE, GREEN, GREY = "#0057A0", "#D55E00", "#00936A", "#5F6670"


def _log10(value):
    return math.log10(value) if math.isfinite(value) and value > 0 else math.nan


def draw(record, findings):
    """Return a figure: a heat map of log10 gradient norms above the band of update : weight.

    Parameters
    ----------
    record : Record
    findings : sequence of Finding
        Each is marked by a vertical line at the step since when it holds.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 6.0), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2))
    rows = [row for row in record.rows if row.optimizer == 0]
    names = [name for name in record.matrices if any(name in row.names for row in rows)]
    if not rows or not names:
        above.set_title("No weight matrix was watched")
        return figure
    columns = [[_log10(v) for v in row.get("gradient", names).tolist()] for row in rows]
    image = above.imshow(
        list(zip(*columns, strict=True)), aspect="auto", origin="lower", cmap="cividis"
    )
    figure.colorbar(image, ax=above, label="log10 of the gradient norm")
    above.set(title="Gradient by layer", xlabel="watched step", ylabel="layer (0 = input)")
    every = max(1, len(rows) // 8)
    above.set_xticks(range(0, len(rows), every), [row.step for row in rows[::every]])

    ratios = [[_log10(v) for v in row.get("ratio", names).tolist()] for row in rows]
    ratios = [sorted(v for v in values if not math.isnan(v)) for values in ratios]
    known = [(row.step, values) for row, values in zip(rows, ratios, strict=True) if values]
    steps = [step for step, _ in known]
    below.fill_between(
        steps, [v[0] for _, v in known], [v[-1] for _, v in known], color=GREEN, alpha=0.25
    )
    middle = [values[len(values) // 2] for _, values in known]
    below.plot(steps, middle, color=GREEN, marker="o", markersize=3, label="median layer")
    below.axhline(-1, color=ORANGE, linestyle="--", label="too large")
    below.axhline(-6, color=BLUE, linestyle="-.", label="too small")
    for found in findings:
        below.axvline(found.since_step, color=GREY, linestyle=MARKED[found.severity])
        below.annotate(
            found.kind, (found.since_step, 1), xycoords=("data", "axes fraction"), rotation=90,
            va="top", ha="right", fontsize=8, color=GREY,
        )  # fmt: skip
    below.set(title="Update : weight", xlabel="step", ylabel="log10 of the ratio")
    below.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=3, frameon=False)
    return figure
