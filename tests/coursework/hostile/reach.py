"""Submissions that reach for what is not theirs."""

from tests.coursework.hostile.attack import Attack, beside

# These only reach, and leave their own process as it was.
REACHING = {
    "hidden tests on the disk": beside(
        "import os\nfrom pathlib import Path\n"
        "for top in ('{tests}', '{tests}/../..', '{canary}', '/course'):\n"
        "    for folder, _, files in os.walk(top):\n"
        "        for path in (Path(folder, name) for name in files):\n"
        "            if path.suffix == '.py':\n"
        "                if 'hidden-tests-' + 'were-here' in path.read_text(errors='replace'):\n"
        "                    print('REACHED', path)",
        bare=True,
    ),
    "the grader's process": beside(
        "import os\nfor name in ('environ', 'cmdline', 'maps', 'mem'):\n    try:\n"
        "        with open(f'/proc/{parent}/{name}', 'rb') as file:\n"
        "            print('REACHED', name, file.read(10))\n"
        "    except OSError as error:\n        print(error)",
        bare=True,
    ),
    "the world through /proc": beside(
        "import os\nfor process in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for way in ('root{canary}', 'cwd', 'cwd/canary'):\n        try:\n"
        "            print('REACHED', open(f'/proc/{process}/{way}/precious.txt').read())\n"
        "        except OSError:\n            pass",
        bare=True,
    ),
    "environment": beside(
        "import os\nprint('REACHED' if 'CANARY_OF_THE_GRADER' in os.environ else os.environ)\n"
        "print('REACHED' if b'CANARY_OF' in open('/proc/1/environ', 'rb').read() else 'no')",
        bare=True,
    ),
    "inherited descriptors": beside(
        "import os\nfor number in map(int, os.listdir('/proc/self/fd')):\n    try:\n"
        "        if b'precious' in os.pread(number, 100, 0):\n"
        "            print('REACHED', number)\n"
        "    except OSError:\n        pass",
        bare=True,
    ),
    "deleting files": beside(
        "import os, shutil\nfor folder in ('{canary}', '/course'):\n"
        "    shutil.rmtree(folder, ignore_errors=True)\n"
        "if not os.path.exists('/course'):\n    print('REACHED')",
        bare=True,
    ),
    "links to files outside": beside(
        "import os\nos.makedirs('/tmp/links', exist_ok=True)\nlink = f'/tmp/links/{os.getpid()}'\n"
        "os.symlink('{canary}/precious.txt', link)\n"
        "for way in (lambda: open(link, 'a').write('changed'), lambda: os.chmod(link, 0o777),\n"
        "            lambda: os.link('{canary}/precious.txt', '{canary}/other.txt')):\n"
        "    try:\n        way()\n        print('REACHED')\n    except OSError as error:\n"
        "        print(error)",
        bare=True,
    ),
    "loopback": beside(
        "import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 1).close()\n"
        "    print('REACHED')\nexcept OSError as error:\n    print(error)",
        bare=True,
    ),
    "abstract socket": beside(
        "import socket\ntry:\n    socket.socket(socket.AF_UNIX).connect('\\0canary-{port}')\n"
        "    print('REACHED')\nexcept OSError as error:\n    print(error)",
        bare=True,
    ),
    "other kinds of sockets": beside(
        "from socket import *\n"
        "for kind in ((AF_NETLINK, SOCK_RAW), (AF_VSOCK, SOCK_STREAM), (AF_ALG, SOCK_SEQPACKET)):\n"
        "    try:\n        socket(*kind)\n        print('REACHED', kind)\n"
        "    except OSError as error:\n        print(error)",
        bare=True,
    ),
    "keyring": beside(
        "import ctypes, platform\nnumber = 250 if platform.machine() == 'x86_64' else 219\n"
        "if ctypes.CDLL(None).syscall(number, 0, -4, 1) > 0:\n    print('REACHED')",
        bare=True,
    ),
    "another process's memory": beside(
        "import ctypes, os, time\nc = ctypes.CDLL(None, use_errno=True)\nchild = os.fork()\n"
        "if child == 0:\n    time.sleep(1)\n    os._exit(0)\n"
        "print('REACHED' if c.ptrace(0x4206, child, 0, 0) == 0 else ctypes.get_errno())",
        bare=True,
    ),
    "namespaces": beside(
        "import subprocess\nprint(subprocess.run(['unshare', '--user', 'printf', '%s%s', 'REA', "
        "'CHED'], capture_output=True, text=True))",
        bare=True,
    ),
    "limits": beside(
        "import resource\nfor kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC):\n    try:\n"
        "        resource.setrlimit(kind, (2**45, 2**45))\n        print('REACHED')\n"
        "    except (OSError, ValueError) as error:\n        print(error)",
    ),
    "becoming root": beside(
        "import os\nfor way in (os.setuid, os.setgid, lambda _: os.chroot('/'),\n"
        "            lambda _: os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0)),\n"
        "            lambda _: os.sethostname('x') if hasattr(os, 'sethostname') else 1 / 0):\n"
        "    try:\n        way(0)\n        print('REACHED', way)\n"
        "    except (OSError, ZeroDivisionError) as error:\n        print(error)",
    ),
}
TOGETHER = "all that only reach, one after the other"
ATTACKS = {
    TOGETHER: beside(*(f"print({name!r})\n{attack.cells[0]}" for name, attack in REACHING.items())),
    "hidden tests in memory": Attack(
        (
            "import gc, sys\n"
            "def norm(tensors):\n    frame = sys._getframe()\n    while frame:\n"
            "        for value in frame.f_locals.values():\n"
            "            if type(value).__name__ == 'test_case':\n"
            "                value.test_func = lambda: None\n"
            "        frame = frame.f_back\n"
            "    for thing in gc.get_objects():\n"
            "        if type(thing).__name__ == 'test_case':\n"
            "            thing.test_func = lambda: None\n    return 5.0",
        ),
        1.0,
        cheats=True,
    ),
    "signals to others": beside(
        "import os, signal\nfor process in ({parent}, 1, os.getppid(), -1):\n    try:\n"
        "        os.kill(process, signal.SIGKILL)\n    except OSError as error:\n"
        "        print(error)",
        score=None,
    ),
}
