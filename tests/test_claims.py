"""The ledger of claims: whole rows, chapters that exist and show them, one claim one verdict."""

import nbformat
import pytest

from lessons import claims
from tools import repository

NOTEBOOKS = repository.ROOT / "notebooks"


def test_no_claim_stands_twice():
    """One claim, one verdict, in all chapters."""
    texts = [claim.claim for claim in claims.ledger()]
    assert sorted(texts) == sorted(set(texts))


@pytest.mark.parametrize("chapter", claims.chapters())
def test_the_chapter_shows_its_rows(chapter):
    cells = nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4).cells
    shown = [c for c in cells if c.cell_type == "code" and f'verdicts("{chapter}")' in c.source]
    assert len(shown) == 1
    printed = claims.verdicts(chapter)
    assert len(printed.rows) == sum(claim.chapter == chapter for claim in claims.ledger())


@pytest.mark.parametrize("claim", claims.ledger(), ids=lambda claim: claim.claim[:40])
def test_a_claim_is_said_in_english_and_in_sentences(claim):
    for text in (claim.claim, claim.because):
        assert text[0].isupper() and text.rstrip(")").endswith((".", "?"))
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in claim.claim)


GOOD = {
    "documents": ["001 §3.1"],
    "claim": "A.",
    "test": "b",
    "verdict": "wrong",
    "because": "C.",
    "chapter": "fixes/clipping",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"claim": ""}, "x has no 'claim'"),
        ({"why": "d"}, "x has the field 'why'"),
        ({"documents": ["005 §1"]}, "documents has '005 §1'"),
        ({"verdict": "wrogn"}, "Did you mean 'wrong'"),
    ],
)
def test_a_bad_row_is_named(change, message):
    assert claims._claim(GOOD, "x").verdict == "wrong"
    with pytest.raises(ValueError, match=message):
        claims._claim(GOOD | change, "x")


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match="chapter='fixes/cliping'"):
        claims.verdicts("fixes/cliping")
