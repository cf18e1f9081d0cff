"""Which variant of an assignment's data belongs to a student."""

import hashlib
import unicodedata

PLACEHOLDER = "your-id"
VARIANTS = 2**31


def variant(student, assignment):
    """Return the seed of a student's own data in an assignment.

    It is a number from 0 to 2³¹ - 1, read from the SHA-256 of both names; the same names give the
    same number for ever, on every machine. Capital letters and surrounding spaces do not count.

    Parameters
    ----------
    student : str
        The identifier that the instructor asks for, such as a student number.
    assignment : str
        The assignment's name.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a name is no text, or is empty.

    Examples
    --------
    >>> variant("ada", "clipping") == variant("  ADA ", "clipping")
    True
    >>> variant("ada", "clipping") == variant("bob", "clipping")
    False
    """
    key = "\n".join([normal("assignment", assignment), normal("student", student)])
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % VARIANTS


def normal(name, text):
    """Return ``text`` as names are compared: one case, one spelling, single spaces."""
    if not isinstance(text, str):
        raise TypeError(f'{name}={text!r} is a {type(text).__name__}; expected text such as "ada".')
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not plain:
        raise ValueError(f'{name}={text!r} is empty; expected text such as "ada".')
    return plain
