"""What this machine lacks for grading, and how to mend it."""

import contextlib
import importlib.util
import platform
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lessons.coursework.sandbox.bubblewrap import NOBODY, PATHS, this_place
from lessons.coursework.sandbox.launch import Sandbox, SandboxError, everything
from lessons.coursework.sandbox.limits import Limits
from lessons.coursework.sandbox.seccomp import MACHINES

OLDEST = (0, 8)
MUCH = 2**50  # bytes: no limit at all
INSTALL = (
    "Install bubblewrap 0.8 or newer: sudo apt install bubblewrap (Debian 12, Ubuntu 24.04 or "
    "newer), sudo dnf install bubblewrap (Fedora)."
)
# A kernel's switch for user namespaces: the value that forbids them, and the one that allows them.
SWITCHES = {
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
    "user.max_user_namespaces": ("0", "10000"),
}


@dataclass(frozen=True)
class Problem:
    """Something that grading needs and that is not there."""

    what: str
    remedy: str

    def __str__(self):
        """Return both as one line."""
        return f"{self.what} {self.remedy}"


def problems():
    """Return the problems that keep this machine from grading; none means that it can.

    There is no way to grade without the sandbox.
    """
    if problem := _system(platform.system(), platform.machine()):
        return [problem]
    found = [_otter(), _tools() or _version(_said(["bwrap", "--version"]))]
    if not any(found):
        found = [_start()]
    return [problem for problem in found if problem]


def advice(groups="/sys/fs/cgroup", own="/proc/self/cgroup"):
    """Return what does not hold on this machine though it can grade, as sentences."""
    if _memory_limit(Path(groups), Path(own)):
        return []
    return [
        "What submissions hold in the kernel (sockets, links) is not counted here. To limit it "
        "too, start with: systemd-run --user --scope -p MemoryMax=8G lessons-grade …"
    ]


def _memory_limit(groups, own):
    """Return the least limit of memory of this process's control groups, or None."""
    limits = []
    with contextlib.suppress(OSError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, kinds, path = line.split(":", 2)
            file = "memory.limit_in_bytes" if "memory" in kinds.split(",") else "memory.max"
            top = groups / "memory" if "limit_in" in file else groups
            here = top / path.lstrip("/")
            for folder in (here, *here.parents):
                if folder.is_relative_to(top) and (folder / file).is_file():
                    limits.append((folder / file).read_text(encoding="ascii").strip())
    found = [int(limit) for limit in limits if limit.isdigit()]
    least = min(found, default=MUCH)
    return least if least < MUCH else None


def _system(system, machine):
    if system != "Linux":
        return Problem(
            f"Grading is for Linux; this is {system or 'another system'}.",
            "Run it on a Linux machine, in a virtual machine, or in WSL 2.",
        )
    if machine not in MACHINES:
        return Problem(
            f"Grading is for processors of the kinds {' and '.join(MACHINES)}; this is {machine}.",
            "Run it on another machine.",
        )
    return None


def _otter():
    if importlib.util.find_spec("otter") is None:
        return Problem(
            "otter-grader is not installed in this environment.",
            "Install it: pip install 'lessons[coursework]'",
        )
    return None


def _tools():
    if shutil.which("bwrap", path=PATHS) is None:
        return Problem(f"The program bwrap is not in {PATHS}.", INSTALL)
    for name in ("prlimit", "setpriv"):
        if shutil.which(name, path=PATHS) is None:
            return Problem(f"The program {name} is not in {PATHS}.", "Install util-linux.")
    return None


def _said(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _version(said):
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or tuple(map(int, found.groups())) < OLDEST:
        return Problem(f"bubblewrap is too old ({said.strip() or 'no version'}).", INSTALL)
    return None


def _setting(name):
    """Return a setting of the kernel, or None when this kernel has none of the name."""
    try:
        return Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _start():
    """Start Python in a sandbox, and explain why it does not start."""
    limits = Limits(start=20)
    try:
        sandbox = Sandbox(limits, (), lambda *_: ["-c", "print('started')"])
    except SandboxError as error:
        return explain(str(error))
    try:
        said = everything(sandbox.output, time.monotonic() + limits.start)
    finally:
        sandbox.end()
    return None if said == b"started\n" else explain(said.decode(errors="replace"))


def explain(said):
    """Return the problem behind what ``bwrap`` said instead of starting Python."""
    python = this_place().python
    if f"execvp {python}" in said or "bad interpreter" in said:
        return Problem(
            f"Python ({python}) cannot be read inside the sandbox: {said.strip()}",
            f"The sandbox runs as another user (number {NOBODY}). Make the environment with a "
            "Python that all users can read, such as /usr/bin/python3, and outside of a private "
            "home; or open its folders: chmod o+rx FOLDER",
        )
    for name, (forbids, allows) in SWITCHES.items():
        if _setting(name) == forbids and re.search("namespace|permitted|denied|uid map", said):
            return Problem(
                f"The kernel forbids user namespaces ({name} = {forbids}).",
                f"Allow them: sudo sysctl -w {name}={allows} (to keep it, write {name}={allows} "
                "into /etc/sysctl.d/60-userns.conf).",
            )
    return Problem(
        f"The sandbox does not start: {said.strip() or 'bwrap said nothing'}",
        "In a container, allow user namespaces (for Docker: --security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined), or grade outside of it.",
    )
