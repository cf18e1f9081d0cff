"""Submissions that never end, end badly, or want more than there is."""

from tests.coursework.hostile.attack import (
    NOTHING,
    Attack,
    after,
    beside,
    instead_of_half,
    instead_of_norm,
)

# These take from the machine itself what others need.
STARVING = {
    *("memory", "memory of many processes", "shared memory of many processes", "disk"),
    *("output that never ends", "fork bomb", "threads", "daemon"),
}
ATTACKS = {
    "endless cell": beside("while True:\n    pass", said="Cell 1: The cell took longer than 3 s"),
    "endless cell that catches everything": after(
        "import signal\nfor number in range(1, 32):\n    try:\n        signal.signal(number, "
        "signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nwhile True:\n    try:\n"
        "        while True:\n            pass\n    except BaseException:\n        pass",
        said="Cell 5: The cell took longer than 3 s",
    ),
    "endless call": instead_of_norm(
        "def norm(tensors):\n    while True:\n        pass", said="norm took longer than 2 s"
    ),
    "generators that never end": Attack(
        (
            "import itertools\nthreshold = itertools.count()",
            "def norm(tensors):\n    while True:\n        yield 5.0",
            "def half(x):\n    return itertools.cycle([0.5])",
        ),
        NOTHING,
        said="holds a generator",
    ),
    "text that never comes": beside(
        "class Slow(Exception):\n    def __str__(self):\n        while True:\n            pass\n"
        "raise Slow",
        said="Cell 1: The cell took longer than 3 s",
    ),
    "recursion without end": instead_of_half("def half(x):\n    return half(x)"),
    "exception at the top": beside("1 / 0", said="Cell 1: ZeroDivisionError"),
    "exit at the top": beside("raise SystemExit(0)", "exit()", said="Cell 1: SystemExit: 0"),
    "exit without a word": beside(
        "import os\nos._exit(0)", said=r"Cell 1: The cell ended Python \(exit code 0\)"
    ),
    "exit in a call": instead_of_half(
        "import os\ndef half(x):\n    os._exit(0)", said=r"half ended Python \(exit code 0\)"
    ),
    "segmentation fault": beside(
        "import ctypes\nctypes.string_at(0)",
        said="Cell 1: The cell was ended by the signal SIGSEGV",
    ),
    "too many restarts": beside(
        *["import os\nos._exit(7)"] * 5, score=NOTHING, said="the submission was ended 4 times"
    ),
    "memory": beside(
        "kept = []\nwhile True:\n    kept.append(bytearray(2**26))",
        said="Cell 1: (MemoryError|The cell held more)",
        cell=30,
    ),
    "memory of many processes": after(
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        data = b'1' * 2**27\n        time.sleep(90)\ntime.sleep(90)",
        said="Cell 5: The cell held more than 768 MiB of memory",
        cell=30,
    ),
    "shared memory of many processes": after(
        "import mmap, os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        data = mmap.mmap(-1, 2**27)\n        data.write(b'1' * 2**27)\n"
        "        time.sleep(90)\ntime.sleep(90)",
        said="Cell 5: The cell held more than 768 MiB of memory",
        cell=30,
    ),
    "memory that belongs to nobody": beside(
        "import ctypes, os\nassert ctypes.CDLL(None).shmget(0, 2**20, 0o1600) < 0\n"
        "os.memfd_create('x')",
        said="Cell 1: OSError: .*Function not implemented",
    ),
    "disk": beside(
        "for number in range(100):\n    with open(f'/tmp/{number}', 'wb') as file:\n"
        "        file.write(bytes(2**23))",
        said="Cell 1: OSError: .* No space left",
    ),
    "a large file": beside(
        "with open('/dev/shm/x', 'wb') as file:\n    file.write(bytes(2**25))",
        said="Cell 1: OSError: .* File too large|Cell 1: .*SIGXFSZ",
    ),
    "output": after("for _ in range(100):\n    print('x' * 2**20)\nprint('the end')"),
    "output that never ends": after(
        "import sys, threading\ndef flood():\n    while True:\n"
        "        sys.stderr.write('y' * 65536)\nthreading.Thread(target=flood, daemon=True).start()"
    ),
    "fork bomb": beside(
        "import os\nwhile True:\n    os.fork()",
        score=None,
        said="Cell 1: (BlockingIOError|The cell (took longer|held more))",
    ),
    "threads": beside(
        "import threading, time\nfor _ in range(500):\n"
        "    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
        said="Cell 1: RuntimeError: can't start new thread",
    ),
    "daemon": beside(
        "import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execv('/usr/bin/sleep', ['sleep', '1000'])\n    os._exit(0)\n"
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)"
    ),
    "a fork that comes back": after("import os\nos.fork()\nos.fork()"),
}
