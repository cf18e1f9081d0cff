"""The monitor's rooms import downwards: hands, the monitor, what looks and judges, records."""

import ast

import pytest

from tools.imports import SOURCE, imported_names

RANK = {
    "finding": 0, "record": 1, "watching": 2, "rules": 2, "reporting": 2, "actions": 2,
    "monitor": 3, "adapters": 4,
}  # fmt: skip
HOME = SOURCE / "lessons" / "monitor"
FILES = sorted(path for path in HOME.rglob("*.py") if path != HOME / "__init__.py")


def room(name):
    return name.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_arrows_run_downwards(path):
    here = room(path.relative_to(HOME).with_suffix("").as_posix().replace("/", "."))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]  # types alone
    names = [n.removeprefix("lessons.monitor.") for n in imported_names(tree) if "monitor." in n]
    for other in {room(name) for name in names if name.startswith(tuple(RANK))} - {here}:
        assert RANK[other] < RANK[here], f"{here} imports {other}"
