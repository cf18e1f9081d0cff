"""Pairs of notebooks whose code is alike, by winnowing. A reason to look, never a proof.

Short functions that solve the same question are alike by themselves; what most of a class shares is
left out.
"""

import re
import zlib
from collections import Counter
from itertools import combinations

K, WINDOW = 12, 6  # tokens in a fingerprint; fingerprints of which the smallest is kept
LEAST, ALIKE, MOST = 20, 0.6, 200_000  # own fingerprints, share in common, characters read
_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\S")
_QUIET = re.compile(r'"""(?:.|\n)*?"""|#[^\n]*')
_WORDS = {
    "def",
    "return",
    "for",
    "in",
    "if",
    "else",
    "not",
    "is",
    "None",
    "with",
    "while",
    "lambda",
}


def fingerprints(code):
    """Return the fingerprints of a program, whatever its names, comments and blanks are.

    References
    ----------
    Schleimer, Wilkerson and Aiken (2003), Winnowing: local algorithms for document fingerprinting.

    Examples
    --------
    >>> one = "def f(a, b):\\n    c = [x * a for x in b]  # scaled\\n    return sum(c) / len(c)"
    >>> fingerprints(one) == fingerprints(one.replace("c", "total").replace("# s", "# Is s"))
    True
    """
    tokens = _TOKEN.findall(_QUIET.sub("", code[:MOST]))
    plain = ["n" if t[0].isalpha() and t not in _WORDS else t for t in tokens]
    grams = [zlib.crc32(" ".join(plain[i : i + K]).encode()) for i in range(len(plain) - K + 1)]
    return {min(grams[i : i + WINDOW]) for i in range(max(len(grams) - WINDOW + 1, 0))}


def pairs(programs):
    """Return ``[(student, student, share)]`` of the pairs that are alike, the most alike first.

    Parameters
    ----------
    programs : dict
        Student to the code of the notebook.
    """
    prints = {student: fingerprints(code) for student, code in programs.items()}
    counts = Counter(one for found in prints.values() for one in found)
    common = max(2, len(prints) // 3)
    own = {student: {p for p in found if counts[p] <= common} for student, found in prints.items()}
    alike = []
    for one, other in combinations(sorted(s for s in own if len(own[s]) >= LEAST), 2):
        share = len(own[one] & own[other]) / min(len(own[one]), len(own[other]))
        if share >= ALIKE:
            alike.append((one, other, share))
    return sorted(alike, key=lambda pair: -pair[2])
