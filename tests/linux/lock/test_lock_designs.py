"""The lock designs and the pace of the simulation: figures as posted, hashes by a second computation, who is where at the start."""

import re
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.lock.designs import (
    ADD,
    DESIGNS,
    FAULT,
    PAGES,
    REMOVE,
    REST_OF_GET,
    REST_OF_PUT,
    ZAP,
    Times,
    design_named,
)
from tdxkit.linux.lock.events import lock_run
from tdxkit.linux.lock.simulation import Section, Simulation, designs_job, under_way


def test_the_figures_are_the_posted_ones():
    """[tdx-lock-figures], four TDs, three rounds: ADD 4 us (2 to 18), REMOVE 2 us (1 to 11); 10 us a get, of which 4 wait and 4 are ADD."""
    assert Times(4, 2, 18) == ADD and Times(2, 1, 11) == REMOVE and REST_OF_GET == 10 - 4 - 4
    assert (REST_OF_PUT, ZAP, PAGES) == (1.0, 1.0, 2 << 20 >> 12)
    per_vcpu = 10 * (16 << 30) / 4096 / 40  # faults of each of 40 vCPUs
    assert abs(per_vcpu * FAULT / 1e6 - 60) < 1.5


@pytest.mark.parametrize("region", [0, 1, 2, 63, 64, 1000, 1 << 20, (1 << 24) - 1, 1 << 58])
def test_which_lock_a_region_has(region):
    locks = {name: design.lock_of(region) for name, design in DESIGNS.items()}
    golden = round(2**64 / ((1 + 5**0.5) / 2))  # in floating point: its top bits
    assert (locks["global"], locks["fast-path"], locks["per-region"]) == (0, 0, region)
    assert abs(0x9E3779B97F4A7C15 - golden) < 1 << 12
    assert locks["hashed"] == region * 0x9E3779B97F4A7C15 % 2**64 // 2**58


def test_hashed_regions_spread_evenly_over_64_locks():
    found = Counter(map(DESIGNS["hashed"].lock_of, range(64 * 100)))
    assert sorted(found) == [*range(64)] and max(found.values()) - min(found.values()) <= 4


def test_only_the_one_lock_counts_under_it():
    assert [name for name, design in DESIGNS.items() if design.counts_under_lock] == ["global"]
    assert all(design.name == name and design.what for name, design in DESIGNS.items())


@pytest.mark.parametrize("name, said", [("globl", "try global"), ("zzz", "name one of these")])
def test_a_design_that_is_none(name, said):
    with pytest.raises(InputError, match=f"hashed, per-region.*{said}"):
        design_named(name)


def test_a_drawn_time_is_the_least_and_a_tail_cut_at_the_most():
    class One(Random):
        def expovariate(self, lambd):
            return self.next / lambd  # so many means of the tail

    dice, times = One(), Times(4, 2, 18)
    for tails, time in ((0, 2), (1, 4), (3, 8), (8, 18), (9, 18)):
        dice.next = tails
        assert times.draw(dice) == time


@pytest.mark.parametrize("vcpus, fault", [(4, 5.0), (1, 1.0), (8, 2.0)])
def test_vcpus_start_within_the_time_of_one_region_and_walk_through_regions_of_their_own(vcpus, fault):
    result = Simulation("per-region", 10, vcpus, 30.0, regions=16, fault=fault, keep=10**6).run()
    first = {}
    for section in result.timeline:
        if section.what == "ADD":
            first.setdefault(section.actor, section)
    starts = [section.asked - fault for section in first.values()]
    assert len(first) == 10 * vcpus and min(starts) >= 0 and max(starts) <= PAGES * fault
    assert len(starts) < 20 or max(starts) > 0.6 * PAGES * fault > 1.5 * min(starts)
    for td in range(10):
        for cpu in range(vcpus):
            regions = [s.region for s in result.timeline if s.actor == f"TD {td} vCPU {cpu}"]
            assert regions == [*range(16 * td + cpu, 16 * td + 16, vcpus)]
        assert [s.region for s in result.timeline if s.actor == f"TD {td} teardown"] == [*range(16 * td, 16 * td + 16)]
    assert result.gets == 160 * PAGES and result.seamcalls == 320


def test_a_vcpu_keeps_its_pace_where_nobody_waits():
    result = Simulation("per-region", 1, 1, 5.0, regions=4, fault=3.0, keep=100).run()
    adds = [s for s in result.timeline if s.what == "ADD"]
    assert [round(b.asked - a.left, 6) for a, b in pairwise(adds)] == [3.0 * PAGES] * 3
    removes = [s for s in result.timeline if s.what == "REMOVE"]
    assert round(removes[0].asked - adds[-1].left, 6) == (PAGES - 1) * 3.0 + (PAGES - 1) * ZAP
    assert [round(b.asked - a.left, 6) for a, b in pairwise(removes)] == [(PAGES - 1) * ZAP] * 3
    assert all(ADD.low + REST_OF_GET <= s.left - s.got <= ADD.high + REST_OF_GET for s in adds)
    assert all(REMOVE.low + REST_OF_PUT <= s.left - s.got <= REMOVE.high + REST_OF_PUT for s in removes)


def test_a_toggling_td_adds_and_removes_one_pair_in_turn():
    result = Simulation("per-region", 2, 1, 0.01, regions=4, toggling=1, fault=5.0, keep=10**6).run()
    mine = [s for s in result.timeline if s.actor == "TD 0 toggling"]
    assert [s.what for s in mine[:4]] == ["ADD", "REMOVE", "ADD", "REMOVE"] and {s.region for s in mine} == {0}
    gaps = [round(b.asked - a.left, 6) for a, b in pairwise(mine)]
    assert gaps[:2] == [5.0, ZAP] and len(mine) > 800
    assert {s.region for s in result.timeline if s.actor.startswith("TD 1")} <= set(range(4, 8))


@pytest.mark.parametrize(
    "name, low, high",
    [
        ("tds", 1, 1000),
        ("vcpus", 1, 256),
        ("seconds", 1e-6, 3600),
        ("regions", 1, 1 << 24),
        ("toggling", 0, 1),
        ("fault", 0.1, 1e6),
    ],
)
def test_the_sizes_of_a_simulation_at_their_edges(name, low, high):
    small = {"tds": 1, "vcpus": 1, "seconds": 1.0, "regions": 4}
    for value in (low, high):
        if value < 1 << 20:
            assert Simulation("global", **small | {name: value})
    for value in (low - 1e-7, high + 1):
        with pytest.raises(InputError, match=re.escape(f"{low:g} to {high:g}")):
            Simulation("global", **small | {name: value})


@pytest.mark.parametrize(
    "time, bound", [(0.5, 1), (0.99, 1), (1.0, 2), (1.9, 2), (2.0, 4), (3.99, 4), (4.0, 8), (100, 128), (128, 256)]
)
def test_waits_are_told_by_the_power_of_two_above_them(time, bound):
    simulation = Simulation("global", 1, 1)
    simulation._waited(time, True)
    simulation._waited(time / 2, False)
    result = simulation.result()
    assert bound in result.waits and result.contentions == 2 and result.false_waits == 1
    assert (result.total_wait, result.max_wait, result.mean_wait) == (1.5 * time, time, 0.75 * time)
    assert result.as_json()["mean_wait"] == result.mean_wait and "timeline" not in result.as_json()
    assert Simulation("global", 1, 1).result().mean_wait == 0.0


def test_only_so_many_sections_are_kept():
    size = {"tds": 2, "vcpus": 2, "seconds": 1.0, "regions": 8, "fault": 1.0}
    whole = Simulation("global", **size, keep=10**6).run()
    for keep in (0, 1, 7):
        assert Simulation("global", **size, keep=keep).run().timeline == whole.timeline[:keep]
    assert Simulation("global").keep == 2000


def test_several_designs_one_after_the_other():
    results, ticks = {}, []
    for tick in designs_job(results, ["hashed", "global"], tds=1, vcpus=1, seconds=0.2, regions=4, fault=100.0):
        ticks.append(tick)
    assert list(results) == ["hashed", "global"] and ticks == sorted(ticks) and {total for _, total in ticks} <= {2}
    say = under_way(["hashed", "global"])
    assert [say(done, 2) for done in (0.0, 0.5, 1.25, 2.0)] == [
        "hashed: 0%",
        "hashed: 50%",
        "global: 25%",
        "global: 0%",
    ]


def section(actor, asked, got, left, lock=0, region=5, what="ADD"):
    return Section(actor, what, region, lock, asked, got, left)


def test_what_a_run_of_sections_says():
    run = lock_run([section("A", 0.0, 0.0, 3.0), section("B", 1.0, 3.0, 4.5, region=6, what="REMOVE")])
    assert [(step.actor, step.label, step.sentence) for step in run.steps] == [
        ("A", "asks for pamt_lock", "A asks for pamt_lock to ADD the pair of region 5"),
        ("A", "has pamt_lock: ADD", "A has pamt_lock and calls TDH.PHYMEM.PAMT.ADD on region 5"),
        ("B", "asks for pamt_lock", "B asks for pamt_lock to REMOVE the pair of region 6, held by A"),
        ("A", "lets go of pamt_lock", "A lets go of pamt_lock after 3.0 us"),
        ("B", "has pamt_lock: REMOVE", "B has pamt_lock after 2.0 us and calls TDH.PHYMEM.PAMT.REMOVE on region 6"),
        ("B", "lets go of pamt_lock", "B lets go of pamt_lock after 1.5 us"),
    ]
    assert [run.state(k)["time (us)"] for k in range(7)] == [0.0, 0.0, 0.0, 1.0, 3.0, 3.0, 4.5]
    assert [[w.why for w in step.waits] for step in run.steps][2:4] == [
        ["B waits for pamt_lock, held by A"], ["B waits for pamt_lock, free in this instant"],
    ]  # fmt: skip
    assert list(run.actors) == ["A", "B"] and run.title == "Who holds pamt_lock, and who waits" and run.card.left_out


def test_several_locks_have_numbers_and_the_first_eight_a_track():
    run = lock_run([section("A", float(k), float(k), k + 0.5, lock=k) for k in range(10)])
    assert [track.key for track in run.tracks] == [f"lock {k}" for k in range(8)] and all(
        track.kind == "lock" for track in run.tracks
    )
    assert (
        run.state(2)["lock 0"] == "A"
        and run.state(2)["lock 9"] is None
        and not any(step.waits for step in run.steps if not step.label.startswith("asks"))
    )
    assert len(lock_run([]).steps) == 0


def test_counts_that_wait_under_the_one_lock_wait_for_others_regions_too():
    """Each region is one vCPU's: whoever waits shares nothing with the section that it waits behind."""
    result = Simulation("global", 3, 4, 2.0, regions=64, fault=5.0).run()
    assert result.contentions == result.false_waits > 0


def test_between_two_ticks_of_the_largest_host_little_is_done():
    from tdxkit.linux.lock.simulation import Simulation

    crowd = Simulation("global", tds=40, vcpus=16, seconds=60.0, toggling=4)
    steps = []
    whole = crowd.env.step
    crowd.env.step = lambda: steps.append(1) or whole()
    job = crowd.job()
    for _ in range(5):
        steps.clear()
        next(job)
        assert 0 < len(steps) <= 256
