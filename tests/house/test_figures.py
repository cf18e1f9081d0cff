"""What a notebook's cell draws and the paragraph after it become one numbered figure of a page."""

import html
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from lessons import plots

PICTURE = plots.lines([1, 2], {"a": [1, 2]}, "Growth", "step", "size")
LANGUAGE = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
ALT = "One line that rises from 1 to 2."


def cell(source="draw()", alt=ALT, data=None):
    made = new_code_cell(
        source, metadata={"mystnb": {"image": {"alt": alt}}, "tags": ["hide-input"]}
    )
    made.outputs = [
        new_output("execute_result", data=data or PICTURE._repr_mimebundle_(), execution_count=1)
    ]
    made.execution_count = 1
    return made


@pytest.fixture
def build(tmp_path):
    """Return a function: build a page of these cells; return its HTML, the folder and warnings."""

    def run(*cells):
        source = tmp_path / "source"
        source.mkdir()
        (source / "page.ipynb").write_text(
            writes(new_notebook(cells=list(cells), metadata=LANGUAGE))
        )
        settings = {
            "extensions": ["myst_nb", "tools.figures"],
            "nb_execution_mode": "off",
            "root_doc": "page",
            "html_theme": "basic",
        }
        log = tmp_path / "warnings"
        with log.open("w") as warnings, patch_docutils(), docutils_namespace():
            folders = [str(tmp_path / name) for name in ("out", "trees")]
            app = Sphinx(str(source), None, *folders, "html", settings, None, warnings)
            app.build()
        page = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
        return page, tmp_path / "out", log.read_text()

    return run


def test_a_picture_is_two_files_one_text_and_one_numbered_figure(build):
    page, folder, warnings = build(
        new_markdown_cell("# Title\n\nLook at figure 1, not at figure 3 of another work."),
        cell(),
        new_markdown_cell("**Figure 1. It grows.** From 1 to 2.\n\nMore text: `figure 1`."),
        cell(),
        new_markdown_cell("**Figure 2.** The same; see figures 1 and 2."),
    )
    assert warnings == ""
    figures = re.findall(
        r'<figure class="lessons-figure" id="figure-(\d)">(.*?)</figure>', page, re.S
    )
    assert [number for number, _ in figures] == ["1", "2"]
    first, second = (content for _, content in figures)
    assert "It grows." in re.search("<figcaption>(.*?)</figcaption>", first, re.S)[1]
    assert "More text" not in first
    assert f'alt="{ALT}"' in first and first.count("<img") == 1
    for address in re.findall(r'src(?:set)?="([^"]*\.svg)"', first):
        assert (folder / address).read_text().startswith("<svg")
    assert len(set(re.findall(r'src(?:set)?="([^"]*\.svg)"', first))) == 2
    assert 'loading="lazy"' in second and 'loading="lazy"' not in first
    assert "data:image" not in page
    assert re.findall('href="#(figure-.)">(.*?)</a>', page) == [
        ("figure-1", "figure 1"),
        ("figure-1", "1"),
        ("figure-2", "2"),
    ]


def test_without_metadata_the_picture_s_own_text_stands(build):
    page, _, _ = build(new_markdown_cell("# Title"), cell(alt=""))
    assert f'alt="{html.escape(PICTURE.alt)}"' in page


def test_other_outputs_are_figures_too(build):
    page, _, _ = build(
        new_markdown_cell("# Title"),
        cell(data={"text/html": "<p>slider</p>"}),
        new_markdown_cell("**Figure 1.** Try it."),
    )
    assert re.search('id="figure-1">.*slider.*<figcaption>.*Try it', page, re.S)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("**Figure 1.** No cell.", "Figure 1: no cell draws before its caption"),
        ("**Figure 2.** See figure 7.", "There is no figure 7 here"),
    ],
)
def test_a_number_that_leads_nowhere_is_a_warning(build, text, complaint):
    cells = [new_markdown_cell("# Title"), cell(), new_markdown_cell(text)]
    if "No cell" in text:
        cells.pop(1)
    assert complaint in build(*cells)[2]
