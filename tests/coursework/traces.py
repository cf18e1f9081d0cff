"""What a submission leaves behind."""

import os


def running(mark):
    """Return the processes that have ``mark`` in their environment or command."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline"):
            try:
                with open(f"/proc/{number}/{name}", "rb") as file:
                    found += [number] if mark.encode() in file.read() else []
            except OSError:
                continue
    return found
