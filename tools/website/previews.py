"""A page's own description is also what others see when the page is shared."""

from sphinxext.opengraph._meta_parser import get_meta_description


def describe(app, pagename, templatename, context, doctree):
    """Give the description in the page's metadata to the preview tags too."""
    description = get_meta_description(context.get("metatags", ""))
    if doctree is not None and isinstance(description, str):
        context["meta"] = (context.get("meta") or {}) | {"og:description": description}
    if not app.config.ogp_site_url:
        # Whoever shares a page of a site without a known address still shows its picture.
        picture = f"{'../' * pagename.count('/')}_static/social.png"
        tag = f'\n<meta property="og:image" content="{picture}" />'
        context["metatags"] = context.get("metatags", "") + tag


def setup(app):
    """Run before sphinxext.opengraph, which writes the tags."""
    app.connect("html-page-context", describe, priority=400)
