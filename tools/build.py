"""Build the website: run what changed, a chapter on each core, and put the whole site in place.

    python -m tools.build              into _build/html
    python -m tools.build --changed    of chapters as the tests run them, into _build/changed/html

The site is always a whole one. A build works beside it and replaces it at the end.
"""

import argparse
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from sphinx_external_toc.parsing import parse_toc_yaml

from tools import chapters, repository, settings, vendor
from tools.chapters import Failure

ROOT = repository.ROOT


def pages():
    """Return the names of the book's pages, in order, root first."""
    names = [str(name) for name in parse_toc_yaml(ROOT / "_toc.yml")]
    missing = [
        n for n in names if not any((ROOT / f"{n}{end}").is_file() for end in (".md", ".ipynb"))
    ]
    if missing:
        raise Failure(f"_toc.yml names pages that do not exist: {', '.join(missing)}")
    return names


def run_sphinx(config, work):
    """Let Jupyter Book write the pages into ``work``; warnings are errors."""
    settings_file = work / "config.yml"
    text = yaml.safe_dump(config, sort_keys=True, allow_unicode=True)
    if not settings_file.is_file() or settings_file.read_text(encoding="utf-8") != text:
        settings_file.write_text(text, encoding="utf-8")
    book = "from jupyter_book.cli.main import main; main()"  # like this, it also finds tools/
    command = [sys.executable, "-c", book, "build", str(ROOT), "-W", "-n", "--keep-going", "-q"]
    command += ["--config", str(settings_file), "--path-output", str(work)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    (work / "log.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        raise Failure(complaints(done.stderr))
    return work / "_build" / "html"


def complaints(log):
    """Return the warnings and errors in Sphinx's output, cells counted as the notebook does."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", log).replace(f"{ROOT}/", "")
    log = log.partition("Traceback (most recent call last):")[0].strip() or log
    lines = log.splitlines()
    found = [line for line in lines if re.search(r"WARNING|ERROR", line)] or lines[-30:]
    return "\n".join(
        # MyST-NB gives line 8 of cell 2 as line 20008.
        re.sub(
            r"(\.ipynb):(\d+)\d{4}:",
            lambda m: f"{m[1]}, cell {m[2]}, line {int(m[0][-5:-1])}:",
            line,
        )
        for line in found
    )


def check_pages(names, built):
    """Raise if a page of the table of contents was not written."""
    missing = [name for name in names if not (built / f"{name}.html").is_file()]
    if missing:
        raise Failure(f"These pages were not written: {', '.join(missing)}")


def write_front_door(root_page, built, site):
    """Let the site's address lead to its first page, with that page's own title and description."""
    head = (built / f"{root_page}.html").read_text(encoding="utf-8").partition("</head>")[0]
    title = re.search(r"<title>.*?</title>", head, re.DOTALL)
    tags = re.findall(r'<meta (?:property="og:|name="(?:description|twitter:))[^>]*>', head)
    canonical = f'<link rel="canonical" href="{html.escape(site)}{root_page}.html">' if site else ""
    lines = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        title[0] if title else "<title>The course</title>",
        *(tag.replace('"../', '"') for tag in tags),
        canonical,
        f'<meta http-equiv="refresh" content="0; url={root_page}.html">',
        f'</head>\n<body><main><a href="{root_page}.html">To the course</a></main></body>\n</html>',
    ]
    (built / "index.html").write_text("\n".join(filter(None, lines)) + "\n", encoding="utf-8")


def put_in_place(built, site):
    """Replace the folder ``site`` by a copy of the whole new one."""
    new, old = site.with_name("html.new"), site.with_name("html.old")
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built, new)
    if site.exists():
        site.rename(old)
    new.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def fresh_if_changed(work, key):
    """Throw the work folder away when pages or versions changed."""
    stamp = work / "key"
    if not stamp.is_file() or stamp.read_text() != key:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        stamp.write_text(key)


def get_scripts():
    """Fetch the scripts that the site serves; return whether it can."""
    try:
        why = vendor.fetch()
    except vendor.BrokenDownload as error:
        raise Failure(str(error)) from error
    if why:
        print(
            f"Pages with formulas will load MathJax from its usual CDN: {why}.\n"
            "  With node, npm and network, the next build writes the formulas itself.",
            flush=True,
        )
    return why is None


def build(output, changed=False):
    """Build the site into ``output``/html, of chapters run as `chapters.refresh` says."""
    work, cache_folder, site = output / "work", output / ".jupyter_cache", output / "html"
    names = pages()
    address, line = settings.find_address()
    print(line, flush=True)
    self_hosted = get_scripts()

    paths = [path for name in names if (path := ROOT / f"{name}.ipynb").is_file()]
    executed = chapters.refresh(paths, output, changed)

    toc = (ROOT / "_toc.yml").read_bytes()
    digest = hashlib.sha256(chapters.base(changed).encode() + toc)
    assets = [ROOT / "book" / "assets", ROOT / "book" / "assets" / "playground"]
    own = [path for folder in assets for path in folder.glob("*.*")]
    own += (ROOT / "tools" / "website").rglob("*.*")
    for path in sorted(own):  # Sphinx does not look at them, or copies them with pages only
        if path.suffix != ".pyc":
            digest.update(path.name.encode() + path.read_bytes())
    fresh_if_changed(work, digest.hexdigest())
    for path in executed:  # Sphinx does not see that the outputs are new
        name = path.relative_to(ROOT).with_suffix(".doctree")
        (work / "_build" / ".doctrees" / name).unlink(missing_ok=True)
    # Sphinx keeps the index's entries of the pages that it reads anew, and of no others.
    (work / "_build" / ".doctrees" / "book" / "glossary.doctree").unlink(missing_ok=True)
    print("Writing the pages", flush=True)
    site_address = settings.find_site()
    config = settings.derive(
        settings.load(),
        address=address,
        site=site_address,
        self_hosted=self_hosted,
        cache=cache_folder,
    )
    try:
        built = run_sphinx(config, work)
        check_pages(names, built)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)  # or the next build would not see the warnings
        raise
    site_address = site_address.rstrip("/") + "/" if site_address else ""
    write_front_door(names[0], built, site_address)
    put_in_place(built, site)
    return site


def main():
    """Build, and say in the last lines where the site is, or why there is none."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, help="folder of the site and what it is built from")
    parser.add_argument("--changed", action="store_true", help="chapters as the tests run them")
    given = parser.parse_args()
    output = (given.output or (chapters.CHANGED if given.changed else chapters.OUTPUT)).resolve()
    start = time.monotonic()
    try:
        site = build(output, given.changed)
    except Failure as failure:
        print(f"\n{failure}\n", file=sys.stderr)
        if (output / "html" / "index.html").is_file():
            built = time.ctime((output / "html" / "index.html").stat().st_mtime)
            print(f"The site in {output / 'html'} is still the one of {built}.", file=sys.stderr)
        raise SystemExit("The book was NOT built.") from None
    shown = os.path.relpath(site)
    print(f"\nThe book was built in {time.monotonic() - start:.0f} s. It is in {shown}.")
    if output == chapters.OUTPUT:
        print("To open it: make serve, then http://127.0.0.1:8000 in a browser.")


if __name__ == "__main__":
    main()
