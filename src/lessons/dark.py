"""Notebooks with a dark theme: how HTML that a cell puts out can follow them.

The website has its own style sheet for that, ``book/assets/lessons.css``, with the same colours.
"""

# JupyterLab and Notebook 7, VS Code, Colab.
_HOSTS = ('[data-jp-theme-light="false"]', "body.vscode-dark", 'html[theme="dark"]')
# Turns light and dark and keeps the hues; white becomes #141414.
TURNED = "filter:invert(.92) hue-rotate(180deg)"


def style(selector, declarations):
    """Return a style element that holds inside a dark notebook alone.

    Examples
    --------
    >>> style(".box", "color:white").partition(",")[0]
    '<style>[data-jp-theme-light="false"] .box'
    """
    selectors = ",".join(f"{host} {selector}" for host in _HOSTS)
    return f"<style>{selectors}{{{declarations}}}</style>"
