"""Every assignment: built as committed, solvable, empty without work, fair to half a solution."""

import ast
import functools
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import torch
from markdown_it import MarkdownIt

from lessons.coursework.grading import assignment as built_assignment
from tools import assignment_tests, assignments, repository

ROOT = repository.ROOT
NAMES = assignments.names()
HALF = sorted((ROOT / "assignments").glob("*/half_right/*.py"))
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read("alone.ipynb", as_version=4)
nbclient.execute(notebook, timeout=120)
nbformat.write(notebook, "alone.ipynb")
"""
# otter's own imports
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each = pytest.mark.parametrize("name", NAMES)


def make(output):
    command = [sys.executable, "-m", "tools.assignments", "--check", "--output", str(output)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """All assignments, built; the committed copies are only compared."""
    folder = tmp_path_factory.mktemp("built") / "assignments"
    done = make(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@functools.cache
def code(path, quick):
    """Return the code cells of a notebook, compiled; if ``quick``, without what they only show."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    trees = [ast.parse(cell.source) for cell in cells]
    for tree in trees if quick else []:
        tree.body = [statement for statement in tree.body if not isinstance(statement, ast.Expr)]
    return [compile(tree, cell.id, "exec") for tree, cell in zip(trees, cells, strict=True)]


def run(path, *more):
    """Run a notebook's cells in one namespace, as a kernel does, then more; return it."""
    names, threads = {"__name__": "__main__"}, torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for cell in code(path, bool(more)):
            exec(cell, names)
        for path in more:
            exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    finally:
        torch.set_num_threads(threads)
    return names


def score(folder, names, student="ada", seed=1, only=None):
    """Return {question: points} as otter gives them for the values of a namespace."""
    from otter.test_files import ExceptionTestFile

    points = {}
    for path in sorted((folder / "tests").glob(f"{only or '*'}.py")):
        file = ExceptionTestFile.from_file(str(path))
        file.run(names | {"_seed": seed, "_student": student})
        points[path.stem] = file.score
    return points


def table(name):
    path = ROOT / "assignments" / name / "half_right" / "points.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


# What is built ------------------------------------------------------------------------------------


def test_there_are_assignments():
    assert "clipping" in NAMES


def test_committed_copies_are_current_and_building_twice_gives_the_same_bytes(output, tmp_path):
    assert make(tmp_path / "again").returncode == 0

    def digests(folder):
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        hashes = (hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
        return dict(zip([p.relative_to(folder).as_posix() for p in files], hashes, strict=True))

    first = digests(output)
    assert first == digests(tmp_path / "again")
    for name in NAMES:
        made = {path.removeprefix(f"{name}/") for path in first if path.startswith(f"{name}/")}
        instructor = {
            f"instructor/{f}" for f in ("solution.ipynb", "solution.html", "gradescope.zip")
        }
        assert made >= instructor | {"assignment.json", f"student/{name}.ipynb"}


def test_a_stale_copy_is_noticed(tmp_path):
    copy = tmp_path / "q1.py"
    assert assignments.stale({copy: "new"}) == [copy]
    copy.write_text("old")
    leftover = tmp_path / "q9.py"
    leftover.touch()
    assert assignments.stale({copy: "new"}) == [copy, leftover]
    assert assignments.stale({copy: "old", leftover: ""}) == []


@each
def test_graders_can_load_it(output, name):
    loaded = built_assignment.load(output / name)
    assert loaded.name == name
    assert {f"tests/{path.name}" for path in loaded.tests.values()} == {
        path.relative_to(output / name).as_posix() for path in (output / name).glob("tests/*")
    }
    for path in loaded.hide:
        hidden = ROOT / "src" / path
        assert hidden.is_dir() or hidden.with_suffix(".py").is_file()


def test_clipping_is_worth_what_its_page_says():
    master = nbformat.read(ROOT / "assignments" / "clipping" / "clipping.ipynb", as_version=4)
    questions = assignment_tests.questions(master)
    assert sum(q.points for q in questions) == 30
    assert sum(q.points for q in questions if not q.manual) == 26
    page = (ROOT / "book" / "coursework.md").read_text(encoding="utf-8")
    assert "26 points" in page and "**Points:** 30" in page


@each
def test_no_machine_and_no_answer_is_in_what_students_get(output, name):
    student = (output / name / "student" / f"{name}.ipynb").read_text(encoding="utf-8")
    public = list((assignments.PUBLIC / name).glob("*.py"))
    for text in (student, *(path.read_text(encoding="utf-8") for path in public)):
        assert not re.search(r"SOLUTION|hidden=True|BEGIN TEST|_seed|half_right", text)
        assert str(Path.home()) not in text and str(ROOT) not in text
    solution = (output / name / "instructor" / "solution.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"# (BEGIN|END) (SOLUTION|TEST|QUESTION|PROMPT)", solution)


@each
def test_the_instructors_page_stands_alone(output, name):
    page = (output / name / "instructor" / "solution.html").read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert not re.search(r'<(script|link|img|iframe)\b|@import|url\(|src="', page)
    assert page.count("<h1") == 1
    loaded = built_assignment.load(output / name)
    for question in loaded.questions:
        assert f'<th scope="row">{question.name}</th>' in page
    assert page.count('class="solution"') >= len(loaded.questions)


@each
def test_gradescope_gets_all_it_needs_and_nothing_that_is_hidden(output, tmp_path, name):
    loaded = built_assignment.load(output / name)
    with zipfile.ZipFile(output / name / "instructor" / "gradescope.zip") as archive:
        archive.extractall(tmp_path)
    for question, path in loaded.tests.items():
        assert (tmp_path / "tests" / f"{question}.py").read_bytes() == path.read_bytes()
    assert not any((tmp_path / "files" / hidden).exists() for hidden in loaded.hide)
    program = (
        "import sys, json; sys.path.insert(0, 'files'); import lessons; print(lessons.__file__)\n"
        f"cells = json.load(open({str(output / name / 'student' / f'{name}.ipynb')!r}))['cells']\n"
        "for cell in cells:\n"
        "    if cell['cell_type'] == 'code': exec(''.join(cell['source']), globals())\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "files")) or done.stdout.startswith("files")


# What students read -------------------------------------------------------------------------------


@each
def test_the_text_is_plain_and_its_points_are_the_tests_points(name):
    master = nbformat.read(ROOT / "assignments" / name / f"{name}.ipynb", as_version=4)
    texts = [cell.source for cell in master.cells if cell.cell_type == "markdown"]
    for text in texts:
        assert not re.search(
            r"^\s*(`{3,}|:{3,})\{|\{[a-z]+\}`|\$|^#{1,6}.*\n[^\n]", text, re.MULTILINE
        )
        assert text.count("<details>") == text.count("</details>") == text.count("<summary>")
        assert not [
            t for t in MarkdownIt().parse(text) if t.type == "html_block" and "\n\n" in t.content
        ]
    questions, number = assignment_tests.questions(master), 0
    for cell in master.cells:
        if cell.cell_type != "markdown" or "| part | points |" not in cell.source:
            continue
        rows = re.findall(r"^\|[^|]+\| ([\d.]+) \|$", cell.source, re.MULTILINE)
        cases = questions[number].cases
        assert [float(row) for row in rows] == [case.points for case in cases if case.hidden]
        # A check for each part, and none whose points a remembered answer could get.
        assert len(cases) >= 2 * len(rows)
        assert not any(case.points for case in cases if not case.hidden)
        number += 1
    assert number == sum(not q.manual for q in questions)


@each
def test_the_notebook_works_alone_in_an_empty_folder(name, tmp_path):
    """As a student opens it: a kernel, an empty folder, nothing written yet."""
    source = ROOT / "assignments" / name / "student" / f"{name}.ipynb"
    stored = nbformat.read(source, as_version=4)
    (tmp_path / "alone.ipynb").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    ran = nbformat.read(tmp_path / "alone.ipynb", as_version=4)
    checks = [cell for cell in ran.cells if cell.source.startswith("grader.check")]
    assert len(checks) == len([q for q in about(name) if not q.manual]) + 1
    for cell in checks:
        (shown,) = cell.outputs
        assert "not yet" in shown.data["text/plain"] and "not yet" in shown.data["text/html"]
    assert stored.cells[0].source == repository.first_cell(repository.configured())
    assert {path.name for path in tmp_path.iterdir()} == {"alone.ipynb"}


def about(name):
    master = nbformat.read(ROOT / "assignments" / name / f"{name}.ipynb", as_version=4)
    return assignment_tests.questions(master)


@each
def test_with_an_address_colab_opens_and_installs(name):
    address = "https://github.com/some-owner/some.course"
    student = ROOT / "assignments" / name / "student" / f"{name}.ipynb"
    link = "https://colab.research.google.com/github/some-owner/some.course/blob/main/"
    link += student.relative_to(ROOT).as_posix()
    assert f"[Open *{name}* on Colab]({link})" in repository.block("colab", address)
    copies = repository.copies(address)
    assert f"lessons[course] @ git+{address}" in copies[student]
    assert link in copies[ROOT / "book" / "coursework.md"]


# What work is worth -------------------------------------------------------------------------------


@each
@pytest.mark.parametrize(("student", "seed"), [("ada", 1), ("s1234567", 2), ("李雷", 2**60)])
def test_the_solution_gets_everything(output, name, student, seed):
    names = run(output / name / "instructor" / "solution.ipynb")
    full = {q.name: q.points for q in about(name) if not q.manual}
    assert score(output / name, names, student, seed) == full
    assert names["grader"].check_all(names).passed


@each
def test_the_solution_gets_everything_without_a_student(output, name):
    """On Gradescope nobody tells the tests who handed it in."""
    names = run(output / name / "instructor" / "solution.ipynb")
    full = {q.name: q.points for q in about(name) if not q.manual}
    assert score(output / name, names, None, None) == full


@each
def test_an_untouched_notebook_gets_nothing(output, name):
    names = run(ROOT / "assignments" / name / "student" / f"{name}.ipynb")
    points = score(output / name, names)
    assert set(points.values()) == {0}
    assert len(points) == len([q for q in about(name) if not q.manual])


@each
def test_every_question_has_half_right_solutions(name):
    there = {path.stem for path in HALF if path.parents[1].name == name}
    assert set(table(name)) == there
    for question in about(name):
        points = [p for key, p in table(name).items() if key.startswith(f"{question.name}_")]
        assert question.manual or any(0 < p < question.points for p in points)


@pytest.mark.parametrize("path", HALF, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
@pytest.mark.parametrize("seed", [1, 2])
def test_half_a_solution_gets_exactly_its_points(output, path, seed):
    name, question = path.parents[1].name, path.stem.partition("_")[0]
    names = run(output / name / "instructor" / "solution.ipynb", path)
    points = score(output / name, names, f"s{seed}", seed, only=question)
    assert points[question] == table(name)[path.stem]


# The same through the sandbox ---------------------------------------------------------------------

# Questions of one group do not use each other, so that one submission proves several solutions.
GROUPS = {"clipping": [("q1", "q5"), ("q2", "q3"), ("q4", "q6")]}


def together():
    """Yield (assignment, names of half-right solutions) so that each comes once."""
    for name in NAMES:
        for group in GROUPS.get(name, [[q.name] for q in about(name)]):
            left = [[key for key in table(name) if key.startswith(f"{q}_")] for q in group]
            while any(left):
                keys = [keys.pop(0) for keys in left if keys]
                yield pytest.param(name, keys, id=f"{name}-{'-and-'.join(keys)}")


def graded(folder, *more, student="ada"):
    from lessons.coursework.grading.grade import grade

    notebook = nbformat.read(folder, as_version=4)
    for path in more:
        source = path.read_text(encoding="utf-8")
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    loaded = built_assignment.load(
        next(p for p in folder.parents if (p / "assignment.json").is_file())
    )
    return grade(nbformat.writes(notebook).encode(), loaded, student)


@each
def test_in_the_sandbox_the_solution_gets_everything(sandbox, output, name):
    result = graded(output / name / "instructor" / "solution.ipynb")
    assert (result.score, result.status, result.errors) == (result.possible, "graded", ())


@each
def test_in_the_sandbox_an_untouched_notebook_gets_nothing(sandbox, output, name):
    result = graded(output / name / "student" / f"{name}.ipynb")
    assert (result.score, result.status, result.errors) == (0, "graded", ())


@pytest.mark.parametrize(("name", "keys"), list(together()))
def test_in_the_sandbox_half_a_solution_gets_exactly_its_points(sandbox, output, name, keys):
    paths = [ROOT / "assignments" / name / "half_right" / f"{key}.py" for key in keys]
    result = graded(output / name / "instructor" / "solution.ipynb", *paths)
    points = {question.name: question.score for question in result.questions}
    for key in keys:
        assert points[key.partition("_")[0]] == table(name)[key]


# Masters that are wrong ---------------------------------------------------------------------------

TEST = '''""" # BEGIN TEST CONFIG
points: 1
failure_message: Add.
""" # END TEST CONFIG
def test_adds(add):
    assert add(1, 2) == 3'''


def master(*tests, config="name: q1"):
    raw, code_cell = nbformat.v4.new_raw_cell, nbformat.v4.new_code_cell
    cells = [raw(f"# BEGIN QUESTION\n{config}"), raw("# BEGIN TESTS")]
    cells += [code_cell(test) for test in tests]
    return nbformat.v4.new_notebook(cells=[*cells, raw("# END TESTS"), raw("# END QUESTION")])


def test_a_master_is_read():
    (question,) = assignment_tests.questions(master(TEST))
    assert (question.name, question.points, question.manual) == ("q1", 1.0, False)
    case = assignment_tests.Case("adds", 1.0, False, "Add.", TEST[TEST.index("def") :])
    assert question.cases == (case,)


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        (master(), "q1: expected test cases"),
        (master(TEST, config="name: q1\nmanual: true\npoints: 1"), "q1: expected test cases"),
        (master(TEST, TEST), "two test cases have the same name"),
        (
            master(TEST.replace("points: 1\n", "points: 1\nhidden: true\n")),
            "no test case is public",
        ),
        (master(TEST.replace("failure_message: Add.\n", "")), "points and a failure_message"),
        (master(TEST.replace("points: 1\n", "")), "points and a failure_message"),
        (master(TEST.replace("Add.", "Say 'a\"b'.")), "quotation mark"),
        (master("def test_adds(add): ..."), "without BEGIN TEST CONFIG"),
    ],
)
def test_a_wrong_master_is_refused(notebook, said):
    with pytest.raises(assignment_tests.BadMaster, match=said):
        assignment_tests.questions(notebook)


def test_other_tests_than_otters_are_noticed():
    (question,) = assignment_tests.questions(master(TEST))
    ours = assignment_tests.text(question, public=False)
    assert assignment_tests.same_tests(ours, ours.replace('    name="adds",\n', ""))
    for old, new in (("points=1", "points=2"), ("== 3", "== 4"), ("Add.", "Sub.")):
        assert not assignment_tests.same_tests(ours, ours.replace(old, new))
