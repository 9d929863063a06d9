"""Searches at their edges: the bound, the first state, wide states, ticks, the shortest and the calmest way, livelocks, what is refused in the
middle; and what a run that stops is told to have."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import audit as audit_module
from tdxkit.explore import search, space, visit
from tdxkit.explore.audit import audit
from tdxkit.explore.endings import outcomes
from tdxkit.explore.foreseen import foreseen, in_spite
from tdxkit.explore.livelock import no_end, trap
from tdxkit.explore.movers import Movers
from tdxkit.explore.moves import first, follow, moves, one_by_one, pick
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Own, Scenario
from tdxkit.explore.reachable import graph
from tdxkit.explore.rules import always, at_end, must
from tdxkit.explore.schedule import parse, switches
from tdxkit.explore.search import explore, exploring
from tdxkit.explore.shortest import Levels, calmest
from tdxkit.explore.shrinking import _candidates, shrink
from tdxkit.explore.space import SHARED_BITS, Space, Turn
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.visit import Found
from tdxkit.explore.visit import visit as visited
from tdxkit.explore.waiting import Loop, round_from, spinning, standstill
from tdxkit.kinds import load, locked, store, unlock
from tdxkit.kinds import lock as lock_act
from tdxkit.work import drive
from tests.house import Housed


def counts(m, many, name="n"):
    for _ in range(many):
        yield locked("atomic_inc", name)
        setattr(m, name, getattr(m, name) + 1)


def thinks(m, many):
    for _ in range(many):
        yield "think"
    yield locked("atomic_inc", "n")
    m.n += 1


def one(*threads, shared=None, **more):
    return Scenario("one", shared or {"n": 0}, threads, **more)


SMALL = always("small", lambda m: m.n < 2)
TWO = one(Housed(counts, (2,)), Housed(counts, (2,)))  # states: 9, those of interchangeable threads 6


@pytest.mark.parametrize(("reduction", "states"), [("none", 9), ("sym", 6), ("all", 6), ("movers", 6)])
def test_states_are_those_of_a_grid(reduction, states):
    found = explore(TWO, reduction, bound=states)
    assert (found.verdict, found.states, found.complete, found.bounded, found.ends) == ("ok", states, True, False, True)
    levels = {bound: explore(TWO, reduction, bound=bound) for bound in range(1, states)}
    assert {(r.verdict, r.bounded, r.complete, r.ends) for r in list(levels.values())[:-1]} == {("bounded", True, False, False)}  # fmt: skip


def test_a_search_that_stops_at_the_first_violation_says_so():
    few = always("few", lambda m: m.n < 2)
    bad = one(Housed(counts, (3,)), Housed(counts, (3, "k")), shared={"n": 0, "k": 0}, properties=(few,))
    quick, whole = explore(bad, whole=False), explore(bad)
    assert (quick.complete, quick.bounded, whole.complete) == (False, False, True)
    assert quick.states <= whole.states and quick.steps == whole.steps == 2
    at_bound = explore(bad, whole=False, bound=1)
    assert at_bound.verdict == "bounded" and at_bound.schedule is None


def test_a_rule_that_does_not_hold_at_first_is_told_and_nothing_is_run():
    bad = one(Housed(counts, (1,)), properties=(always("one", lambda m: m.n == 1), always("two", lambda m: m.n == 2)))
    for how in ({}, {"fewest_switches": True}, {"whole": False, "fewest_switches": True}, {"reduce": "none"}):
        found = explore(bad, **how)
        assert (found.property, found.steps, found.states) == ("one", 0, 1)
    assert set(explore(bad).broken) == {"one", "two"} and parse(explore(bad).broken["two"]).steps == ()
    assert explore(bad, prop="two").property == "two" and Levels(Space(Tables(bad), False), 9).way("three") is None


def test_a_wide_space_says_the_same(monkeypatch):
    bad = one(Housed(counts, (3,)), Housed(counts, (2,)), Housed(counts, (2,)), properties=(at_end("7", lambda m: m.n != 7),))  # fmt: skip
    known = {name: explore(bad, name) for name in ("none", "sym", "all", "movers")}
    ends = outcomes(bad).interleavings
    for limit in (1, 3, 6):
        monkeypatch.setattr(space, "WIDE", limit)
        for name, was in known.items():
            now = explore(bad, name)
            assert (now.states, now.schedule, now.broken, now.steps, now.switches) == (was.states, was.schedule, was.broken, was.steps, was.switches)  # fmt: skip
        assert explore(bad, fewest_switches=True).switches == 2 and outcomes(bad).interleavings == ends


def test_ints_and_their_states():
    tables = Tables(one(Housed(counts, (2,)), Housed(counts, (2,))))
    there = Space(tables, False)
    start = there.first()
    assert start.key == start.sid + 2 * there.unit(start.lids[0]) and there.spot(start.key) == start
    visited(there, True, 100)
    assert there.bits == 2 and there.unit(1) == 1 << SHARED_BITS + 2
    for sid, lids in ((0, (1, 1)), (1, (1, 2)), (2, (0, 0))):
        node = there.node(sid, lids)
        again = there.spot(node.key)
        assert (again.sid, sorted(again.lids)) in ((sid, sorted(lids)), (sid, [lid for lid in lids if lid]))


def test_a_search_ticks_with_what_it_has_seen_and_the_bound(monkeypatch):
    ticks = list(_ticks(exploring(TWO, "none", bound=50)))
    assert ticks and all(bound == 50 for _, bound in ticks) and ticks[0][0] == 1
    monkeypatch.setattr(visit, "TICK", 1)
    more = list(_ticks(exploring(TWO, "none", bound=50)))
    assert len(more) > len(ticks) and [n for n, _ in more] == sorted(n for n, _ in more)


def _ticks(job):
    try:
        while True:
            yield next(job)
    except StopIteration:
        return


def test_steps_that_touch_nothing_shared_are_taken_together_up_to_a_limit():
    few, many = (one(Housed(thinks, (n,)), Housed(thinks, (n,))) for n in (3, 40))
    assert explore(few, "all").states < explore(few, "sym").states
    assert explore(few, "none").states == 25
    assert explore(many, "all").verdict == explore(many, "sym").verdict == "ok"
    assert explore(few, "all").interleavings is None
    assert explore(few, "all", count=True).interleavings == 70, "8 steps, 4 of each"


def test_the_calmest_and_the_shortest_way():
    def both(m, name):
        yield store("WRITE_ONCE", name)
        setattr(m, name, 1)
        yield load("READ_ONCE", "a")
        m.must("never both", not (m.a and m.b))

    made = one(Housed(both, ("a",)), Housed(both, ("b",)), shared={"a": 0, "b": 0}, properties=(must("never both"),))
    short, calm = explore(made), explore(made, fewest_switches=True)
    assert (short.steps, short.switches, short.exact) == (3, 1, True) and (calm.switches, calm.steps) == (1, 3)
    quick = explore(made, fewest_switches=True, whole=False)
    assert (quick.switches, quick.complete) == (1, False)
    assert calmest(Space(Tables(made), False), 1) is None
    assert calmest(Space(Tables(TWO), False), 99) is None


def test_where_no_schedule_fits_into_the_bound_the_way_of_the_visit_is_shown(monkeypatch):
    bad = one(Housed(counts, (3,)), Housed(counts, (3,)), properties=(at_end("six", lambda m: m.n != 6),))
    monkeypatch.setattr(search.Levels, "way", lambda self, rule=None: None)
    for reduction in ("none", "sym", "all", "movers"):
        found = explore(bad, reduction)
        assert (found.property, found.steps, found.exact) == ("six", 6, False)
        run = replay_steps(bad, parse(found.schedule).steps)
        assert run.steps[-1].broken == ("six",)
    assert calmest(Space(Tables(bad), False), 2) is None


def test_a_path_is_of_real_threads():
    there = Space(Tables(TWO), False)
    start = there.first().lids[0]
    (edge,) = there.edges(there.first().sid, start)
    after = there.edges(edge.sid, edge.lid)[0]
    assert there.named([Turn(start, edge.lid, (0,)), Turn(edge.lid, after.lid, (0,))]) == ((0, 0), (0, 0))
    assert there.named([Turn(start, edge.lid, (0,)), Turn(start, edge.lid, (0,))]) == ((0, 0), (1, 0))
    assert there.named([Turn(start, edge.lid, (0, 1))]) == ((0, 0), (0, 1)) and there.named([]) == ()


def flips(m):
    while True:
        yield locked("atomic_xor", "n")
        m.n = 1 - m.n


def waits_for(m, value):
    while True:
        yield load("READ_ONCE", "n")
        if m.n == value:
            return


def test_livelocks_and_their_ways():
    """Who sets 2 lets nobody end: from the second step on."""

    def sets(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield store("WRITE_ONCE", "n")
        m.n = 2

    def spins(m):
        while True:
            yield load("READ_ONCE", "n")
            if m.n == 1:
                return
            yield "relax"

    made = one(Housed(sets), Housed(spins))
    for reduction in ("none", "sym", "all", "movers"):
        found = explore(made, reduction)
        assert (found.verdict, found.steps, found.ends, found.loop.kind, found.exact) == (LIVELOCK, 2, False, "spin", True)  # fmt: skip
        calm = explore(made, reduction, fewest_switches=True)
        assert (calm.switches, calm.verdict) == (0, LIVELOCK)
    assert explore(made, prop=LIVELOCK).verdict == LIVELOCK and explore(made, prop=DEADLOCK).verdict == "ok"
    assert outcomes(made).rows[-1].ended in (LIVELOCK, "finished") and LIVELOCK in {r.ended for r in outcomes(made).rows}  # fmt: skip
    told = replay_steps(made, ((0, 0), (0, 0), (1, 0)))
    assert [step.broken for step in told.steps] == [(), (LIVELOCK,), ()]
    at_first = one(Housed(flips))
    assert explore(at_first).steps == 0 and replay_steps(at_first, ((0, 0), (0, 0))).steps[0].broken == (LIVELOCK,)
    assert replay_steps(one(Housed(counts, (2,))), ((0, 0),)).steps[0].broken == ()


def test_a_livelock_in_a_bounded_search(monkeypatch):
    def grows(m):
        while True:
            yield locked("atomic_inc", "k")
            m.k += 1

    made = one(Housed(flips), Housed(grows), shared={"n": 0, "k": 0})
    assert explore(made, bound=40).verdict == "bounded"
    tables = Tables(one(Housed(flips)))
    there = Space(tables, False)
    found = visited(there, True, 99)
    assert trap(there, found) == set(found) and no_end(there, there.first())
    assert not no_end(there, there.first(), patience=0)
    ending = Space(Tables(TWO), False)
    assert trap(ending, visited(ending, True, 99)) == set() and not no_end(ending, ending.first())
    monkeypatch.setattr(space, "WIDE", 0)
    wide = Space(Tables(one(Housed(flips))), False)
    assert trap(wide, found_wide := visited(wide, True, 99)) == set(found_wide)


def test_a_round_is_told_thread_by_thread():
    made = one(Housed(flips), Housed(flips, actor="other"))
    tables = Tables(made)
    way, around = round_from(tables, first(tables))
    assert way == () and around == ((0, 0), (0, 0), (1, 0), (1, 0))
    waits, loop = standstill(tables, (), LIVELOCK)
    assert (loop.kind, loop.actors, loop.begins, len(loop.steps)) == ("livelock", ("CPU 0", "other"), 1, 4)
    assert waits == ("CPU 0 goes round", "other goes round")
    assert str(loop).startswith("a livelock, its steps undo each other: CPU 0: atomic_xor(n); other: atomic_xor(n)")
    assert loop.as_json()["steps"][0] == {"actor": "CPU 0", "label": "atomic_xor(n)"}
    assert "a spin, no step" in str(Loop("spin", ("A",), 2, (("A", "look"), ("A", "look")), "code"))
    assert str(Loop("spin", ("A",), 2, (("A", "x"), ("A", "x")), "code")).endswith("A: x\none round, from step 2 on: code")  # fmt: skip


def test_who_waits_where_a_run_stands_still():
    made = one(Housed(waits_for, (1,)), Housed(waits_for, (2,)))
    tables = Tables(made)
    assert standstill(tables, (), DEADLOCK) == (("CPU 0 waits for n to change", "CPU 1 waits for n to change"), None)
    assert not spinning(tables, ())
    assert replay_steps(one(Housed(counts, (1,)), Housed(waits_for, (5,))), ((0, 0),)).steps[0].waits[0].why == "CPU 1 waits for n (last changed by CPU 0 in step 1) to change"  # fmt: skip


def test_shorter_neighbours_of_a_schedule():
    a, b = (0, 0), (1, 0)
    found = list(_candidates((a, b, a, b)))
    assert found[:6] == [(a, b), (a, b), (b, a, b), (a, a, b), (a, b, b), (a, b, a)]
    assert (b, a, a, b) in found[6:] and (a, a, b, b) in found[6:] and (a, b, b, a) in found[6:]
    assert all(sorted(c) == [a, a, b, b] for c in found[6:]) and list(_candidates(())) == []
    assert (a, a, b, b) in list(_candidates((a, b, a, b)))[6:]


def test_shrinking_to_the_end_and_no_further():
    def spin(m, *names):
        for name in names:
            while True:
                yield lock_act("spin_lock", name)
                if not getattr(m, name):
                    setattr(m, name, True)
                    break

    made = one(Housed(spin, ("A", "B")), Housed(spin, ("B", "A")), Housed(counts, (4,)), shared={"A": False, "B": False, "n": 0})  # fmt: skip
    long = ((2, 0), (0, 0), (2, 0), (1, 0), (2, 0), (2, 0))
    less = shrink(made, long, DEADLOCK)
    assert switches(less) == 1 and len(less) == 6, "a deadlock is there once all others have finished"
    ends = one(Housed(counts, (2,)), Housed(counts, (2,)), properties=(at_end("four", lambda m: m.n != 4), SMALL))
    mixed = ((0, 0), (1, 0), (0, 0), (1, 0))
    assert switches(shrink(ends, mixed, "four")) == 1 and len(shrink(ends, mixed, "small")) == 2
    assert shrink(ends, (), "four"), "it is run on to its end"
    with pytest.raises(Exception, match="does not break the rule 'small'"):
        shrink(ends, ((0, 0),), "small")


def test_steps_forward():
    tables = Tables(TWO)
    assert pick(tables, first(tables), 2, 0) is None and pick(tables, first(tables), 0, 1) is None
    assert [k for k, _, _ in follow(tables, ((0, 0), (0, 0), (0, 0), (1, 0)))] == [0, 0]
    assert [k for k, _, _ in one_by_one(tables, False)] == [0, 0, 1, 1]
    assert [k for k, _, _ in one_by_one(Tables(one(Housed(flips))), False, limit=7)] == [0] * 7
    asks = Tables(one(Housed(waits_for, (1,)), Housed(counts, (1,))))
    assert [k for k, _, _ in one_by_one(asks, True)] == [1, 0] and moves(asks, first(asks), 0) == []


def test_tables_that_do_not_do_what_programs_do_are_refused(monkeypatch):
    tables = Tables(TWO)
    explored = visited(Space(tables, False), True, 99)
    audit(tables, ((0, 0), (1, 0)))
    row = tables.places[tables.first_lids[0]].rows[0]
    effect = next(iter(row.branches.values()))
    effect.broken = ("never",)
    with pytest.raises(ModelError, match="did something else when it was run again"):
        audit(tables)
    effect.broken = ()
    audit(tables)
    ran = []
    monkeypatch.setattr(audit_module, "_compare", lambda tables, seed, steps: ran.append((seed, steps)))
    audit(tables)
    audit(tables, ())
    tables.strange = True
    audit(tables)
    assert ran == [(0, None), (0, None), (0, ()), (0, None), (1, None)] and isinstance(explored, Found)


def of_c(program, **more):
    own = type("OfC", (Own,), {"in_c": True})("", "", "")
    return one(*(program if isinstance(program, tuple) else (program,)), own=own, **more)


def test_what_breaks_before_what_is_not_modelled_is_told():
    def wants(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield store("WRITE_ONCE", "n")
        m.n = 2
        yield store("WRITE_ONCE", "n")
        raise ModelError("more", "than there is", "less")

    error = ModelError("x", "y", "z")
    bad = of_c(Housed(wants), properties=(always("not 2", lambda m: m.n != 2),))
    tables, way, said = drive(in_spite(error, bad, None, 100))
    assert (way.steps, way.rule, way.states, way.exact) == (((0, 0), (0, 0)), "not 2", 2, True)
    assert said == f"other runs, and data races, were not looked for: {error}"
    for other in (of_c(Housed(wants)), one(Housed(wants), properties=bad.properties)):
        with pytest.raises(ModelError) as raised:
            drive(in_spite(error, other, None, 100))
        assert raised.value is error
    stuck = of_c((Housed(wants), Housed(waits_for, (7,))), properties=())
    with pytest.raises(ModelError):
        drive(in_spite(error, stuck, None, 100))
    still = of_c(Housed(waits_for, (7,)))
    _, way, _ = drive(in_spite(error, still, None, 100))
    assert (way.rule, way.steps) == (DEADLOCK, ())
    with pytest.raises(ModelError):
        drive(in_spite(error, still, LIVELOCK, 100))
    assert explore(bad).remarks == () and explore(bad).property == "not 2"
    ended = of_c(Housed(counts, (1,)), properties=(at_end("none", lambda m: not m.n),))
    assert drive(in_spite(error, ended, None, 100))[1].rule == "none"
    with pytest.raises(ModelError):
        drive(in_spite(error, of_c(Housed(counts, (3,)), properties=(always("not 3", lambda m: m.n < 3),)), None, 1))


def test_an_end_that_is_foreseen_is_told_before_it_comes():
    def drops(m):
        mine = "object 1"
        yield store("WRITE_ONCE", "p")
        m.p = mine
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield store("WRITE_ONCE", "n")
        m.n = 2

    def nobody(m, held):
        return (m.p != "object 1" and "object 1" not in held and m.n == 0) or (m.n == 1 and "object 1" not in held)

    rule = at_end("freed", lambda m: m.n == 7, nobody)
    made = one(Housed(drops), shared={"p": "", "n": 0}, properties=(rule,))
    for memory in ("sc", "tso"):
        tables = Tables(made.on(memory))
        states = [first(tables), *(move.state for _, _, move in follow(tables, ((0, 0), (0, 0))))]
        assert foreseen(tables, states[0]) == foreseen(tables, states[1]) == (), "it has it in its variable"
        if memory == "sc":
            assert foreseen(tables, states[2]) == ("freed",)
    told = replay_steps(made, ((0, 0), (0, 0)))
    assert [step.broken for step in told.steps] == [(), ("freed",)]
    assert replay_steps(made, ((0, 0), (0, 0), (0, 0))).steps[-1].broken == ("freed",)


def test_what_a_lock_that_moves_is_taken_together_with():
    def adds(m):
        while True:
            yield lock_act("spin_lock", "L")
            if not m.L:
                m.L = True
                break
        yield load("READ_ONCE", "n")
        seen = m.n
        yield store("WRITE_ONCE", "n")
        m.n = seen + 1
        yield unlock("spin_unlock", "L")
        m.L = False

    made = one(Housed(adds), Housed(adds), shared={"n": 0, "L": False}, locks=("L",))
    assert [explore(made, name).states for name in ("none", "sym", "movers")] == [16, 9, 5]
    tables = Tables(made)
    movers = Movers(tables)
    assert movers.locks == tables.locks and not movers.doubt()
    looked = one(Housed(adds), Housed(adds), shared={"n": 0, "L": False}, locks=("L",), properties=(always("x", lambda m: m.L in (True, False)),))  # fmt: skip
    assert explore(looked, "movers").states == explore(looked, "all").states == 9


def test_a_graph_has_room_for_so_many_and_says_what_is_cut():
    whole = graph(TWO)
    assert len(whole.nodes) == 9 and whole.complete and len(graph(TWO, 9).nodes) == 9 and graph(TWO, 9).complete
    short = graph(TWO, 8)
    assert not short.complete and len(short.nodes) <= 8
    along = graph(TWO, 1, ((0, 0), (0, 0)))
    assert len(along.path) == 2 and 0 not in along.cut
    edge = whole.edges[0][0]
    assert (edge.actor, edge.choice, edge.reads, edge.stores) == (0, 0, (("n", ()),), ())
    tso = graph(one(Housed(lambda m: (yield store("WRITE_ONCE", "n")) or setattr(m, "n", 1)), shared={"n": 0}).on("tso"))  # fmt: skip
    assert tso.edges[0][0].stores == ("n",) and tso.edges[1][0].choice == -1
