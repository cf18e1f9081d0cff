"""The rooms of coursework import downwards, along the way that a submission goes."""

import ast

import pytest

from tools.imports import SOURCE, imported_names

# What each room may import besides itself.
ARROWS = {
    "": {"student"},  # the face
    "cli": {"reports", "runs", "grading", "intake", "sandbox"},
    "reports": {"grading", "intake"},
    "runs": {"grading", "intake", "sandbox"},
    "grading": {"intake", "inside", "sandbox", "variant"},
    "intake": {"variant"},
    "inside": {"student"},
    "sandbox": set(),
    "student": {"variant"},
    "variant": set(),
}
HOME = SOURCE / "lessons" / "coursework"
FILES = sorted(HOME.rglob("*.py"))


def room(parts):
    """Return the room of a module, given by its names below the package."""
    return parts[0] if parts and parts[0] in ARROWS else ""


def arrows(path):
    """Return the other rooms that a module imports."""
    here, found = room(path.relative_to(HOME).with_suffix("").parts), set()
    for name in imported_names(ast.parse(path.read_text(encoding="utf-8"))):
        if name.startswith("lessons.coursework."):
            found.add(room(name.split(".")[2:]))
    return here, found - {here, ""}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_arrows_run_downwards(path):
    here, found = arrows(path)
    assert found <= ARROWS[here], f"{here or 'the face'} imports {found - ARROWS[here]}"


def test_every_arrow_is_drawn_and_none_leads_back():
    """ARROWS holds no arrow that nothing needs, and its order is the way down."""
    found = [arrows(path) for path in FILES]
    order = list(ARROWS)
    for here, allowed in ARROWS.items():
        assert allowed == {other for home, others in found if home == here for other in others}
        assert all(order.index(other) > order.index(here) for other in allowed)


def test_what_a_sandbox_shows_needs_no_room_of_the_grader():
    assert ARROWS["inside"] | ARROWS["student"] | ARROWS[""] <= {"student", "variant"}
