"""One notebook alone: an empty folder, an environment without the package, the same numbers."""

import json
import subprocess
import sys

from tools import alone, repository


def test_same_numbers(tmp_path):
    chapters = [
        path
        for path in (repository.ROOT / "notebooks").glob("*/*.ipynb")
        if alone.printed(json.loads(path.read_text(encoding="utf-8")))
    ]
    chapter = min(chapters, key=lambda path: path.stat().st_size)
    address = alone.origin(tmp_path / "origin")
    python = alone.environment(tmp_path / "alone", sys.executable)
    options = {"env": alone.variables(tmp_path) | {"OMP_NUM_THREADS": "1"}}

    def where():
        command = [python, "-c", "import lessons; print(lessons.__file__)"]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, **options)

    assert where().returncode != 0
    _, ran = alone.run(chapter, tmp_path / "empty", address, python, check=True, **options)
    assert where().stdout.startswith(str(tmp_path / "alone" / "venv"))
    stored = alone.printed(json.loads(chapter.read_text(encoding="utf-8")))
    assert stored
    ran = alone.printed(ran)
    assert {name: ran.get(name) for name in stored} == stored
