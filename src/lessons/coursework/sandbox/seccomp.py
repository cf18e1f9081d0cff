"""A filter of system calls for the sandbox: what namespaces do not confine is refused.

Sockets other than local and IP ones (``AF_VSOCK`` reaches a virtual machine's host, whatever the
network namespace), keyrings (they belong to the session), memory that belongs to no file and no
process, the tracing of processes, the limit of core dumps, the choice of processors, and ways to
more kernel (user namespaces, BPF, io_uring, mounts). Calls younger than those that were looked at
do not exist here: the C library knows how to do without them.
"""

import errno
import platform
import struct

# name: (number on x86_64, number on aarch64)
REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "personality": (135, 92),
    "syslog": (103, 116),
    "sched_setaffinity": (203, 122),  # each grader has its own processor
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "vmsplice": (278, 75),
}
ABSENT = {"clone3": (435, 435)}  # its flags lie in memory; the C library then uses clone
OLDEST_UNKNOWN = 451  # Linux 6.5; the numbers are the same on both machines from 424 on
CLONE, SOCKET, SOCKETPAIR = (56, 220), (41, 198), (53, 199)
SETRLIMIT, PRLIMIT = (160, 164), (302, 261)
CORE = 4  # the limit of core dumps: a crash must not reach the machine's collector of them
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
NEW_USER = 0x10000000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
LOAD, EQUAL, LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000


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
    refuse, absent = ERROR | errno.EPERM, ERROR | errno.ENOSYS
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if machine == "x86_64":  # the numbers of the x32 interface are another table
        program += [(LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, KILL)]
    program += [(LEAST, 0, 1, OLDEST_UNKNOWN), (RETURN, 0, 0, absent)]
    for table, answer in [(REFUSED, refuse), (ABSENT, absent)]:
        for numbers in table.values():
            program += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, answer)]
    flags = [(LOAD, 0, 0, 16), (ANY_BIT, 0, 1, NEW_USER), (RETURN, 0, 0, refuse)]
    program += [(EQUAL, 0, len(flags) + 1, CLONE[column]), *flags, (RETURN, 0, 0, ALLOW)]
    for numbers in (SOCKET, SOCKETPAIR):
        family = [(LOAD, 0, 0, 16)]
        family += [(EQUAL, len(FAMILIES) - i, 0, number) for i, number in enumerate(FAMILIES)]
        family += [(RETURN, 0, 0, refuse), (RETURN, 0, 0, ALLOW)]
        program += [(EQUAL, 0, len(family), numbers[column]), *family]
    limit = [(LOAD, 0, 0, 16), (EQUAL, 0, 1, CORE), (RETURN, 0, 0, refuse), (RETURN, 0, 0, ALLOW)]
    program += [(EQUAL, 0, len(limit), SETRLIMIT[column]), *limit]
    # prlimit's third argument is the new limit, or zero to ask for the present one
    limit = [(LOAD, 0, 0, 24), (EQUAL, 0, 5, CORE), (LOAD, 0, 0, 32), (EQUAL, 0, 2, 0)]
    limit += [(LOAD, 0, 0, 36), (EQUAL, 1, 0, 0), (RETURN, 0, 0, refuse), (RETURN, 0, 0, ALLOW)]
    program += [(EQUAL, 0, len(limit), PRLIMIT[column]), *limit]
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in program)
