"""Starting a program in the sandbox, and ending it with everything that it started."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time

from lessons.coursework.sandbox import bubblewrap
from lessons.coursework.sandbox.seccomp import filter_program

# A limit of 1 byte also keeps a crash from the machine's collector of core dumps; 0 would not.
NO_CORE = ["prlimit", "--core=1:1"]


class SandboxError(RuntimeError):
    """The sandbox itself could not be started: no submission is to blame."""


class SlowStart(SandboxError):
    """It did not start in time; on a busy machine a second try may."""


def receive(descriptor, deadline, most=2**16):
    """Return bytes that arrive before the deadline; ``b""`` when the other end is closed.

    Raises
    ------
    TimeoutError
        When none arrived; ``deadline`` is a time of ``time.monotonic``.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError
    return os.read(descriptor, most)


def everything(descriptor, deadline):
    """Return what arrives until the other end is closed, or the deadline is there."""
    said = b""
    with contextlib.suppress(TimeoutError):
        while part := receive(descriptor, deadline):
            said += part
    return said


def _file(data):
    """Return the descriptor of a file in memory that holds ``data``."""
    descriptor = os.memfd_create("grading")
    while data:
        data = data[os.write(descriptor, data) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class Sandbox:
    """A Python program in its sandbox.

    Parameters
    ----------
    limits : Limits
    hide : sequence of str
        What the sandbox leaves out of ``lessons``.
    words : callable
        Gets the two descriptors at which the program reads requests and writes answers; returns
        what Python runs, as a list.
    place : bubblewrap.Place, optional
        The Python and the package to show; by default those that run.

    Attributes
    ----------
    requests, answers, output
        Our ends of the three pipes; none of them blocks.
    init
        The number of the sandbox's first process; when it is gone, all are.

    Raises
    ------
    SandboxError
        When the sandbox does not start.
    """

    def __init__(self, limits, hide, words, place=None):
        self._ours, self._handle, self.init = contextlib.ExitStack(), None, None
        place, root = place or bubblewrap.this_place(), os.geteuid() == 0
        with contextlib.ExitStack() as theirs:
            requests, self.requests = self._pipe(theirs)
            answers, self.answers = self._pipe(theirs, flip=True)
            output, self.output = self._pipe(theirs, flip=True)
            told, info = self._pipe(theirs, flip=True)
            seccomp = _file(filter_program())
            theirs.callback(os.close, seccomp)
            outer = ["--info-fd", str(told)]
            outer += bubblewrap.arguments(place, limits, hide, root)
            packed = _file("\0".join([*outer, ""]).encode())
            theirs.callback(os.close, packed)
            program = bubblewrap.program(place, root, seccomp, words(requests, answers))
            try:
                self._process = subprocess.Popen(
                    [*NO_CORE, "bwrap", "--args", str(packed), "--", *program],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(requests, answers, told, seccomp, packed),
                    env={"PATH": bubblewrap.PATHS},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                self._ours.close()
                raise SandboxError(f"The sandbox cannot be started: {error}.") from error
        try:
            self._find(info, time.monotonic() + limits.start)
        except BaseException:
            self.end()
            raise

    def _pipe(self, theirs, flip=False):
        """Return the ends (theirs, ours) of a pipe; they read unless ``flip``."""
        read, write = os.pipe()
        other, mine = (write, read) if flip else (read, write)
        theirs.callback(os.close, other)
        self._ours.callback(os.close, mine)
        os.set_blocking(mine, False)
        return other, mine

    def _find(self, info, deadline):
        """Get hold of the sandbox's first process."""
        told = b""
        with contextlib.suppress(TimeoutError):
            while b"}" not in told and (part := receive(info, deadline)):
                told += part
        if b"}" not in told:
            said = everything(self.output, time.monotonic() + 1)
            raise SandboxError(f"The sandbox does not start: {said.decode(errors='replace')}")
        self.init = json.loads(told)["child-pid"]
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(self.init)
            self._ours.callback(os.close, self._handle)

    def status(self, seconds):
        """Return the exit status, waiting for it; None when the program still runs.

        Signals count from 129, as in a shell.
        """
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """End every process of the sandbox, and wait until they are gone."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            poll = select.poll()
            poll.register(self._handle, select.POLLIN)
            poll.poll(10_000)
        self._process.kill()
        self._process.wait()

    def end(self):
        """End every process and close the pipes; a second time it does nothing."""
        self.kill()
        self._ours.close()
        self._handle = None
