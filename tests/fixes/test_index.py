"""The index of the fixes: its chapters exist, and page and monitor say what it says."""

from pathlib import Path

import pytest

from lessons.fixes import FIXES, for_kind
from lessons.monitor import KINDS, Finding, Record
from lessons.monitor.rules.advice import ADVICE, advised

ROOT = Path(__file__).resolve().parents[2]


def link(fix):
    return f"[{fix.title}](../notebooks/{fix.chapter}.ipynb)"


def page():
    """Return what the page says below its first lines: by finding, then fix by fix."""
    lines = ["| the monitor finds | fixes for it |", "|---|---|"]
    for kind in KINDS:
        if fixes := for_kind(kind):
            lines.append(f"| `{kind}` | {', '.join(map(link, fixes))} |")
    for fix in FIXES.values():
        lines += ["", f"## {fix.title}", ""]
        lines += [f"- **First when:** {fix.first}", f"- **Does not cure:** {fix.leaves}"]
        lines += [f"- **Cost:** {fix.cost}", f"- **Measured in** {link(fix)}."]
    return "\n".join(lines)


@pytest.mark.parametrize("fix", FIXES.values(), ids=lambda fix: fix.name)
def test_each_has_a_chapter_and_knows_its_kinds(fix):
    assert (ROOT / "notebooks" / f"{fix.chapter}.ipynb").is_file()
    assert set(fix.cures) <= set(KINDS)
    assert min(len(fix.leaves), len(fix.first), len(fix.cost)) > 10


def test_every_chapter_on_a_fix_is_in_the_index():
    chapters = {path.stem for path in (ROOT / "notebooks" / "fixes").glob("*.ipynb")}
    assert chapters - {"clip_threshold"} == set(FIXES)  # clipping's second chapter


def test_the_page_says_what_the_index_says():
    text = (ROOT / "book" / "fixes.md").read_text(encoding="utf-8")
    assert text.endswith(f"\n\n{page()}\n")


@pytest.mark.parametrize("since", [0, 9])
@pytest.mark.parametrize("kind", KINDS)
def test_the_monitors_advice_is_one_of_the_fixes_for_the_kind(kind, since):
    (found,) = advised([Finding(kind, "x", since, "error", "", "", "")], Record())
    fix = ADVICE[kind](found, Record()).fix
    if fix is None:
        assert for_kind(kind) == []
    else:
        assert kind in FIXES[fix].cures
        assert found.chapter == FIXES[fix].chapter
