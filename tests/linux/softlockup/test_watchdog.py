"""Watchdog, preemption models, costs, releases: against the rules as a person would apply them tick by tick."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.memattr.result import Phase
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import judge, lockup, schedule, unbroken_of, work
from tdxkit.linux.softlockup.loop_cost import COSTS, PageCost, cost_named
from tdxkit.linux.softlockup.preempt import MODELS, model_named, stops
from tdxkit.linux.softlockup.run import RULE, timeline_run
from tdxkit.linux.softlockup.watchdog import SAMPLE, SECOND, UNIT, WORST, Unbroken, chance, reports, watch
from tdxkit.units import GIB

WHOLE = {patch: work(1500 * GIB, kernel_named("6.15").with_patch(patch)) for patch in (None, "v1", "v2")}


def stall(seconds, phase=WORST, **more):
    """The reports on one unbroken stretch that begins 50 s into a call and ends with it."""
    start, end = 50 * SECOND, 50 * SECOND + round(seconds * SECOND)
    return reports(watch([Unbroken(start, end)], end, phase, **more))


def by_hand(seconds, phase, idle, clock):
    """When the first report comes and what it prints, from the rule alone: ticks every 4 s from -phase on, the stall is [0, D)."""
    period = -1.0 if idle else -phase  # what the period counts from; from idle it begins at the first tick
    at = 4 * SECOND - phase
    if idle:
        period, at = at, at + 4 * SECOND
    unit = lambda t: math.floor((t + phase + clock) / 2**30)  # noqa: E731
    while at < round(seconds * SECOND):  # a tick as the stall ends finds the stopper there
        if unit(at) - unit(period) > 20:
            return at, unit(at) - unit(-phase)
        at += 4 * SECOND
    return None


@given(
    st.integers(1, 60 * SECOND), st.integers(0, SAMPLE - 1), st.booleans(), st.integers(0, UNIT - 1)
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_the_first_report_against_the_rule_by_hand(ns, phase, idle, clock):
    found = stall(ns / SECOND, phase, from_idle=idle, clock=clock)
    expected = by_hand(ns / SECOND, phase, idle, clock)
    assert (found and (found[0].at - 50 * SECOND, found[0].stuck)) == (expected or ())


@pytest.mark.slow
@pytest.mark.parametrize(("idle", "least", "always"), [(False, 20, 24), (True, 24, 28)])
def test_how_long_a_stall_must_be(idle, least, always):
    phases = [k * SAMPLE // 400 for k in range(400)] + [WORST]
    for seconds in (least - 0.01, least + 0.02, least + 1, least + 2.5, always, always + 1):
        share = sum(bool(stall(seconds, p, from_idle=idle)) for p in phases[:-1]) / 400
        assert share == pytest.approx(chance(seconds, idle), abs=0.01)
    assert not any(stall(least - 0.01, p, from_idle=idle) for p in phases)
    assert all(stall(always + 0.01, p, from_idle=idle) for p in phases)


def test_what_a_report_prints():
    """24 s are 22.35 units, 28 s are 26.08: 22 or 23, from idle 26, seldom 27."""
    clocks = [k * UNIT // 1000 for k in range(1000)]
    busy = [stall(25, clock=c)[0].stuck for c in clocks]
    idle = [stall(29, from_idle=True, clock=c)[0].stuck for c in clocks]
    assert set(busy) == {22, 23} and set(idle) == {26, 27}
    assert busy.count(23) / 1000 == pytest.approx(24e9 / 2**30 % 1, abs=0.01)
    assert idle.count(26) / 1000 == pytest.approx(0.92, abs=0.01)


def test_reports_repeat_every_24_seconds():
    first, second, third = stall(80)
    assert second.at - first.at == third.at - second.at == 24 * SECOND
    assert (first.stuck, second.stuck, third.stuck) == (22, 44, 67)


def test_two_short_stalls_are_no_long_one():
    """A stopper that runs once in between keeps the watchdog quiet."""
    halves = [Unbroken(0, 19 * SECOND), Unbroken(19 * SECOND, 38 * SECOND)]
    assert reports(watch([Unbroken(0, 38 * SECOND)], 38 * SECOND))
    assert not reports(watch(halves, 38 * SECOND))


def test_the_stopper_stamps_at_once_where_it_may_and_at_the_end_of_a_stall():
    samples = watch([Unbroken(10 * SECOND, 21 * SECOND)], 30 * SECOND, 1 * SECOND)
    stamps = [s.at / SECOND for s in samples if s.who == "stopper"]
    ticks = [s.at / SECOND for s in samples if s.who == "timer"]
    assert ticks == [1, 5, 9, 13, 17, 21, 25, 29] and stamps == [1, 5, 9, 21, 21, 25, 29]
    assert watch([], 0) == ()


@pytest.mark.parametrize("bad", [{"phase": -1}, {"phase": SAMPLE}, {"clock": -1}, {"clock": UNIT}])
def test_what_is_no_phase_and_no_clock(bad):
    with pytest.raises(InputError):
        watch([], SECOND, **{"phase": 0, **bad})
    with pytest.raises(InputError, match="ticks"):
        watch([], 10**6 * SECOND)


# Read off include/linux/kernel.h and preempt.h, by model, for a page of each loop: does the CPU give way in it?
GIVES_WAY = {
    (None, "none"): "", (None, "voluntary"): "slots_lock reserve", ("v2", "none"): "reserve store",
    ("v2", "voluntary"): "slots_lock reserve store",
}  # fmt: skip


@pytest.mark.parametrize(("patch", "model"), list(product((None, "v2"), MODELS)))
def test_which_loop_gives_way(patch, model):
    resched = 1 if patch else 0
    loops = [Phase("slots_lock"), Phase("check", 1), Phase("reserve", 1, resched), Phase("store", 1, resched)]
    given = {phase.loop for phase in loops if stops(model, phase)}
    expected = GIVES_WAY.get((patch, model), "slots_lock check reserve store")
    assert given == set(expected.split())


@pytest.mark.parametrize(
    ("patch", "model", "loop", "seconds"),
    [
        (None, "none", "reserve", 69.7), (None, "voluntary", "store", 34.8), (None, "full", None, 0), (None, "lazy", None, 0),
        ("v1", "none", "store", 69.7), ("v1", "voluntary", None, 11.9), ("v1", "full", None, 0),
        ("v2", "none", None, 0), ("v2", "voluntary", None, 0), ("v2", "full", None, 0), ("v2", "lazy", None, 0),
    ],
)  # fmt: skip
def test_the_posted_case(patch, model, loop, seconds):
    """1500 GiB at the reporter's costs. Batches without a preemption point between them (NONE) help nobody."""
    verdict = judge(WHOLE[patch], kernel_named("6.15"), model)
    assert (verdict.lockup, verdict.loop) == (loop is not None, loop)
    assert verdict.longest.seconds == pytest.approx(seconds, abs=0.06)
    assert verdict.seconds == pytest.approx(393_216_000 * 177.4e-9)


def test_the_number_that_the_reporter_saw():
    busy, idle = (judge(WHOLE[None], kernel_named("6.15"), from_idle=i) for i in (False, True))
    assert (busy.stuck, idle.stuck) == (22, 26) and busy.loop == idle.loop == "store"


def test_940_gib_is_in_the_window_and_512_below_it():
    at_940 = lockup(940 * GIB)
    assert at_940.lockup and 0 < at_940.chance < 1 and not lockup(940 * GIB, phase=0).lockup
    assert not lockup(512 * GIB).lockup and lockup(512 * GIB, preempt="none").loop == "store"


def test_other_tasks_wait_out_an_unbroken_loop_and_share_the_rest():
    alone, shared = (judge(WHOLE[None], kernel_named("6.15"), others=n) for n in (0, 2))
    assert shared.longest.seconds == alone.longest.seconds
    reserve = [[s.seconds for s in v.stretches if s.loop == "reserve"] for v in (alone, shared)]
    assert reserve[1] == pytest.approx([3 * s for s in reserve[0]])
    with pytest.raises(InputError):
        schedule(WHOLE[None], "none", COSTS["plain"], -1)


def test_an_rcu_stall_needs_a_build_that_cannot_preempt_readers():
    kernel = kernel_named("6.15")
    assert judge(WHOLE[None], kernel, "voluntary", dynamic=False).rcu_stall
    assert not judge(WHOLE[None], kernel, "voluntary").rcu_stall
    assert not judge(WHOLE[None], kernel, "voluntary", dynamic=False, rcu_timeout=60).rcu_stall  # 34.8 s
    for seconds in (2, 301):
        with pytest.raises(InputError, match="3 to 300 s"):
            judge(WHOLE[None], kernel, "voluntary", rcu_timeout=seconds)
    assert not judge(WHOLE["v2"], kernel, "none", dynamic=False).rcu_stall
    assert not judge(WHOLE[None], kernel, "full", dynamic=False).rcu_stall


def test_a_slow_check_is_unbroken_with_the_patch_too():
    """cond_resched() is not legal inside the RCU reader of the check: only a slow enough one makes this matter."""
    slow = PageCost("slow check", 1, 1, 1e6, 1, 1)
    done = work(1 * GIB, kernel_named("6.15").with_patch("v2"))
    again = schedule(done, "voluntary", slow)
    assert unbroken_of(again)[0].loop == "check"


def test_clearing_depends_on_the_text():
    """Text 3 has no reserve loop when it clears."""
    cleared = {k: lockup(1900 * GIB, k, "full", "thunk", clear=True) for k in ("6.15", "7.3")}
    loops = {k: {s.loop for s in v.stretches} for k, v in cleared.items()}
    assert "reserve" in loops["6.15"] and "reserve" not in loops["7.3"]
    pages = cleared["6.15"].work.pages
    assert cleared["6.15"].seconds == pytest.approx(pages * (56.4 + 118.5) * 1e-9)
    assert cleared["7.3"].seconds == pytest.approx(pages * 118.5e-9)


@pytest.mark.parametrize(
    ("name", "text", "patch", "models"),
    [
        ("6.8", 1, None, "none voluntary full"), ("6.12", 1, None, "none voluntary full"), ("6.12.38", 1, None, "none voluntary full"),
        ("6.12.39", 1, "v2", "none voluntary full"), ("6.12.107", 1, "v2", "none voluntary full"),
        ("6.12.117", 2, "v2", "none voluntary full"), ("6.13", 1, None, "none voluntary full lazy"),
        ("v6.15", 1, None, "none voluntary full lazy"), ("6.15.7", 1, "v2", "none voluntary full lazy"),
        ("6.16", 1, "v2", "none voluntary full lazy"), ("7.0", 1, "v2", "full lazy"), ("7.3", 3, "v2", "full lazy"),
    ],
)  # fmt: skip
def test_releases(name, text, patch, models):
    kernel = kernel_named(name)
    assert (kernel.text, kernel.patch, " ".join(kernel.models)) == (text, patch, models)


@pytest.mark.parametrize(
    "name", ["", "6", "6.7", "5.15.3", "6.x", "6.15-rc1", "6.15 ", "٦.١٥", "6.15\n7", "9" * 99, None, 6.15]
)
def test_no_releases(name):
    if name == "6.15 ":
        assert kernel_named(name).name == "6.15"
        return
    with pytest.raises(InputError) as caught:
        kernel_named(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: lockup(GIB, "6.12", "lazy"), lambda: lockup(GIB, "7.0", "none"), lambda: lockup(GIB, "7.0", "voluntary"),
        lambda: model_named("realtime"), lambda: model_named(None), lambda: cost_named("free"), lambda: lockup(0), lambda: lockup(-1),
        lambda: lockup(GIB, patch="v3"), lambda: PageCost("x", -1, 1, 1, 1, 1), lambda: PageCost("x", math.nan, 1, 1, 1, 1),
        lambda: PageCost("x", 1, math.inf, 1, 1, 1), lambda: PageCost("x", 1, 1, "1", 1, 1), lambda: PageCost("x", 1, 1, True, 1, 1),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(call):
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_run_says_what_the_verdict_says():
    verdict = judge(WHOLE[None], kernel_named("6.15"), from_idle=True)
    run = timeline_run(verdict)
    broken = [step for step in run.steps if step.broken]
    assert len(broken) == 1 and broken[0].broken == (RULE,) and "stuck for 26s" in broken[0].sentence
    last = list(run.states())[-1]
    assert last["reports"] == 1 and last["job waits"] is False and last["loop"] == "store"
    assert not any(step.broken for step in timeline_run(judge(WHOLE["v2"], kernel_named("6.15"))).steps)
    with pytest.raises(InputError, match="steps"):
        timeline_run(lockup(512 << 40, cost="thunk"))
