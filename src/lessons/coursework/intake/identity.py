"""Names of students: what a notebook claims, and what a file may be called."""

import hashlib
import json
import re
import unicodedata

# STUDENT = "…" at the start of a line of code, in the notebook's JSON. Reading the bytes costs no
# memory, whatever the notebook is.
_STUDENT = re.compile(
    rb"""(?:"|\\n)STUDENT\s*=\s*(?:\\"|')((?:[^"'\\\n]|\\u[0-9a-fA-F]{4}){0,400}?)(?:\\"|')"""
)

_DIGEST = re.compile(r"-[0-9a-f]{16}$")


def file_name(student):
    """Return a name for files that says the student and is nobody else's.

    A name that is safe stands for itself; any other one, and one that looks like the result of
    this function, gets a dash and 64 bits of its SHA-256 behind it.

    Examples
    --------
    >>> file_name("ada"), file_name("../ada")
    ('ada', '_ada-60088279524e0fd6')
    """
    text = unicodedata.normalize("NFC", student)
    safe = re.sub(r"[^\w@+.-]+", "_", text).lstrip(".-").rstrip(".")
    while len(safe.encode()) > 100:
        safe = safe[:-1]
    if safe == student and safe == safe.casefold() and safe and not _DIGEST.search(safe):
        return safe
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{safe or 'student'}-{digest[:16]}"


def claimed_student(notebook):
    """Return the value of ``STUDENT`` in the notebook's bytes, or None. Nothing is run.

    Examples
    --------
    >>> claimed_student(b'{"cells": [{"source": ["STUDENT = \\\\"ada\\\\"  # you"]}]}')
    'ada'
    """
    found = _STUDENT.search(notebook)
    if not found:
        return None
    try:
        return json.loads(b'"' + found[1] + b'"').strip() or None
    except ValueError:
        return None
