"""What `make colab` compares, and the list of Colab's versions."""

import pytest

from tools import colab
from tools.repository import ROOT

FREEZE = ROOT.parent / "shared" / "colab" / "pip-freeze.txt"


def test_versions_are_those_of_the_list_and_the_rest_stays():
    pins = "# why\ntorch==1.0\nPyYAML==5.1\n"
    listed = "PyYAML==6.0.3\nkernel @ git+https://example.org\ntorch==2.11.0+cu128\nother==1\n"
    assert colab.versions(pins, listed) == "# why\ntorch==2.11.0\nPyYAML==6.0.3\n"
    assert colab.versions("a_B==1\n", "A-b==2\n") == "a_B==2\n"
    with pytest.raises(SystemExit, match="Colab has no numpy"):
        colab.versions("numpy==1.0\n", listed)


@pytest.mark.skipif(not FREEZE.is_file(), reason="Colab's list is not beside this checkout")
def test_the_committed_versions_are_colabs():
    pins = colab.PINS.read_text(encoding="utf-8")
    assert colab.versions(pins, FREEZE.read_text(encoding="utf-8")) == pins


def test_a_cell_that_prints_something_else_or_nothing_is_named():
    stored = {"run-1": "loss 0.5\n", "run-2": "1", "run-3": "same"}
    first, second = colab.differences(stored, {"run-1": "loss 0.6\n", "run-3": "same", "new": "x"})
    assert "run-1" in first and "'loss 0.5'" in first and "'loss 0.6'" in first
    assert "run-2" in second


def test_ignored_paths_exist():
    """An ignored path that is gone would be run unseen, or hide that nothing is ignored."""
    assert all((ROOT / name).exists() for name in colab.ELSEWHERE)
