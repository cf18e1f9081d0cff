"""The book's settings for one build: _config.yml, and what is known only when it is built."""

import copy
import os

import yaml

from tools import repository

ROOT = repository.ROOT


def load():
    """Return _config.yml as a dict."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def derive(config, *, address, site, self_hosted, cache):
    """Return the settings of this build.

    Parameters
    ----------
    config : dict
        From ``load``.
    address : str
        Of the repository; without it there are no buttons that lead there.
    site : str
        Where the website will be; without it pages name no canonical address and no preview image.
    self_hosted : bool
        Whether formulas can be written while building; else pages load MathJax.
    cache : path
        Of executed chapters.
    """
    config = copy.deepcopy(config)
    sphinx = config["sphinx"]["config"]
    if address:
        config["repository"]["url"] = address
    else:
        del config["repository"], config["launch_buttons"]
        del config["html"]["use_repository_button"], config["html"]["use_issues_button"]
    if site:
        site = site.rstrip("/") + "/"
        config["html"]["baseurl"] = site
        sphinx["ogp_site_url"] = site
    else:
        sphinx.pop("ogp_image", None)
        sphinx.pop("ogp_image_alt", None)
        sphinx["ogp_social_cards"] = {"enable": False}
    if not self_hosted:
        # Left out, Sphinx would take the one that the book adds.
        sphinx["html_math_renderer"] = "mathjax"
    config["execute"]["cache"] = str(cache)
    return config


def find_address(root=ROOT):
    """Return the repository's address and a line that says where it comes from."""
    if address := repository.configured(root):
        return address, f"The repository's address, from _config.yml: {address}"
    if address := repository.remote(root):
        return address, (
            f"The repository's address, for this build from the git remote: {address}\n"
            f"  Notebooks opened on Colab need it too: make repository ADDRESS={address}"
        )
    return "", (
        "The repository's address is not set, so there are no launch buttons; "
        "make repository ADDRESS=https://github.com/owner/name sets it."
    )


def find_site():
    """Return the address of the website from the variable SITE_URL, '' if it is not set."""
    return os.environ.get("SITE_URL", "").strip()
