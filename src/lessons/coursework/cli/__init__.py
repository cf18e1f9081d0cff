"""``lessons-grade NAME SUBMISSIONS --out RESULTS``: grade a class.

Every submission runs in a sandbox. There is no way to run one without.
"""

import os
import signal
import sys
from pathlib import Path

from lessons.coursework.cli import options

LEAST = 2**34  # bytes of address space; PyTorch maps far more than it uses


def _say(text):
    print(f"lessons-grade: {text}", file=sys.stderr, flush=True)


def _import_nothing_from_here():
    """Keep the working directory, which may hold what students wrote, off Python's path.

    It holds for the processes that are started later, too; what PYTHONPATH names stays.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    wanted = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(p)]
    here = Path.cwd()
    sys.path[:] = [p for p in sys.path if p in wanted or (p and Path(p).resolve() != here)]


def main(words=None, grade=None):
    """Run ``lessons-grade``; return the exit code.

    Parameters
    ----------
    words : list of str, optional
        Of the command line.
    grade : callable, optional
        Instead of ``lessons.coursework.grading.grade.grade``, for tests.
    """
    if not sys.platform.startswith("linux"):
        _say(
            "Grading needs Linux: its sandbox is made by the Linux kernel. On Windows use WSL 2, "
            "on macOS a virtual machine with Linux."
        )
        return 2
    import resource

    if words is None:
        _import_nothing_from_here()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace"
            )  # a terminal may know fewer letters than names have
    arguments = options.parser().parse_args(words)
    least, _ = resource.getrlimit(resource.RLIMIT_AS)
    if least not in (resource.RLIM_INFINITY, -1) and least < LEAST:
        _say(f"This shell allows {least / 2**30:.1f} GiB of addresses; say: ulimit -v unlimited")
        return 2
    try:
        from lessons.coursework.cli import command
    except ModuleNotFoundError as error:
        _say(f"{error.name} is not installed. Install it: pip install 'lessons[coursework]'")
        return 2
    # The torch of each grading process has one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        return command.run(arguments, grade)
    except command.MENDABLE as error:
        _say(error)
        return command.NOTHING_DONE
    except KeyboardInterrupt:
        _say("Interrupted. Go on with --resume.")
        return command.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
