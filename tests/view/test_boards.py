"""The boards of lessons 03, 04 and 05: pictures from states, tables from models, switches and progress without a browser."""

import asyncio
import re
from types import SimpleNamespace

import networkx as nx
import pytest

from tdxkit.explore import outcomes
from tdxkit.linux.host.host import RegionUse
from tdxkit.linux.host.life import live
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import names, scenario
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.review.lens import lens
from tdxkit.rules import rules
from tdxkit.text import many
from tdxkit.view import contention_board, lens_view, needs_view, rules_table, series_tables
from tdxkit.view.host_picture import host
from tdxkit.view.patch_switches import PatchSwitches
from tdxkit.view.stepper import Stepper


def test_the_host_picture_says_what_the_state_says():
    run = live("v6", record=True).run
    for state in run.states():
        drawn = host(state)
        assert many(state["pairs"], "pair") in drawn and ("may not sleep" in drawn) == (not state["may sleep"])
        assert drawn.count("pages (region") == sum(any(v[1:]) for k, v in state.items() if k.startswith("region "))


def test_a_count_that_promises_no_pair_is_marked():
    state = dict(live("v6", record=True).run.state(12))
    assert "tdx-bad" not in host(state)
    state["region 8"] = RegionUse(8, 1, 0, False)
    assert "tdx-bad" in host(state)


def test_the_needs_are_a_graph_without_cycles_and_the_picture_has_a_twin():
    graph = needs_view.needs_graph()
    assert nx.is_directed_acyclic_graph(graph) and len(graph) == 12
    picture = needs_view.needs_picture()
    assert picture.svg.count("<circle") == 12 and picture.svg.count('stroke-dasharray="5 3"') == 7 + 1, (
        "and one in the legend"
    )
    assert picture.svg.count("makes sense only after it</text>") == picture.svg.count("Bold, 1 to 4:") == 1
    for x, size, words in re.findall(
        r'<text x="([\d.]+)"[^>]*text-anchor="start" font-size="([\d.]+)"[^>]*>([^<]+)', picture.svg
    ):
        assert float(x) + 0.59 * float(size) * len(words) <= needs_view.WIDTH, words
    said = "11 x86/virt/tdx: Enable Dynamic PAMT: needs 2, and makes sense only after 3, 4, 5, 6, 7, 8, 9; built on by nobody"
    assert said in str(picture) and "9 KVM: TDX: Reclaim PAMT memory: needs 4, 8; built on by 11" in str(picture)


def test_a_switch_lives_the_life_again():
    board = PatchSwitches()
    assert [box.disabled for box in board.boxes.values()] == [True] * 4 + [False] * 8 and "clean" in board.said.value
    board.boxes[8].value = False
    assert "TDH.MEM.SEPT.ADD failed" in board.said.value and "TDH.MEM.SEPT.ADD failed" in str(board)
    assert str(board).startswith("✗ fails: ")
    board.boxes[8].value, board.boxes[9].value = True, False
    assert str(board).startswith("✗ left behind: 5 pairs, 26 references, 10 pages")
    board.boxes[9].value = True
    assert str(board).startswith("✓ clean: nothing is left")
    board.boxes[11].value = False
    assert "at most 0 kB" in board.said.value


def test_ten_clicks_on_the_switches_leave_one_stepper(live_widgets):
    board = PatchSwitches()
    before = len(live_widgets()), len(live_widgets(Stepper))
    for n in (5, 6, 7, 8, 9, 10, 11, 12, 5, 6):
        board.boxes[n].value = not board.boxes[n].value
    assert (len(live_widgets()), len(live_widgets(Stepper))) == before
    assert isinstance(board.shown.children[0], Stepper) and board.shown.children[0].comm


def test_tables_come_from_the_models():
    assert len(series_tables.without_table().rows) == 8
    assert [row[0] for row in rules_table().rows] == [rule.name for rule in rules().values()]
    assert [row[:2] for row in series_tables.prefix_table().rows] == [("0 to 10", "static"), ("11 to 12", "dynamic")]
    assert [row[1] for row in series_tables.versions_table().rows] == [10, 10, 15, 15, 10, 10, 10]
    seen = lens(["v2", "v6"])
    assert "10" in str(lens_view.partings_table(seen))
    assert lens_view.costs_table(seen).rows[0][:3] == ("v2", 15, 2)
    assert [row[1] for row in lens_view.verdicts_table(["v6", "v5-softirq", "inc-first"]).rows] == [
        "nothing",
        "deadlock",
        "a page came into use without a pair",
    ]


@pytest.mark.slow
def test_each_design_on_both_memories_and_the_two_flags_that_differ():
    both = lens_view.memory_table([flags(), flags(fence=True), *map(scenario, names())])
    rows = {name: row for name, *row in both.rows}
    assert both.marked == {0} and rows["two-flags"] == [
        "nothing", "broken: one CPU must see the other", 28, 113, "", 10,
    ]  # fmt: skip
    assert rows["two-flags-fenced"] == ["nothing", "nothing", 41, 79, "", ""]
    assert rows["v2"] == ["REMOVE found no pair"] * 2 + [233, 321, 27, 31]
    designs = [rows[name] for name in (*DESIGNS, "v5-softirq")]
    assert all(x86 >= at_once for _, _, at_once, x86, *_ in designs)
    assert max(x86 / at_once for _, _, at_once, x86, *_ in designs) < 1.54  # what notebook 04 says


def test_contexts_as_the_facts_have_them():
    rows = {row[0:3]: row[3:] for row in series_tables.contexts_table(live("v2", record=True)).rows}
    fault = ("fault", "a page is mapped", "vcpu->mutex, mmu_lock read")
    build = ("build", "a first page is mapped", "vcpu->mutex, slots_lock, filemap_invalidate_lock, mmu_lock read")
    assert rows[fault][2:] == (5, 0, 1, 0) and rows[build][2:] == (
        5,
        0,
        2,
        0,
    )  # together 4 Secure EPT pages, 6 guest pages
    assert rows["TD init", "the TD's root", "kvm->lock, cpus_read_lock, tdx_lock"][:2] == ("yes", 1)
    assert rows["teardown", "S-EPT pages go", "mmu_lock write"][2:] == (0, 4, 0, 1)
    assert {key[2] for key, row in rows.items() if row[0] == "no"} == {
        fault[2], build[2], "slots_lock, mmu_lock write", "filemap_invalidate_lock, mmu_lock write", "mmu_lock write",
        "slots_lock, filemap_invalidate_lock, mmu_lock write", "cpus_read_lock",
    }  # fmt: skip
    assert sum(row[4] for row in rows.values()) == sum(row[5] for row in rows.values()) == 5


@pytest.mark.slow
def test_fault_tables():
    rows = {row[0]: row for row in series_tables.faults_summary(("v3", "v4", "v6")).rows}
    assert rows["v6"][4] == 0 < rows["v4"][4] and rows["v3"][5] > 0
    assert {row[0] for row in series_tables.left_table("v6").rows if row[3] == "no"} == {
        "TDH.PHYMEM.PAMT.REMOVE",
        "TDH.PHYMEM.PAGE.RECLAIM",
    }
    endings = {row[0]: row[1:] for row in series_tables.endings_table().rows}
    assert endings["PAMT.ADD says an error"][1:3] == ("goes round", "VM bugged") and len(endings) == 9


def small_board():
    board = contention_board.Contention()
    board.seconds.value, board.tds.value = 1, 4
    return board


def test_the_contention_board_without_a_loop_runs_to_its_end():
    board = small_board()
    assert "nothing simulated" in str(board)
    board.start.click()
    assert list(board.results) == ["global", "fast-path", "hashed", "per-region"]
    assert board.bar.value == 1 and board.cancel.disabled and "waits" in str(board)


def test_cancel_is_heard_at_once_and_keeps_what_there_was():
    async def act():
        board = small_board()
        board.seconds.value = 60
        board.begin()
        await asyncio.sleep(0.06)
        assert not board.cancel.disabled
        board.cancel.click()
        before = asyncio.get_running_loop().time()
        await board._task
        return board, asyncio.get_running_loop().time() - before

    board, seconds = asyncio.run(act())
    assert list(board.results) == ["global"] and 0 < board.results["global"].seconds < 60
    assert seconds < 0.5 and "cancelled" in board.said.value


def test_a_crowd_waits():
    run = contention_board.crowded_run()
    assert any(step.waits for step in run.steps) and len(run.actors) == 6


def test_the_outcomes_are_counted_and_what_breaks_has_a_sign():
    seen = lens_view.outcomes_table(["v2", "v6"])
    counted = [outcomes(scenario(name)) for name in ("v2", "v6")]
    assert [row[1:3] for row in seen.rows] == [(all_of.interleavings, all_of.bad) for all_of in counted]
    assert seen.broken == {0} and counted[0].bad and not counted[1].bad and "✗ v2" in str(seen)


@pytest.mark.parametrize("waits, names", [({1: 3, 2: 0, 8: 1}, ["below 1", "1–2", "4–8"]), ({}, ["none"])])
def test_waits_are_named_by_both_their_ends_and_who_never_waits_is_named_too(waits, names):
    results = {"global": SimpleNamespace(waits=waits), "per-region": SimpleNamespace(waits={})}
    chart = contention_board.waits_chart(results)
    assert [row[0] for row in chart.rows] == names and "none with" in chart.title and "per-region" in chart.title
    assert [t["name"] for t in chart.traces] == (["global"] if waits else [])
    assert chart.layout["xaxis"]["title"]["text"] == "length of a wait, µs"
