"""What this book adds to Sphinx: figures, and each module of tools/website with its own ``setup``."""

from tools.website import explorers, figures, formulas, previews, shell, terms

PARTS = (previews, formulas, explorers, figures, terms, shell)


def setup(app):
    """Set up every part."""
    app.setup_extension("tools.figures")
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
