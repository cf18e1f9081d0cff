"""The command that starts a program in a sandbox, and what the sandbox shows of the disk."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

COURSE = "/course"
WORKER = f"{COURSE}/lessons/coursework/inside/worker.py"
# What of this package enters the sandbox: the worker's room, and the student's side.
ENTERS = {"__init__.py", "inside", "student", "variant.py"}
NOBODY = 65534
PATHS = "/usr/local/bin:/usr/bin:/bin"
ENVIRONMENT = {
    "HOME": "/tmp",
    "PATH": PATHS,
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
TOO_BROAD = {"/", "/usr", "/home", "/root", "/tmp", "/etc", "/var"}
SETPRIV = [
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--no-new-privs",
]


@dataclass(frozen=True)
class Place:
    """What of this machine the sandbox shows: the Python that runs now, and ``lessons``.

    Attributes
    ----------
    python
        The interpreter's path.
    prefixes
        The folders of the environment and of the Python it was made from.
    lessons
        The folder of the package.
    """

    python: str
    prefixes: tuple[str, ...]
    lessons: Path


def this_place():
    """Return the place that the running interpreter makes up."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    real = {str(Path(prefix).resolve()) for prefix in prefixes}
    home = {str(Path(sys.executable).resolve().parent.parent)}
    wanted = sorted((prefixes | real | home) - TOO_BROAD)
    return Place(sys.executable, tuple(wanted), Path(__file__).resolve().parents[2])


def shown(place, hide):
    """Return the pairs (here, in the sandbox) of files and folders shown to a submission."""
    hidden = {path.removeprefix("lessons/").removesuffix("/") for path in hide}
    pairs = [("/usr", "/usr"), *((prefix, prefix) for prefix in place.prefixes)]

    def add(folder, inside):
        for entry in sorted(folder.iterdir()):
            name = f"{inside}{entry.name}"
            if name in hidden or name.removesuffix(".py") in hidden:
                continue
            if inside == "coursework/" and entry.name not in ENTERS:
                continue
            if name == "coursework":
                add(entry, "coursework/")
            elif entry.is_dir() and any(other.startswith(f"{name}/") for other in hidden):
                add(entry, f"{name}/")
            elif entry.name != "__pycache__" or not hidden:
                pairs.append((str(entry), f"{COURSE}/lessons/{name}"))

    add(place.lessons, "")
    return pairs


def installed(pairs):
    """Return the folders, as the sandbox sees them, of packages ``lessons`` that it must not show.

    Where the package is installed among the libraries, these show it whole; the sandbox has its own
    copy, without what is hidden.
    """
    found = set()
    for here, inside in pairs:
        if not inside.startswith(COURSE) and os.path.isdir(here):
            for pattern in ("lib*/python*/*-packages", "local/lib/python*/*-packages"):
                for path in Path(here).glob(f"{pattern}/lessons"):
                    found.add(f"{inside}/{path.relative_to(here)}")
    return sorted(found)


def exposed(place, hide, secrets):
    """Return the pairs (path, folder) of the paths ``secrets`` that the sandbox would show."""
    folders = [Path(here).resolve() for here, _ in shown(place, hide)]
    return [
        (secret, folder)
        for secret in secrets
        for folder in folders
        if Path(secret).resolve().is_relative_to(folder)
    ]


def _folders(targets):
    """Return arguments that make the folders above ``targets``, open to every user."""
    parents = sorted({str(p) for target in targets for p in Path(target).parents})
    made = [p for p in parents if p not in ("/", "/usr", "/tmp") and not p.startswith("/usr/")]
    return [word for parent in made for word in ("--perms", "0755", "--dir", parent)]


def arguments(place, limits, hide, root):
    """Return the arguments of the (outer) ``bwrap``, without the program it starts."""
    pairs = [pair for pair in shown(place, hide) if os.path.exists(pair[0])]
    spaces = [f"--unshare-{space}" for space in ("pid", "net", "ipc", "uts", "cgroup-try")]
    spaces += [] if root else ["--unshare-user", "--cap-drop", "ALL"]
    scratch = ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs"]
    words = [*spaces, "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    words += ["--proc", "/proc", "--dev", "/dev", *scratch, "/dev/shm", "--remount-ro", "/dev"]
    words += [*scratch, "/tmp", *_folders([*(inside for _, inside in pairs), "/etc/localtime"])]
    for name in ("lib", "lib32", "lib64", "bin"):
        if os.path.islink(f"/{name}"):
            words += ["--symlink", f"usr/{name}", f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            words += ["--ro-bind", f"/{name}", f"/{name}"]
    for here, inside in pairs:
        words += ["--ro-bind", here, inside]
    for folder in installed(pairs):
        words += ["--tmpfs", folder, "--remount-ro", folder]
    for extra in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        words += ["--ro-bind-try", extra, extra]
    words += ["--remount-ro", "/", "--chdir", "/tmp", "--clearenv"]
    for name, value in {**ENVIRONMENT, **_libraries()}.items():
        words += ["--setenv", name, value]
    return words


def _libraries():
    """Return where a Python that was built with a shared library finds it."""
    folder = Path(sys.base_prefix) / "lib"
    shared = sys.base_prefix != "/usr" and any(folder.glob("libpython*.so*"))
    return {"LD_LIBRARY_PATH": str(folder)} if shared else {}


def worker_limits(limits):
    """Return the limits as the worker's last argument."""
    names = ("memory", "processes", "file", "files", "message")
    kept = {name: getattr(limits, name) for name in names}
    return json.dumps({**kept, "cpu": int(limits.submission) + 60})


def program(place, root, seccomp, words):
    """Return what the outer ``bwrap`` starts: ``python -I -B`` with ``words``.

    A second ``bwrap`` lies between. Its user namespace keeps the submission from the memory of the
    first one's processes, which end it with the grader; and as root, where all of it runs as an
    ordinary user, it makes the count of processes the sandbox's own. ``seccomp`` is the descriptor
    that holds the filter.
    """
    start = [place.python, "-I", "-B", *words]
    inner = ["bwrap", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    inner += ["--dev-bind", "/", "/", "--die-with-parent", "--seccomp", str(seccomp), "--"]
    return [*(SETPRIV if root else ()), *inner, *start]
