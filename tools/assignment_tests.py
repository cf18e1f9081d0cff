"""The test files of an assignment, written from its master notebook.

otter-grader writes them too, but through ``ast.unparse``, which differs between versions of Python
and drops comments. These say the same in the master's own words: ``same_tests`` compares them.
"""

import ast
import re
from dataclasses import dataclass

import yaml

CONFIG = re.compile(r'\A"{3}\s*# BEGIN TEST CONFIG\n(.*?)\n"{3}\s*# END TEST CONFIG\n', re.DOTALL)
MARK = re.compile(r"# (BEGIN|END) (QUESTION|TESTS)\b(.*)\Z", re.DOTALL)


class BadMaster(Exception):
    """The master notebook is not as it must be; the message says where."""


@dataclass(frozen=True)
class Case:
    """One test case of a question."""

    name: str
    points: float
    hidden: bool
    hint: str
    source: str


@dataclass(frozen=True)
class Question:
    """One question; ``cases`` is empty if a person marks it."""

    name: str
    points: float
    manual: bool
    cases: tuple = ()


def questions(notebook):
    """Return the questions of a master notebook, in order."""
    found, config, cases, inside = [], None, [], False
    for cell in notebook.cells:
        mark = MARK.match(cell.source) if cell.cell_type == "raw" else None
        if mark and mark[2] == "TESTS":
            inside = mark[1] == "BEGIN"
        elif mark and mark[1] == "BEGIN":
            config, cases = yaml.safe_load(mark[3]), []
        elif mark:
            found.append(_question(config, cases))
        elif inside:
            cases.append(_case(config["name"], cell.source))
    return found


def _question(config, cases):
    name, manual = config["name"], config.get("manual", False)
    if manual == bool(cases):
        raise BadMaster(f"{name}: expected test cases, or `manual: true` with `points:`.")
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise BadMaster(f"{name}: two test cases have the same name.")
    if not any(not case.hidden for case in cases) and not manual:
        raise BadMaster(f"{name}: no test case is public; a student could check nothing.")
    points = config["points"] if manual else sum(case.points for case in cases)
    return Question(name, float(points), manual, tuple(cases))


def _case(question, source):
    match = CONFIG.match(source)
    if not match:
        raise BadMaster(f"{question}: a test cell without BEGIN TEST CONFIG:\n{source[:80]}")
    config = yaml.safe_load(match[1])
    code = source[match.end() :].strip("\n")
    (function,) = ast.parse(code).body
    points, hidden = config.get("points", -1), config.get("hidden", False)
    if not config.get("failure_message") or points < 0 or (hidden and not points):
        raise BadMaster(f"{question}, {function.name}: expected points and a failure_message.")
    name = function.name.removeprefix("test_").replace("_", " ")
    hint = config["failure_message"]
    if set(hint) & set('"\\\n'):  # otter pastes it between quotation marks
        raise BadMaster(f"{question}, {name}: its hint holds a quotation mark or a backslash.")
    return Case(name, float(config["points"]), config.get("hidden", False), hint, code)


def text(question, *, public):
    """Return the test file of a question: for students (``public``), or with hidden cases."""
    module = "lessons.coursework.student.cases" if public else "otter.test_files"
    head = [
        f"from {module} import test_case",
        "",
        "OK_FORMAT = False",
        "",
        f'name = "{question.name}"',
    ]
    parts = ["\n".join([*head, "points = None"])]
    for case in question.cases:
        if public and case.hidden:
            continue
        decorator = (
            f'@test_case(\n    name="{case.name}",\n    points={case.points:g},\n'
            f'    hidden={case.hidden},\n    failure_message="{case.hint}",\n)'
        )
        parts.append(f"{decorator}\n{case.source}")
    return "\n\n\n".join(parts) + "\n"


def same_tests(ours, otters):
    """Say whether two test files hold the same cases; only ours give them names."""
    return _bare(ours) == _bare(otters)


def _bare(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "test_case":
            node.keywords = sorted(
                (k for k in node.keywords if k.arg != "name"), key=lambda k: k.arg
            )
    return ast.dump(tree)
