"""Answers about memory attributes: pages whose tree grows or shrinks, two loops in C that have to give way, a guest before the watchdog. Each is run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tdxkit.c.kernel.xarrays import Tree
from tdxkit.c.memattr import record_set
from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError, printable
from tdxkit.explore.endings import outcomes
from tdxkit.explore.moves import one_by_one
from tdxkit.explore.tables import Tables
from tdxkit.lessons.checks.puts import said_of, small_change
from tdxkit.lessons.checks.texts import function_of, text_of, to_its_end
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE as PRIVATE
from tdxkit.linux.memattr.tree_run import record
from tdxkit.linux.softlockup.lockup import Judgement, lockup
from tdxkit.linux.softlockup.loop_cost import COSTS
from tdxkit.linux.softlockup.preempt import MODELS
from tdxkit.linux.softlockup.watchdog import SAMPLE, SECOND, WORST
from tdxkit.linux.xarray.api import xa_load, xa_mk_value
from tdxkit.review.own import answering
from tdxkit.run import Run
from tdxkit.text import many
from tdxkit.units import GIB, U64_MAX
from tdxkit.work import Job

LAST = U64_MAX >> 12  # the last page that a 64-bit address can name
HEAD, LOCK = "attributes.xa_head", "slots_lock"
LOOPS = {"xa_reserve": "reserve", "xa_store": "store"}
# Calls that come to the same ends as before, and what may fail in them: pages above 4 GiB and other attributes, clearing, no page, memory that runs out.
NEVER_ENOUGH, CAME = "set_range(0, 1 << 20, 8)", "what_it_returned"
ASKED = (
    ("set_range(4294967295, 4294967298, 5) || set_range(4294967296, 4294967297, 0)", ()),
    ("set_range(62, 62, 8)", ()),
    ("set_range(62, 66, 8)", ("alloc",)),
    ("store_each(62, 66, xa_mk_value(8))", ("alloc",)),
    (NEVER_ENOUGH, ("alloc",)),
)
ANNOUNCED = {"xa_reserve": "might_alloc"}  # what a call passes by itself


def tree(answer: object, exercise: Exercise, *, pages: int, nodes: int) -> Said:
    """The first of so many neighbouring pages whose attributes, alone in the tree, take so many nodes."""
    first = _whole(answer, "a page", 0, LAST - pages)
    run = record_set([(first, first + pages, PRIVATE)], f"Pages {first:,} to {first + pages - 1:,}")
    made = run.state(len(run))["nodes"]
    grown = [k for k, step in enumerate(run.steps, 1) if step.does == "xa_reserve"]
    told = ", then ".join(many(_came(run, k), "node") for k in grown)
    if made == nodes:
        return Said(True, f"Reserving makes {told}: {nodes} in all.", run, at=grown[-1])
    return Said(False, f"Reserving makes {told}: {made} in all, and {nodes} are asked for.", run, at=grown[-1])


def cleared(answer: object, exercise: Exercise, *, first: int, end: int, after: int, nodes: int) -> Said:
    """An order in which the pages of a range are cleared, so that after some of them the tree has no more than so many nodes."""
    pages = list(answer) if isinstance(answer, (list, tuple)) else []
    if sorted(map(repr, pages)) != sorted(map(repr, range(first, end))):
        given = ", ".join(map(str, range(first, end)))
        raise InputError(
            f"answer {printable(answer, 40)}",
            f"each of the pages {given} is cleared once",
            f"give an order of [{given}]",
        )
    run = record([["set_attrs", first, end, PRIVATE], *(["erase", page] for page in pages)], "Cleared in your order")
    at = len(run) - len(pages) + after
    left = run.state(at)["nodes"]
    said = f"After {many(after, 'store')} of NULL {many(left, 'node')} {'is' if left == 1 else 'are'} left"
    return Said(left <= nodes, f"{said}." if left <= nodes else f"{said}, and {nodes} is asked for.", run, at=at)


def gives_way(answer: object, exercise: Exercise, *, first: int, end: int, models: list[str]) -> Job[Said]:
    """The two loops in C, with a point after each page at which each of these preemption models lets the scheduler in, slots_lock held all along, and all else as it was."""
    text = text_of(answer)
    small_change(exercise.begins, text)
    one = scenario_of(text, 1, label="mine", run=[f"set_range({first}, {end}, {PRIVATE});"])
    opinion = yield from answering(one)
    if opinion.verdict != "ok":
        return said_of(opinion)
    run = to_its_end(one)
    if HEAD not in run.state(0) or LOCK not in run.state(0):
        raise InputError("the answer", "attributes or slots_lock is not in it any more", "keep their names")
    kept = Tree(run.state(len(run))[HEAD]).xa
    if missing := [page for page in range(first, end) if xa_load(kept, page) != xa_mk_value(PRIVATE)]:
        return Said(False, f"In the end page {missing[0]} is not private: the loops have to do what they did.", run)
    wrong = _taken_apart(run, end - first) or _let_go(run) or _closed(run, models) or _other_work(text, exercise.begins)
    if wrong:
        return wrong
    offers = sum(step.does == "cond_resched" for step in run.steps)
    said = f"Others may run {offers} times, between any two pages of each loop, and slots_lock is held all along."
    return Said(True, said, run)


def _taken_apart(run: Run, pages: int) -> Said | None:
    """What is said of loops that do not go over each page once."""
    for does, loop in LOOPS.items():
        if (calls := sum(step.does == does for step in run.steps)) != pages:
            said = f"{does}() is called {many(calls, 'time')} for {many(pages, 'page')}: the {loop} loop takes each of them once."
            return Said(False, said, run)
    return None


def _let_go(run: Run) -> Said | None:
    """What is said of a lock that is free where a step of the loops begins, or one between them."""
    busy = [k for k, step in enumerate(run.steps) if step.does in LOOPS]
    states = list(run.states())
    for k in range(busy[0], busy[-1] + 1):
        if not states[k][LOCK]:
            said = f"Where step {k + 1} begins ({run.steps[k].label}), {LOCK} is not held: another call may come to a range that is half done."
            return Said(False, said, run, at=k)
    return None


def _closed(run: Run, models: list[str]) -> Said | None:
    """What is said of two pages of a loop between which one of these preemption models does not let the scheduler in."""
    for model in models:
        pages, loop, at = max(_stretches(run, model), key=lambda stretch: stretch[0])
        if pages > 1:
            said = f"On a {model.upper()} kernel {pages} pages of the {loop} loop go by without a point."
            return Said(False, said, run, at=at)
    return None


def _other_work(text: str, before: str) -> Said | None:
    """What is said of a text that can come to another end than the one before, in a call of `ASKED`."""
    for name in ("set_range", "store_each"):
        function_of(text, name)
    for call, may_fail in ASKED:
        mine, theirs = (_ends(one, call, may_fail) for one in (text, before))
        where = "Where memory may run out, " if may_fail else ""
        if mine != theirs:
            how = "can come to this, and could not before" if mine - theirs else "cannot come to this any more"
            end = min(mine - theirs or theirs - mine)
            return Said(False, f"{where}{call} {how}: {end}. The loops have to do what they did.")
    return None


def _ends(text: str, call: str, may_fail: tuple[str, ...]) -> set[str]:
    """How a call can end: what it returns, what is in the tree then. Of a range that is too long for the model only how it ends without any memory."""
    one = scenario_of(f"{text}\nstatic int {CAME};\n", 1, label="mine", run=[f"{CAME} = {call};"], may_fail=may_fail)
    if call == NEVER_ENOUGH:
        tables = Tables(one)
        *_, (_, _, move) = one_by_one(tables, last=True)
        return {_end("finished", tables.state(move.state[0]))}
    return {_end(row.ended, row.state) for row in outcomes(one).rows}


def _end(ended: str, state: Mapping[str, object]) -> str:
    held = f", {LOCK} held" if state[LOCK] else ""
    how = f"it returns {state[CAME]}" if ended == "finished" else ended
    return f"{how}, with {state[HEAD] or 'nothing'} in the tree{held}"


def phases(answer: object, exercise: Exercise, *, gib: int) -> Said:
    """Two phases of the watchdog, in seconds: one in which the guest is reported, and one in which it is not."""
    if not isinstance(answer, (list, tuple)) or len(answer) != 2:
        raise InputError(f"answer {printable(answer, 40)}", "two phases are asked for", "give two, such as 0.5, 3.5")
    reported, quiet = (lockup(gib * GIB, phase=_phase(one)) for one in answer)
    for one, seconds, wanted in ((reported, answer[0], True), (quiet, answer[1], False)):
        if one.lockup != wanted:
            at = "it is not reported" if wanted else f"it is reported, stuck for {one.stuck}s"
            return Said(False, f"At a phase of {seconds} s {at}: {_oldest(one)}.")
    return Said(True, f"At {answer[0]} s {_oldest(reported)}; at {answer[1]} s {_oldest(quiet)}.")


def cheapest(answer: object, exercise: Exercise, *, gib: int) -> Said:
    """The least whole number of ns a page of the store loop at which some phase of the watchdog reports the guest."""
    ns = _whole(answer, "ns a page", 1, 1000)
    here, below = (_at_cost(gib, each) for each in (ns, ns - 1))
    if not here.chance:
        return Said(False, f"{_stretch(here)}: it is reported in no phase.")
    if below.chance:
        return Said(False, f"{_stretch(here)}, and it is reported; but at {ns - 1} ns it can be too.")
    return Said(True, f"{_stretch(here)}, at {ns - 1} ns {below.longest.seconds:.2f} s.")


def _at_cost(gib: int, ns: int) -> Judgement:
    return lockup(gib * GIB, cost=replace(COSTS["reporter"], name="mine", store=ns))


def _stretch(one: Judgement) -> str:
    return f"At {one.cost.store} ns a page the {one.longest.loop} loop holds the CPU for {one.longest.seconds:.2f} s"


def _oldest(one: Judgement) -> str:
    """How old the stamp is at the last tick that falls into the stretch."""
    ticks = [tick for tick in one.samples if tick.who == "timer" and one.longest.start < tick.at <= one.longest.end]
    return f"the last tick in the store loop finds a stamp {(ticks[-1].at - ticks[-1].stamp) // SECOND} s old"


def _stretches(run: Run, model: str) -> Iterator[tuple[int, str, int]]:
    """Pages of a loop that go by without a point at which this model lets the scheduler in: how many, of which loop, up to which step."""
    points, pages, loop = MODELS[model].points, 0, ""
    yield 0, "", 0
    for k, step in enumerate(run.steps, 1):
        if step.does in points or ANNOUNCED.get(step.does) in points or LOOPS.get(step.does, loop) != loop:
            pages = 0
        if step.does in LOOPS:
            pages, loop = pages + 1, LOOPS[step.does]
            yield pages, loop, k


def _came(run: Run, k: int) -> int:
    """Nodes that a step made."""
    return run.state(k)["nodes"] - run.state(k - 1)["nodes"]  # type: ignore[operator]


def _phase(seconds: object) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise InputError(f"phase {printable(seconds, 40)}", "it is a number of seconds", "give one from 0 to 4")
    if not 0 <= seconds <= SAMPLE / SECOND:
        raise InputError(f"phase {printable(seconds, 40)}", "a tick comes every 4 s", "give seconds from 0 to 4")
    return min(round(seconds * SECOND), WORST)


def _whole(answer: object, what: str, low: int, high: int) -> int:
    if type(answer) is not int or not low <= answer <= high:
        raise InputError(
            f"answer {printable(answer, 40)}", f"{what} is a whole number from {low:,} to {high:,}", "give one of these"
        )
    return answer
