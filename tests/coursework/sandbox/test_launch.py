"""What a program in the sandbox sees and may do, and that it ends with the grader."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from lessons.coursework.sandbox import bubblewrap
from lessons.coursework.sandbox.launch import Sandbox, SandboxError, everything, receive
from lessons.coursework.sandbox.limits import MIB, Limits
from tests.coursework.traces import running
from tools.repository import ROOT


def run(code, hide=(), limits=None, place=None):
    """Run Python code in the sandbox; return what it printed as JSON."""
    words = lambda *pipes: ["-c", code, *map(str, pipes)]  # noqa: E731
    sandbox = Sandbox(limits or Limits(), hide, words, place)
    try:
        said = everything(sandbox.output, time.monotonic() + 30)
    finally:
        sandbox.end()
    try:
        return json.loads(said)
    except ValueError:
        pytest.fail(said.decode())


def test_the_sandbox_shows_no_more_than_it_must(sandbox):
    seen = run("import json, os; print(json.dumps([os.listdir('/'), os.listdir('/dev'),"
               " os.getcwd(), dict(os.environ)]))")  # fmt: skip
    root, devices, folder, environment = seen
    prefixes = {path.split("/")[1] for path in bubblewrap.this_place().prefixes}
    assert (
        set(root)
        <= {"usr", "lib", "lib32", "lib64", "bin", "proc", "dev", "tmp", "etc", "course"} | prefixes
    )
    assert not {"kvm", "mem", "sda", "vda", "fuse", "net", "log"} & set(devices)
    assert folder == "/tmp"
    library = {"LD_LIBRARY_PATH", "PWD", "LC_CTYPE"}
    assert set(environment) - library == set(bubblewrap.ENVIRONMENT)


def test_nobody_else_is_seen_and_nothing_can_be_gained(sandbox):
    code = """
import json, os, resource
def refused():
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 1))
    except (OSError, ValueError) as error:
        return True
    return False
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "processes": [int(name) for name in os.listdir("/proc") if name.isdigit()],
    "capabilities": [status[f"Cap{kind}"].strip() for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")],
    "new privileges": status["NoNewPrivs"].strip(),
    "filter": status["Seccomp"].strip(),
    "core": [resource.getrlimit(resource.RLIMIT_CORE), refused()],
    "groups": os.getgroups(),
    "user": os.getuid(),
    "host": os.uname().nodename,
    "session": os.getsid(0),
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev")][2:],
}))
"""
    seen = run(code)
    assert max(seen["processes"]) <= 5
    assert set(seen["capabilities"]) == {"0" * 16}
    assert (seen["new privileges"], seen["filter"]) == ("1", "2")
    assert seen["core"] == [[1, 1], True]
    assert seen["user"] != 0
    assert 0 not in seen["groups"]
    assert seen["host"] == "sandbox"
    assert seen["session"] <= 5
    assert set(seen["interfaces"]) <= {"lo", "tunl0", "sit0", "ip6tnl0", "gre0"}


def test_only_scratch_can_be_written_and_little_of_it(sandbox):
    code = """
import errno, json, os
mounts = {line.split()[4] for line in open("/proc/self/mountinfo")}
loose = sorted(mount for mount in mounts if not os.statvfs(mount).f_flag & os.ST_RDONLY)
written = []
for mount in loose:
    for folder, _, _ in os.walk(mount):
        if not folder.startswith(("/proc", "/sys")) and os.access(folder, os.W_OK):
            written.append(folder)
def fill(folder):
    total = 0
    try:
        for number in range(100):
            with open(f"{folder}/{number}", "wb") as file:
                total += file.write(bytes(2**20))
    except OSError as error:
        return total, error.errno == errno.ENOSPC
print(json.dumps([loose, written, fill("/tmp"), fill("/dev/shm")]))
"""
    loose, written, tmp, memory = run(code, limits=Limits(scratch=8 * MIB))
    devices = {"null", "zero", "full", "random", "urandom", "tty", "console", "pts", "shm"}
    assert set(loose) <= {"/proc", "/tmp", *(f"/dev/{name}" for name in devices)}
    # Below /tmp may stand the empty folders above an environment that lies in this machine's /tmp.
    outside = {folder for folder in written if not folder.startswith("/tmp/")}
    assert outside <= {"/tmp", "/dev/shm", "/dev/pts"}
    assert not any(folder.startswith(sys.prefix) for folder in written)
    assert tmp[1] and memory[1]
    assert max(tmp[0], memory[0]) <= 8 * MIB


def test_hidden_modules_are_not_there_at_all(sandbox):
    code = """
import importlib, json, os, sys
sys.path.insert(0, "/course")
def there(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return str(error)
names = ["lessons.fixes", "lessons.signs", "lessons.causes.vanishing_and_exploding"]
files = [f"{top}/{name}" for top, _, names in os.walk("/course") for name in names]
print(json.dumps([[there(name) for name in names], files]))
"""
    hide = ["lessons/fixes", "lessons/causes/vanishing_and_exploding.py"]
    (fixes, signs, inner), names = run(code, hide)
    assert fixes == "No module named 'lessons.fixes'"
    assert inner == "No module named 'lessons.causes.vanishing_and_exploding'"
    assert signs is None
    assert "/course/lessons/causes/__init__.py" in names
    assert not [name for name in names if "/fixes/" in name or "causes/vanishing" in name]


def test_hidden_modules_are_absent_from_an_installed_package_too(sandbox, tmp_path):
    """``pip install`` without ``-e`` puts all of the package among the libraries."""
    tmp_path.chmod(0o755)
    library = tmp_path / "prefix" / "lib" / "python3.11" / "site-packages"
    for path in ("lessons/fixes/__init__.py", "other/__init__.py"):
        (library / path).parent.mkdir(parents=True, exist_ok=True)
        (library / path).write_text("")
    here = bubblewrap.this_place()
    place = bubblewrap.Place(here.python, (*here.prefixes, f"{tmp_path}/prefix"), here.lessons)
    code = """
import json, os
found = [f"{top}/{name}" for top, _, names in os.walk(%r) for name in names]
print(json.dumps([name.partition("site-packages/")[2] for name in found]))
"""
    assert run(code % str(library), ["lessons/fixes"], place=place) == ["other/__init__.py"]


def test_a_submission_stays_on_its_processor(sandbox):
    code = """
import json, os
try:
    os.sched_setaffinity(0, {0})
except OSError as error:
    print(json.dumps(str(error)))
"""
    assert "not implemented" in run(code)


def test_no_process_of_the_sandbox_itself_can_be_changed(sandbox):
    """Else a submission takes away the signal that ends it together with its grader."""
    code = """
import json, os
written = []
for name in filter(str.isdigit, os.listdir("/proc")):
    try:
        if int(name) != os.getpid():
            open(f"/proc/{name}/mem", "r+b").close()
            written.append(name)
    except OSError:
        pass
print(json.dumps([written, len([name for name in os.listdir("/proc") if name.isdigit()])]))
"""
    written, seen = run(code)
    assert written == []
    assert seen >= 2  # there was something to try


def test_no_descriptor_is_inherited_but_the_pipes(sandbox, tmp_path):
    path = tmp_path / "secret"
    path.write_text("secret", encoding="utf-8")
    with open(path, "rb") as file:
        os.set_inheritable(file.fileno(), True)
        seen = run("import json, os; print(json.dumps([os.path.realpath(f'/proc/self/fd/{n}')"
                   " for n in os.listdir('/proc/self/fd')]))")  # fmt: skip
    pipes = [name for name in seen if "pipe:" in name]
    rest = [name for name in seen if "pipe:" not in name]
    assert len(pipes) <= 4
    assert all(name.startswith(("/dev/null", "/proc/")) for name in rest), rest


def test_a_program_that_cannot_start_is_told_from_a_submission(sandbox):
    place = bubblewrap.Place("/no/such/python", (), bubblewrap.this_place().lessons)
    started = Sandbox(Limits(), (), lambda *_: ["-c", ""], place)
    try:
        assert b"/no/such/python" in everything(started.output, time.monotonic() + 10)
        assert started.status(5) == 1
    finally:
        started.end()


def test_what_bwrap_says_is_passed_on(sandbox, monkeypatch):
    monkeypatch.setattr(bubblewrap, "arguments", lambda *_: ["--no-such-option"])
    with pytest.raises(SandboxError, match="no-such-option"):
        Sandbox(Limits(), (), lambda *_: ["-c", ""])


def test_a_machine_without_bubblewrap_is_told(monkeypatch):
    monkeypatch.setattr(bubblewrap, "PATHS", "/nowhere")
    with pytest.raises(SandboxError, match="cannot be started"):
        Sandbox(Limits(), (), lambda *_: ["-c", ""])


# A job in the background of a shell, and what it starts, ignores SIGINT: the grader must not.
GRADER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from lessons.coursework.sandbox import bubblewrap
from lessons.coursework.sandbox.limits import Limits
from lessons.coursework.grading.running import Running
from lessons.coursework.intake.notebook import Cell
bubblewrap.ENVIRONMENT["GRADING_MARK"] = sys.argv[1]
cell = '''
import subprocess, time
subprocess.Popen(["setsid", "sleep", "1000"])
time.sleep(1000)
'''
Running([Cell(1, "code", cell)], Limits(cell=1000))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_grader_that_is_killed(sandbox, tmp_path, number):
    mark = f"mark-{os.getpid()}-{tmp_path.name}"
    with subprocess.Popen(
        [sys.executable, "-c", GRADER, mark], stderr=subprocess.DEVNULL, cwd=ROOT
    ) as grader:
        assert wait(lambda: any(map(is_daemon, running(mark))), 60)
        grader.send_signal(number)
    assert wait(lambda: running(mark) == [])


DAEMON = """
import subprocess, time
subprocess.Popen(["sleep", "1000"], start_new_session=True)
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("which", ["outer", "first", "inner"])
def test_nothing_outlives_a_part_of_the_sandbox_that_is_killed(sandbox, which, number):
    """Whichever ``bwrap`` a signal meets: all ends, or all goes on and ends with the grader."""
    started = Sandbox(Limits(), (), lambda *_: ["-c", DAEMON])
    try:
        assert receive(started.output, time.monotonic() + 30) == b"ready\n"
        outer, first = psutil.Process(started._process.pid), psutil.Process(started.init)
        (inner,) = first.children()
        every = [outer, first, *first.children(recursive=True)]
        assert [process.name() for process in every[:3]] == ["bwrap"] * 3
        assert "sleep" in {process.name() for process in every}
        {"outer": outer, "first": first, "inner": inner}[which].send_signal(number)
        if number != signal.SIGKILL:
            started.end()
        started._process.wait(10)
        assert wait(lambda: not any(map(alive, every)))
    finally:
        started.end()


def alive(process):
    """Say whether a process is there and not only its exit status, which nobody has asked for."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def wait(done, seconds=10):
    """Return whether ``done()`` comes true in time."""
    until = time.monotonic() + seconds
    while not (found := done()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def is_daemon(process):
    """Say whether the process of this number is what the cell started."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/cmdline", "rb") as file:
        return file.read().startswith(b"sleep\0")
    return False
