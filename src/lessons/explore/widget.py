"""An explorer in a notebook: with ipywidgets 8 the browser swaps frames, with 7 the kernel does."""

from lessons import dark


def view(explorer):
    """Return an ``ipywidgets.VBox``: the controls, and below them the figure."""
    import ipywidgets as widgets

    film = explorer.wide
    room = f"{max(len(control.label) for control in explorer.controls)}ch"
    pickers = [_picker(control, room, f"{film.width}px") for control in explorer.controls]
    area = widgets.Layout(grid_area="figure", margin="0")
    # The invisible strut holds the figure's place while one frame goes and the next one comes.
    strut = widgets.HTML(
        dark.style(".lessons-explore-figure img", dark.TURNED)
        + f'<svg width="{film.width}" height="{film.height}" '
        f'viewBox="0 0 {film.width} {film.height}" aria-hidden="true" '
        'style="display:block;visibility:hidden;max-width:100%;height:auto"></svg>',
        layout=area,
    )
    shared = {"layout": area, "style": strut.style}
    pictures = [widgets.HTML(film.image(i), **shared) for i in range(len(film.frames))]
    picture = (_stacked if hasattr(widgets, "Stack") else _observed)(pickers, pictures, area)
    grid = widgets.Layout(grid_template_areas='"figure"', grid_template_columns="minmax(0, 1fr)")
    figure = widgets.GridBox([strut, picture], layout=grid)
    figure.add_class("lessons-explore-figure")
    box = widgets.VBox([*pickers, figure])
    box.add_class("lessons-explore")
    return box


def _picker(control, room, wide):
    import ipywidgets as widgets

    kind = widgets.SelectionSlider if control.slider else widgets.Dropdown
    return kind(
        options=[(text, index) for index, text in enumerate(control.texts)],
        index=control.index,
        description=control.label,
        style={"description_width": room},
        layout=widgets.Layout(width="auto", max_width=wide),
    )


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
