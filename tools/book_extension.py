"""What this book adds to Sphinx: figures, links, and the modules of tools/website."""

from tools.website import (
    explorers,
    formulas,
    numbers,
    parts,
    playground,
    previews,
    shell,
    terms,
    wordy,
)

PARTS = (previews, formulas, explorers, parts, numbers, wordy, terms, playground, shell)


def setup(app):
    """Set up every part."""
    app.setup_extension("tools.figures")
    app.setup_extension("tools.links")
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
