"""The benchmark of the playground: its arithmetic and its text. Nothing is timed."""

from benchmarks import playground


def test_the_section(monkeypatch):
    found = {(20, 64): (50.0, 200.0), (10, 32): (40.0, 400.0)}
    monkeypatch.setattr(playground, "measure", lambda cases, repeats, seconds: found)
    lines = playground.section([], 3, 1).splitlines()
    assert lines[0].startswith("## ")
    assert lines[-2] == "| 20 × 64 | 50 | 200 | 4.0 |"
    assert lines[-1] == "| 10 × 32 | 40 | 400 | 10.0 |"


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
