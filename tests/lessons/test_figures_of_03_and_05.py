"""The figures that the questions and tasks of 03 and 05 state, as the models find them."""

import pytest

from tdxkit.lessons.exercises import exercise_named
from tdxkit.lessons.gates import gate_named
from tdxkit.linux.host.base import BASES
from tdxkit.linux.host.host import RegionUse
from tdxkit.linux.host.kvm.meeting import meeting, tally
from tdxkit.linux.host.life import live
from tdxkit.linux.lock.simulation import DESIGNS, Simulation
from tdxkit.linux.refcount.counters import build
from tdxkit.linux.refcount.memory_map import MACHINES, memory_map
from tdxkit.linux.refcount.posted import versions
from tdxkit.seam.conflicts import table as conflicts
from tdxkit.units import human
from tdxkit.view.contention_board import crowded_run, toggling_table
from tdxkit.view.life_bar import counts_chart


def said(gate):
    """All that a gate says."""
    one = gate_named(gate)
    return " ".join([one.asks, one.after, one.why, *(o.why for o in one.options), *(b.why for b in one.beliefs)])


def uses(run, huge=False):
    """For each step the regions in use."""
    return [[use for use in state.values() if isinstance(use, RegionUse)] for state in run.states()]


def test_pairs_and_references_of_a_life():
    run = live("v2", record=True).run
    assert max(sum(use.pair for use in one) for one in uses(run)) == gate_named("pairs-at-most").number == 5
    assert max(sum(use.refcount for use in one) for one in uses(run)) == 25 and "at most 25 references" in said(
        "pairs-at-most"
    )
    removed = [k for k, step in enumerate(run.steps, 1) if step.label == "TDH.PHYMEM.PAMT.REMOVE"]
    assert removed[2:] == [166, 179, 211] and all(str(k) in exercise_named("last-pair").why for k in removed[2:])


def test_the_kernel_is_never_behind_but_for_one_step_of_a_split():
    for version in versions():
        assert all(use.refcount >= use.users for one in uses(live(version, record=True).run) for use in one)
    run = live("v6", huge=True, record=True).run
    behind = [run.steps[k - 1].label for k, one in enumerate(uses(run)) if any(use.users > use.refcount for use in one)]
    assert behind == ["TDH.MEM.PAGE.DEMOTE"]
    split = next(k for k, step in enumerate(run.steps, 1) if step.label == "split")
    assert max(use.refcount for use in uses(run)[split]) == gate_named("refcount-after-split").number


def test_the_chart_of_two_counts_has_them_all():
    run = live("v2", record=True).run
    chart = counts_chart(run)
    rows = chart.rows
    assert chart.header[1:] == ("references in the kernel", "pages in the module's counts", "pairs")
    assert max(int(row[1]) - int(row[2]) for row in rows) == 10 and max(int(row[2]) for row in rows) == 25
    assert (
        len(rows) == len(run) + 1 and max(int(row[1]) for row in rows) == 25 and max(int(row[3]) for row in rows) == 5
    )


@pytest.mark.slow
def test_what_keeps_calls_apart():
    apart = {}
    for version in ("v2", "v6"):
        base = BASES[versions()[version].base]
        found = [meeting(pair.a, pair.b, base) for pair in conflicts() if pair.met or pair.then]
        apart[version] = tally(found)
        met = sum(bool(one.meets) for one in found)
    words = said("most-apart")
    assert met == 48 and "48 are left to the module" in words
    assert (apart["v6"]["kvm->lock"], apart["v2"]["kvm->lock"], apart["v6"]["the phase of the TD's life"]) == (
        88,
        21,
        122,
    )
    assert (apart["v6"]["mmu_lock"], apart["v6"]["vcpu->mutex"], apart["v6"]["pamt_lock"]) == (20, 47, 4)
    assert apart["v6"]["KVM makes one of the two in no place that was read"] == 173
    assert all(f"{n}" in words for n in (88, 21, 122, 173, 20, 47, 4))


@pytest.mark.slow
def test_waits_of_a_minute_and_of_one_that_toggles():
    found = {d: Simulation(d, tds=10, vcpus=4, seconds=60.0).run() for d in DESIGNS}
    waits = {d: one.contentions for d, one in found.items()}
    assert waits == {"global": 343_894, "fast-path": 437, "hashed": 20, "per-region": 0}
    assert all(f"{n:,}" in said("waits-without") for n in (343_894, 437)) and "64 hashed locks 20 are left" in said(
        "waits-without"
    )
    assert 0.008 < found["fast-path"].busy / 60e6 < 0.009 and found["fast-path"].gets // 512 == 81_920
    rows = [[*map(str, row)] for row in toggling_table().rows]
    assert rows[0][2] == "44" and rows[1][2] == "1716" and rows[1][1].startswith("14") and rows[0][1].startswith("0.8")
    assert "1,716" in said("one-toggles") and "44 times" in said("one-toggles")


def test_in_the_crowd_each_wait_is_for_another_td():
    waits = [wait for step in crowded_run().steps for wait in step.waits if wait.holder]
    assert waits and all(wait.actor.split()[1] != wait.holder.split()[1] for wait in waits)


def test_what_flat_costs():
    memory = memory_map(MACHINES["CXL memory, far away"])
    flat, sparse = build("v6", memory), build("v2", memory)
    assert (human(flat.bytes), human(sparse.bytes), human(sparse.length)) == ("32.5 MiB", "1020 KiB", "32.5 MiB")
    assert "32.5 MiB" in said("flat-costs") and "1,020 KiB" in said("flat-costs")


def test_the_smallest_pool():
    smallest = next(n for n in range(20) if not live("v6", pool_pages=n).stopped)
    assert smallest == gate_named("smallest-pool").number
