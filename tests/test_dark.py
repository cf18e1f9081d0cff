"""What a cell puts out follows a dark notebook, and nothing else."""

import re

from lessons import dark
from lessons.show import show


def test_the_style_holds_in_dark_notebooks_alone():
    selectors = re.search("<style>(.*?){", dark.style(".box img", "color:white"))[1].split(",")
    assert all(selector.endswith(" .box img") for selector in selectors)
    assert all(re.match(r"\S*(dark|light)\S* ", selector) for selector in selectors)


def test_a_shown_source_follows():
    assert show(dark.style)._repr_html_().startswith("<style>[data-jp-theme-light")
