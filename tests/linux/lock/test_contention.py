"""The lock simulation: determinism, conservation, what each design must and cannot show, cancel."""

import asyncio
import json
from itertools import pairwise

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.linux.lock.designs import ADD, PAGES
from tdxkit.linux.lock.events import lock_run
from tdxkit.linux.lock.simulation import DESIGNS, Simulation
from tdxkit.work import Cancelled, drive_async

SMALL = {"tds": 3, "vcpus": 4, "seconds": 2.0, "regions": 64, "fault": 5.0}


@pytest.mark.parametrize("design", DESIGNS)
def test_same_seed_same_result_and_another_seed_another(design):
    runs = [Simulation(design, **SMALL, seed=seed).run() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("design", DESIGNS)
def test_a_finished_simulation_adds_and_removes_every_pair_once(design):
    result = Simulation(design, **SMALL).run()
    assert result.seamcalls == 2 * 3 * 64 and result.gets == 3 * 64 * PAGES
    assert result.contentions == sum(result.waits.values())
    assert {s.what for s in result.timeline} == {"ADD", "REMOVE"}


@pytest.mark.parametrize("design", DESIGNS)
def test_no_two_sections_of_one_lock_overlap(design):
    last = {}
    for s in sorted(Simulation(design, **SMALL).run().timeline, key=lambda s: s.got):
        assert s.asked <= s.got < s.left and s.got >= last.get(s.lock, 0)
        assert (s.got > s.asked) == (s.behind is not None)
        last[s.lock] = s.left


@pytest.mark.parametrize("design", ["fast-path", "hashed"])
def test_what_was_measured_adds_up_from_the_sections(design):
    result = Simulation(design, **SMALL | {"tds": 20, "fault": 0.5}, keep=10**6).run()
    queue, waits = {}, []
    for s in sorted(result.timeline, key=lambda s: s.asked):  # first come first served, one at a time
        free = queue.get(s.lock, (0.0, None))
        assert s.got == max(s.asked, free[0]) and s.behind == (free[1] if s.got > s.asked else None)
        queue[s.lock] = s.left, s.region
        waits += [s.got - s.asked] * (s.got > s.asked)
    assert len(result.timeline) == result.seamcalls and len(waits) == result.contentions
    assert result.total_wait == pytest.approx(sum(waits)) and result.max_wait == max(waits)
    assert result.busy == pytest.approx(sum(s.left - s.got for s in result.timeline))
    assert result.waits == {b: n for b in (1 << k for k in range(12)) if (n := sum(b // 2 <= w < b for w in waits))} | (
        {1: n} if (n := sum(w < 1 for w in waits)) else {}
    )


def test_counts_that_wait_hold_their_vcpu_up():
    result = Simulation("global", **SMALL, keep=10**6).run()
    by_actor = {}
    for s in result.timeline:
        by_actor.setdefault(s.actor, []).append(s)
    pace = {"ADD": SMALL["fault"] * PAGES, "REMOVE": PAGES - 1}
    gaps = [b.asked - a.left - pace[b.what] for sections in by_actor.values() for a, b in pairwise(sections)]
    waited = result.total_wait - sum(s.got - s.asked for s in result.timeline)
    assert min(gaps) > -1e-6 and 0.8 * waited < sum(gaps) <= waited + 1e-6


def test_who_waits_for_its_own_region_does_not_wait_in_vain():
    simulation = Simulation("fast-path", **SMALL)
    for region in (5, 5, 6):
        simulation._section("vCPU", "ADD", region, 3.0)
    result = simulation.result()
    assert (result.contentions, result.false_waits, result.total_wait) == (2, 1, 3.0 + 6.0)


def test_each_step_away_from_the_one_lock_takes_waits_away():
    crowd = SMALL | {"tds": 20, "fault": 0.5}
    waits = {d: Simulation(d, **crowd).run().contentions for d in DESIGNS}
    assert waits["global"] > 5 * waits["fast-path"] > 25 * waits["hashed"] > waits["per-region"] == 0


def test_waits_behind_the_global_lock_are_for_other_regions():
    # Regions belong to one vCPU each, so whoever waits does so for somebody it shares nothing with (B28).
    result = Simulation("fast-path", **SMALL).run()
    assert result.contentions == result.false_waits > 0


def test_a_toggling_td_makes_the_others_wait():  # B27
    short = SMALL | {"seconds": 0.4}
    quiet = Simulation("fast-path", **short).run()
    noisy = Simulation("fast-path", **short, toggling=1).run()
    assert noisy.contentions > 3 * quiet.contentions


def test_drawn_times_keep_the_posted_bounds_and_come_near_the_mean():
    from random import Random

    random = Random(7)
    drawn = [ADD.draw(random) for _ in range(20_000)]
    assert min(drawn) >= ADD.low and max(drawn) <= ADD.high
    assert abs(sum(drawn) / len(drawn) - ADD.mean) < 0.1


def test_cancel_gives_what_was_measured_so_far():
    simulation, seen = Simulation("global", seconds=60.0), []
    with pytest.raises(Cancelled):
        asyncio.run(drive_async(simulation.job(), lambda *tick: seen.append(tick), lambda: len(seen) >= 3))
    assert 0 < simulation.result().seconds < 60 and len(seen) == 3 and seen == sorted(seen)
    assert {total for _, total in seen} == {60e6} and seen[-1][0] <= simulation.result().seconds * 1e6


def test_in_chunks_as_in_one_go():
    whole = Simulation("global", **SMALL).run()
    assert asyncio.run(drive_async(Simulation("global", **SMALL).job())) == whole


def test_events_of_a_run_keep_one_holder_a_lock():
    result = Simulation("fast-path", **SMALL | {"tds": 20, "fault": 0.1}).run()
    run = lock_run(result.timeline[:60])
    asked, held = 0, []
    for state, step in zip(list(run.states())[1:], run.steps):
        if step.label.startswith("has pamt_lock: "):
            assert state["pamt_lock"] == step.actor
            held.append(step.actor)
        if step.label.startswith("lets go"):
            assert state["pamt_lock"] is None and held[-1] == step.actor
        if step.waits:
            asked += 1
            assert all(w.holder != w.actor for w in step.waits)
    assert asked > 5 and len(run) == 180
    assert held == [s.actor for s in sorted(result.timeline[:60], key=lambda s: s.got)]
    queues = [state["waiting for pamt_lock"] for state in run.states()]
    assert max(map(len, queues)) > 2
    for before, after in pairwise(queues):  # first come, first served
        assert after in (before, before[1:]) or after[:-1] == before
    assert run.state(len(run))["pamt_lock"] is None and run.state(len(run))["waiting for pamt_lock"] == ()


@pytest.mark.parametrize(
    "bad", [{"design": "spin"}, {"tds": 0}, {"vcpus": 999}, {"seconds": float("nan")}, {"toggling": 11}]
)
def test_bad_sizes_are_named(bad):
    with pytest.raises(InputError):
        Simulation(**{"design": "global"} | bad)


def test_command(capsys):
    assert main(["contention", "--design", "hashed", "--tds", "2", "--seconds", "1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"][0]["design"] == "hashed" and answer["posted"]
    assert main(["contention", "--tds", "2", "--seconds", "0.5"]) == 0
    assert "per-region" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [["--design", "x"], ["--tds", "0"], ["--seconds", "x"], ["--seconds", "-1"], ["--seconds", "nan"], ["--foo"]],
)
def test_command_says_bad_input_in_one_line(args, capsys):
    assert main(["contention", *args]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("tdxkit: ")


def test_the_posted_figures_are_dated_as_they_were_posted(capsys):
    """Start and stop of ten TDs was measured in August 2025, before version 3 was posted; once it was said to be of September."""
    main(["contention", "--tds", "1", "--seconds", "0.1"])
    out = capsys.readouterr().out
    assert (
        "  August 2025: 10 TDs x 16 GiB, 4 vCPUs each, start and stop: contentions 701 + 53, wait 2 ms in all\n" in out
    )
    assert "September" not in out and "source" not in out
