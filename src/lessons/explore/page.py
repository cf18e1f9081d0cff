"""An explorer on a web page: native controls above the first frame, the other frames as data.

``book/assets/explore.js`` wakes the controls. The website's build moves the data into a file of
its own, which is loaded when the reader comes near.
"""

import hashlib
import html
import json

from lessons.plots.picture import NARROW_BELOW


def view(explorer):
    """Return the explorer as HTML. Without a script it shows its first frame."""
    wide, narrow = explorer.wide, explorer.narrow
    data = {"wide": wide.packed()}
    picture = wide.image(explorer.first)
    if narrow is not None:
        data["narrow"] = narrow.packed()
        picture = (
            f'<picture><source media="(max-width: {NARROW_BELOW}px)" width="{narrow.width}" '
            f'height="{narrow.height}" srcset="{narrow.frames[explorer.first].address}">'
            f"{picture}</picture>"
        )
    # In a script element only "<" could be misread.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    name = "explore-" + hashlib.sha256(text.encode()).hexdigest()[:10]
    controls = "".join(
        _control(control, f"{name}-{number}") for number, control in enumerate(explorer.controls)
    )
    return (
        f'<div class="lessons-explore" id="{name}" style="max-width:{wide.width}px">'
        # The theme hides what has this class where there is no JavaScript.
        f'<div class="lessons-controls pst-js-only">{controls}</div>'
        f'<div class="lessons-explore-figure">{picture}</div>'
        f'<script type="application/json">{text}</script></div>'
    )


def _control(control, name):
    label = f'<label for="{name}">{html.escape(control.label)}</label>'
    if not control.slider:
        options = "".join(
            f"<option{' selected' if i == control.index else ''}>{html.escape(text)}</option>"
            for i, text in enumerate(control.texts)
        )
        field = f'<select id="{name}" autocomplete="off" disabled>{options}</select>'
        return f'<div class="lessons-control">{label}{field}</div>'
    now = html.escape(control.texts[control.index])
    texts = html.escape(json.dumps(control.texts, ensure_ascii=False))
    field = (
        f'<input type="range" id="{name}" min="0" max="{len(control.texts) - 1}" step="1" '
        f'value="{control.index}" aria-valuetext="{now}" data-texts="{texts}" '
        'autocomplete="off" disabled>'
    )
    room = max(map(len, control.texts))
    value = (
        f'<span class="lessons-value" aria-hidden="true" style="min-width:{room}ch">{now}</span>'
    )
    return f'<div class="lessons-control">{label}{field}{value}</div>'
