"""The picture of a run: gradients by layer and step, and the update : weight ratio."""

import math
from contextlib import contextmanager
from importlib import resources

MARKED = {"notice": ":", "warning": "--", "error": "-"}
# The book's colours that mean nothing (lessons.plots.COLORS); more is farther from the paper.
MUCH = ["#f6f2f6", "#dcc0dc", "#b274b2", "#713f7d", "#2c1338"]
OTHER, DARK, GREY = "#B274B2", "#1F2933", "#646B76"
LABELS = 12  # names or steps written along an axis, at most
_NARROW = {"font.size": 9, "axes.labelsize": 9, "axes.titlesize": 10.5, "legend.fontsize": 9}
_NARROW |= {"xtick.labelsize": 9, "ytick.labelsize": 9}


@contextmanager
def _style(narrow):
    import matplotlib
    import matplotlib.style

    with matplotlib.rc_context():
        with resources.as_file(resources.files("lessons") / "lessons.mplstyle") as path:
            matplotlib.style.use(path)
        matplotlib.rcParams.update(_NARROW if narrow else {})
        yield


def _log10(value):
    return math.log10(value) if math.isfinite(value) and value > 0 else math.nan


def _short(name, letters):
    """Leave out the middle of a long name: its beginning and its end tell where it lies."""
    name = name.removesuffix(".weight")
    half = (letters - 1) // 2
    return name if len(name) <= letters else f"{name[:half]}…{name[-half:]}"


def _heat_map(figure, axes, rows, names, narrow):
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    columns = [[_log10(v) for v in row.get("gradient", names).tolist()] for row in rows]
    known = [v for column in columns for v in column if not math.isnan(v)] or [0.0]
    # At least two decades from light to dark, so that what hardly changes looks flat.
    middle, half = (min(known) + max(known)) / 2, max(1.0, (max(known) - min(known)) / 2)
    image = axes.imshow(
        list(zip(*columns, strict=True)),
        aspect="auto",
        origin="lower",
        cmap=LinearSegmentedColormap.from_list("little_to_much", MUCH),
        vmin=middle - half,
        vmax=middle + half,
        interpolation="nearest",
    )
    axes.grid(False)
    gaps = any(math.isnan(v) for column in columns for v in column)
    axes.patch.set(hatch="////", edgecolor="#c3c8ce")
    figure.colorbar(
        image,
        ax=axes,
        label="gradient norm" + gaps * " (hatched: 0 or not finite)",
        ticks=MaxNLocator(6, integer=True),
        format=FuncFormatter(lambda power, _: f"$10^{{{power:.0f}}}$"),
        **({"location": "bottom", "aspect": 30} if narrow else {}),
    )
    every = max(1, math.ceil(len(names) / LABELS))
    shown = [_short(name, 13 if narrow else 24) for name in names[::every]]
    axes.set_yticks(range(0, len(names), every), shown)
    axes.set_title("Gradient by layer" + ("" if narrow else " (input at the bottom)"))
    axes.set_ylabel("weight matrix")
    axes.tick_params(labelbottom=False)


def _band(axes, rows, names, limits):
    ratios = [[v for v in row.get("ratio", names).tolist() if v > 0] for row in rows]
    ratios = [sorted(v for v in values if math.isfinite(v)) for values in ratios]
    known = [(place, values) for place, values in enumerate(ratios) if values]
    places = [place for place, _ in known]
    low, high = ([values[i] for _, values in known] for i in (0, -1))
    axes.fill_between(places, low, high, color=OTHER, alpha=0.4, lw=0, label="all layers")
    middle = [values[len(values) // 2] for _, values in known]
    axes.plot(places, middle, color=DARK, marker="o", markersize=3, label="median layer")
    for limit, dashes, label in (
        (limits.ratio_high, "--", "limit: step too large"),
        (limits.ratio_low, "-.", "limit: step too small"),
    ):
        axes.axhline(limit, color=GREY, linestyle=dashes, linewidth=1.4, label=label)
    axes.set_yscale("log")
    axes.set(title="Update : weight", xlabel="step", ylabel="ratio")


def _mark(axes, rows, findings, narrow):
    """Draw a line for each finding where it begins; numbers that would touch share one place."""
    steps = [row.step for row in rows]
    groups = []  # [place, numbers] from left to right
    starts = [
        (next((i for i, s in enumerate(steps) if s >= found.since_step), len(steps) - 1), number)
        for number, found in enumerate(findings, start=1)
    ]
    for (place, number), found in zip(starts, findings, strict=True):
        label = f"{number}: {found.kind} ({found.severity})"
        axes.axvline(place, color=DARK, lw=1.2, linestyle=MARKED[found.severity], label=label)
    room = len(rows) * (0.16 if narrow else 0.07)  # as wide as a few digits
    for place, number in sorted(starts):
        if groups and place - groups[-1][0] < room:
            groups[-1][1].append(number)
        else:
            groups.append([place, [number]])
    for place, numbers in groups:
        right = place > 0.85 * len(rows)
        axes.annotate(
            ", ".join(map(str, numbers)), (place, 1), xycoords=("data", "axes fraction"),
            xytext=(-3 if right else 3, -3), textcoords="offset points", va="top", color=DARK,
            ha="right" if right else "left", fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip


def draw(record, findings, limits=None, *, narrow=False):
    """Return a figure: a heat map of gradient norms above the band of update : weight.

    Parameters
    ----------
    record : Record
    findings : sequence of Finding
        Each is marked by a numbered vertical line at the step since when it holds.
    limits : Thresholds, optional
        Drawn as horizontal lines.
    narrow : bool
        For a phone: 346 pixels wide, with letters of 12.
    """
    from matplotlib.figure import Figure

    from lessons.monitor.finding import Thresholds

    with _style(narrow):
        figure = Figure(figsize=(3.6, 7.4) if narrow else (7.2, 6.4), layout="constrained")
        above, below = figure.subplots(2, 1, height_ratios=(3, 2), sharex=True)
        rows = [row for row in record.rows if row.optimizer == 0]
        names = [name for name in record.matrices if any(name in row.names for row in rows)]
        if not rows or not names:
            above.set_title("No weight matrix was watched")
            return figure
        _heat_map(figure, above, rows, names, narrow)
        _band(below, rows, names, limits or Thresholds())
        _mark(below, rows, findings, narrow)
        every = max(1, math.ceil(len(rows) / (LABELS // 2 if narrow else LABELS)))
        below.set_xticks(range(0, len(rows), every), [row.step for row in rows[::every]])
        below.set_xlim(-0.5, len(rows) - 0.5)
        entries = below.get_legend_handles_labels()
        figure.legend(*entries, loc="outside lower center", ncols=1 if narrow else 2)
    return figure
