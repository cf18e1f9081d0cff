"""Each benchmark's section of the results."""

from benchmarks.results import RESULTS, table, with_section, write_section


def test_only_its_own_section_changes():
    text = "# Results\n"
    for name, numbers in (("one", "1"), ("two", "2"), ("three", "3")):
        text = with_section(text, name, numbers)
    changed = with_section(text, "two", "\\1 new\n\nnumbers\n")
    assert changed == text.replace("\n2\n", "\n\\1 new\n\nnumbers\n")
    assert with_section(changed, "two", "2") == text


def test_the_first_section_of_a_file(tmp_path):
    path = tmp_path / "results.md"
    write_section("one", "1", path)
    assert path.read_text() == "<!-- one -->\n1\n<!-- /one -->\n"


def test_sections_of_the_stored_results_are_closed():
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    marks = [line for line in lines if line.startswith("<!-- ")]
    assert marks
    for opening, closing in zip(marks[::2], marks[1::2], strict=True):
        assert closing == opening.replace("<!-- ", "<!-- /")


def test_tables_align_numbers_to_the_right():
    assert table(["name", "s"], [("a", 1)]) == "| name | s |\n| --- | ---: |\n| a | 1 |"
