"""The series in tables: each row's facts are those of the lives, the meetings and the faults that it stands for."""

from types import SimpleNamespace

import pytest

from tdxkit.linux.host.endless import CASES
from tdxkit.linux.host.faults import NO_FAULT
from tdxkit.linux.host.host import RegionUse
from tdxkit.linux.host.kvm.places import PAIR_LEAVES
from tdxkit.linux.host.life import live
from tdxkit.linux.refcount.posted import versions
from tdxkit.review.patches import series, without
from tdxkit.view import series_tables
from tdxkit.view.life_bar import bar, counts_chart, left_regions
from tdxkit.view.life_board import SMALLEST_POOL


def test_without_a_patch_a_life_is_told_with_what_it_leaves():
    for row in series_tables.without_table().rows:
        number = next(patch.n for patch in series() if str(patch) == row[0])
        life = live("v2", without(number))
        assert row[1:] == (life.result, life.pairs_left, life.refs_left, life.meminfo_kb)


def test_patches_after_which_nothing_changed_share_a_row():
    first, last = series_tables.prefix_table().rows
    static, whole = live("v2", frozenset()), live("v2")
    assert first == ("0 to 10", "static", static.result, static.seamcalls, 0)
    assert last == ("11 to 12", "dynamic", whole.result, whole.seamcalls, whole.peak_kb) and whole.peak_kb > 0


def test_what_differs_between_versions_is_said_field_by_field():
    rows = {row[0]: row[1:] for row in series_tables.versions_table().rows}
    assert list(rows) == list(versions())
    for name, (pages, holds, of, dry, cleared, early, _) in rows.items():
        one = versions()[name]
        assert (pages, holds == "S-EPT and pairs", of == "every VM") == (
            one.pool_pages,
            bool(one.pool_holds_sept),
            bool(one.pool_everywhere),
        )
        assert dry == series_tables.DRY[one.atomic_refill]
        assert (cleared, early == "top-up") == ("yes" if one.clears_pair else "no", bool(one.sept_early))
    assert [row[6] for row in rows.values()] == ["later"] * 3 + ["in the fault"] * 4


def test_with_dry_pools_a_life_goes_round_stops_or_lives():
    rows = {row[0]: row[1:] for row in series_tables.dry_table().rows}
    assert rows["v1"] == ("the pool of vCPU 0 is empty: GFP_ATOMIC is tried", "the TD lives to its end")
    assert rows["v4"][0].count("; then ") == 1, "each warning once"
    assert (
        rows["v6"][1] == live("v6", pool_pages=0).loop and rows["after-v6"][1] == live("after-v6", pool_pages=0).stopped
    )


def test_what_keeps_failing_has_an_end_in_each_version(monkeypatch):
    monkeypatch.setattr(series_tables, "ending", lambda version, case: f"{version}, {case.what}")
    made = series_tables.endings_table()
    assert made.header == ("what keeps failing", *versions())
    assert made.rows == tuple((case.what, *(f"{version}, {case.what}" for version in versions())) for case in CASES)


def met(a, b, *lanes):
    places = tuple(SimpleNamespace(lane=lane) for lane in lanes)
    return SimpleNamespace(a=a, b=b, meets=places or None, why="a lock")


@pytest.mark.parametrize("leaf", PAIR_LEAVES)
def test_what_is_made_in_nearly_every_lane_has_one_row(leaf):
    said = "PAMT.ADD or REMOVE beside another call"
    for pair in ((leaf, "TDH.VP.ENTER"), ("TDH.VP.ENTER", leaf), (leaf, leaf)):
        assert series_tables._side_by_side(met(*pair, "zap", "build")) == said


def test_two_lanes_are_named_in_one_order_whoever_came_first():
    for lanes in (("zap", "vCPU run"), ("vCPU run", "zap")):
        assert series_tables._side_by_side(met("TDH.VP.ENTER", "TDH.MEM.TRACK", *lanes)) == "vCPU run beside zap"


def test_pairs_are_counted_by_where_they_meet_and_by_what_keeps_them_apart(monkeypatch):
    pairs = [
        ("x", "y", ("zap", "fault")),
        ("y", "x", ("fault", "zap")),
        (PAIR_LEAVES[0], "x", ("zap", "fault")),
        ("x", "x", ()),
    ]
    conflicts = [SimpleNamespace(a=a, b=b, met=k % 2, then=1 - k % 2) for k, (a, b, _) in enumerate(pairs)]
    conflicts.append(SimpleNamespace(a="never", b="met", met=(), then=()))
    found = {(a, b): met(a, b, *lanes) for a, b, lanes in pairs}
    monkeypatch.setattr(series_tables, "conflicts", lambda: conflicts)
    monkeypatch.setattr(series_tables, "meeting", lambda a, b, base: found[a, b])
    made = series_tables.meetings_table("v2")
    assert made.title == "v2: 4 ordered pairs that conflict in the module, 3 can meet"
    assert made.rows == (
        ("can meet", "fault beside zap", 2),
        ("can meet", "PAMT.ADD or REMOVE beside another call", 1),
        ("apart", "a lock", 1),
    )


def failed(point, where="ADD", how="busy", bugged=False, left=(0, 0, 0), warnings=()):
    life = dict(zip(("pairs_left", "refs_left", "pages_left"), left), bugged=bugged, warnings=warnings)
    return SimpleNamespace(point=point, where=where, how=how, life=SimpleNamespace(**life))


FAILED = (
    failed(1), failed(2, left=(1, 1, 2)), failed(3, left=(1, 1, 2), warnings=("said",)), failed(4, left=(0, -1, 0)), failed(5, left=(0, 0, 1), bugged=True),
    failed(6, how="error", left=(1, 1, 2)),
)  # fmt: skip


def test_single_faults_that_leave_the_same_share_a_row(monkeypatch):
    asked = []
    monkeypatch.setattr(series_tables, "fault_table", lambda version, huge: asked.append((version, huge)) or FAILED)
    made = series_tables.left_table("v2")
    assert asked == [("v2", False)] and series_tables.left_table("v3", huge=True) and asked[1:] == [("v3", True)]
    assert made.title == "v2: 6 single faults, 5 leave something behind"
    assert made.rows == (
        ("ADD", "busy", 2, "no", 1, 1, 2), ("ADD", "busy", 1, "no", 0, -1, 0), ("ADD", "busy", 1, "yes", 0, 0, 1), ("ADD", "error", 1, "no", 1, 1, 2),
    )  # fmt: skip


def test_of_single_faults_those_are_counted_that_leave_something_and_those_without_a_word(monkeypatch):
    def job(names):
        yield from ()
        return dict.fromkeys(names, FAILED)

    monkeypatch.setattr(series_tables, "faults_job", job)
    assert series_tables.faults_summary(["v2"]).rows == (("v2", 6, 5, 1, 1, 3),)
    assert [row[0] for row in series_tables.faults_summary().rows] == list(versions())


def test_a_life_s_counts_are_stairs_that_begin_and_end_at_nothing():
    run = live("v6", record=True).run
    chart = counts_chart(run)
    assert chart.header == ("step", "references in the kernel", "pages in the module's counts", "pairs")
    assert len(chart.rows) == len(run) + 1 and chart.rows[0] == (0, 0, 0, 0) and chart.rows[-1] == (len(run), 0, 0, 0)
    assert max(row[3] for row in chart.rows) * 8 == live("v6").peak_kb
    assert {trace["line"]["shape"] for trace in chart.traces} == {"hv"}


@pytest.mark.parametrize(
    "use, row",
    [
        ((1, 0, False), (1, 0, "no")),
        ((0, 1, False), (0, 1, "no")),
        ((0, 0, True), (0, 0, "yes")),
        ((0, 0, False), None),
    ],
)
def test_a_region_is_left_where_it_is_counted_used_or_paired(use, row):
    states = [{}, {}, {"r": RegionUse(0, *use), "x": 3}]
    run = type("Run", (), {"__len__": lambda self: 2, "state": lambda self, k: states[k]})()
    made = left_regions(SimpleNamespace(run=run))
    assert (made and [one[1:] for one in made.rows]) == (row and [row])


def ended(**more):
    plain = {
        "pairs_left": 1,
        "refs_left": 2,
        "seamcalls": 3,
        "peak_kb": 16,
        "meminfo_kb": 8,
        "clean": False,
        "leaf": "",
        "bugged": False,
        "stopped": "",
        "result": "left: 1 pair",
    }
    return SimpleNamespace(**plain | more)


@pytest.mark.parametrize(
    "more, head",
    [
        ({"clean": True}, "✓ clean: nothing is left, and nobody complained"),
        ({}, "✗ left behind: 1 pair"),
        ({"leaf": "TDH.X"}, "✗ fails: 1 pair"),
        ({"bugged": True}, "✗ fails: 1 pair"),
        ({"stopped": "-ENOMEM"}, "✗ fails: 1 pair"),
        ({"result": "the pool is empty"}, "✗ warned: the pool is empty"),
    ],
)
def test_how_a_life_ended_has_a_word(more, head):
    assert str(bar(ended(**more))).splitlines()[0] == head


@pytest.mark.parametrize("kb, line", [(8, "TDX: 8 kB"), (0, "TDX: 0 kB"), (None, "no TDX line")])
def test_under_it_stands_what_it_came_to(kb, line):
    note = f"3 SEAMCALLs, at most 16 kB of pairs; at the end 1 pair, 2 references; /proc/meminfo: {line}"
    assert bar(ended(meminfo_kb=kb)).note == note


def board(pages, version="v6", fault=NO_FAULT, huge=False):
    value = lambda one: SimpleNamespace(value=one)  # noqa: E731
    life = live(version, pool_pages=pages)
    return SimpleNamespace(pool=value(pages), version=value(version), huge=value(huge), fault=fault, life=life)


def test_the_smallest_pool_is_the_one_below_which_nothing_is_mapped():
    assert [bool(SMALLEST_POOL.answer(board(pages))) for pages in range(5)] == [False, False, True, False, False]
    assert SMALLEST_POOL.answer(board(2)).endswith("With 1 page no pass gets anywhere.")
    assert SMALLEST_POOL.answer(board(2)).startswith("2 pages, one pair.")
    assert not SMALLEST_POOL.answer(board(2, "v5")) and not SMALLEST_POOL.answer(board(2, huge=True))
    assert not SMALLEST_POOL.answer(board(2, fault="another"))
