"""One address: it stands in _config.yml, and every copy of it elsewhere is written from there.

    make repository ADDRESS=https://github.com/owner/name
    make repository ADDRESS=none        # forget it again

Copies are the first cell of each notebook and the blocks between the comments
``repository: NAME`` and ``/repository`` in Markdown, TOML and CFF files. It needs no package.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "lessons[course]"
ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9._-]{1,100})")
TEXTS = ["README.md", "CONTRIBUTING.md", "CITATION.cff", "pyproject.toml", "book/*.md"]
BLOCK = re.compile(
    r"(?P<open>^(?:<!--|#) repository: (?P<name>[a-z]+)(?: -->)?\n)"
    r"(?P<body>.*?)"
    r"(?P<close>^(?:<!--|#) /repository(?: -->)?$)",
    re.MULTILINE | re.DOTALL,
)


class BadAddress(ValueError):
    """An address that no copy could use."""


def checked(address):
    """Return ``address`` as https://github.com/owner/name; '' stays ''."""
    short = address.strip().rstrip("/").removesuffix(".git")
    if short in ("", "none"):
        return ""
    match = ADDRESS.fullmatch(short)
    if not match or match[2] in {".", ".."}:
        raise BadAddress(
            f"ADDRESS={address!r} is not the address of a GitHub repository; "
            "expected https://github.com/owner/name (Colab opens notebooks from there)."
        )
    return short


def configured(root=ROOT):
    """Return the address in _config.yml, '' if none is set."""
    return checked(_config_line(root)[1])


def remote(root=ROOT):
    """Return the address of the git remote ``origin`` if that is a GitHub repository, else ''."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.sub(r"^(ssh://)?git@github\.com[:/]", "https://github.com/", found)
    found = re.sub(r"^https://[^@/]+@github\.com/", "https://github.com/", found)
    try:
        return checked(found)
    except BadAddress:
        return ""


def _config_line(root):
    text = (root / "_config.yml").read_text(encoding="utf-8")
    match = re.search(
        r'^repository:\n(?:  .*\n)*?  url: *"?(?P<url>[^"\n]*)"? *$', text, re.MULTILINE
    )
    if not match:
        raise SystemExit("_config.yml has no line `url:` under `repository:`.")
    return text, match["url"], match.span("url")


# What the copies say ------------------------------------------------------------------------------


def first_cell(address):
    """Return the source of every notebook's first cell."""
    head = """\
# Installs the course's package where it is missing (on Colab); elsewhere it does nothing.
from importlib.util import find_spec

if find_spec("lessons") is None:
"""
    if address:
        return f'{head}    %pip install --quiet "{PACKAGE} @ git+{address}"'
    return f"""{head}    raise ModuleNotFoundError(
        "The package `lessons` is missing, and this copy does not know where to get it. In a copy "
        "of the course's repository, run: pip install -e '.[course]'"
    )"""


def block(name, address):
    """Return the lines of the block ``name``."""
    owner, project = ADDRESS.fullmatch(address).groups() if address else ("", "")
    site = f"https://{owner}.github.io/{project}/"
    known = {
        "clone": f"```bash\ngit clone {address}\ncd {project}\n```\n",
        "install": f'```bash\npip install "{PACKAGE} @ git+{address}"\n```\n',
        "site": f"The website: <{site}>\n",
        "urls": f'[project.urls]\nRepository = "{address}"\nIssues = "{address}/issues"\n',
        "citation": f'repository-code: "{address}"\n',
        "colab": "".join(
            f"- [Open *{path.stem}* on Colab](https://colab.research.google.com/github/"
            f"{owner}/{project}/blob/main/{path.relative_to(ROOT).as_posix()})\n"
            for path in student_notebooks()
        ),
    }
    unknown = {
        "clone": "Open a terminal in a copy of this repository.\n",
        "install": 'In a copy of this repository:\n\n```bash\npip install ".[course]"\n```\n',
        "site": "",
        "urls": "",
        "citation": "",
        "colab": "Colab works with a notebook that knows where the course is published. Those of\n"
        "this copy do not know it. Ask your instructor for a link, or use Jupyter or VS Code.\n",
    }
    if name not in known:
        raise SystemExit(f"Block `repository: {name}` is unknown; there are: {', '.join(known)}.")
    return (known if address else unknown)[name]


def with_first_cell(notebook, address):
    """Return the notebook (a dict) with the install cell as its first cell."""
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "install",
        "metadata": {"tags": ["remove-cell"]},
        "outputs": [],
        "source": first_cell(address).splitlines(keepends=True),
    }
    cells = notebook["cells"]
    if cells and "remove-cell" in cells[0].get("metadata", {}).get("tags", []):
        cells = cells[1:]
    return notebook | {"cells": [cell, *cells]}


def written(notebook):
    """Return the notebook as the text that is stored."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


# Rewriting ----------------------------------------------------------------------------------------


def notebooks(root=ROOT):
    """Return the paths of all notebooks: the chapters, and pages of the book that run code."""
    chapters = (root / "notebooks").glob("*/*.ipynb")
    return sorted([*chapters, *(root / "book").glob("*.ipynb")])


def student_notebooks(root=ROOT):
    """Return the paths of the notebooks that students of an assignment get."""
    return sorted((root / "assignments").glob("*/student/*.ipynb"))


def copies(address, root=ROOT):
    """Return {path: text} of every file that holds the address, as it should read."""
    texts = {}
    text, _, (start, end) = _config_line(root)
    texts[root / "_config.yml"] = text[:start] + address + text[end:]
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            texts[path] = BLOCK.sub(
                lambda m: m["open"] + block(m["name"], address) + m["close"], text
            )
    for path in [*notebooks(root), *student_notebooks(root)]:
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            texts[path] = written(with_first_cell(notebook, address))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise SystemExit(f"{path} is no readable notebook: {error!r}") from error
    return texts


def outdated(root=ROOT, address=None):
    """Return {path: text} of the copies that differ from what the address asks for."""
    address = configured(root) if address is None else address
    return {
        path: text
        for path, text in copies(address, root).items()
        if path.read_text(encoding="utf-8") != text
    }


def write(path, text):
    """Replace the file ``path`` at once: a reader sees the old text or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            os.chmod(name, path.stat().st_mode)
        else:
            os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def main(arguments):
    """Rewrite every copy of the address."""
    if len(arguments) != 1 or not arguments[0].strip():
        raise SystemExit("Usage: make repository ADDRESS=https://github.com/owner/name")
    try:
        address = checked(arguments[0])
    except BadAddress as error:
        raise SystemExit(str(error)) from error
    changed = outdated(address=address)
    for path, text in changed.items():
        write(path, text)
        print(f"  wrote {path.relative_to(ROOT)}")
    print(f"The address is {address or 'not set'}; {len(changed)} file(s) changed.")


if __name__ == "__main__":
    main(sys.argv[1:])
