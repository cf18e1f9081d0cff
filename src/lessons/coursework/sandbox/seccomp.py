"""A filter of system calls for the sandbox: what ``calls`` does not name does not exist.

Of the calls that it names, three look at an argument: sockets are local or IP ones (``AF_VSOCK``
reaches a virtual machine's host, whatever the network namespace), no new namespaces are cloned, and
the limit of core dumps stays. The program is our own because libseccomp (``pyseccomp``, Debian's
``python3-seccomp``) is a system library that neither bubblewrap nor ``pip install`` brings along,
and what we need of it is a search among sorted numbers.
"""

import errno
import platform
import struct

from lessons.coursework.sandbox.calls import ALLOWED

CORE = 4  # the limit of core dumps: a crash must not reach the machine's collector of them
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
NAMESPACES = 0x7E020000  # all of clone's flags CLONE_NEW…
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
X32 = 0x40000000  # from here on, x86_64 has the numbers of another table
LOAD, EQUAL, LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
# ENOSYS, as from an older kernel: whoever tries a call first and has another way (the C library:
# clone3, then clone) goes on, while EPERM would be taken as the last word, and a call of a future
# kernel would end honest programs. A refused argument gets EPERM: the call itself exists.
ABSENT, REFUSE = ERROR | errno.ENOSYS, ERROR | errno.EPERM
# Offsets into struct seccomp_data: the number, the machine, and lower halves of arguments.
NUMBER, MACHINE, FIRST, SECOND, THIRD = 0, 4, 16, 24, 32

_ENDS = [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
_FAMILY = [
    (LOAD, 0, 0, FIRST),
    *((EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)),
    *_ENDS,
]
CHECKS = {
    "clone": [(LOAD, 0, 0, FIRST), (ANY_BIT, 0, 1, NAMESPACES), *_ENDS],
    "socket": _FAMILY,
    "socketpair": _FAMILY,
    "setrlimit": [(LOAD, 0, 0, FIRST), (EQUAL, 0, 1, CORE), *_ENDS],
    # The third argument is the new limit, or zero to ask for the present one.
    "prlimit64": [
        *[(LOAD, 0, 0, SECOND), (EQUAL, 0, 5, CORE)],
        *[(LOAD, 0, 0, THIRD), (EQUAL, 0, 2, 0), (LOAD, 0, 0, THIRD + 4), (EQUAL, 1, 0, 0)],
        *_ENDS,
    ],
}


def _answers(column):
    """Return pairs (number, lines): what is done from that number on, up to the next pair's."""
    named = {numbers[column]: name for name, numbers in ALLOWED.items()}
    named.pop(None, None)
    pairs = [(0, [(RETURN, 0, 0, ABSENT)])]
    for number in sorted(named):
        for start, answer in ((number, ALLOW), (number + 1, ABSENT)):
            lines = [(RETURN, 0, 0, answer)]
            if start == number:
                lines = CHECKS.get(named[number], lines)
            if pairs[-1][0] == start:
                pairs.pop()
            if not pairs or pairs[-1][1] != lines:
                pairs.append((start, lines))
    return pairs


def _search(pairs):
    """Return the lines that find, by halving, the pair in whose range the number lies."""
    if len(pairs) == 1:
        return pairs[0][1]
    middle = len(pairs) // 2
    below, above = _search(pairs[:middle]), _search(pairs[middle:])
    return [(LEAST, len(below), 0, pairs[middle][0]), *below, *above]


def filter_program(machine=None):
    """Return the filter as the bytes that ``bwrap --seccomp`` reads.

    Raises
    ------
    ValueError
        For a machine whose numbers of system calls are not known here.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        known = ", ".join(MACHINES)
        raise ValueError(f"machine={machine!r} is unknown; expected one of {known}.")
    column, architecture = MACHINES[machine]
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL)]
    program.append((LOAD, 0, 0, NUMBER))
    if machine == "x86_64":
        program += [(LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    program += _search(_answers(column))
    return b"".join(struct.pack("<HBBI", *line) for line in program)
