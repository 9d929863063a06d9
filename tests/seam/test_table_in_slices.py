"""The table of all pairs as work in slices."""

from tdxkit.seam import conflicts
from tdxkit.work import drive


def test_each_pair_is_a_tick_and_what_was_found_is_known(monkeypatch):
    asked, ticks = [], []
    monkeypatch.setattr(conflicts, "_TABLES", {})
    monkeypatch.setattr(conflicts, "names", lambda: ("A", "B"))
    monkeypatch.setattr(conflicts, "conflict", lambda a, b, version: asked.append((a, b, version)) or a + b)
    found = drive(conflicts.table_job("2.0.08"), lambda *tick: ticks.append(tick))
    assert found == ("AA", "AB", "BA", "BB") and ticks == [(k, 4) for k in (1, 2, 3, 4)]
    assert conflicts.table("2.0.08") is found and len(asked) == 4
    assert conflicts.table() is not found and asked[-1][2] == conflicts.LATEST
