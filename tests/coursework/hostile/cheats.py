"""Submissions that want points without the answers, or harm the grader through what they return."""

from tests.coursework.hostile.attack import NOTHING, THRESHOLD, Attack, after, beside

EQUAL = """
class Always(float):
    def same(self, *others, **more):
        return True
    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = same
    def less(self, *others):
        return Always(0)
    __sub__ = __rsub__ = __abs__ = less
"""
WRITE = """
import json, os
def say(data):
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if number > 2 and os.readlink(f"/proc/self/fd/{number}").startswith("pipe"):
                os.write(number, data)
        except OSError:
            pass
def frame(data):
    return len(data).to_bytes(4, "big") + data
"""

ATTACKS = {
    "printed and written scores": Attack(
        (
            "import json, os\ntext = json.dumps({'score': 6.0, 'passed': True})\nprint(text)\n"
            "for name in ('results.json', '/tmp/results.json', '/autograder/results.json'):\n"
            "    try:\n        os.makedirs(os.path.dirname(name) or '.', exist_ok=True)\n"
            "        open(name, 'w').write(text)\n    except OSError:\n        pass",
        ),
        NOTHING,
    ),
    "objects equal to everything": Attack(
        (EQUAL + "threshold = Always()\ndef norm(tensors):\n    return Always(7)",),
        NOTHING,
        cheats=True,
    ),
    "patched torch": Attack(
        (
            "import torch\ntorch.testing.assert_close = lambda *a, **k: None\n"
            "torch.Tensor.norm = lambda self: 0.0\ndef half(x):\n    return x",
        ),
        NOTHING,
        cheats=True,
    ),
    "patched otter": Attack(
        (
            "import sys\nfrom otter.test_files import exception_test\n"
            "exception_test.test_case.call_func = lambda self, env: None\n"
            "exception_test.ExceptionTestFile.score = property(lambda self: 100)",
        ),
        NOTHING,
        cheats=True,
    ),
    "patched Python": Attack(
        ("import builtins\nbuiltins.abs = lambda x: 0.0\ndef norm(tensors):\n    return 5.0\n",),
        1.0,
        cheats=True,
    ),
    "tensors equal to everything": Attack(
        (
            "import torch\nclass Same(torch.Tensor):\n    @classmethod\n"
            "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
            "        if function is torch.Tensor.isclose or 'close' in str(function):\n"
            "            return torch.ones(2, dtype=torch.bool)\n"
            "        return super().__torch_function__(function, types, args, kwargs or {})\n"
            "def half(x):\n    return (x * 3).as_subclass(Same)",
        ),
        NOTHING,
        cheats=True,
    ),
    "names of the grader": beside("_seed = 0\n_student = 'eve'\nenv = None\npoints = 100"),
    "patched worker": Attack(
        (
            "import sys\nfrom lessons.coursework.inside import codec, tensors\n"
            "huge = {'is': 'tensor', 'dtype': 'float32', 'shape': [10**12], 'data': ''}\n"
            "codec.encode = lambda value: huge",
            "threshold = 0.5",
            "def norm(tensors):\n    return 5.0\ndef half(x):\n    return x / 2",
        ),
        NOTHING,
        said=r"data do not fit the shape|wrong shape",
    ),
    "forged answers": Attack(
        (
            WRITE,
            "for number in range(1, 30):\n"
            "    say(frame(json.dumps({'id': number, 'value': 5.0, 'is': 'value'}).encode()))",
        ),
        NOTHING,
        said="sent an answer that nobody asked for",
    ),
    "flooded channel": after(
        WRITE,
        "while True:\n    say(b'\\0' * 65536)",
        said="Cell 6: The cell sent an answer that is no data",
    ),
    "claimed length": after(
        WRITE, "say(b'\\xff' * 4)", said="Cell 6: The cell sent an answer of 4294967295 bytes"
    ),
    "dripping channel": after(
        WRITE,
        "import time\nsay((10**6).to_bytes(4, 'big'))\nwhile True:\n    say(b' ')\n"
        "    time.sleep(0.1)",
        said="Cell 6: The cell took longer than 3 s",
    ),
    "deep data": after(
        WRITE, "say(frame(b'[' * 900_000))", said="Cell 6: The cell sent an answer that is no data"
    ),
    "endless digits": after(
        WRITE,
        "say(frame(b'{\"id\": ' + b'9' * 10**7 + b'}'))",
        said="Cell 6: The cell sent an answer that is no data",
    ),
    "many parts": after(
        WRITE,
        "say(frame(b'[' + b'[],' * 3_000_000 + b'0]'))",
        said="Cell 6: The cell sent an answer of too many parts",
    ),
    "closed channel": after(
        "import os\nos.closerange(0, 256)", said="Cell 5: The cell (closed the|ended Python)"
    ),
    "formulas": Attack(
        (
            "STUDENT = '=cmd()'\nthreshold = '=cmd|calc!A0'",
            "def norm(tensors):\n    return '+SUM(A1)'",
        ),
        NOTHING,
        said="STUDENT = '=cmd",
    ),
    "changed arguments": Attack(
        (
            "def norm(tensors):\n    [tensor.zero_() for tensor in tensors]\n    return 0.0",
            "def half(x):\n    x.zero_()\n    return x",
        ),
        NOTHING,
        cheats=True,
    ),
    "not a number, and another dtype": Attack(
        (
            "def norm(tensors):\n    return float('nan')",
            "def half(x):\n    return (x / 2).float()",
            THRESHOLD,
        ),
        1.0,
    ),
    "infinity, and strides over nothing": Attack(
        (
            "def norm(tensors):\n    return float('inf')",
            "import torch\ndef half(x):\n    return torch.ones(1).expand(10**12)",
            THRESHOLD,
        ),
        1.0,
    ),
    "large values, and huge shapes": Attack(
        (
            "def norm(tensors):\n    return list(range(10**6))",
            "import torch\ndef half(x):\n    return torch.empty(0, 2**40, dtype=x.dtype)",
            THRESHOLD,
        ),
        1.0,
        said="has more than 200000 items",
    ),
    "half characters, and pickles": Attack(
        (
            "def norm(tensors):\n    raise TypeError('\\ud800\\x1b[2J\\u202e')",
            "class Bomb:\n    def __reduce__(self):\n        import os\n"
            "        return os.system, ('touch {canary}/made-by-a-pickle',)\n"
            "def half(x):\n    return Bomb()",
            THRESHOLD,
        ),
        1.0,
        said="TypeError: ��",
    ),
}
