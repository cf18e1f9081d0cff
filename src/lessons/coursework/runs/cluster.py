"""Grade on several machines with ``dask.distributed``.

A task carries the notebook's bytes and the assignment's files as text; a result comes back as JSON.
The students' code runs in the sandbox of the machine that grades it and never touches Dask.
Start ``dask scheduler`` on one machine and ``dask worker ADDRESS --nthreads 1`` on each of the
others, in an environment with the same version of this package.
"""

import contextlib
import functools
import itertools
import json
import logging
import secrets
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path

from lessons.coursework.grading.assignment import AssignmentError, load
from lessons.coursework.grading.result import Result
from lessons.coursework.intake.archive import Unreadable
from lessons.coursework.runs.tasks import GraderBroken, failed, notebook_of
from lessons.coursework.sandbox.launch import SandboxError

AHEAD = 2  # submissions sent to the cluster for each thread it has
PATIENCE = 20  # seconds in which the scheduler must answer
UNSAFE = (
    "A Dask worker imports from its working directory, where other people's files may lie. Start "
    "workers so: PYTHONSAFEPATH=1 dask worker …"
)
_alone = threading.Lock()  # a worker grades one submission at a time, whatever its threads


def packed(assignment):
    """Return an assignment as text that a machine without its files can load."""
    built = {
        "schema": 1,
        "name": assignment.name,
        "title": assignment.title,
        "questions": [
            {"name": q.name, "points": q.points, "manual": q.manual} for q in assignment.questions
        ],
        "hide": list(assignment.hide),
        "digest": assignment.digest,
    }
    tests = {name: path.read_text(encoding="utf-8") for name, path in assignment.tests.items()}
    return json.dumps({"built": built, "tests": tests})


@functools.cache
def _unpacked(text):
    # The folder lives as long as the process: the cache holds it.
    folder = tempfile.TemporaryDirectory(prefix="assignment-")
    content = json.loads(text)
    root = Path(folder.name)
    (root / "tests").mkdir()
    (root / "assignment.json").write_text(json.dumps(content["built"]), encoding="utf-8")
    for name, code in content["tests"].items():
        (root / "tests" / f"{name}.py").write_text(code, encoding="utf-8")
    return folder, load(root)


def unpacked(text):
    """Return the assignment that :func:`packed` wrote; its tests lie in a temporary folder."""
    return _unpacked(text)[1]


def _remote(grade, notebook, text, student, name, salt, limits):
    """Grade one submission on a worker."""
    if not sys.flags.safe_path:
        return "broken", UNSAFE
    more = {"salt": salt, "submission": name}
    with _alone:
        try:
            result = grade(notebook, unpacked(text), student, limits=limits, **more)
            if result.timed_out:  # the machine may have been busy
                result = grade(notebook, unpacked(text), student, limits=limits.alone(), **more)
        except (AssignmentError, SandboxError) as error:
            return "broken", str(error)
    return "result", result.to_json()


def grade_all(submissions, assignment, grade, *, salt, limits, address):
    """Grade submissions on the cluster at ``address``; yield ``(submission, Result)`` as done.

    A worker that is lost costs nothing but time: its submission goes to another one. Results are
    written by the caller alone, so each submission has exactly one.

    Parameters
    ----------
    submissions, assignment, grade, salt, limits
        As in ``lessons.coursework.runs.batch.grade_all``.
    address : str
        Of the scheduler, such as ``tcp://127.0.0.1:8786``.

    Raises
    ------
    GraderBroken
        If there is no scheduler, or a worker cannot grade at all.
    """
    from distributed import Client, as_completed

    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise GraderBroken(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        text, numbers = packed(assignment), itertools.count()

        def send(submission):
            return client.submit(
                _remote,
                grade,
                notebook_of(submission),
                text,
                submission.identity,
                submission.path,
                salt,
                limits,
                key=f"grade-{submission.key}-{next(numbers)}-{secrets.token_hex(4)}",
                pure=False,
            )

        done = as_completed(loop=client.loop)
        try:
            yield from _completed(client, done, send, deque(submissions), assignment)
        finally:
            with contextlib.suppress(Exception):
                client.cancel(list(done.futures))


def _completed(client, done, send, todo, assignment):
    """Keep the cluster busy; yield what comes back."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise GraderBroken("The Dask scheduler has no workers. Start some: dask worker …") from None
    tasks = {}
    while todo or tasks:
        # Workers may have come and gone.
        room = AHEAD * max(sum(client.nthreads().values()), 1)
        while todo and len(tasks) < room:
            submission = todo.popleft()
            try:
                future = send(submission)
            except Unreadable as error:
                yield submission, failed(submission, assignment, f"{error}.")
            else:
                tasks[future.key] = submission
                done.add(future)
        if not tasks:
            continue
        future = next(done)
        submission = tasks.pop(future.key)
        try:
            kind, answer = future.result()
        except Exception as error:  # whatever it was, it crossed the network as an exception
            yield submission, failed(submission, assignment, f"{type(error).__name__}: {error}")
        else:
            if kind == "broken":
                raise GraderBroken(answer)
            yield submission, Result.from_json(answer)
        future.release()
