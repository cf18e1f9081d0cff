"""The folder of results: every file whole or absent, one result per submission, one salt.

A run that is stopped at any moment leaves a folder that the next one can go on with.
"""

import contextlib
import fcntl
import os
import secrets
import tempfile
from pathlib import Path

from lessons.coursework.grading.result import Result

RESULTS = "results"
_SALT = "salt.txt"
_LOCK = ".lock"
_PARTIAL = ".partial-"
UNFINISHED = "The grader failed: "  # such a result is graded again


def write(path, data):
    """Put ``data`` into the file ``path``, whole or not at all, also if the power fails."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
    try:
        with open(number, "wb") as stream:
            stream.write(data if isinstance(data, bytes) else data.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def opened(out, resume=False):
    """Hold the folder ``out`` for one run; yield its path.

    Raises
    ------
    ValueError
        If it holds something and ``resume`` is false, if it is no results folder, or if another run
        is writing to it.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; expected a folder for the results.")
    content = {item.name for item in out.iterdir()} if out.is_dir() else set()
    content = {name for name in content if name != _LOCK and not name.startswith(_PARTIAL)}
    if content and not resume:
        raise ValueError(
            f"{out} is not empty. Go on with it: --resume. Or name another folder: --out."
        )
    if content and _SALT not in content:
        raise ValueError(f"{out} holds other files and no results; name another folder: --out.")
    out.mkdir(parents=True, exist_ok=True)
    with open(out / _LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"Another run is writing to {out}; wait until it has ended.") from None
        for left in out.rglob(f"{_PARTIAL}*"):
            left.unlink()
        yield out


def salt(out, given=None):
    """Return the salt of the folder's random inputs; the first run draws or sets it.

    With the same salt a second grading draws the same inputs. Who knows it can compute them, so
    only its owner may read the file.

    Raises
    ------
    ValueError
        If another one is ``given`` than the folder was begun with.
    """
    path = Path(out) / _SALT
    if path.is_file():
        kept = path.read_text(encoding="utf-8").removesuffix("\n")
        if given is not None and given != kept:
            raise ValueError(
                f"{out} was begun with another salt; leave --salt out, or name another folder."
            )
        return kept
    kept = secrets.token_hex(16) if given is None else given
    write(path, kept + "\n")  # made by mkstemp, so with mode 0600
    return kept


def result_path(out, submission):
    """Return where the result of a submission lies."""
    return Path(out) / RESULTS / f"{submission.key}.json"


def finished(out, submission, assignment):
    """Return the stored result of this very notebook with these very tests, or None."""
    try:
        text = result_path(out, submission).read_text(encoding="utf-8")
        result = Result.from_json(text)
    except (OSError, ValueError):
        return None
    same = (
        result.digest == submission.digest
        and result.tests == assignment.digest
        and result.student == submission.identity
    )
    return result if same and not (result.reason or "").startswith(UNFINISHED) else None


def keep(out, submission, result):
    """Write down the result of a submission."""
    write(result_path(out, submission), result.to_json())
