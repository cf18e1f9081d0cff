"""How much memory and processor time a tree of processes uses, from ``/proc``."""

import os


def _text(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # the process ended meanwhile, or may not be looked at
        return b""


def _children(process):
    """Return the children of each thread, or None when this kernel does not list them."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        return found if os.path.exists(f"/proc/self/task/{os.getpid()}/children") else None
    return found


def _parents():
    """Return process to parent, for all processes."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        if fields := _text(f"/proc/{name}/stat").rpartition(b")")[2].split():
            found[int(name)] = int(fields[1])
    return found


def processes(root):
    """Return the numbers of the process ``root`` and all its descendants."""
    found, waiting, parents = [], [root], None
    while waiting:
        process = waiting.pop()
        found.append(process)
        children = _children(process)
        if children is None:
            parents = parents or _parents()
            children = [child for child, parent in parents.items() if parent == process]
        waiting += children
    return found


def held(root, above=0):
    """Return the bytes that the process ``root`` and its descendants hold together.

    Pages that several processes share count once in what is returned. Asking the kernel for that is
    slow; so it is asked only when the plain sum, which counts them several times, is larger than
    ``above``.
    """
    tree = processes(root)
    resident, page = {}, os.sysconf("SC_PAGE_SIZE")
    for process in tree:
        fields = _text(f"/proc/{process}/statm").split()
        resident[process] = int(fields[1]) * page if fields else 0
    if sum(resident.values()) <= above:
        return sum(resident.values())
    return sum(_share(process, resident[process]) for process in tree)


def seconds(root):
    """Return the processor time of ``root`` and its descendants, also of those that have ended."""
    ticks = 0
    for process in processes(root):
        fields = _text(f"/proc/{process}/stat").rpartition(b")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _share(process, resident):
    for line in _text(f"/proc/{process}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return resident
