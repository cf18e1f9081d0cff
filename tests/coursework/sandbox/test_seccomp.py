"""The filter of system calls, run here instruction by instruction as the kernel does."""

import errno
import platform
import re
import struct
from pathlib import Path

import pytest

from lessons.coursework.sandbox import seccomp
from lessons.coursework.sandbox.calls import ALLOWED
from lessons.coursework.sandbox.seccomp import ABSENT, ALLOW, KILL, MACHINES, REFUSE
from tests.coursework.sandbox.test_launch import run

# Numbers on x86_64 and aarch64 of calls that are not named.
UNNAMED = {
    "open_tree_attr": (467, 467),
    "of the future": (600, 600),
    "memfd_create": (319, 279),
    "io_setup": (206, 0),
    "mq_open": (240, 180),
    "settimeofday": (170, 170),
    "io_uring_setup": (425, 425),
    "ptrace": (101, 117),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "mount": (165, 40),
    "shmget": (29, 194),
    "sched_setaffinity": (203, 122),
    "clone3": (435, 435),
}
# One that x86_64 alone has.
LDT = 154


def decide(machine, number, *arguments, architecture=None):
    """Return what the filter answers to a system call with a number and arguments."""
    own = MACHINES[machine][1]
    data = struct.pack("<IIQ6Q", number, architecture or own, 0, *(*arguments, *[0] * 6)[:6])
    program = list(struct.iter_unpack("<HBBI", seccomp.filter_program(machine)))
    accumulator, at = 0, 0
    while True:
        code, true, false, value = program[at]
        at += 1
        if code == seccomp.RETURN:
            return value
        if code == seccomp.LOAD:
            # an offset into struct seccomp_data: number, architecture, pointer, arguments
            accumulator = struct.unpack_from("<I", data, value)[0]
        else:
            holds = {
                seccomp.EQUAL: accumulator == value,
                seccomp.LEAST: accumulator >= value,
                seccomp.ANY_BIT: bool(accumulator & value),
            }[code]
            at += true if holds else false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_named_passes_and_nothing_else_exists(machine):
    column = MACHINES[machine][0]
    named = {numbers[column]: name for name, numbers in ALLOWED.items()}
    for number in [*range(1024), 0x3FFFFFFF]:
        if named.get(number) not in seccomp.CHECKS:
            expected = ALLOW if number in named else ABSENT
            assert decide(machine, number) == expected, number


@pytest.mark.parametrize("machine", MACHINES)
def test_what_reaches_further_is_not_named(machine):
    column = MACHINES[machine][0]
    assert [decide(machine, numbers[column]) for numbers in UNNAMED.values()] == [ABSENT] * 14
    assert decide("x86_64", LDT) == ABSENT


@pytest.mark.any_user
def test_in_the_sandbox_too_they_do_not_exist(sandbox):
    column = MACHINES[platform.machine()][0]
    numbers = [numbers[column] for numbers in UNNAMED.values()] + [LDT] * (column == 0)
    code = f"""
import ctypes, json
c = ctypes.CDLL(None, use_errno=True)
print(json.dumps([[c.syscall(n, 0, 0, 0, 0, 0), ctypes.get_errno()] for n in {numbers}]))
"""
    assert run(code) == [[-1, errno.ENOSYS]] * len(numbers)


@pytest.mark.parametrize("column", [0, 1])
def test_no_two_names_have_one_number(column):
    numbers = [pair[column] for pair in ALLOWED.values() if pair[column] is not None]
    assert len(numbers) == len(set(numbers))


def test_this_machine_has_the_same_numbers():
    header = Path("/usr/include", f"{platform.machine()}-linux-gnu", "asm/unistd_64.h")
    if platform.machine() != "x86_64" or not header.exists():
        pytest.skip("no list of numbers here: it needs Debian's linux-libc-dev on x86_64")
    found = dict(re.findall(r"__NR_(\w+) (\d+)", header.read_text()))
    ours = {name: str(pair[0]) for name, pair in ALLOWED.items() if name in found}
    assert len(ours) > 200
    assert ours == {name: found[name] for name in ours}


@pytest.mark.parametrize("machine", MACHINES)
def test_only_local_and_ip_sockets_can_be_made(machine):
    for numbers in (ALLOWED["socket"], ALLOWED["socketpair"]):
        for family in range(64):
            expected = ALLOW if family in seccomp.FAMILIES else REFUSE
            assert decide(machine, numbers[MACHINES[machine][0]], family) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_no_new_namespace_can_be_cloned(machine):
    clone = ALLOWED["clone"][MACHINES[machine][0]]
    thread = 0x3D0F00
    assert decide(machine, clone, thread) == decide(machine, clone, 17) == ALLOW
    for flag in (0x20000, *(1 << bit for bit in range(25, 31))):
        assert decide(machine, clone, thread | flag) == REFUSE
        assert decide(machine, clone, flag | 17) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_the_limit_of_core_dumps_stays(machine):
    column = MACHINES[machine][0]
    for kind in range(16):
        expected = REFUSE if kind == seccomp.CORE else ALLOW
        assert decide(machine, ALLOWED["setrlimit"][column], kind, 9) == expected
        for pointer in (9, 2**32):
            assert decide(machine, ALLOWED["prlimit64"][column], 9, kind, pointer) == expected
        assert decide(machine, ALLOWED["prlimit64"][column], 9, kind, 0) == ALLOW


def test_other_tables_of_calls_end_the_process():
    assert decide("x86_64", 1, architecture=0x40000003) == KILL  # 32 bit
    assert decide("x86_64", 0x40000001) == KILL  # x32
    assert decide("aarch64", 1, architecture=0x40000028) == KILL


def test_an_unknown_machine_is_refused():
    with pytest.raises(ValueError, match="machine='riscv64' is unknown"):
        seccomp.filter_program("riscv64")
