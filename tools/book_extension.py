"""What this book adds to Sphinx: figures, and each module of tools/website with its own ``setup``."""

from tools.website import explorers, formulas, previews, shell

PARTS = (previews, formulas, explorers, shell)


def setup(app):
    """Set up every part."""
    app.setup_extension("tools.figures")
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
