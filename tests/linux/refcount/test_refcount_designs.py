"""Every posted design under the explorer: verdicts, shortest lengths and state counts, pinned; the harms by name."""

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import Variant, names, of_design, scenario

REMOVE, USE = module.REMOVE_FINDS_A_PAIR, module.USE_HAS_PAIR

# name: (rule broken first at 2x1, shortest steps, fewest switches, states with none, sym, all)
PINNED = {
    "lazy": ("no SEAMCALL may meet BUSY", 3, 1, 197, 104, 67),
    "v1": (REMOVE, 27, 2, 237, 123, 81),
    "v2": (REMOVE, 27, 2, 233, 121, 80),
    "v3-unoptimised": (module.REMOVE_FINDS_NO_USER, 17, 1, 179, 93, 65),
    "v3": (REMOVE, 27, 2, 253, 131, 96),
    "v4": (REMOVE, 27, 2, 243, 126, 81),
    "v5": (REMOVE, 27, 2, 243, 126, 81),
    "v6": (None, 0, 0, 210, 109, 71),
    "v4-unoptimised": (None, 0, 0, 163, 85, 63),
    "v5-unoptimised": (None, 0, 0, 163, 85, 63),
    "v6-unoptimised": (None, 0, 0, 163, 85, 63),
    "after-v6": (None, 0, 0, 157, 82, 60),
    "inc-first": (USE, 3, 1, 124, 65, 46),
    "minus-one": (USE, 14, 1, 255, 132, 88),
    "minus-one-repaired": (USE, 15, 1, 248, 128, 83),
    "per-region": ("deadlock", 4, 1, 148, 148, 123),
    "v3-add-fails": (USE, 8, 0, 368, 191, 134),
    "v3-unoptimised-add-fails": (USE, 7, 0, 245, 127, 80),
    "v4-add-fails": (USE, 8, 0, 358, 186, 117),
    "v4-unoptimised-add-fails": (USE, 7, 0, 274, 143, 98),
    "v4-enomem": (REMOVE, 27, 2, 276, 143, 81),
    "v5-enomem": (REMOVE, 27, 2, 276, 143, 81),
    "v6-add-fails": (None, 0, 0, 255, 132, 74),
    "v3-not-zeroed": (USE, 6, 0, 32, 18, 12),
    "v3-page-by-page": (module.NO_PAGE_LOST, 2, 0, 286, 148, 96),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PINNED)
def test_verdict_length_and_states(name):
    rule, steps, switches, *states = PINNED[name]
    found = {reduce: explore(scenario(name), reduce) for reduce in ("none", "sym", "all")}
    assert [found[r].states for r in found] == states
    assert all((f.property, f.complete) == (rule, True) for f in found.values())
    assert found["none"].steps == steps and explore(scenario(name), fewest_switches=True).switches == switches


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v1", "v3-unoptimised", "minus-one", "lazy", "per-region", "v5-softirq"])
def test_the_readable_engine_agrees(name):
    one = scenario(name, 1 if name == "v5-softirq" else 2, 1)
    slow, fast = explore_readably(one), explore(one, "none")
    assert slow.states == fast.states and len(slow.schedule) == fast.steps


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v6", "after-v6", "v4-unoptimised", "v5-unoptimised", "v6-unoptimised"])
@pytest.mark.parametrize("threads, rounds", [(2, 1), (3, 1), (4, 1), (5, 1), (2, 2), (3, 2), (4, 2), (5, 2)])
def test_v6_and_all_under_the_lock_are_clean(name, threads, rounds):
    found = explore(scenario(name, threads, rounds))
    assert (found.verdict, found.complete) == ("ok", True) and all(found.seen.values())


@pytest.mark.parametrize("name", ["v2", "v3", "v4", "v5"])
def test_the_second_remove_leaves_a_count_without_a_pair_and_then_the_pair_is_missing(name):
    harm = explore(scenario(name), prop=module.REFCOUNT_HAS_PAIR)
    assert (harm.verdict, harm.steps) == ("violation", 30)
    for threads, rounds in ((2, 2), (3, 1)):
        assert explore(scenario(name, threads, rounds), prop=USE).verdict == "violation"


def test_v1_removes_twice_and_no_harm_is_left():
    assert explore(scenario("v1"), prop=REMOVE).steps == 27
    for threads, rounds in ((2, 1), (3, 1), (2, 2), (3, 2)):
        for rule in (module.REFCOUNT_HAS_PAIR, USE, module.NOTHING_LEFT, module.NOT_NEGATIVE):
            assert explore(scenario("v1", threads, rounds), prop=rule).verdict == "ok", (threads, rounds, rule)


def test_t8_takes_the_pair_from_under_a_user():
    for rule in (USE, module.REMOVE_FINDS_NO_USER):
        assert explore(scenario("v3-unoptimised"), prop=rule).verdict == "violation"


def test_t4_the_fast_path_moves_the_count_behind_the_puts_back():
    for rule in (USE, module.REMOVE_FINDS_NO_USER):
        assert explore(scenario("minus-one"), prop=rule).verdict == "violation"
    assert explore(scenario("minus-one"), fewest_switches=True).switches == 1


def test_t5_lazy_hints_go_stale():
    for rule in (
        "a hint must still hold when the pair is asked back",
        "a pair just added must be there for the page",
        REMOVE,
    ):
        assert explore(scenario("lazy"), prop=rule).verdict == "violation", rule


def test_t6_two_regions_that_host_each_others_pair_deadlock():
    found = explore(scenario("per-region"), prop="deadlock")
    assert (found.verdict, found.property, found.switches) == ("deadlock", "deadlock", 1)


def test_t7_a_softirq_wants_the_lock_its_own_cpu_holds():
    found = explore(scenario("v5-softirq", 1, 1), prop="deadlock")
    assert (found.verdict, found.steps) == ("deadlock", 4)


def test_t9_a_failed_add_told_as_success():
    for name in ("v3-add-fails", "v4-add-fails"):
        assert explore(scenario(name, 1, 1), prop=USE).steps == 8
        below = explore(scenario(name), prop=module.NOT_NEGATIVE)
        assert below.verdict == "violation"
    for name in ("v3-unoptimised-add-fails", "v4-unoptimised-add-fails"):
        assert explore(scenario(name, 1, 1), prop=USE).steps == 7
        assert explore(scenario(name), prop=module.NOT_NEGATIVE).verdict == "ok", (
            "under the lock no count is taken below 0"
        )
    for name in ("v1", "v2", "v5-unoptimised", "v5", "v6-unoptimised", "v6", "after-v6"):
        name += "-add-fails"
        assert explore(scenario(name), prop=USE).verdict == "ok"


def test_t11_a_remove_that_fails():
    ends = {
        v: {(o.state["refcount[0]"], o.state["pair[0]"]) for o in outcomes(scenario(f"{v}-remove-fails")).rows}
        for v in ("v1", "v2", "v6")
    }
    assert (0, True) in ends["v1"] and (1, True) in ends["v2"] and (1, True) in ends["v6"]
    assert (0, True) not in ends["v2"] | ends["v6"]


def test_t11_under_the_lock_the_count_stays_with_the_pair():
    for name in ("v4-unoptimised", "v5-unoptimised", "v6-unoptimised", "after-v6"):
        ends = {(o.state["refcount[0]"], o.state["pair[0]"]) for o in outcomes(scenario(f"{name}-remove-fails")).rows}
        assert ends == {(0, False), (1, True)}, name


def test_a_page_is_lost_where_a_pair_is_taken_page_by_page_and_only_in_v3():
    posted = [name for name, design in DESIGNS.items() if design.posted]
    found = {name: explore(scenario(f"{name}-page-by-page"), prop=module.NO_PAGE_LOST).verdict for name in posted}
    assert [name for name in posted if found[name] != "ok"] == ["v3-unoptimised", "v3"]


# What each posted get does first, and what it and put do after their SEAMCALL: the differences in one table.
LOCKED_ALONE = ("v3-unoptimised", "v4-unoptimised", "v5-unoptimised", "v6-unoptimised", "after-v6")
FIRST = dict.fromkeys(("v3", *LOCKED_ALONE), "alloc_page() twice")
AFTER_ADD = dict.fromkeys(LOCKED_ALONE[:3], "atomic_inc(refcount)")
LAST_PUT = {"v6": "atomic_add_unless(refcount, -1, 1)", **dict.fromkeys(LOCKED_ALONE, "spin_lock(pamt_lock)")}
AFTER_BAD_REMOVE = {"v6": "atomic_set(refcount, 1)", **dict.fromkeys(("v1", *LOCKED_ALONE), "spin_unlock(pamt_lock)")}


@pytest.mark.parametrize("name", [name for name, design in DESIGNS.items() if design.posted])
def test_the_steps_of_each_version_as_posted(name):
    alone = of_design(DESIGNS[name].code, name, 1, 1, Variant("", remove_may_fail=True))
    (bad,) = [o for o in outcomes(alone).rows if o.state["pair[0]"]]
    labels = [step.label for step in replay(alone, bad.schedule).steps]
    assert labels[0] == FIRST.get(name, "atomic_inc_not_zero(refcount)")
    assert labels[labels.index("TDH.PHYMEM.PAMT.ADD(region)") + 1] == AFTER_ADD.get(name, "atomic_set(refcount, 1)")
    assert labels[labels.index("TDH.MEM.PAGE.REMOVE(page)") + 1] == LAST_PUT.get(name, "atomic_dec_and_test(refcount)")
    assert labels[labels.index("TDH.PHYMEM.PAMT.REMOVE(region)") + 1] == AFTER_BAD_REMOVE.get(
        name, "atomic_inc(refcount)"
    )


@pytest.mark.slow
def test_counts_are_unfused_and_symmetric_ones_smaller():
    for name in names():
        if "softirq" not in name:
            none, sym, fused = (explore(scenario(name), r).states for r in ("none", "sym", "all"))
            assert none >= sym >= fused > 10


@pytest.mark.parametrize("name, near", [("v77", "v6"), ("lasy", "lazy"), ("V2", "v2")])
def test_near_names_are_given(name, near):
    with pytest.raises(InputError, match=near):
        scenario(name)
