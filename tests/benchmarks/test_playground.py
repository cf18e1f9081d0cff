"""The benchmark of the playground: its arithmetic and its text. Nothing is timed."""

from contextlib import nullcontext

from benchmarks import playground, slow_phone


def test_the_section(monkeypatch):
    found = {(20, 64): (50.0, 200.0), (10, 32): (40.0, 400.0)}
    monkeypatch.setattr(playground, "measure", lambda cases, repeats, seconds: found)
    monkeypatch.setattr(playground, "chromium", nullcontext)
    monkeypatch.setattr(slow_phone, "section", lambda browser: "and on a slow phone")
    lines = playground.section([], 3, 1).splitlines()
    assert lines[0].startswith("## ")
    assert lines[-4] == "| 20 × 64 | 50 | 200 | 4.0 |"
    assert lines[-3:] == ["| 10 × 32 | 40 | 400 | 10.0 |", "", "and on a slow phone"]


def test_what_event_timing_leaves_out_was_fast(monkeypatch):
    seen = (12.3, [120.0, 40.0], [300.0, 200.0, 100.0])
    monkeypatch.setattr(slow_phone, "watched", lambda browser, *net: (seen[0], [*seen[1]], seen[2]))
    lines = slow_phone.section(None, moves=5).splitlines()
    assert lines[-3] == "| 10 × 32 | 12 | 8 | 1 of 5 | 200 |"


def test_medians_of_turns(monkeypatch):
    ours, torchs = iter([10.0, 30.0, 20.0]), iter([100.0, 300.0, 200.0])
    monkeypatch.setattr(playground, "in_browser", lambda *case: next(ours))
    monkeypatch.setattr(playground, "in_torch", lambda *case: next(torchs))
    monkeypatch.setattr("playwright.sync_api.sync_playwright", _Nothing)
    assert playground.measure([(1, 4)], 3, 0.1) == {(1, 4): (20.0, 200.0)}


class _Nothing:
    """Takes the place of a browser."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **named):
        return self


def test_only_its_own_section_is_written(monkeypatch, capsys):
    written = []
    monkeypatch.setattr(playground, "write_section", lambda *given: written.append(given))
    monkeypatch.setattr(playground, "section", lambda *given: "text")
    playground.main([])
    assert written == [("playground", "text")]
