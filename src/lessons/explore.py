"""Interactive figures that need no Python when they are read: every frame is drawn beforehand."""

import math
import numbers

from lessons import _frames
from lessons._check import choice

MOST_FRAMES = 60


def explore(draw, *, start=None, labels=None, formats=None, image="svg", **controls):
    """Draw one frame per combination of the controls and return them behind sliders.

    On the website the sliders choose among the stored frames by themselves; no Python runs there.
    A control of numbers becomes a slider, a control of names a drop-down list. Both obey the
    arrow keys.

    Parameters
    ----------
    draw : callable
        Called as ``draw(depth=5, gain=0.8)``, once per combination. Returns the matplotlib figure
        and its alt text: a sentence that says what this frame shows, with its numbers. No two
        frames may have the same alt text. All frames have one size.
    start : dict, optional
        The value each control shows first, by the control's name. Default: its first value.
    labels : dict of str to str, optional
        The text beside a control, by its name. Default: the name.
    formats : dict of str to str, optional
        A format specification for a control's numbers, such as ``{"gain": ".2f"}``. Default
        ``"g"``.
    image : {"svg", "webp"}
        "svg" for lines and points, "webp" (lossless) for pictures of many cells.
    **controls : sequence of numbers or of str
        One or two controls of at least two different values, at most 60 frames in all.

    Returns
    -------
    ipywidgets.VBox
        The controls above the figure. With ipywidgets 8 the browser swaps the frames; with
        ipywidgets 7 (Colab) the kernel does.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, ``draw`` returns something else than a figure and its own alt
        text, or the frames weigh more than 300 KB after compression.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> def draw(gain):
    ...     figure = Figure(figsize=(3, 2))
    ...     figure.subplots().plot([gain**layer for layer in range(5)])
    ...     return figure, f"With gain {gain} the fifth layer's norm is {gain**4:.2g}."
    >>> widget = explore(draw, gain=[0.5, 1, 2])
    >>> widget.children[0].description, widget.children[0].value
    ('gain', 0.5)
    """
    if not callable(draw):
        raise TypeError(f"draw={draw!r} is a {type(draw).__name__}; expected a function.")
    choice("image", image, ["svg", "webp"])
    controls = {name: _values(name, values) for name, values in controls.items()}
    if not 1 <= len(controls) <= 2:
        raise ValueError(f"controls={list(controls)}; expected one or two, such as gain=[1, 2].")
    count = math.prod(map(len, controls.values()))
    if count > MOST_FRAMES:
        sizes = " x ".join(f"{len(values)} of {name}" for name, values in controls.items())
        raise ValueError(f"controls give {count} frames ({sizes}); expected at most {MOST_FRAMES}.")
    labels = {**{name: name for name in controls}, **_by_control("labels", labels, controls)}
    formats = _by_control("formats", formats, controls)
    texts = {name: _texts(name, controls[name], formats.get(name, "g")) for name in controls}
    first = _first(start, controls)
    frames, size = _frames.frames(draw, controls, image)
    room = f"{max(len(labels[name]) for name in controls)}ch"
    wide = f"{size[0]}px"
    pickers = [_picker(labels[n], controls[n], texts[n], first[n], room, wide) for n in controls]
    return _assemble(pickers, frames, size)


def _values(name, values):
    if hasattr(values, "tolist"):
        values = values.tolist()
    if not isinstance(values, (list, tuple, range)):
        raise TypeError(f"{name}={values!r} is a {type(values).__name__}; expected a list.")
    if len(values) < 2:
        raise ValueError(f"{name}={list(values)!r}; expected at least two values to choose from.")
    for value in values:
        if not isinstance(value, (str, numbers.Real)) or isinstance(value, bool):
            raise TypeError(f"{name} holds {value!r}; expected numbers or names.")
        if not isinstance(value, str) and not math.isfinite(value):
            raise ValueError(f"{name} holds {value!r}; expected finite numbers.")
    return list(values)


def _by_control(argument, given, controls):
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"{argument}={given!r} is a {type(given).__name__}; expected a dict.")
    for name in given or {}:
        choice(f"a key of {argument}", name, controls)
    return given or {}


def _texts(name, values, form):
    try:
        texts = [v if isinstance(v, str) else format(v, form) for v in values]
    except (TypeError, ValueError) as error:
        message = f"formats[{name!r}]={form!r}; expected a format specification such as '.2f'."
        raise ValueError(message) from error
    if len(set(texts)) < len(texts):
        raise ValueError(f"{name} reads {', '.join(texts)}; expected values that read differently.")
    return texts


def _first(start, controls):
    first = dict.fromkeys(controls, 0)
    for name, value in _by_control("start", start, controls).items():
        if value not in controls[name]:
            raise ValueError(f"start[{name!r}]={value!r}; expected one of {controls[name]}.")
        first[name] = controls[name].index(value)
    return first


def _picker(label, values, texts, index, room, wide):
    import ipywidgets as widgets

    kind = widgets.SelectionSlider
    if any(isinstance(value, str) for value in values):
        kind = widgets.Dropdown
    return kind(
        options=list(zip(texts, values, strict=True)),
        index=index,
        description=label,
        style={"description_width": room},
        layout=widgets.Layout(width="auto", max_width=wide),
    )


def _assemble(pickers, frames, size):
    import ipywidgets as widgets

    area = widgets.Layout(grid_area="figure", margin="0")
    width, height = size
    # The invisible strut holds the figure's place while one frame goes and the next one comes.
    strut = widgets.HTML(
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true" '
        'style="display:block;visibility:hidden;max-width:100%;height:auto"></svg>',
        layout=area,
    )
    shared = {"layout": area, "style": strut.style}
    pictures = [widgets.HTML(frame, **shared) for frame in frames]
    picture = (_stacked if hasattr(widgets, "Stack") else _observed)(pickers, pictures, area)
    grid = widgets.Layout(grid_template_areas='"figure"', grid_template_columns="minmax(0, 1fr)")
    figure = widgets.GridBox([strut, picture], layout=grid)
    figure.add_class("lessons-explore-figure")
    box = widgets.VBox([*pickers, figure])
    box.add_class("lessons-explore")
    return box


def _stacked(pickers, pictures, layout):
    """Let the browser swap the frames (ipywidgets 8)."""
    import ipywidgets as widgets

    for picker in reversed(pickers):
        each = len(picker.options)
        stacks = [pictures[i : i + each] for i in range(0, len(pictures), each)]
        pictures = [widgets.Stack(s, selected_index=picker.index, layout=layout) for s in stacks]
        for stack in pictures:
            widgets.jslink((picker, "index"), (stack, "selected_index"))
    return pictures[0]


def _observed(pickers, pictures, layout):
    """Let the kernel swap the frames (ipywidgets 7, as on Colab)."""
    import ipywidgets as widgets

    box = widgets.VBox(layout=layout)

    def show(_change=None):
        position = 0
        for picker in pickers:
            position = position * len(picker.options) + picker.index
        box.children = (pictures[position],)

    for picker in pickers:
        picker.observe(show, "index")
    show()
    return box
