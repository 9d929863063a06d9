"""Livelocks, waits and their words, shrinking, steps forward, audits, what breaks before what is not modelled, graphs at their limit."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import audit as audit_module
from tdxkit.explore import space
from tdxkit.explore.audit import audit
from tdxkit.explore.endings import outcomes
from tdxkit.explore.foreseen import foreseen, in_spite
from tdxkit.explore.livelock import no_end, trap
from tdxkit.explore.movers import Movers
from tdxkit.explore.moves import first, follow, moves, one_by_one, pick
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Own
from tdxkit.explore.reachable import graph
from tdxkit.explore.rules import always, at_end
from tdxkit.explore.schedule import switches
from tdxkit.explore.search import explore
from tdxkit.explore.shrinking import _candidates, shrink
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.visit import Found
from tdxkit.explore.visit import visit as visited
from tdxkit.explore.waiting import Loop, round_from, spinning, standstill
from tdxkit.kinds import load, locked, store, unlock
from tdxkit.kinds import lock as lock_act
from tdxkit.work import drive
from tests.explore.small_programs import counts, one, spin
from tests.house import Housed

SMALL = always("small", lambda m: m.n < 2)
TWO = one(Housed(counts, (2,)), Housed(counts, (2,)))  # states: 9, those of interchangeable threads 6


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
    _, way, said = drive(in_spite(error, bad, None, 100))
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
