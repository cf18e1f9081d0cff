"""Read the files of a folder or a zip from an LMS, as if both were written to do harm.

Links are not followed, names that lead outside are refused, and nothing is unpacked onto the disk:
an entry is read into memory, chunk by chunk, up to a limit.
"""

import contextlib
import os
import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MOST_BYTES = 20 * 2**20  # of one file
MOST_TOTAL = 8 * 2**30  # of all files read from one zip
MOST_FILES = 100_000
MOST_RATIO = 200  # unpacked to packed; notebooks are below 20
_CHUNK = 2**16
_LINK = "a symbolic link; links are not followed"


class Unreadable(Exception):
    """A file that is not read; the message is the reason."""


@dataclass(frozen=True)
class Entry:
    """One file: its path inside the folder or zip, when it was written, and how to read it.

    A ``problem`` says why it is not read at all; ``read()`` returns bytes or raises Unreadable.
    """

    path: str
    time: datetime | None
    read: Callable | None
    problem: str | None = None


def entries(source):
    """Yield every file of the folder or zip ``source``, sorted by name, as :class:`Entry`.

    Raises
    ------
    ValueError
        If ``source`` is neither, or a zip with too many files.
    """
    source = Path(source)
    if source.is_dir():
        return sorted(_folder(source), key=lambda entry: entry.path)
    if not source.is_file():
        raise ValueError(f"{source} does not exist; expected a folder of notebooks or a zip.")
    if not zipfile.is_zipfile(source):
        raise ValueError(f"{source} is neither a folder nor a zip file.")
    return sorted(_zip(source), key=lambda entry: entry.path)


def _bounded(stream, limit=MOST_BYTES):
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise Unreadable(f"larger than {limit / 2**20:.0f} MiB")
    return bytes(data)


def _folder(root):
    todo = [(root, "")]
    while todo:
        folder, inside = todo.pop()
        try:
            found = list(os.scandir(folder))
        except OSError as error:
            yield Entry(inside or "./", None, None, error.strerror)
            continue
        for item in found:
            # Linux takes any bytes for a name; what is no text is shown by a sign for it.
            path = inside + os.fsencode(item.name).decode("utf-8", "replace")
            if item.is_symlink():
                yield Entry(path, None, None, _LINK)
            elif item.is_dir(follow_symlinks=False):
                todo.append((item.path, f"{path}/"))
            else:
                time = item.stat(follow_symlinks=False).st_mtime
                time = datetime.fromtimestamp(time).astimezone()
                yield Entry(path, time, lambda file=item.path: _read_file(file))


def _read_file(path):
    # The file may have become another one since it was listed: a link, or a pipe that never ends.
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(error.strerror) from None
    with open(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise Unreadable("not an ordinary file")
        try:
            return _bounded(stream)
        except OSError as error:
            raise Unreadable(error.strerror) from None


def _zip(source):
    try:
        archive = zipfile.ZipFile(source)  # open until the last entry is forgotten
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, OverflowError) as error:
        raise ValueError(f"{source} is a broken zip file: {error}.") from None
    members = archive.infolist()
    if len(members) > MOST_FILES:
        raise ValueError(f"{source} holds {len(members)} files; at most {MOST_FILES} are read.")
    budget = [MOST_TOTAL]
    for info in members:
        path = _name(info)
        time = None
        with contextlib.suppress(ValueError):
            time = datetime(*info.date_time).astimezone()
        if reason := _forbidden(path, info):
            yield Entry(path, time, None, reason)
        elif not info.is_dir():
            yield Entry(path, time, lambda info=info: _read_member(archive, info, budget))


def _name(info):
    # Without the flag for UTF-8 the standard says code page 437; many programs write UTF-8 anyway.
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return info.orig_filename.encode("cp437").decode("utf-8")
    return info.orig_filename


def _forbidden(path, info):
    if stat.S_ISLNK(info.external_attr >> 16):
        return _LINK
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "an absolute path"
    if ".." in re.split(r"[/\\]", path):
        return "a path that leads out of the zip"
    if "\x00" in path:
        return "a name with a zero byte"
    return None


def _too_much(info):
    if info.flag_bits & 1:
        return "encrypted"
    if info.file_size > MOST_BYTES:
        return f"larger than {MOST_BYTES / 2**20:.0f} MiB"
    if info.file_size > 2**20 and info.file_size > MOST_RATIO * max(info.compress_size, 1):
        return f"packed more than {MOST_RATIO}-fold, like a zip bomb"
    return None


def _read_member(archive, info, budget):
    if reason := _too_much(info):
        raise Unreadable(reason)
    try:
        with archive.open(info) as stream:
            data = _bounded(stream)
    except Unreadable:
        raise
    except Exception as error:  # zlib, lzma, bz2, struct: each module has its own
        raise Unreadable(f"damaged in the zip ({error})") from None
    budget[0] -= len(data)
    if budget[0] < 0:
        raise Unreadable(f"the zip unpacks to more than {MOST_TOTAL / 2**30:.0f} GiB")
    return data
