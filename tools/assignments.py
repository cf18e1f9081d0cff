"""Build the assignments: what students get, what graders use, what instructors read.

    python -m tools.assignments [NAME …]           build into _build/assignments, refresh the copies
    python -m tools.assignments --check [NAME …]   build; fail if a committed copy is stale

Committed, so that they can be downloaded and installed, are the student's notebook
(``assignments/NAME/student/``) and the public tests (``NAME/`` in
``src/lessons/coursework/student/public/``).
"""

import argparse
import ast
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import nbformat
import yaml

from tools import assignment_tests, imports, notebooks, repository, solution_page

ROOT = repository.ROOT
SOURCE = ROOT / "src" / "lessons"
PUBLIC = SOURCE / "coursework" / "student" / "public"
BUILT = ROOT / "_build" / "assignments"
SOLUTION = "otter_assign_solution_cell"
MARKERS = re.compile(r"^ *# (BEGIN|END) SOLUTION.*\n?", re.MULTILINE)


def names():
    """Return the names of all assignments."""
    return sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.yml"))


def run_otter(master, folder):
    """Let otter-grader assign ``master``; return its folders for graders and for students."""
    from otter.assign import main

    copy = folder / "master" / master.name
    copy.parent.mkdir()
    shutil.copy(master, copy)
    main(str(copy), str(folder / "otter"), no_run_tests=True, no_pdfs=True)
    return folder / "otter" / "autograder", folder / "otter" / "student"


def tidied(notebook, address):
    """Return otter's notebook in a stored form that does not depend on chance.

    otter puts the mark that ends a question into the next cell; here it has its own, so that what
    stands between the marks is the student's answer alone.
    """
    cells = []
    for cell in notebook.cells:
        if cell.source.startswith(end := "<!-- END QUESTION -->") and cell.source.strip() != end:
            cells.append(nbformat.v4.new_markdown_cell(end))
            cell.source = cell.source.removeprefix(end).lstrip()
        cells.append(cell)
    notebook.cells = cells
    notebook = notebooks.tidy(notebook, address)
    notebook.metadata["colab"] = {"provenance": [], "toc_visible": True}
    return notebook


def student_notebook(folder, name, address):
    """Return the text of the notebook that students get."""
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    return notebooks.text_of(tidied(notebook, address))


def solution(folder, name, address):
    """Return the notebook with solutions, and the positions of the cells that hold them."""
    notebook = tidied(nbformat.read(folder / f"{name}.ipynb", as_version=4), address)
    places = {i for i, c in enumerate(notebook.cells) if SOLUTION in c.metadata.get("tags", [])}
    for cell in notebook.cells:
        cell.source = MARKERS.sub("", cell.source).strip("\n")
    return notebook, places


def gradescope(folder, tests, package):
    """Return otter's zip for Gradescope with our tests and with what they need of the package.

    The same content gives the same bytes.
    """
    (made,) = folder.glob("*-autograder_*.zip")
    with zipfile.ZipFile(made) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {f"tests/{name}.py": text.encode() for name, text in tests.items()}
    content |= {f"files/{name}": data for name, data in package.items()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
            archive.writestr(entry, content[name])
    return stream.getvalue()


def needed_package(notebook, tests, copies, hide):
    """Return {path: bytes} of the package's files that a submission and its tests import."""
    trees = [imports.notebook_tree(notebook), *map(ast.parse, tests.values())]
    paths = set().union(*map(imports.dependencies, trees))
    files = {path: path.read_bytes() for path in paths}
    files |= {path: text.encode() for path, text in copies.items() if PUBLIC in path.parents}
    inside = {path.relative_to(SOURCE.parent).as_posix(): data for path, data in files.items()}
    return {name: data for name, data in inside.items() if not name.startswith(tuple(hide))}


def build(name, output):
    """Build one assignment into ``output``/name; return {path: text} of the committed copies."""
    home = ROOT / "assignments" / name
    about = yaml.safe_load((home / "assignment.yml").read_text(encoding="utf-8"))
    master = nbformat.read(home / f"{name}.ipynb", as_version=4)
    questions = assignment_tests.questions(master)
    listed = [{"name": q.name, "points": q.points, "manual": q.manual} for q in questions]
    address = repository.configured()
    tested = [q for q in questions if q.cases]
    tests = {q.name: assignment_tests.text(q, public=False) for q in tested}
    public = {q.name: assignment_tests.text(q, public=True) for q in tested}

    (output.parent).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as scratch:
        scratch = Path(scratch)
        grader, student = run_otter(home / f"{name}.ipynb", scratch)
        for question, text in tests.items():
            theirs = (grader / "tests" / f"{question}.py").read_text(encoding="utf-8")
            if not assignment_tests.same_tests(text, theirs):
                raise SystemExit(f"{name}, {question}: otter reads other tests from the master.")
        copies = {
            home / "student" / f"{name}.ipynb": student_notebook(student, name, address),
            PUBLIC / name / "assignment.json": dumped(
                {"title": about["title"], "questions": listed}
            ),
        } | {PUBLIC / name / f"{q}.py": text for q, text in public.items()}
        solved, places = solution(grader, name, address)
        digest = hashlib.sha256()
        for question, text in sorted(tests.items()):
            digest.update(f"{question}\0{text}\0".encode())
        built = {f"tests/{question}.py": text for question, text in tests.items()} | {
            f"student/{name}.ipynb": copies[home / "student" / f"{name}.ipynb"],
            "instructor/solution.ipynb": notebooks.text_of(solved),
            "instructor/solution.html": solution_page.page(
                about["title"], solved, places, questions
            ),
            "assignment.json": dumped(
                {"schema": 1, "name": name, "title": about["title"], "questions": listed}
                | {"hide": about.get("hide", []), "digest": digest.hexdigest()}
            ),
        }
        whole = scratch / "whole"
        for path, text in built.items():
            (whole / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).write_text(text, encoding="utf-8")
        package = needed_package(solved, tests, copies, about.get("hide", []))
        archive = gradescope(grader, tests, package)
        (whole / "instructor" / "gradescope.zip").write_bytes(archive)
        if (output / name).exists():
            (output / name).rename(scratch / "old")
        output.mkdir(parents=True, exist_ok=True)
        whole.rename(output / name)
    return copies


def dumped(value):
    """Return a value as the JSON text that is stored."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def stale(copies):
    """Return the committed copies that differ from what was built, and leftovers beside them."""
    different = [p for p, t in copies.items() if not p.is_file() or p.read_text("utf-8") != t]
    there = {
        f for folder in {p.parent for p in copies} if folder.is_dir() for f in folder.iterdir()
    }
    return sorted(different + [p for p in there - set(copies) if p.is_file()])


def main():
    """Build the assignments named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: every assignment")
    parser.add_argument(
        "--check", action="store_true", help="copy nothing, fail if a copy is stale"
    )
    parser.add_argument("--output", type=Path, default=BUILT, help="default: %(default)s")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names()):
        raise SystemExit(f"No assignment {unknown.pop()!r}; there are: {', '.join(names())}.")
    found = []
    for name in arguments.names or names():
        try:
            copies = build(name, arguments.output.resolve())
        except assignment_tests.BadMaster as error:
            raise SystemExit(f"assignments/{name}/{name}.ipynb: {error}") from error
        print(f"{name}: {os.path.relpath(arguments.output / name)}", flush=True)
        for path in stale(copies):
            found.append(path)
            print(f"  {'stale' if arguments.check else 'wrote'} {path.relative_to(ROOT)}")
            if arguments.check:
                continue
            if path in copies:
                path.parent.mkdir(parents=True, exist_ok=True)
                repository.write(path, copies[path])
            else:
                path.unlink()
    if arguments.check and found:
        raise SystemExit("Run: make assignments")


if __name__ == "__main__":
    main()
