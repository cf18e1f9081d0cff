"""The ledger: what the source documents say, where the course tries it, and what came out.

One row a claim, in the TOML file of the part whose chapter tries it. Chapters show their rows.
"""

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources

from lessons._check import choice
from lessons.tables import table

DOCUMENTS = ("000", "001", "002", "003", "004")
PARTS = ("causes", "bounds", "signs", "fixes", "practice")
VERDICTS = (
    "right",
    "right, with a condition",
    "half right",
    "too strong",
    "misleading",
    "wrong",
    "not tried",
)
FIELDS = ("documents", "claim", "test", "verdict", "because", "chapter")
_PLACE = re.compile(r"(\d{3})(?: (.+))?")


@dataclass(frozen=True)
class Claim:
    """One claim of a source document.

    Attributes
    ----------
    documents : tuple of str
        Where it stands: "001 §3.1".
    claim : str
        In the course's own words.
    test : str
        Where in the chapter it is tried.
    verdict : str
        One of ``VERDICTS``.
    because : str
        What came out, with its number.
    chapter : str
        "fixes/clipping".
    """

    documents: tuple
    claim: str
    test: str
    verdict: str
    because: str
    chapter: str


@functools.cache
def ledger():
    """Return all claims, by part and in the order of their files.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        If a row lacks a field, has an unknown one, or names an unknown document or verdict.

    Examples
    --------
    >>> {claim.verdict for claim in ledger()} <= set(VERDICTS)
    True
    """
    found = []
    for part in PARTS:
        file = resources.files(__name__).joinpath(f"{part}.toml")
        if file.is_file():
            rows = tomllib.loads(file.read_text(encoding="utf-8")).get("claim", [])
            found += [_claim(row, f"{part}.toml, row {i}") for i, row in enumerate(rows, 1)]
    return tuple(found)


def verdicts(chapter):
    """Return a chapter's rows of the ledger as a table.

    Parameters
    ----------
    chapter : str
        Such as "bounds/sigmoid".

    Returns
    -------
    lessons.tables.Table

    Raises
    ------
    ValueError
        If no row belongs to such a chapter.
    """
    rows = [c for c in ledger() if c.chapter == choice("chapter", chapter, chapters())]
    return table(
        [
            (
                f"{c.claim} ({', '.join(c.documents)})",
                c.test,
                f"{c.verdict[0].upper()}{c.verdict[1:]}. {c.because}",
            )
            for c in rows
        ],
        ["claim (document)", "where it is tried", "what came out"],
        caption="What the source documents say, and what the experiments say.",
    )


def chapters():
    """Return the chapters that have rows, in their order."""
    return list(dict.fromkeys(claim.chapter for claim in ledger()))


def _claim(row, where):
    if missing := [name for name in FIELDS if not row.get(name)]:
        raise ValueError(f"{where} has no {missing[0]!r}; expected {', '.join(FIELDS)}.")
    if unknown := sorted(set(row) - set(FIELDS)):
        raise ValueError(f"{where} has the field {unknown[0]!r}; expected {', '.join(FIELDS)}.")
    for place in row["documents"]:
        match = _PLACE.fullmatch(place)
        if not match or match[1] not in DOCUMENTS:
            raise ValueError(f"{where}: documents has {place!r}; expected such as '001 §3.1'.")
    choice(f"{where}: verdict", row["verdict"], VERDICTS)
    return Claim(**{**row, "documents": tuple(row["documents"])})
