"""What a student sees: a verdict at once, in words, wherever the notebook runs."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import torch

from lessons.coursework import Checker


@pytest.fixture(scope="module")
def grader():
    return Checker("clipping")


def right(gradients):
    total = sum(g.double().square().sum().item() for g in gradients if g is not None)
    return total**0.5


def wrong(gradients):
    return sum(g.norm().item() for g in gradients)


def text(html):
    """Return what a reader sees of HTML; fail if it is not well formed."""
    seen, open_tags = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag != "br":
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

        def handle_data(self, data):
            seen.append(data)

    Reader().feed(html)
    assert open_tags == []
    return "".join(seen)


def test_a_right_answer(grader):
    verdict = grader.check("q1", {"global_norm": right})
    assert verdict.passed
    assert verdict.summary == (
        "q1: right on these examples. 5 of 5 checks passed. "
        "4 points when it is graded, on other inputs."
    )


def test_a_wrong_answer_gets_what_was_seen_and_a_hint(grader):
    verdict = grader.check("q1", {"global_norm": wrong})
    assert not verdict.passed
    lines = repr(verdict).splitlines()
    assert lines[0].startswith("q1: not yet. 1 of 5 checks passed. 4 points when")
    assert lines[1:4] == [
        "  ✓ passed: example one tensor",
        "  ✗ not yet: example several tensors",
        "      global_norm([tensor([[2, -3]]), tensor(6)]) gives 9.60555; expected 7.",
    ]
    assert lines[4].startswith("      Hint: ")


def test_html_says_the_same_in_words(grader):
    for function in (right, wrong, None, lambda g: 1 / 0, lambda g: "<b>"):
        verdict = grader.check("q1", {"global_norm": function, "STUDENT": "your-id"})
        shown = text(verdict._repr_html_())
        for line in repr(verdict).splitlines():
            words = re.sub(r"^[ ✓✗]+", "", line).replace("`", "")
            assert words in shown, words
        assert "<b>" not in verdict._repr_html_()


def test_it_finds_the_names_of_the_notebook():
    code = {}
    exec("from lessons.coursework import Checker\ngrader = Checker('clipping')", code)
    code["global_norm"] = right
    assert eval("grader.check('q1')", code).passed
    exec("def later():\n    return grader.check_all()", code)
    assert code["later"]().verdicts[0].passed


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            ...,
            "`global_norm` is still to be written: replace the `...`, run the cell, and check",
        ),
        (lambda g: None, "`global_norm` is still to be written"),
        (lambda g: g[7], "IndexError: list index out of range (in `<lambda>`, line"),
        (3, "TypeError: 'int' object is not callable"),
        (lambda g: torch.tensor(5.0), "gives the tensor 5.0; expected a Python number."),
    ],
)
def test_other_answers_are_explained(grader, value, said):
    assert said in repr(grader.check("q1", {"global_norm": value}))


def test_changing_the_arguments_is_noticed(grader):
    def in_place(gradients, threshold):
        total = right(gradients)
        return [g if g is None else g.mul_(min(1, threshold / total)) for g in gradients]

    verdict = grader.check("q2", {"clip_by_global_norm": in_place})
    assert "has changed the tensors that were given" in repr(verdict)


def test_the_placeholder_of_the_identifier_is_noticed(grader):
    assert repr(grader.check("q1", {"STUDENT": "your-id"})).startswith("First put your own")
    assert repr(grader.check_all({"STUDENT": "your-id"})).startswith("First put your own")
    assert "First" not in repr(grader.check("q1", {"STUDENT": "ada"}))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Q1", 'Did you mean "q1"?'),
        ("q", "there are"),
        ("q11", 'Did you mean "q1"?'),
        (2, 'There is no question 2; there are "q1", "q2"'),
        ("q6_words", "read by a person (4 points)"),
    ],
)
def test_a_question_that_is_none(grader, question, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        grader.check(question)


def test_an_assignment_that_is_none():
    with pytest.raises(ValueError, match=r"'cliping' is unknown.*Did you mean 'clipping'\?"):
        Checker("cliping")


def test_the_overview(grader):
    overview = grader.check_all({"global_norm": right})
    lines = repr(overview).splitlines()
    assert lines[0].split() == ["question", "checks", "passed", "points", "in", "all", "verdict"]
    assert re.match(r"q1 +5 of 5 +4 +✓ right on these examples", lines[1])
    assert re.match(r"q2 +0 of 7 +6 +✗ not yet", lines[2])
    assert re.match(r"q6_words +none +4 +read by a person", lines[-2])
    assert lines[-1] == (
        "Checked here: examples, 0 of 26 points. 26 points when it is graded, on other inputs. "
        "4 points by a person."
    )
    assert not overview.passed
    html = overview._repr_html_()
    assert html.count('<th scope="row">') == 7
    assert "read by a person" in text(html)


def test_colour_is_never_alone(grader):
    for function in (right, wrong):
        shown = text(grader.check("q1", {"global_norm": function})._repr_html_())
        assert "passed:" in shown
        assert ("not yet:" in shown) == (function is wrong)


def test_students_need_torch_alone():
    code = (
        "import sys\n"
        "for name in ('otter', 'IPython', 'numpy.testing', 'nbformat', 'yaml', 'tqdm', 'scipy',"
        " 'sklearn', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "from lessons.coursework import Checker\n"
        "from lessons.coursework.variant import variant\n"
        "from lessons.data import recall\n"
        "from lessons.networks import rnn\n"
        "print(Checker('clipping').check('q5'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "`choose_threshold` is not defined" in done.stdout
