"""What makes pages light: each part alone. tests/site looks at the pages as a whole."""

import json
import shutil

import pytest
from docutils import nodes
from sphinx import addnodes

from lessons.tables import table
from tools import lighthouse, vendor
from tools.website import explorers, formulas, icons, numbers, parts, purge, terms, wordy

# The style sheet ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("a{b:c}", "a{b:c}"),
        (".kept, .gone {b:c}", ".kept{b:c}"),
        (".gone .kept{b:c}", ""),
        ("#gone{b:c}", ""),
        (".kept:not(.gone)>a{b:c}", ".kept:not(.gone)>a{b:c}"),
        (".kept.gone{b:c}", ""),
        ("[class~=gone]{b:c}", "[class~=gone]{b:c}"),
        ("@media print{.gone{b:c}}", ""),
        ("@media print{.gone{b:c}.kept{b:c !important}}", "@media print{.kept{b:c!important}}"),
        ("@font-face{font-family:x;src:url(y)}", "@font-face{font-family:x;src:url(y)}"),
        ("@keyframes turn{from{top:0}to{top:1px}}", "@keyframes turn{from{top:0}to{top:1px}}"),
        (":root{--a:url(\"data:x;y\");--b: 1px}", ':root{--a:url("data:x;y");--b:1px}'),
        ("/*! licence */a{b:c}/* note */", "/*! licence */\na{b:c}"),
        (".kept{b:calc(1px + 2px);c:'x, y'}", '.kept{b:calc(1px + 2px);c:"x, y"}'),
    ],
)  # fmt: skip
def test_what_no_page_can_match_goes_and_all_else_stays(css, left):
    assert purge.purge(css, {"kept"}) == left


def test_a_style_sheet_that_cannot_be_read_is_no_silence():
    with pytest.raises(ValueError, match="cannot be read"):
        purge.purge("a{b:c} }", set())


def test_icons_are_those_the_style_sheet_names():
    assert icons.icons('.a{content:"\\f0c9"}.b{content:"\uf00d"}.c{color:#f0c9f0}') == {
        0xF0C9,
        0xF00D,
    }


def test_a_font_keeps_only_the_named_icons(tmp_path):
    from fontTools.ttLib import TTFont
    from pydata_sphinx_theme import __file__ as theme

    name = "vendor/fontawesome/webfonts/fa-solid-900.ttf"
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    static = theme.replace("__init__.py", "theme/pydata_sphinx_theme/static/")
    shutil.copy(static + name, file)
    css = f'@font-face{{font-family:x;src:url({name}) format("truetype")}}.a{{content:"\\f0c9"}}'
    found = icons.cut(css, tmp_path)
    small = tmp_path / "icons" / "fa-solid-900.woff"
    assert 'src:url(icons/fa-solid-900.woff) format("woff")' in found
    assert set(TTFont(small).getBestCmap()) == {0xF0C9}
    assert small.stat().st_size < file.stat().st_size / 50


# Explorers ----------------------------------------------------------------------------------------


def test_frames_leave_the_page_for_files(tmp_path):
    frames = {
        kind: {"parts": ["data:", kind], "frames": [["Alt <1>.", [0, 0]]]}
        for kind in ("wide", "narrow")
    }
    text = json.dumps(frames).replace("<", "\\u003c")
    part = (
        '<p>x</p><div class="lessons-explore" id="explore-1" style="y"><img>'
        f'<script type="application/json">{text}</script></div>'
    )
    left = explorers.split(part, tmp_path, "../_frames")
    assert "<script" not in left and left.startswith("<p>x</p>")
    for kind in frames:
        assert f'data-{kind}="../_frames/explore-1-{kind}.js"' in left
        script = (tmp_path / f"explore-1-{kind}.js").read_text()
        data = script.removeprefix("lessonsFrames(").removesuffix(");\n")
        assert json.loads(data) == frames[kind]


# Formulas -----------------------------------------------------------------------------------------

katex = pytest.mark.skipif(
    shutil.which("node") is None or not (vendor.TARGET / "katex").is_dir(),
    reason="node or KaTeX is not there",
)


@katex
def test_a_formula_is_html_for_the_eye_and_mathml_for_the_ear():
    page = formulas.render(r"\|g\|_2 < \theta")
    assert page.count('<span class="katex-html" aria-hidden="true">') == 1
    assert page.count("<math ") == 1 and "<mi>θ</mi>" in page
    assert "katex-display" in formulas.render("x", display=True)


@katex
def test_a_formula_that_cannot_be_read_is_an_error_with_katex_s_words():
    with pytest.raises(formulas.BadFormula, match="Undefined control sequence"):
        formulas.render(r"\nonsense{x}")
    assert "katex" in formulas.render("x"), "and the next one works"


# Search, tables -----------------------------------------------------------------------------------


def test_a_term_is_found_by_each_of_its_names():
    entry = addnodes.index(entries=[("single", "exploding gradient 梯度爆炸", "t", "main", None)])
    page = nodes.section("", nodes.term("", "", entry))
    terms.index(None, page)
    assert [e[1] for e in entry["entries"]] == [
        "exploding gradient 梯度爆炸",
        "exploding gradient",
        "梯度爆炸",
    ]
    assert {e[2] for e in entry["entries"]} == {"t"}


@pytest.mark.parametrize("text", ["0", "0.25", "−3", "-1e-5", "98 %", "3×10^5", "1 200", "≥ 2"])
def test_a_number_is_a_number(text):
    assert numbers.is_number(text)


@pytest.mark.parametrize("text", ["", "x", "2 layers", "ReLU", "layer 2", "–", "2018: first"])
def test_words_are_no_number(text):
    assert not numbers.is_number(text)


def test_a_list_of_chapters_names_each_part_once():
    def row(*cells):
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))

    body = nodes.tbody("", row("Causes", "a", "?"), row("Causes", "b", "?"), row("Fixes", "c", "?"))
    head = nodes.thead("", row("part", "chapter", "question"))
    page = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(3)), head, body, cols=3)
    parts.group(page)
    found = [[cell.astext() for cell in each] for each in page.findall(nodes.row)]
    chapters = [["Causes"], ["a", "?"], ["b", "?"], ["Fixes"], ["c", "?"]]
    assert found == [["chapter", "question"], *chapters]
    assert len(list(page.findall(nodes.colspec))) == page["cols"] == 2


def test_tables_of_sentences_are_marked_and_stay_tables_for_a_screen_reader():
    long = "One sentence that no phone can show beside two others of its kind."
    rows = [("a", long, long)]
    page = table(rows, ["claim", "test", "verdict"])._repr_html_()
    assert wordy.is_wordy(page)
    marked = wordy.mark(page)
    assert 'class="lessons-table lessons-wordy"' in marked
    for role, count in {"table": 1, "row": 2, "columnheader": 3, "rowheader": 1, "cell": 2}.items():
        assert marked.count(f'role="{role}"') == count
    assert not wordy.is_wordy(table([("a", long)], ["claim", "verdict"])._repr_html_())
    assert not wordy.is_wordy(table([("a", 1, 2)], ["net", "before", "after"])._repr_html_())


# Lighthouse ---------------------------------------------------------------------------------------


def test_the_median_of_the_runs_counts():
    def report(score, paint):
        values = {
            "largest-contentful-paint": paint,
            "cumulative-layout-shift": 0.01,
            "total-byte-weight": 1e5,
        }
        return {
            "categories": {name: {"score": score} for name in lighthouse.CATEGORIES},
            "audits": {name: {"numericValue": value} for name, value in values.items()},
        }

    seen = lighthouse.summary([report(0.5, 9000), report(0.98, 1500), report(0.97, 1400)])
    assert (seen["performance"], seen["lcp"], seen["bytes"]) == (97, 1500, 1e5)
