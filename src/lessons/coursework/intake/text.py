"""Text that a submission wrote, made harmless for files, terminals and pages."""

import unicodedata

JOINERS = "\u200c\u200d"  # emoji and letters of some scripts need them
NOTHING = "(without words)"


def clean(text, most=2000):
    """Return ``text`` as printable text of at most ``most`` characters.

    Lone surrogates, control characters (but tab and line feed) and changes of direction become
    ``\\ufffd``, a carriage return becomes a line feed, and the end of a text that is too long (with
    ``most=None`` none is) becomes an ellipsis.

    Examples
    --------
    >>> clean("loss \\x1b[31m0.3\\ud800")
    'loss �[31m0.3�'
    >>> clean("abcdef", most=4)
    'abc…'
    """
    if most is not None and len(text) > most:
        text = text[: most - 1] + "…"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c in "\t\n" or _harmless(c) else "�" for c in text)


def printable(name):
    """Return a name on one line, with the numbers of characters that :func:`clean` takes out.

    Examples
    --------
    >>> printable("ada\\x1b.ipynb")
    'ada\\\\u001b.ipynb'
    """
    return "".join(c if _harmless(c) else f"\\u{ord(c):04x}" for c in name)


def _harmless(character):
    kind = unicodedata.category(character)
    return character in JOINERS or (kind[0] != "C" and kind not in ("Zl", "Zp"))


def words(answered):
    """Return what a worker answered as harmless text, whatever it is.

    Examples
    --------
    >>> words("ValueError: no"), words([["no"]])
    ('ValueError: no', '(without words)')
    """
    return clean(answered) if type(answered) is str else NOTHING
