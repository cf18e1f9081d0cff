"""Fetch what writes the website's formulas, so that no page asks another host for it.

``npm pack`` downloads, a pinned sha512 says that it is the right file, and only what pages load is
unpacked. The folder appears whole or not at all.
"""

import base64
import fnmatch
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "book" / "assets" / "vendor"
STAMP = "versions.json"

# folder: package, sha512 of its archive, what of it is wanted, prefix that is cut off
PACKAGES = {
    "katex": (
        "katex@0.16.22",
        "XCHRdUw4lf3SKBaJe4EvgqIuWwkPSo9XoeO8GjQW94Bp7TWv9hNhzZjZ+OH9yf1UmLygb7DIT5GSFQiyt16zYg==",
        [
            "package/LICENSE",
            "package/dist/katex.min.js",  # runs while building; no page loads it
            "package/dist/katex.min.css",
            "package/dist/fonts/*.woff2",
        ],
        "package/dist/",
    ),
}


class BrokenDownload(Exception):
    """What arrived is not what was asked for."""


def _stamp():
    return json.dumps({name: list(package[:3]) for name, package in PACKAGES.items()}, indent=1)


def fetch(target=TARGET, npm=None):
    """Make sure ``target`` holds the files.

    Returns
    -------
    str or None
        None if the folder is whole; else why it is missing (no node, no npm, no network).

    Raises
    ------
    BrokenDownload
        An archive whose sha512 is not the pinned one. Nothing of it is kept.
    """
    if shutil.which("node") is None:
        return "node is not installed"
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp():
        return None
    npm = npm or shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vendor-") as scratch:
        whole = Path(scratch) / "vendor"
        for name, (package, digest, wanted, prefix) in PACKAGES.items():
            try:
                archive = _pack(npm, package, Path(scratch) / f"{name}.download")
            except (subprocess.SubprocessError, OSError) as error:
                return f"npm could not fetch {package}: {_last_line(error)}"
            found = hashlib.sha512(archive.read_bytes()).digest()
            if base64.b64encode(found).decode() != digest:
                raise BrokenDownload(f"{package}: the archive is not the one that is pinned here.")
            _unpack(archive, whole / name, wanted, prefix)
        (whole / STAMP).write_text(_stamp(), encoding="utf-8")
        if target.exists():
            target.rename(Path(scratch) / "old")
        whole.rename(target)
    return None


def _pack(npm, package, folder):
    folder.mkdir()
    command = [npm, "pack", package, "--pack-destination", str(folder), "--silent"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise OSError(f"it left {len(archives)} archives")
    return archives[0]


def _last_line(error):
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else "no message"


def _unpack(archive, folder, wanted, prefix):
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if not (member.isfile() and any(fnmatch.fnmatch(member.name, w) for w in wanted)):
                continue
            path = folder / member.name.removeprefix(prefix).removeprefix("package/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tar.extractfile(member).read())
