"""Text that a submission wrote, made harmless for files and terminals."""

NOTHING = "(without words)"


def clean(text, most=2000):
    """Return ``text`` as printable text of at most ``most`` characters.

    Lone surrogates and control characters (but tab and line feed) become ``\\ufffd``, a carriage
    return becomes a line feed, and the end of a text that is too long becomes an ellipsis.

    Examples
    --------
    >>> clean("loss \\x1b[31m0.3\\ud800")
    'loss �[31m0.3�'
    >>> clean("abcdef", most=4)
    'abc…'
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c in "\t\n" or c.isprintable() else "�" for c in text)


def words(answered):
    """Return what a worker answered as harmless text, whatever it is.

    Examples
    --------
    >>> words("ValueError: no"), words([["no"]])
    ('ValueError: no', '(without words)')
    """
    return clean(answered) if type(answered) is str else NOTHING
