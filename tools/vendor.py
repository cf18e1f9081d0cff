"""Fetch the scripts that the website serves itself, so that no page asks another host for them.

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
    "mathjax": (
        "mathjax@3.2.2",
        "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        [
            "package/LICENSE",
            "package/es5/tex-chtml.js",
            "package/es5/input/tex/extensions/*",
            "package/es5/output/chtml/fonts/woff-v2/*",
            # What the formulas' own menu loads for screen readers, in English.
            "package/es5/a11y/*",
            "package/es5/sre/mathmaps/base.json",
            "package/es5/sre/mathmaps/en.json",
        ],
        "package/es5/",
    ),
    "html-manager": (
        "@jupyter-widgets/html-manager@1.0.15",
        "5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
        ["package/dist/embed.js", "package/dist/embed.js.LICENSE.txt", "*.woff2"],
        "package/dist/",
    ),
}
# The package names its licence (BSD-3-Clause) but holds no text of it.
HTML_MANAGER_LICENSE = """\
Copyright (c) Jupyter Development Team.
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its
   contributors may be used to endorse or promote products derived from
   this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""


class BrokenDownload(Exception):
    """What arrived is not what was asked for."""


def _stamp():
    return json.dumps({name: list(package[:3]) for name, package in PACKAGES.items()}, indent=1)


def fetch(target=TARGET, npm=None):
    """Make sure ``target`` holds the scripts.

    Returns
    -------
    str or None
        None if the folder is whole; else why it is missing (npm missing or without network).

    Raises
    ------
    BrokenDownload
        An archive whose sha512 is not the pinned one. Nothing of it is kept.
    """
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
        (whole / "html-manager" / "LICENSE").write_text(HTML_MANAGER_LICENSE, encoding="utf-8")
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
