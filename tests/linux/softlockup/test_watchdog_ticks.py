"""The watchdog tick by tick: every sample of short calls, worked out by hand, and its limits."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.softlockup import watchdog
from tdxkit.linux.softlockup.watchdog import (
    SAMPLE,
    SECOND,
    THRESHOLD,
    UNIT,
    WORST,
    Sample,
    Unbroken,
    chance,
    longest_of,
    reports,
    watch,
)


def test_the_kernels_numbers():
    """watchdog_thresh 10 s: reports from twice that on, samples a fifth of it, stamps in units of 2^30 ns."""
    assert (THRESHOLD, SAMPLE, UNIT) == (20, 4 * 10**9, 2**30)
    watch([], SECOND, WORST)
    with pytest.raises(InputError):
        watch([], SECOND, WORST + 1)


def of(samples):
    return [(s.at / SECOND, s.who, s.stamp / SECOND, s.age, s.period) for s in samples]


def test_every_sample_of_a_stall():
    samples = watch([Unbroken(0, 10 * SECOND)], 10 * SECOND, SECOND)
    assert of(samples) == [(3, "timer", -1, 3, 3), (7, "timer", -1, 7, 7), (10, "stopper", 10, 0, 0)]
    assert all(s.stuck is None for s in samples)


def test_every_sample_of_a_stall_that_begins_in_idle():
    samples = watch([Unbroken(0, 10 * SECOND)], 10 * SECOND, SECOND, from_idle=True)
    assert of(samples) == [(3, "timer", -1, 3, None), (7, "timer", -1, 7, 4), (10, "stopper", 10, 0, 0)]


def test_a_tick_just_as_the_stall_begins_still_lets_the_stopper_in():
    samples = watch(
        [Unbroken(8 * SECOND, 13 * SECOND)], 13 * SECOND, 0
    )  # whole units end at 8 s: -7.5, -3.7, 0 and 3.7 of them
    assert of(samples) == [
        (4, "timer", 0, 4, 4), (4, "stopper", 4, 0, 0), (8, "timer", 4, 4, 4), (8, "stopper", 8, 0, 0),
        (12, "timer", 8, 3, 3), (13, "stopper", 13, 0, 0),
    ]  # fmt: skip
    idle = watch([Unbroken(8 * SECOND, 13 * SECOND)], 13 * SECOND, 0, from_idle=True)
    assert [s.period for s in idle if s.who == "timer"] == [4, 4, None], (
        "what begins in idle counts from the tick after"
    )


def test_the_first_tick_comes_within_a_period():
    for phase, first in ((0, 4 * SECOND), (WORST, 1), (SECOND, 3 * SECOND)):
        assert watch([Unbroken(8 * SECOND, 9 * SECOND)], 20 * SECOND, phase)[0].at == first


def test_the_job_of_the_last_tick_is_stamped_when_the_stall_ends_be_it_after_the_call():
    assert of(watch([Unbroken(0, 9 * SECOND)], 6 * SECOND, 0))[-1][:2] == (9, "stopper")
    assert of(watch([Unbroken(0, 3 * SECOND)], 6 * SECOND, 0)) == [(4, "timer", 0, 3, 3), (4, "stopper", 4, 0, 0)]
    assert watch([Unbroken(0, 3 * SECOND)], 3 * SECOND, 0) == (), "no tick, no job"


@pytest.mark.parametrize("phase, stuck", [(2.1, [21]), (2.2, [])])
def test_twenty_units_are_no_lockup_yet(phase, stuck):
    """Stamped at 10 s, as one stall ends and the next begins; the sixth tick, 24 s after that at 10 s - phase, sees 21 or 20 units."""
    spans = [Unbroken(0, 10 * SECOND), Unbroken(10 * SECOND, 33 * SECOND)]
    found = watch(spans, 33 * SECOND, round(phase * SECOND))
    assert [s.stuck for s in reports(found)] == stuck and max(s.period for s in found) == (stuck or [20])[0]


def test_stretches_in_any_order():
    spans = [Unbroken(0, 10 * SECOND), Unbroken(12 * SECOND, 33 * SECOND)]
    assert watch(reversed(spans), 40 * SECOND) == watch(spans, 40 * SECOND)


def test_the_longest_is_the_first_of_equals():
    one, two = Unbroken(0, 5), Unbroken(7, 12)
    assert longest_of([Unbroken(20, 24), one, two]) is one and longest_of([]) == Unbroken(0, 0, "")


def test_how_many_ticks_are_watched(monkeypatch):
    with pytest.raises(InputError, match="100,000 ticks"):
        watch([], 10**6 * SECOND)
    monkeypatch.setattr(watchdog, "MAX_TICKS", 3)
    assert len(reports(watch([], 3 * SAMPLE))) == 0
    with pytest.raises(InputError):
        watch([], 3 * SAMPLE + 1)


@pytest.mark.parametrize("clock", [0, UNIT - 1])
def test_the_first_and_the_last_clock(clock):
    assert watch([], 5 * SECOND, 0, clock=clock)[0].age == (4 * SECOND + clock >> 30) - (clock >> 30)


def test_the_share_of_phases():
    assert [chance(s) for s in (0, 20, 21, 22, 24, 60)] == [0, 0, 0.25, 0.5, 1, 1]
    assert [chance(s, from_idle=True) for s in (24, 26, 28, 60)] == [0, 0.5, 1, 1]


def test_a_report_is_a_sample_with_a_number():
    quiet, loud = Sample(0, "timer", 0, 3, 3), Sample(0, "timer", 0, 22, 22, 0)
    assert reports([quiet, loud]) == (loud,)
