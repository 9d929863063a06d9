"""Every state, breadth first: is a rule broken anywhere, how many states are there, was that all of them?"""

from dataclasses import replace

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.audit import audit
from tdxkit.explore.buffers import SC
from tdxkit.explore.foreseen import in_spite
from tdxkit.explore.frames import in_c
from tdxkit.explore.given import given_scenario
from tdxkit.explore.hints import hints
from tdxkit.explore.livelock import lost, trap
from tdxkit.explore.movers import Movers
from tdxkit.explore.orders import crossing
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario
from tdxkit.explore.races import plain, races
from tdxkit.explore.result import REDUCTIONS, Broken, Result
from tdxkit.explore.schedule import encode, parse, switches
from tdxkit.explore.shortest import Levels, Way, calming
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.unmet import never_taken, not_modelled
from tdxkit.explore.visit import Found, visiting
from tdxkit.run import STANDSTILLS
from tdxkit.work import Job, drive

AS_IT_STANDS = "each step was taken as it stands: judge() of tdxkit.explore also takes it apart into loads and stores"


def explore(
    scenario: Scenario,
    reduce: str | None = None,
    prop: str | None = None,
    *,
    fewest_switches: bool = False,
    whole: bool = True,
    count: bool = False,
    bound: int | None = None,
    memory: str | None = None,
) -> Result:
    """Run every interleaving of a scenario and judge it.

    reduce: `none`, `sym`, `all` or `movers`; where none is named `movers`, and `all` for a reader's own programs, of which more is to be
    said than a verdict. prop: one rule by name, or "deadlock" or "livelock"; by default every rule is judged. A
    step that breaks a judged rule is not gone past. A livelock is told where no rule and no deadlock is. whole: visit all states even after a
    violation; False stops at the first. fewest_switches: show the schedule with the fewest switches instead of the shortest (which has the
    fewest switches among the shortest). count: also count the interleavings, run past violations. bound: stop after so many states and say so (by default `scenario.bound`).
    memory: `sc` or `tso` (that of the scenario where none is named).
    A reader's own programs are taken as they stand here; `judge` looks closer. InputError for unknown names; ModelError for a model that
    cannot be explored.
    """
    return drive(exploring(scenario, reduce, prop, fewest_switches, whole, count, bound, memory))


def exploring(
    scenario: Scenario,
    reduce: str | None = None,
    prop: str | None = None,
    fewest_switches: bool = False,
    whole: bool = True,
    count: bool = False,
    bound: int | None = None,
    memory: str | None = None,
) -> Job[Result]:
    """`explore` as a job: it ticks with the states visited and the bound, and again while it looks for a schedule worth showing."""
    given_scenario("explore", scenario)
    reduce = _reduction(scenario, reduce)
    scenario = scenario.on(memory or scenario.memory)
    prop, bound = prop and scenario.rule(prop), bound or scenario.bound
    asked = scenario.asking(prop) if prop else scenario
    tables = Tables(asked, apart=reduce == "none")
    fuse = reduce not in ("none", "sym")
    way, found, levels = None, None, None
    others: list[str] = []
    unseen = ""
    if fewest_switches and not whole:
        way = yield from calming(Space(tables, fuse, prop), bound)
    if way is None:
        movers = Movers(tables) if reduce == "movers" else None
        try:
            found = yield from visiting(Space(tables, fuse, prop, movers), whole, bound)
        except ModelError as error:
            tables, way, unseen = yield from in_spite(error, asked, prop, bound)
        if found and found.rule:
            levels = Levels(Space(tables, False, prop), bound)
            looking = calming(Space(tables, fuse, prop), bound) if fewest_switches else levels.finding()
            way = yield from looking
            way = way or Way(found.path(), found.rule, found.states, exact=False)
            others = [rule for rule in found.broken if rule != way.rule]
        if found and prop in (None, LIVELOCK):
            found.ends = not trap(found.space, found)
            if not found.ends and way:
                others.append(LIVELOCK)
            elif not found.ends:
                way = yield from _into(found, fewest_switches, bound)
    raced = ((), (unseen,)) if unseen else (yield from _racing(asked, found, bound))
    if not unseen:  # else other runs come to what is not modelled
        audit(tables, way.steps if way else None)

    broken = _codes(scenario, tables, way, others, found, levels, bound)
    result = _result(scenario, reduce, tables, way, broken, found, _count(asked, bound) if count else None, prop)
    return replace(result, races=raced[0], remarks=(*result.remarks, *raced[1])) if any(raced) else result


def _codes(
    scenario: Scenario,
    tables: Tables,
    way: Way | None,
    others: list[str],
    found: Found | None,
    levels: Levels | None,
    bound: int,
) -> Broken:
    """The schedule into the rule that is told, and into the others when they are asked for."""

    def code(rule: str) -> str | None:
        assert found is not None and levels is not None, "there are others only where a visit has found a first"
        other = drive(_into(found, False, bound) if rule == LIVELOCK else levels.finding(rule))
        return encode(scenario, other.steps, tables) if other else None

    broken = Broken({way.rule: encode(scenario, way.steps, tables)} if way else {}, others, code)
    if tables.strange:
        dict(broken)  # now, where what a reader's model does wrong can still be answered for
    return broken


def _racing(scenario: Scenario, found: Found | None, bound: int) -> Job[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The data races of the states that were found, or of those on sequentially consistent memory, where they are told; and what is to be
    said where those were not all the states."""
    if found is None or not plain(found.space.tables):
        return (), ()
    space = found.space
    if scenario.memory != SC or space.movers:  # a lock that moves hides who stands behind it
        space = Space(Tables(scenario.on(SC)) if scenario.memory != SC else space.tables, True)
        found = yield from visiting(space, True, bound)
    some = f"data races were looked for in the first {bound:,} states only"
    return races(found.space, found), (some,) if found.bounded else ()


def _reduction(scenario: Scenario, name: str | None) -> str:
    """The reduction that is meant: of a reader's own programs all meetings are looked at, for there is more to say than a verdict."""
    name = name or ("all" if any(thread.foreign for thread in scenario.threads) else "movers")
    if name not in REDUCTIONS:
        raise InputError(f"reduction {printable(name)}", f"there are {', '.join(REDUCTIONS)}", "use one of these")
    return name


def _into(found: Found, calm: bool, bound: int) -> Job[Way]:
    """The schedule into the states from which no end can be reached."""
    space = found.space
    if (space.fuse and not calm) or space.movers:  # every step is to count, or at least every switch
        space = Space(space.tables, calm, space.prop)
        found_there = yield from visiting(space, True, bound)
    else:
        found_there = found
    space.lost = lost(space, found_there)
    way = None
    if space.lost:
        way = yield from calming(space, bound) if calm else Levels(space, bound).finding(LIVELOCK)
    if way is None:
        space = found.space
        among = lost(space, found)
        found.goal = space.spot(next(key for key in found if key in among)), None, 0
        way = Way(found.path(), LIVELOCK, found.states, exact=False)
    return way


def _count(scenario: Scenario, bound: int) -> int | None:
    from tdxkit.explore.endings import outcomes

    return outcomes(scenario, bound).interleavings


def _standstill(tables: Tables, way: Way):
    from tdxkit.explore.waiting import standstill

    return standstill(tables, way.steps, way.rule)


def _spins(tables: Tables, broken: Broken) -> bool:
    """Does somebody spin in the shortest deadlock of a text in C?"""
    own = tables.scenario.own
    code = broken[DEADLOCK] if own and own.in_c and DEADLOCK in broken else None
    if code is None:
        return False
    from tdxkit.explore.waiting import spinning

    return spinning(tables, parse(code).steps)


def _result(
    scenario: Scenario,
    reduce: str,
    tables: Tables,
    way: Way | None,
    broken: Broken,
    found: Found | None,
    count,
    prop: str | None,
) -> Result:
    rule = way.rule if way else None
    states = found.states if found else way.states if way else 0
    if found and found.complete and not way:
        rule = next((name for name, true in found.seen.items() if not true), None)
    waits, loop = _standstill(tables, way) if way and rule in STANDSTILLS else ((), None)
    return Result(
        scenario=scenario.name,
        threads=scenario.count,
        rounds=scenario.rounds,
        memory=scenario.memory,
        reduction=reduce,
        verdict=_verdict(rule, bool(found and found.bounded)),
        property=rule,
        complete=bool(found and found.complete),
        states=states,
        steps=len(way.steps) if way else 0,
        switches=switches(way.steps) if way else 0,
        schedule=broken[way.rule] if way else None,
        interleavings=count,
        exact=way.exact if way else True,
        broken={rule: None} if rule and not way else broken,
        seen=found.seen if found else {},
        bounded=bool(found and found.bounded),
        spent=found.spent if found else "",
        waits=waits,
        ends=bool(found and found.complete and found.ends),
        loop=loop,
        spins=_spins(tables, broken),
        orders=crossing(tables, bool(found and found.complete and not way and not prop)),
        stepped=frozenset(code.co_name for at in tables.places for code, _ in at.lines if in_c(code)),
        remarks=(
            *hints(tables, bool(found and found.complete and not way)),
            *never_taken(tables),
            *not_modelled(tables),
            *(() if way else (AS_IT_STANDS,)),
        )
        if tables.strange
        else (),
    )


def _verdict(rule: str | None, bounded: bool) -> str:
    if rule is None:
        return "bounded" if bounded else "ok"
    return rule if rule in STANDSTILLS else "violation"
