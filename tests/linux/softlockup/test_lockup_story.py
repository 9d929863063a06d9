"""A verdict step by step and its parts, on stretches made by hand: what is unbroken, what stalls RCU, what the run says."""

from inspect import signature

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.softlockup import run as story
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import (
    Judgement,
    Stretch,
    end_of,
    judge,
    lockup,
    unbroken_of,
    work,
)
from tdxkit.linux.softlockup.loop_cost import COSTS, PageCost
from tdxkit.linux.softlockup.run import RULE, SHORTEST, timeline_run
from tdxkit.linux.softlockup.watchdog import SECOND, Sample, watch
from tdxkit.units import GIB

SMALL = work(GIB)
SINCE_6_15 = kernel_named("6.15")


def loops(*rows):
    """Stretches from (call, loop, seconds, stops…), one after the other."""
    found, now = [], 0
    for call, loop, seconds, *points in rows:
        end = now + round(seconds * SECOND)
        found.append(Stretch(call, loop, 7, now, end, tuple(points)))
        now = end
    return tuple(found)


def verdict(stretches, samples=(), preempt="voluntary", build="dynamic", timeout=21, done=SMALL):
    return Judgement(
        done, SINCE_6_15, preempt, COSTS["plain"], stretches, unbroken_of(stretches), samples, 0, build, False, timeout
    )


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([], [], id="nothing"),
        pytest.param(
            [(0, "check", 3), (0, "reserve", 7)], [(0, 10, "reserve")], id="two loops are one, named by the longer"
        ),
        pytest.param([(0, "check", 7), (0, "store", 3)], [(0, 10, "check")], id="also where the longer comes first"),
        pytest.param(
            [(0, "store", 1), (1, "store", 2)], [(0, 1, "store"), (1, 3, "store")], id="a call returns to user space"
        ),
        pytest.param(
            [(0, "check", 5), (0, "reserve", 4, "x"), (0, "store", 3)],
            [(0, 5, "check"), (9, 12, "store")],
            id="a point between",
        ),
        pytest.param([(0, "reserve", 4, "x"), (0, "post", 0), (0, "store", 3, "x")], [], id="no time is no stretch"),
        pytest.param(
            [(0, "reserve", 4, "x"), (1, "reserve", 3, "x"), (1, "store", 2)],
            [(7, 9, "store")],
            id="a call ends in a point",
        ),
        pytest.param([(0, "post", 0), (1, "store", 2)], [(0, 2, "store")], id="an empty call"),
    ],
)
def test_what_is_unbroken(rows, expected):
    found = unbroken_of(loops(*rows))
    assert [(u.start / SECOND, u.end / SECOND, u.loop) for u in found] == expected
    assert [u.seconds for u in found] == [end - start for start, end, _ in expected]


def test_when_it_ends():
    made = loops((0, "check", 1), (0, "store", 2))
    assert end_of(()) == 0 and end_of(made) == 3 * SECOND == verdict(made).end and verdict(made).seconds == 3


def test_a_verdict_is_watched_to_its_end():
    one = judge(SMALL, SINCE_6_15, cost=PageCost("slow", 1e5, 1e5, 0, 1, 1))
    assert one.samples[-1].at == one.end == one.stretches[-1].end and one.samples[-1].who == "stopper"


RCU = [
    ([(0, "check", 21)], "full", "dynamic", False), ([(0, "check", 21.000001)], "full", "dynamic", True),
    ([(0, "check", 20), (1, "check", 20), (2, "check", 20)], "none", "dynamic", False),
    ([(0, "store", 30)], "none", "dynamic", False), ([(0, "store", 30)], "none", "fixed", True),
    ([(0, "store", 21)], "none", "fixed", False), ([(0, "store", 30)], "lazy", "fixed", False),
    ([(0, "store", 30)], "full", "fixed", False), ([(0, "store", 30)], "voluntary", "fixed", True),
    ([(0, "slots_lock", 0), (0, "store", 15), (1, "store", 15)], "voluntary", "fixed", False),
]  # fmt: skip


@pytest.mark.parametrize("rows, model, build, stalls", RCU)
def test_rcu_stalls_where_a_reader_or_an_unbroken_stretch_is_longer_than_its_timeout(rows, model, build, stalls):
    assert verdict(loops(*rows), (), model, build).rcu_stall is stalls


def test_the_rcu_timeouts_that_a_kernel_takes():
    assert signature(lockup).parameters["rcu_timeout"].default == 21  # CONFIG_RCU_CPU_STALL_TIMEOUT
    assert judge(SMALL, SINCE_6_15).rcu_timeout == 21
    assert [judge(SMALL, SINCE_6_15, rcu_timeout=s).rcu_timeout for s in (3, 300)] == [3, 300]


def test_the_loop_at_a_time():
    one = verdict(loops((0, "check", 1), (0, "reserve", 2), (0, "store", 3)))
    assert [one.loop_at(at) for at in (-1, 0, SECOND - 1, SECOND, 3 * SECOND, 6 * SECOND - 1, 6 * SECOND)] == [
        "", "check", "check", "reserve", "store", "store", "",
    ]  # fmt: skip


def test_the_first_of_several_reports_is_told():
    made = loops((0, "reserve", 30), (0, "store", 30))
    one = verdict(made, watch(unbroken_of(made), end_of(made)))
    assert [r.stuck for r in one.reports] == [22, 44] and (one.stuck, one.loop) == (22, "reserve")
    quiet = verdict(made)
    assert (quiet.lockup, quiet.stuck, quiet.loop) == (False, None, None)


# The run ---------------------------------------------------------------------------------------------------------------


def told(run):
    return [(run.state(k)["time"], s.actor, s.label, s.sentence) for k, s in enumerate(run.steps, 1)]


def test_a_stall_of_30_seconds_tick_by_tick():
    """Ticks from 3 s on, the last stamp at -1 s: n s later the stamp is n * 10^9 >> 30 units old."""
    made = loops((0, "check", 10), (0, "store", 20))
    run = timeline_run(verdict(made, watch(unbroken_of(made), end_of(made), 1 * SECOND)))
    timer = ("watchdog timer", "watchdog_timer_fn()")
    assert told(run) == [
        ("0 s", "qemu-kvm", "check loop", "7 pages in 10.0 s; nothing in it gives way"),
        ("3 s", *timer, "the stamp is 3 units old"), ("7 s", *timer, "the stamp is 7 units old"),
        ("10 s", "qemu-kvm", "store loop", "7 pages in 20.0 s; nothing in it gives way"),
        ("11 s", *timer, "the stamp is 11 units old"), ("15 s", *timer, "the stamp is 14 units old"),
        ("19 s", *timer, "the stamp is 18 units old"),
        ("23 s", *timer, "22 units are more than 20: soft lockup, stuck for 22s"),
        ("27 s", *timer, "the stamp is 26 units old, the period 4"),
        ("30 s", "stopper", "softlockup_fn()", "stamps the time, at last"),
    ]  # fmt: skip
    assert [k for k, s in enumerate(run.steps) if s.broken] == [7] and run.steps[7].broken == (RULE,)
    states = [(s["loop"], s["gives way"], s["stamp age"], s["job waits"], s["reports"]) for s in run.states()]
    assert states[0] == ("none", "nowhere", 0, False, 0) and run.state(0)["time"] == "0 s"
    assert states[1] == ("check", "nowhere", 0, False, 0) and states[2] == ("check", "nowhere", 3, True, 0)
    assert states[8:] == [
        ("store", "nowhere", 22, True, 1),
        ("store", "nowhere", 26, True, 1),
        ("store", "nowhere", 0, False, 1),
    ]


def test_where_a_loop_gives_way_it_is_said():
    run = timeline_run(verdict(loops((0, "reserve", 2.5, "might_alloc", "unlock"))))
    assert told(run) == [
        ("0 s", "qemu-kvm", "reserve loop", "7 pages in 2.5 s; it may give way at might_alloc, unlock")
    ]
    assert run.state(1)["gives way"] == "might_alloc, unlock"


def test_a_cpu_that_comes_out_of_idle_begins_its_period():
    samples = (Sample(SECOND, "timer", 0, 4, None), Sample(5 * SECOND, "timer", 0, 8, 4))
    said = [s.sentence for s in timeline_run(verdict((), samples)).steps]
    assert said == ["the CPU came out of idle: only begins the period", "the stamp is 8 units old, the period 4"]


@pytest.mark.parametrize("age, late", [(4, ""), (5, ""), (6, ", at last")])
def test_a_stamp_is_late_where_more_than_one_tick_went_by(age, late):
    samples = (Sample(4 * SECOND, "timer", 0, age, age), Sample(4 * SECOND, "stopper", 4 * SECOND, 0, 0))
    assert timeline_run(verdict((), samples)).steps[1].sentence == f"stamps the time{late}"


def test_a_loop_of_a_millisecond_is_a_step_and_comes_before_the_tick():
    brief = Stretch(0, "check", 1, 0, SHORTEST - 1, ()), Stretch(0, "store", 1, 0, SHORTEST, ())
    assert SHORTEST == 10**6
    run = timeline_run(verdict(brief, (Sample(0, "timer", 0, 0, 0),)))
    assert [s.label for s in run.steps] == ["store loop", "watchdog_timer_fn()"]


def test_a_run_of_just_so_many_steps(monkeypatch):
    assert story.MAX_STEPS == 2000  # as the error says
    one = verdict(loops(*[(k, "store", 1) for k in range(5)]))
    monkeypatch.setattr(story, "MAX_STEPS", 5)
    assert len(timeline_run(one)) == 5
    monkeypatch.setattr(story, "MAX_STEPS", 4)
    with pytest.raises(InputError, match="5 steps"):
        timeline_run(one)


@pytest.mark.parametrize(
    "patch, said", [(None, "unpatched"), ("v1", "in batches of 512 GiB"), ("v2", "with cond_resched()")]
)
def test_what_a_run_is_called(patch, said):
    run = timeline_run(verdict((), done=work(GIB, SINCE_6_15.with_patch(patch))))
    assert (run.title, run.subtitle) == ("1 GiB guest, Linux 6.15, voluntary", f"{said}; costs: plain")
    assert run.actors == ("qemu-kvm", "watchdog timer", "stopper") and [t.kind for t in run.tracks] == ["fact", "rule"]
