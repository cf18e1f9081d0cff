"""Run this environment's Python as an ordinary user; for root alone.

python -m tools.ordinary_user ARGUMENT …

The user (number 1000) sees the system, this repository and Python, each read-only and whatever the
permissions of the folders above them are, and an empty home in /tmp. So what must hold for an
ordinary user can be tried where there is only root.
"""

import os
import sys
from pathlib import Path

from tools.repository import ROOT

USER = 1000


def command(arguments):
    """Return the command that runs Python with ``arguments`` as an ordinary user."""
    shown = {ROOT, Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()}
    words = ["bwrap", "--die-with-parent"]
    for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "etc", "sys", "opt"):
        words += ["--ro-bind-try", f"/{name}", f"/{name}"]
    words += ["--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"]
    words += ["--perms", "1777", "--tmpfs", "/tmp"]
    for folder in sorted(shown):
        for parent in sorted(folder.parents)[1:]:
            words += ["--perms", "0755", "--dir", str(parent)]
        words += ["--ro-bind", str(folder), str(folder)]
    words += ["--chdir", str(ROOT), "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"]
    words += ["--setenv", "PYTHONDONTWRITEBYTECODE", "1", "--cap-add", "ALL", "--"]
    words += ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    words += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
    return [*words, sys.executable, *arguments]


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("This is for root: you are an ordinary user already.")
    found = command(sys.argv[1:])
    os.execvp(found[0], found)
