"""Pages: whole, escaped, readable by everyone and everywhere."""

import re
from html.parser import HTMLParser

import pytest

from lessons.coursework.grading.result import CellError
from lessons.coursework.intake.collect import Submission
from lessons.coursework.reports import page as page_module
from lessons.coursework.reports.feedback import answers_page, feedback
from lessons.coursework.reports.marks import HandMark, Mark
from lessons.coursework.reports.page import page, text
from lessons.coursework.reports.summary import as_page
from tests.coursework import fakes

NASTY = "<script>alert(1)</script>\x1b[31m\u202e\"'&"
VOID = {"meta", "br", "rect", "line"}


class Checker(HTMLParser):
    """Reads a page and holds on to what matters."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.headings, self.attributes = [], [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note a tag without content."""
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        """Hold that tags close in order."""
        assert self.open.pop() == tag


def mark(**more):
    submission = Submission("ada", "ada", NASTY, "", f"{NASTY}.ipynb", "0", notes=(NASTY,))
    about = {"hours_late": 30.0, "late": True, "deduction": 0.2, "by_hand": {}} | more
    result = fakes.result(
        "ada", answer=NASTY, errors=(CellError(3, NASTY),), output=NASTY, notes=(NASTY,)
    )
    return Mark(submission, result, **about)


PAGES = {
    "feedback": lambda: feedback(mark(), NASTY),
    "marked": lambda: feedback(mark(by_hand={"words": HandMark(1.0, NASTY)}), NASTY),
    "answers": lambda: answers_page([mark()], NASTY),
    "summary": lambda: as_page(NASTY, [mark()], (), (), [NASTY]),
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_submission_becomes_markup(name):
    source = PAGES[name]()
    seen = Checker(source)
    assert "script" not in seen.tags
    assert "\x1b" not in source
    assert "\u202e" not in source
    assert seen.open == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_stand_alone_and_can_be_read_aloud(name):
    source = PAGES[name]()
    seen = Checker(source)
    assert not [a for a in seen.attributes if a[1] in ("src", "href", "onclick")]
    assert "url(" not in source and "@import" not in source
    assert ("html", "lang", "en") in seen.attributes
    assert any(a[1] == "name" and a[2] == "viewport" for a in seen.attributes)
    assert seen.headings[0] == 1 and seen.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(seen.headings, seen.headings[1:], strict=False))
    scopes = [a for a in seen.attributes if a[1] == "scope"]
    assert len(scopes) == seen.tags.count("th")
    assert seen.tags.count("caption") == seen.tags.count("table")
    assert "prefers-color-scheme: dark" in source


def test_what_a_student_reads():
    source = feedback(mark(), "Gradient clipping")
    for said in (
        "3.2 of 9 points",
        "Handed in 30.0 hours late",
        "20 %",
        "Cell 3",
        "words: not marked yet",
        "q1: 4 of 4",
        "q2: 0 of 2",
    ):
        assert said in source
    source = feedback(mark(by_hand={"words": HandMark(1.5, "Well said.")}), "Gradient clipping")
    assert "words: 1.5 of 3" in source
    assert "Well said." in source


def test_hints_of_failed_tests():
    submission = Submission("ada", "ada", "Ada", "", "ada.ipynb", "0")
    source = feedback(Mark(submission, fakes.result(score=0.0)), "Gradient clipping")
    assert "Try [3, 4]." in source
    assert "(hidden)" in source


def test_a_notebook_that_could_not_be_graded():
    submission = Submission("ada", "ada", "Ada", "", "ada.ipynb", "0")
    result = fakes.result(status="failed", reason="This is no notebook.", questions=(), score=0.0)
    source = feedback(Mark(submission, result), "Gradient clipping")
    assert "was not graded. This is no notebook." in source


@pytest.mark.parametrize("colors", [page_module.LIGHT, page_module.DARK])
@pytest.mark.parametrize("ground", ["paper", "box"])
def test_contrast(contrast, colors, ground):
    for name in ("text", "quiet", "good", "bad"):
        assert contrast(colors[name], colors[ground]) >= 4.5, name
    assert contrast(colors["bar"], colors["paper"]) >= 3


def test_joined_letters_stay():
    assert text("👩\u200d🔬") == "👩\u200d🔬"
    assert "<title>&lt;</title>" in page("<", "")
