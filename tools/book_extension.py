"""What this project adds to Sphinx: figures, links, and descriptions of pages that are shared."""

from sphinxext.opengraph._meta_parser import get_meta_description


def describe(app, pagename, templatename, context, doctree):
    """Give the description in the page's metadata to the preview tags too."""
    description = get_meta_description(context.get("metatags", ""))
    if doctree is not None and isinstance(description, str):
        context["meta"] = (context.get("meta") or {}) | {"og:description": description}


def setup(app):
    """Add the parts; describe pages before sphinxext.opengraph writes the tags."""
    app.setup_extension("tools.figures")
    app.setup_extension("tools.links")
    app.connect("html-page-context", describe, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
