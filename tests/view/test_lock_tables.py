"""The lock simulation in tables: the posted figures as they were posted, what toggling costs the others, what a small host is found by."""

from types import SimpleNamespace

from tdxkit.facts import load_toml
from tdxkit.linux.lock.simulation import DESIGNS
from tdxkit.view import contention_board
from tdxkit.view.contention_board import (
    Contention,
    designs_table,
    posted_table,
    results_table,
    simulate,
    toggling_table,
)


def test_the_posted_figures_stand_in_their_columns():
    made, figures = posted_table(), load_toml("lock_figures.toml")["figure"]
    keys = ("when", "what", "contentions", "wait", "seamcall", "section")
    assert made.title == "Posted on the list" and made.rows == tuple(
        tuple(one.get(key, "") for key in keys) for one in figures
    )
    assert made.header == ("when", "what", "contentions", "wait, µs", "SEAMCALL, µs", "section, µs")


def test_every_design_says_what_it_locks():
    assert designs_table().rows == tuple((design.name, design.what) for design in DESIGNS.values())
    assert list(simulate(tds=1, vcpus=1, seconds=0.01)) == list(DESIGNS)


def section(actor, asked, got):
    return SimpleNamespace(actor=actor, asked=asked, got=got)


def test_waits_are_those_that_got_the_lock_later_than_they_asked(monkeypatch):
    timeline = (
        section("TD 0 vCPU 0", 1, 1),
        section("TD 0 vCPU 1", 1, 2),
        section("TD 1 vCPU 0", 3, 9),
        section("TD 1 toggling", 4, 5),
    )
    asked = []

    class Simulation:
        def __init__(self, design, **more):
            asked.append((design, more))

        def run(self):
            return SimpleNamespace(busy=25_000, seconds=0.5, timeline=timeline)

    monkeypatch.setattr(contention_board, "Simulation", Simulation)
    made = toggling_table()
    assert made.rows == ((0, "5.0 %", 2, 1), (1, "5.0 %", 2, 1))  # 25 ms of half a second
    assert made.title == "10 TDs with 4 vCPUs each, 10 seconds, fast path"
    size = {"tds": 10, "vcpus": 4, "seconds": 10.0, "keep": 10**9}
    assert asked == [("fast-path", {**size, "toggling": toggling}) for toggling in (0, 1)]


def waits(contentions):
    return SimpleNamespace(
        seamcalls=7, contentions=contentions, false_waits=2, total_wait=1540.0, mean_wait=3.26, max_wait=9.6
    )


def test_waits_are_told_in_ms_and_µs():
    assert results_table({"global": waits(4)}).rows == (("global", 7, 4, 2, "1.5", "3.3", "10"),)


def test_a_host_of_ten_tds_on_which_somebody_waits_with_hashed_locks_is_what_is_looked_for():
    board = Contention()
    assert board.answer() == "" and str(board).startswith("nothing simulated yet: press Simulate\nFind: ")
    board.results = {"hashed": waits(1200)}
    assert board.answer() == "10 TDs with 4 vCPUs each, 0 of them toggling: 1,200 waits in 10 s"
    board.tds.value = 11
    assert board.answer() == ""
    board.tds.value, board.results = 1, {"hashed": waits(0)}
    assert board.answer() == "" and "hashed" in str(board)


def test_no_more_tds_toggle_than_there_are(monkeypatch):
    board, asked = Contention(), []
    monkeypatch.setattr(contention_board, "designs_job", lambda results, **size: asked.append(size))
    monkeypatch.setattr(board, "work", lambda job: None)
    board.tds.value, board.toggling.value, board.seconds.value = 2, 4, 1
    board.begin()
    assert asked == [{"tds": 2, "vcpus": 4, "seconds": 1.0, "toggling": 2}]
