"""Grade many submissions at once, each process a warm grader.

Processes are spawned, not forked, and hold one submission at a time. One that dies (the kernel
kills what needs too much memory) is replaced and its submission tried once more.
"""

import os
import time
from collections import deque
from multiprocessing import connection

from lessons.coursework.grading.result import Result
from lessons.coursework.intake.archive import Unreadable
from lessons.coursework.runs.grader import Grader, ended
from lessons.coursework.runs.tasks import GraderBroken, failed, notebook_of

MOST_TASKS = 100  # then a process is replaced: its memory stays flat whatever libraries leak
TRIES = 2


def _allowed(limits):
    """Return the seconds that one submission may take, its restarts and some patience included."""
    return limits.submission * limits.patience + (limits.restarts + 1) * limits.start + 60


class _Pool:
    """Hands out submissions and gives back results; see :func:`grade_all`."""

    def __init__(self, submissions, assignment, grade, salt, limits, jobs):
        self.todo, self.tries = deque(submissions), {}
        self.assignment, self.limits, self.jobs = assignment, limits, jobs
        self.arguments = grade, assignment, salt, limits
        self.graders, self.started, self.stillborn = [], False, 0
        self.again, self.alone = deque(), set()
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores if 1 < jobs <= len(cores) else [None] * jobs

    def start(self):
        taken = [grader.core for grader in self.graders]
        core = next((core for core in self.cores if core not in taken), None)
        self.graders.append(Grader(self.arguments, core))

    def drop(self, grader):
        self.graders.remove(grader)
        grader.end()

    def next_task(self, grader):
        """Give ``grader`` a submission; yield the failures of those that cannot be read."""
        while self.todo:
            submission = self.todo.popleft()
            try:
                notebook = notebook_of(submission)
                alone = submission.path in self.alone
                grader.channel.send((notebook, submission.identity, submission.path, alone))
            except Unreadable as error:
                yield submission, failed(submission, self.assignment, f"{error}.")
            except OSError:  # it died meanwhile: waiting for it will say so
                self.todo.appendleft(submission)
                return
            else:
                grader.task = submission
                limits = self.limits.alone() if alone else self.limits
                grader.deadline = time.monotonic() + _allowed(limits)
                return

    def lost(self, grader, why):
        """Replace a grader; yield the failure of its submission if that was its last try."""
        task = grader.task
        self.drop(grader)
        if not grader.ready:
            self.stillborn += 1
            if not self.started or self.stillborn > TRIES:
                raise GraderBroken(f"A grading process cannot start: {why}.")
        if task is None:
            return
        self.tries[task.path] = self.tries.get(task.path, 0) + 1
        if self.tries[task.path] < TRIES:
            self.todo.append(task)
        else:
            yield task, failed(task, self.assignment, f"{why}, {TRIES} times.")

    def heard(self, grader):
        """Take what a grader says; yield its result."""
        try:
            kind, text = grader.channel.recv()
        except (EOFError, OSError):
            grader.process.join(5)
            yield from self.lost(grader, ended(grader.process.exitcode))
            return
        if kind == "broken" or (kind == "slow" and grader.task.path in self.alone):
            raise GraderBroken(text)
        task, grader.task, grader.deadline = grader.task, None, float("inf")
        if kind == "ready":
            grader.ready = self.started = True
        elif kind == "slow":
            self.again.append(task)
        elif kind == "result":
            result = Result.from_json(text)
            if result.timed_out and task.path not in self.alone:
                self.again.append(task)
            else:
                yield task, result
        else:
            yield task, failed(task, self.assignment, text)
        grader.done += 1
        if grader.done > MOST_TASKS:
            self.drop(grader)

    def occupy(self):
        """Give work to all, starting as many processes as there is work for.

        What took too long comes last, one at a time, with nothing beside it.
        """
        if self.again and not self.todo and not any(grader.task for grader in self.graders):
            self.todo.append(self.again.popleft())
            self.alone.add(self.todo[0].path)
        for grader in [g for g in self.graders if g.ready and not g.task]:
            yield from self.next_task(grader)
        running = sum(grader.task is not None for grader in self.graders)
        while len(self.graders) < min(self.jobs, running + len(self.todo)):
            self.start()

    def run(self):
        while True:
            yield from self.occupy()
            if not self.todo and not any(grader.task for grader in self.graders):
                if not self.again:
                    return
                continue
            patience = min(g.deadline for g in self.graders) - time.monotonic()
            channels = {g.channel: g for g in self.graders}
            for channel in connection.wait(channels, timeout=min(max(patience, 0), 3600)):
                yield from self.heard(channels[channel])
            for grader in [g for g in self.graders if g.deadline < time.monotonic()]:
                yield from self.lost(grader, "the grading process did not answer in time")


def grade_all(submissions, assignment, grade, *, salt, limits, jobs=2):
    """Grade submissions in ``jobs`` processes; yield ``(submission, Result)`` as they are done.

    Parameters
    ----------
    submissions : sequence of Submission
    assignment : Assignment
    grade : callable
        ``lessons.coursework.grading.grade.grade``, or another importable function like it.
    salt : str
    limits : Limits
    jobs : int

    Raises
    ------
    GraderBroken
        If a process ends before it is ready.
    """
    pool = _Pool(submissions, assignment, grade, salt, limits, jobs)
    try:
        yield from pool.run()
    finally:
        for grader in list(pool.graders):
            pool.drop(grader)
