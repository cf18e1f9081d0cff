"""Facts about shown source: it is the object's own, it can be read, and it names where it lives."""

import ast
import functools
import html
import inspect
import re
import textwrap

import pytest

from lessons import _check, show
from lessons.show import Source
from lessons.show import show as shown


class Example:
    r"""The slope \sigma' of an example.

    Longer text.
    """

    def one(self):
        "A docstring and nothing else."

    def two(self):
        """Return two.

        Always.
        """
        text = """not a docstring"""
        return len(text) and 2

    def three(self): """Return on one line."""; return 3  # fmt: skip  # noqa: E702

    @property
    def four(self):
        """Return four.

        A property.
        """
        return 4


def source_of(obj):
    return textwrap.dedent(inspect.getsource(obj)).rstrip("\n")


def plain(source):
    """What a reader of the HTML sees in the code box."""
    return html.unescape(re.sub("<[^>]+>", "", re.search("<pre.*</pre>", source, re.S)[0]))


@pytest.mark.parametrize("obj", [_check.choice, _check.number, Source, Source._repr_html_])
def test_the_full_source_is_what_inspect_reads(obj):
    assert shown(obj, docstring="full").text == source_of(obj)


@pytest.mark.parametrize("obj", [_check, _check.choice, show, Example, Example.two])
@pytest.mark.parametrize("docstring", ["full", "summary", "none"])
def test_only_docstrings_are_taken_away(obj, docstring):
    def code(text):
        tree = ast.parse(text)
        documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
        for node in ast.walk(tree):
            if isinstance(node, documented) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        return ast.dump(tree)

    text = shown(obj, docstring=docstring).text
    assert code(text) == code(source_of(obj))


def test_the_summary_is_the_docstring_s_first_line():
    node = ast.parse(shown(_check.choice).text).body[0]
    assert ast.get_docstring(node) == "Return ``value`` if it is one of ``choices``."


def test_without_docstrings_none_is_left_but_a_body_is_never_empty():
    text = shown(Example, docstring="none").text
    assert "Return two" not in text
    assert "Longer text" not in text
    assert '"A docstring and nothing else."' in text
    assert '"""not a docstring"""' in text


def test_a_raw_docstring_stays_raw():
    assert r'''r"""The slope \sigma' of an example."""''' in shown(Example).text


@pytest.mark.parametrize("obj", [_check.choice, _check, Example])
def test_html_and_repr_say_the_same(obj):
    source = shown(obj)
    assert plain(source._repr_html_()) == repr(source) == source.text


def test_the_header_names_the_object_and_says_when_a_docstring_was_shortened():
    page = shown(_check.choice)._repr_html_()
    assert "lessons._check.choice</code> (docstring shortened)</p>" in page
    assert "shortened" not in shown(_check.choice, docstring="full")._repr_html_()
    assert "<code" in shown(show)._repr_html_()
    assert 'aria-label="Source of lessons.show"' in shown(show)._repr_html_()


def test_a_decorated_function_and_a_property_show_their_own_source():
    assert shown(functools.lru_cache(_check.choice)).name == "lessons._check.choice"
    assert shown(Example.four).text.startswith("@property\ndef four(self):")


def test_a_lambda_is_shown_as_it_stands():
    slope = lambda w, s: w * s * (1 - s)  # noqa: E731
    assert "w * s * (1 - s)" in shown(slope).text


def test_every_colour_can_be_read_without_the_website_s_stylesheet(contrast):
    page = shown(_check)._repr_html_()
    paper = re.search(r"background:var\(--lessons-paper,(#\w{6})\)", page)[1]
    inks = set(re.findall(r"[ ;\"]color:var\(--lessons-[a-z]+,(#\w{6})\)", page))
    assert len(inks) >= 4
    assert min(contrast(ink, paper) for ink in inks) >= 4.5


def test_nothing_in_the_html_comes_from_elsewhere():
    page = shown(_check)._repr_html_()
    assert not re.search(r"(src|href)=|url\(|<script|<link", page)


@pytest.mark.parametrize("obj", [len, int, 3, None, "text", functools.partial(len)])
def test_objects_without_python_source_are_named(obj):
    name = getattr(obj, "__qualname__", None) or repr(obj)
    with pytest.raises(TypeError, match=re.escape(f"obj={name} is a {type(obj).__name__} with")):
        shown(obj)


def test_unknown_docstring_choice_is_refused():
    with pytest.raises(ValueError, match=r"docstring='sumary' is unknown.*mean 'summary'"):
        shown(_check.choice, docstring="sumary")
