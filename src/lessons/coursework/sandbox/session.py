"""One worker: it is asked one thing at a time, has a deadline each time, and is watched."""

import json
import os
import select
import signal
import threading
import time

from lessons.coursework.sandbox import bubblewrap, memory
from lessons.coursework.sandbox.launch import Sandbox, SandboxError, SlowStart, receive
from lessons.coursework.sandbox.limits import MIB

POLL = 0.05
NODES = 1_000_000


class WorkerLost(Exception):
    """The worker was ended, or ended by itself; the message says why in plain words."""


class OutOfTime(WorkerLost):
    """The worker took too long; on a busy machine it may not be to blame."""


def _no_number(name):
    raise ValueError(f"{name} is no number of JSON")


class Session:
    """A worker in a sandbox, ready for requests; a context manager.

    Parameters
    ----------
    limits : Limits
    hide : sequence of str
        What the sandbox leaves out of ``lessons``.
    until : float
        When the submission's time is over (``time.monotonic``).

    Raises
    ------
    SandboxError
        When the sandbox or the worker does not start.
    """

    def __init__(self, limits, hide=(), until=float("inf")):
        self.limits, self.until, self._tail = limits, until, bytearray()
        self._lost, self._number, self._ended = None, 0, threading.Event()
        self._kind, self._spare, self._budget = WorkerLost, 0.0, 0.0
        self._much = f"held more than {limits.memory // MIB} MiB of memory"
        self._sandbox = Sandbox(
            limits,
            hide,
            lambda read, write: [
                *(bubblewrap.WORKER, str(read), str(write)),
                bubblewrap.worker_limits(limits),
            ],
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        try:
            self._receive(time.monotonic() + limits.start, "did not start in time")
        except WorkerLost as lost:
            self.stop()
            kind = SlowStart if isinstance(lost, OutOfTime) else SandboxError
            raise kind(f"The worker does not start: it {lost}. {self.output()}") from lost
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def output(self):
        """Return the end of what was printed, as text."""
        poll, deadline = select.poll(), time.monotonic() + POLL
        poll.register(self._sandbox.output, select.POLLIN)
        while not self._ended.is_set() and time.monotonic() < deadline:
            if not poll.poll(0):
                break
            time.sleep(POLL / 20)  # the watcher is reading
        return bytes(self._tail).decode("utf-8", errors="replace")

    def request(self, seconds, **what):
        """Ask the worker for something, and return its answer: a dict from JSON, not to be trusted.

        Parameters
        ----------
        seconds
            How long it may take.
        **what
            ``do`` and its arguments, see ``worker``.

        Raises
        ------
        WorkerLost
            When it took too long, held too much memory, ended, or did not answer by the rules. The
            worker is gone then.
        """
        deadline, late = time.monotonic() + seconds, f"took longer than {seconds:g} s"
        self._spare = deadline + seconds * (self.limits.patience - 1)
        self._budget = seconds + (self._used() if self.limits.patience > 1 else 0.0)
        if self.until < deadline:
            deadline = self._spare = self.until
            late = f"was stopped: {self.limits.submission:g} s for everything together were over"
        if time.monotonic() >= deadline:
            self._lose(late, OutOfTime)
        self._number += 1
        data = json.dumps({"id": self._number, **what}, allow_nan=False).encode("ascii")
        self._send(len(data).to_bytes(4, "big") + data, deadline, late)
        answer = self._receive(deadline, late)
        if self._holds_too_much() or self._lost is not None:  # blame this cell, not the next one
            self._lose(self._much)
        return answer

    def stop(self):
        """End the worker and whatever it started."""
        self._ended.set()
        self._sandbox.kill()  # closes the pipe at which the watcher waits
        self._watcher.join()
        self._sandbox.end()

    def _send(self, data, deadline, late):
        poll, view = select.poll(), memoryview(data)
        poll.register(self._sandbox.requests, select.POLLOUT)
        while view:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                deadline = self._later(late)
            try:
                view = view[os.write(self._sandbox.requests, view) :]
            except BlockingIOError:
                continue
            except OSError:
                self._lose(self._ending())

    def _receive(self, deadline, late):
        size = int.from_bytes(self._exactly(4, deadline, late), "big")
        if size > self.limits.message:
            self._lose(f"sent an answer of {size} bytes")
        data = self._exactly(size, deadline, late)
        if sum(map(data.count, (b",", b"[", b"{"))) > NODES:
            self._lose("sent an answer of too many parts")
        try:
            answer = json.loads(data.decode("ascii"), parse_constant=_no_number)
        except (ValueError, RecursionError):
            self._lose("sent an answer that is no data")
        if type(answer) is not dict or type(answer.get("id")) is not int:
            self._lose("sent an answer that is no data")
        if answer.pop("id") != self._number:
            self._lose("sent an answer that nobody asked for")
        return answer

    def _exactly(self, count, deadline, late):
        data = bytearray()
        while len(data) < count:
            try:
                part = receive(self._sandbox.answers, deadline, min(count - len(data), 2**20))
            except TimeoutError:
                deadline = self._later(late)
                continue
            if not part:
                self._lose(self._ending())
            data += part
        return data

    def _used(self):
        return memory.seconds(self._sandbox.init)

    def _later(self, late):
        """Return another deadline if the worker has waited for the processor, else end it."""
        now = time.monotonic()
        left = self._budget - self._used() if now < self._spare else 0.0
        if left <= 0:
            self._lose(late, OutOfTime)
        return min(now + max(left, POLL), self._spare)

    def _lose(self, why, kind=WorkerLost):
        """End the worker; the first reason counts."""
        if self._lost is None:
            self._lost, self._kind = why, kind
        self._sandbox.kill()
        raise self._kind(self._lost)

    def _ending(self):
        """Return in words how the worker ended."""
        status = self._sandbox.status(0.5)
        if status is None:
            return "closed the grader's channel"
        if status > 128:
            names = {number.value: number.name for number in signal.Signals}
            return f"was ended by the signal {names.get(status - 128, status - 128)}"
        return f"ended Python (exit code {status})"

    def _holds_too_much(self):
        return memory.held(self._sandbox.init, self.limits.memory) > self.limits.memory

    def _watch(self):
        """Keep the end of what is printed; end a worker whose processes hold too much together."""
        checked = 0.0
        while not self._ended.is_set():
            try:
                part = receive(self._sandbox.output, time.monotonic() + POLL)
            except TimeoutError:
                part = None
            if part == b"":
                self._ended.wait(POLL)
            elif part:
                self._tail += part
                del self._tail[: -self.limits.output]
            if time.monotonic() > checked + POLL and self._lost is None:
                checked = time.monotonic()
                if self._holds_too_much():
                    self._lost = self._much
                    self._sandbox.kill()
