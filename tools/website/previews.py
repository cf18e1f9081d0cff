"""A page's own description is also what others see when the page is shared."""

from sphinxext.opengraph._meta_parser import get_meta_description


def describe(app, pagename, templatename, context, doctree):
    """Give the description in the page's metadata to the preview tags too."""
    description = get_meta_description(context.get("metatags", ""))
    if doctree is not None and isinstance(description, str):
        context["meta"] = (context.get("meta") or {}) | {"og:description": description}


def setup(app):
    """Run before sphinxext.opengraph, which writes the tags."""
    app.connect("html-page-context", describe, priority=400)
