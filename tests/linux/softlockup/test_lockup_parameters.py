"""What a lockup is asked with: defaults, limits, presets and releases, and the answer of a small guest."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import (
    Stretch,
    judge,
    lockup,
    schedule,
    size_text,
    work,
)
from tdxkit.linux.softlockup.loop_cost import COSTS, PageCost, cost_named
from tdxkit.linux.softlockup.preempt import MODELS, model_named, passed, stops
from tdxkit.linux.softlockup.watchdog import SECOND, WORST, Unbroken
from tdxkit.units import GIB, TIB

SMALL = work(GIB)
SINCE_6_15 = kernel_named("6.15")


def test_what_is_asked_where_nothing_is_said():
    bare, full = (
        lockup(GIB),
        lockup(
            GIB, "6.15", "voluntary", "reporter", patch="as is", others=0, phase=WORST, from_idle=False, dynamic=True,
            clear=False, rcu_timeout=21,
        ),
    )  # fmt: skip
    for one in (bare, full, judge(work(GIB), SINCE_6_15)):
        assert (one.as_json(), one.stretches, one.samples) == (full.as_json(), full.stretches, full.samples)
        assert (one.build, one.from_idle, one.patched, one.work.clearing) == ("dynamic", False, False, False)
    assert (full.others, judge(SMALL, SINCE_6_15, others=2).others) == (0, 2)
    assert judge(SMALL, SINCE_6_15, dynamic=False).build == "fixed" and lockup(GIB, "6.16").patched
    assert not lockup(GIB, "6.16", patch=None).patched and lockup(GIB, clear=True).work.clearing


def test_the_answer_for_a_gib():
    """1 GiB has 2^18 pages; two loops of 88.7 ns and a check of 3.9 ns a range, no page of which is looked at twice."""
    answer = lockup(GIB).as_json()
    assert list(answer) == [
        "guest", "pages", "nodes", "bytes", "seconds", "lockup", "stuck", "loop", "kernel", "preempt", "patched", "cost",
    ]  # fmt: skip
    assert (answer["guest"], answer["pages"], answer["seconds"]) == (GIB, 1 << 18, round(2**18 * 177.4e-9, 2))
    assert (answer["nodes"], answer["bytes"]) == (SMALL.tree.nodes, SMALL.tree.bytes) and answer["nodes"] > 2**18 // 64
    assert (answer["lockup"], answer["kernel"], answer["preempt"], answer["cost"]) == (
        False,
        "6.15",
        "voluntary",
        "reporter",
    )


@pytest.mark.parametrize(
    "size, text",
    [
        (GIB, "1 GiB"), (GIB + GIB // 2, "1.5 GiB"), (1500 * GIB, "1,500 GiB"), (1 * TIB, "1,024 GiB"),
        (100 * TIB - GIB, "102,399 GiB"), (100 * TIB, "100 TiB"), (GIB // 2, "512 MiB"),
    ],
)  # fmt: skip
def test_sizes_as_people_order_them(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize("others, fine", [(-1, False), (0, True), (100, True), (101, False)])
def test_how_many_other_tasks(others, fine):
    if fine:
        busy = {s.loop: s.seconds for s in schedule(SMALL, "voluntary", COSTS["plain"], others)}
        alone = {s.loop: s.seconds for s in schedule(SMALL, "voluntary", COSTS["plain"])}
        assert busy["store"] == alone["store"] and busy["reserve"] == pytest.approx(alone["reserve"] * (others + 1))
    else:
        with pytest.raises(InputError, match="0 to 100"):
            schedule(SMALL, "voluntary", COSTS["plain"], others)


def test_a_page_costs_from_nothing_to_a_millisecond():
    assert PageCost("edge", 0, 1e6, 0, 1e6, 0).ns("store", 2) == 2 * 10**6
    for loop in ("reserve", "store", "check", "again", "clear"):
        for value in (-1e-9, 1e6 + 1):
            with pytest.raises(InputError, match=f"cost of {loop}"):
                PageCost("x", **dict.fromkeys(("reserve", "store", "check", "again", "clear"), 1) | {loop: value})


def test_which_cost_a_loop_has():
    cost = PageCost("x", reserve=1, store=2, check=3, again=4, clear=5)
    names = ("check", "reserve", "store", "pre")
    assert [cost.ns(loop, 10) for loop in names] == [30, 10, 20, 0]
    assert [cost.ns(loop, 10, clearing=True) for loop in names] == [30, 40, 50, 0]
    assert cost_named("reporter").ns("store", 1000) == cost_named("reporter").ns("reserve", 1000) == 88_700


def test_models_by_name_and_what_a_report_shows():
    assert [model_named(name).shown for name in ("none", "Voluntary", "FULL", "lazy")] == [
        "PREEMPT(none)", "PREEMPT(voluntary)", "PREEMPT(full)", "PREEMPT(lazy)",
    ]  # fmt: skip
    assert [m.name for m in MODELS.values()] == list(MODELS)


def test_what_no_model_can_use_breaks_nothing():
    phases = {p.loop: p for result in SMALL.results for p in result.phases}
    assert passed(phases["check"]) == ("interrupt",) and "cond_resched" not in passed(phases["store"])
    assert stops("none", phases["slots_lock"]) == () and stops("voluntary", phases["slots_lock"]) == ("might_sleep",)


@pytest.mark.parametrize(
    "name, text", [("6.12.112", 1), ("6.12.113", 2), ("6.15.6", 1), ("6.15.9999", 1), ("7.2", 1), ("6.12.9999", 2)]
)
def test_more_releases(name, text):
    assert kernel_named(name).text == text and str(kernel_named(name)) == f"Linux {name}"
    assert kernel_named("6.15.6").patch is None and kernel_named("6.14.9999").patch is None


def test_what_a_release_lacks_is_said():
    for kernel, model, why in (
        ("6.12", "lazy", "came with 6.13"),
        ("7.0", "none", "FULL or LAZY"),
        ("6.15", "rt", "no such"),
    ):
        with pytest.raises(InputError, match=why):
            kernel_named(kernel).must_have(model)


def test_a_stretch_in_seconds():
    assert Unbroken(SECOND, 3 * SECOND).seconds == 2 == Stretch(0, "store", 1, SECOND, 3 * SECOND, ()).seconds
