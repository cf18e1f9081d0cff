"""Whose work is it? Uploads and the people of the class list, brought together.

Each upload has one owner, named by the part of the path that the LMS wrote. Where several owners
could be the same person of the class list, the strongest evidence counts: the LMS's number, then an
exact identifier, then a name that is merely alike. Of equal evidence none counts.
"""

from collections import defaultdict
from dataclasses import dataclass

from lessons.coursework.intake.filenames import Named
from lessons.coursework.intake.roster import EVIDENCE, Person
from lessons.coursework.intake.tables import fold


@dataclass(frozen=True)
class Owner:
    """Who handed in a file, as far as the LMS and the class list say.

    Attributes
    ----------
    key : tuple
        The same for all files of one owner.
    said : Named
    known : tuple of str
        Names that the LMS gives; the first is the owner's.
    person : Person or None
        The row of the class list.
    note : str
        Why there is none; may be empty.
    refused : str
        Why nothing of this owner can be graded; may be empty.
    evidence : int
        How surely it is the person; a smaller number is surer.
    """

    key: tuple
    said: Named
    known: tuple
    person: Person | None = None
    note: str = ""
    refused: str = ""
    evidence: int = len(EVIDENCE)


def owner_of(said, upload=None, roster=None):
    """Return the owner of a file with the name ``said``; ``upload`` is Gradescope's word on it."""
    known, trusted = tuple(name for name in (said.student, said.user) if name), ()
    key = said.layout, fold(said.student) if said.layout == "plain" else said.user
    if upload:
        trusted = (*upload.emails[:1], *upload.ids[:1])
        key = (said.layout, "person", fold(trusted[0])) if trusted else key
        known = (*trusted, *upload.names[:1]) or known
    if not roster:
        return Owner(key, said, known)
    if said.layout == "gradescope":  # a name that people give themselves says nothing
        person, reason = None, f"{known[0]!r} is not in {roster.source}"
        for name in trusted:
            person = person or roster.exactly(name)
        reason, evidence = None if person else reason, EVIDENCE.index("exact")
    else:
        person, reason, evidence = roster.find(said)
    return Owner(key, said, known, person, reason or "", "", evidence)


def settled(owners):
    """Return ``{key: Owner}`` in which each person belongs to one owner at most.

    Parameters
    ----------
    owners : sequence of Owner
        Several may have one key.
    """
    found = {}
    for owner in owners:
        found.setdefault(owner.key, owner)
    claims = defaultdict(list)
    for owner in found.values():
        if owner.person:
            claims[owner.person.row].append(owner)
    for rivals in claims.values():
        surest = min(owner.evidence for owner in rivals)
        best = [owner for owner in rivals if owner.evidence == surest]
        for owner in rivals:
            if len(rivals) > 1 and (owner not in best or len(best) > 1):
                found[owner.key] = _without_person(owner, best)
    return found


def _without_person(owner, best):
    person = owner.person.id
    if all(rival.said.layout == "plain" for rival in best) and owner in best:
        names = " and ".join(sorted(rival.said.outer for rival in best))
        refused = f"several notebooks of the student {person}: {names}; keep the one that counts"
        return Owner(owner.key, owner.said, owner.known, owner.person, "", refused)
    note = f"could be {person} of the class list, and so could another upload"
    if owner not in best:
        note = f"is not {person} of the class list, who has handed in another one"
    return Owner(owner.key, owner.said, owner.known, None, note)
