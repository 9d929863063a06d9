"""Bugs of get, put and their counters, shown by the explorer and the counters' memory. See bugs.py."""

from tdxkit.explore.endings import outcomes
from tdxkit.explore.search import Result, explore
from tdxkit.explore.telling import replay_steps
from tdxkit.kinds import FREE
from tdxkit.linux.refcount.counters import Range, build
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.bugs import Verdict, shows
from tdxkit.review.lens import lens
from tdxkit.status.predicates import ask
from tdxkit.units import GIB, PAGE_4K, TIB


def _found(name: str, threads: int = 2, prop: str | None = None) -> Result:
    return explore(scenario(name, threads, 1), prop=prop, whole=False)


def _broken(name: str, rule: str, clean: str, threads: int = 2) -> Verdict:
    """`rule` breaks in scenario `name` and nothing does in `clean`."""
    found, fine = _found(name, threads, rule), explore(scenario(clean, threads, 1), prop=rule)
    return Verdict(
        found.property == rule and fine.verdict == "ok",
        f"{name}: “{rule}” breaks in {found.steps} steps, {found.switches} switches; {clean}: never, in {fine.states} states",
    )


@shows("B1")
def double_remove() -> Verdict:
    """T2."""
    rule, harm = "REMOVE must find a pair", "at the end a refcount must have its pair"
    found = {
        v: _found(v, prop=rule).steps for v in ("v1", "v2", "v3", "v4", "v5") if _found(v, prop=rule).property == rule
    }
    harmed = [v for v in found if _found(v, prop=harm).property == harm]
    fine = [explore(scenario(v)).verdict for v in ("v6", "after-v6")]
    told = ", ".join(f"{v} {n}" for v, n in found.items())
    return Verdict(
        len(found) == 5 and harmed == ["v2", "v3", "v4", "v5"] and fine == ["ok", "ok"],
        f"a second REMOVE after so many steps: {told}; a count without a pair is left in {', '.join(harmed)}; v6, after-v6: neither",
    )


@shows("B2")
def not_counted_again() -> Verdict:
    """A REMOVE that fails for a reason of its own."""
    ends = {
        v: {(o.state["refcount[0]"], o.state["pair[0]"]) for o in outcomes(scenario(f"{v}-remove-fails", 2, 1)).rows}
        for v in ("v1", "v2")
    }
    return Verdict(
        (0, True) in ends["v1"] and (0, True) not in ends["v2"],
        "REMOVE fails: v1 can end with count 0 and the pair still there, the next get adopts it; v2 ends with count 1 for it",
    )


@shows("B3")
def ungated_free() -> Verdict:
    """No Dynamic PAMT."""
    bad, fine = build("v1", [Range(0, 512)], dynamic_pamt=False), build("v4", [Range(0, 512)], dynamic_pamt=False)
    return Verdict(bool(bad.failed) and not fine.failed, f"v1 without Dynamic PAMT: {bad.failed}; v4: nothing to free")


@shows("B4")
def counters_of_holes() -> Verdict:
    """A TDMR of 66 GiB with a hole of 64."""
    memory = [Range(0, GIB // PAGE_4K), Range(65 * GIB // PAGE_4K, 66 * GIB // PAGE_4K)]
    v1, v2 = build("v1", memory, tdmrs=[Range(0, 66 * GIB // PAGE_4K)]), build("v2", memory)
    return Verdict(
        v1.bytes > v2.bytes,
        f"2 GiB of memory in a TDMR of 66 GiB: v1 backs {v1.bytes // 1024} KiB of counters, v2 {v2.bytes // 1024} KiB",
    )


@shows("B5")
def freed_under_the_lock() -> Verdict:
    """T10, an ADD that fails."""
    lone = ((0, 0),) * 4 + ((0, 1),) + ((0, 0),) * 2
    lost = ((0, 0),) * 2 + ((1, 0),) * 7 + ((0, 0),) * 5
    runs = {"v1": ("v1-add-fails", lone), "v2": ("v2-add-fails", lone), "v1, second to the lock": ("v1", lost)}
    under = {told: _lock_while_freeing(name, steps) for told, (name, steps) in runs.items()}
    return Verdict(
        under == {"v1": ["CPU 0"], "v2": [None], "v1, second to the lock": [None]},
        "ADD fails: v1 frees the two pages with pamt_lock held, v2 after letting go; a get that came second to the lock lets go first in both",
    )


def _lock_while_freeing(name: str, steps) -> list:
    """Who holds pamt_lock after each step that frees pages."""
    run = replay_steps(scenario(name), steps)
    return [state["pamt_lock"] for step, state in zip(run.steps, run.states()) if step.kind == FREE]


@shows("B11")
def ungated_population() -> Verdict:
    """No Dynamic PAMT."""
    failed = {v: build(v, [Range(0, 512)], dynamic_pamt=False).failed for v in ("v2", "v3", "v4")}
    return Verdict(
        bool(failed["v2"] and failed["v3"]) and not failed["v4"],
        f"v2, v3 without Dynamic PAMT: {failed['v3']}; v4: nothing to populate",
    )


@shows("B12")
def population_off_by_one() -> Verdict:
    """The two layouts of the list."""
    one, edge = [Range(0x80000, 0x80001)], [Range(0x1000, 0x80064), Range(0x100000, 0x110000)]
    bad = build("v3", one).failed, build("v3", edge).lookup(0x80000)
    fine = build("v4", one).failed, build("v4", edge).lookup(0x80000)
    return Verdict(
        bool(bad[0]) and bad[1] == "no memory behind it" and fine == ("", "ok"),
        f"v3 on [0x80000,0x80001): {bad[0]}; on [0x1000,0x80064): {bad[1]}; v4: both fine",
    )


@shows("B13")
def array_too_short() -> Verdict:
    """Memory that does not end on a region's boundary."""
    memory = [Range(0, 3 * 512 + 7)]
    seen = {v: build(v, memory).lookup(3 * 512) for v in ("v2", "v3", "v4", "v6")}
    leaked = build("v4", [Range(0, 1024 * 512 + 7)]).leaked
    return Verdict(
        seen["v2"] == "past the end" and seen["v4"] == seen["v6"] == "ok" and leaked > 0,
        f"the last partial region's counter: v2 {seen['v2']}, v4 ok (it leaks {leaked} bytes when it frees by the old length), v6 ok",
    )


@shows("B14")
def not_zeroed() -> Verdict:
    """Counters that start at 5."""
    return _broken("v3-not-zeroed", "a page in use must have its pair", "v6")


@shows("B15")
def count_does_not_count() -> Verdict:
    """T8."""
    return _broken("v3-unoptimised", "a page in use must have its pair", "v4-unoptimised")


@shows("B19")
def failure_told_as_success() -> Verdict:
    """T9."""
    rule = "a page in use must have its pair"
    posted = [name for name, design in DESIGNS.items() if design.posted and name not in ("v1", "v2")]
    found = [name for name in posted if _found(f"{name}-add-fails", prop=rule).property == rule]
    return Verdict(
        found == ["v3-unoptimised", "v3", "v4-unoptimised", "v4"],
        "ADD fails: in v3 and v4, before and after their optimisation, the caller uses the page and the pair is missing; v5 on tells it -EIO",
    )


@shows("B20")
def pair_for_nothing() -> Verdict:
    """The fast path's cost."""
    pages = {c.version: c.shared["pages"] for c in lens(["v3", "v4"]).costs}
    return Verdict(
        pages == {"v3": 2, "v4": 0},
        f"a get where the pair is there: v3 allocates {pages['v3']} pages and frees them, v4 none",
    )


@shows("B21")
def compared_by_mask() -> Verdict:
    """#PF's vector has the bits of #UD and more."""
    value = 0x8000FF000000000E
    v3, v4 = ask("UD", "v3", value).says, ask("UD", "v4", value).says
    return Verdict(bool(v3 and not v4), f"{value:#x} (vector 14): v3 takes it for #UD, v4 does not")


@shows("B24")
def softirq_deadlock() -> Verdict:
    """T7."""
    found = explore(scenario("v5-softirq", 1, 1), prop="deadlock")
    return Verdict(
        found.verdict == "deadlock",
        f"v5: CPU 0 holds pamt_lock, its softirq wants it: deadlock after {found.steps} steps; v6 has no such callback",
    )


@shows("B31")
def flat_counters() -> Verdict:
    """256 GiB, half of it at the top of 52 bits."""
    half = 128 * GIB // PAGE_4K
    memory = [Range(0, half), Range(4096 * TIB // PAGE_4K - half, 4096 * TIB // PAGE_4K)]
    v6, v4 = build("v6", memory).bytes, build("v4", memory).bytes
    return Verdict(
        v6 == 8 * GIB,
        f"256 GiB with half of it at the top of 52 bits: v6 {v6 // GIB} GiB of counters, v4's sparse ones {v4 // 1024} KiB",
    )


@shows("B33")
def lazy() -> Verdict:
    """BUSY and stale hints."""
    busy, stale = (
        _found("lazy", prop=p)
        for p in ("no SEAMCALL may meet BUSY", "a hint must still hold when the pair is asked back")
    )
    return Verdict(
        busy.verdict == stale.verdict == "violation",
        f"lazy: BUSY after {busy.steps} steps, a stale hint after {stale.steps}",
    )
