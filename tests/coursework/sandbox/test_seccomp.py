"""The filter of system calls, run here instruction by instruction as the kernel does."""

import errno
import struct

import pytest

from lessons.coursework.sandbox import seccomp
from lessons.coursework.sandbox.seccomp import ABSENT, ALLOW, ERROR, KILL, MACHINES, REFUSED

REFUSE, MISSING = ERROR | errno.EPERM, ERROR | errno.ENOSYS


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
def test_every_call_of_the_table_is_refused_and_others_pass(machine):
    column = MACHINES[machine][0]
    refused = {numbers[column] for numbers in REFUSED.values()}
    absent = {numbers[column] for numbers in ABSENT.values()}
    special = {seccomp.SOCKET[column], seccomp.SOCKETPAIR[column]}
    for number in range(512):
        if number not in special:
            gone = number in absent or number >= seccomp.OLDEST_UNKNOWN
            expected = REFUSE if number in refused else MISSING if gone else ALLOW
            assert decide(machine, number) == expected, number


@pytest.mark.parametrize("machine", MACHINES)
def test_only_local_and_ip_sockets_can_be_made(machine):
    for numbers in (seccomp.SOCKET, seccomp.SOCKETPAIR):
        for family in range(64):
            expected = ALLOW if family in seccomp.FAMILIES else REFUSE
            assert decide(machine, numbers[MACHINES[machine][0]], family) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_open_tree_attr_and_whatever_comes_after_it_do_not_exist(machine):
    assert [decide(machine, number) for number in (467, 468, 469, 10_000)] == [MISSING] * 4


@pytest.mark.parametrize("machine", MACHINES)
def test_a_new_user_namespace_cannot_be_cloned(machine):
    clone = seccomp.CLONE[MACHINES[machine][0]]
    thread = 0x3D0F00
    assert decide(machine, clone, thread) == ALLOW
    assert decide(machine, clone, thread | seccomp.NEW_USER) == REFUSE
    assert decide(machine, clone, seccomp.NEW_USER | 17) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_the_limit_of_core_dumps_stays(machine):
    column = MACHINES[machine][0]
    for kind in range(16):
        expected = REFUSE if kind == seccomp.CORE else ALLOW
        assert decide(machine, seccomp.SETRLIMIT[column], kind, 9) == expected
        for pointer in (9, 2**32):
            assert decide(machine, seccomp.PRLIMIT[column], 9, kind, pointer) == expected
        assert decide(machine, seccomp.PRLIMIT[column], 9, kind, 0) == ALLOW


def test_other_tables_of_calls_end_the_process():
    assert decide("x86_64", 1, architecture=0x40000003) == KILL  # 32 bit
    assert decide("x86_64", 0x40000001) == KILL  # x32
    assert decide("aarch64", 1, architecture=0x40000028) == KILL


def test_an_unknown_machine_is_refused():
    with pytest.raises(ValueError, match="machine='riscv64' is unknown"):
        seccomp.filter_program("riscv64")
