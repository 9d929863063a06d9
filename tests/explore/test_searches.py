"""Searches at their edges: the bound, the first state, wide states, ticks, the shortest and the calmest way, livelocks, what is refused in the
middle; and what a run that stops is told to have."""

import pytest

from tdxkit.explore import search, shortest, space, visit
from tdxkit.explore.endings import outcomes
from tdxkit.explore.rules import always, at_end, must, sometimes
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import explore, exploring
from tdxkit.explore.shortest import Levels, _without_idle, calmest
from tdxkit.explore.space import SHARED_BITS, Space, Turn
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.visit import visit as visited
from tdxkit.kinds import load, locked, store
from tests.explore.small_programs import counts, one
from tests.house import Housed


def thinks(m, many):
    for _ in range(many):
        yield "think"
    yield locked("atomic_inc", "n")
    m.n += 1


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


def test_the_search_for_a_schedule_worth_showing_is_never_silent_for_long(monkeypatch):
    monkeypatch.setattr(shortest, "TICK", 1)
    bad = one(*(Housed(counts, (3,)),) * 3, properties=(at_end("nine", lambda m: m.n != 9),))
    looked = []
    turns = Space.turns
    monkeypatch.setattr(Space, "turns", lambda self, node: looked.append(node) or turns(self, node))
    made = Space(Tables(bad), False)
    for job in (Levels(made, 999).finding(), shortest.calming(made, 999)):
        before, worst = 0, 0
        looked.clear()
        for seen, bound in job:
            assert 0 <= seen <= bound
            worst, before = max(worst, len(looked) - before), len(looked)
        assert worst <= 2 and len(looked) > 20


def nothing(self, rule=None):
    """A search that finds no schedule."""
    yield 1, 1


def test_where_no_schedule_fits_into_the_bound_the_way_of_the_visit_is_shown(monkeypatch):
    bad = one(Housed(counts, (3,)), Housed(counts, (3,)), properties=(at_end("six", lambda m: m.n != 6),))
    monkeypatch.setattr(search.Levels, "finding", nothing)
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


@pytest.mark.parametrize("one_by_one", [False, True])
def test_what_comes_true_somewhere_is_seen_in_every_kind_of_visit(one_by_one, monkeypatch):
    monkeypatch.setattr(space, "WIDE", 0 if one_by_one else 1000)
    rules = (sometimes("two", lambda m: m.n == 2), sometimes("five", lambda m: m.n == 5), sometimes("at first", lambda m: not m.n))  # fmt: skip
    found = explore(one(Housed(counts, (2,)), Housed(counts, (2,)), properties=rules), "none")
    assert found.seen == {"two": True, "five": False, "at first": True}
    assert (found.verdict, found.property, found.broken) == ("violation", "five", {"five": None})


@pytest.mark.parametrize("wide", [0, 1000])
def test_the_ends_of_a_visit_are_where_all_have_finished(wide, monkeypatch):
    monkeypatch.setattr(space, "WIDE", wide)
    tables = Tables(one(Housed(counts, (1,)), Housed(counts, (2, "k")), shared={"n": 0, "k": 0}))
    found = visited(Space(tables, False), True, 100)
    assert [tables.state(sid) for sid in found.finals()] == [{"n": 1, "k": 2}] and found.states == 6


@pytest.mark.parametrize("wide", [0, 1000])
def test_the_way_of_a_visit_ends_with_the_step_that_breaks(wide, monkeypatch):
    def fails(m):
        yield locked("atomic_inc", "n")
        m.n += 1
        yield load("READ_ONCE", "n")
        assert m.n < 2, "small"

    monkeypatch.setattr(space, "WIDE", wide)
    made = Space(Tables(one(Housed(fails), Housed(counts, (1,)))), False)
    found = visited(made, True, 100)
    assert found.rule == "small" and found.path() in (((0, 0), (1, 0), (0, 0)), ((1, 0), (0, 0), (0, 0)))
    first = visited(
        Space(Tables(one(Housed(counts, (1,)), properties=(always("one", lambda m: m.n == 1),))), False), True, 9
    )
    assert (first.rule, first.states, first.path()) == ("one", 1, ())


def test_a_state_with_an_interrupt_is_read_back_from_its_number():
    host = Housed(counts, (2,))
    made = Space(Tables(one(Housed(counts, (1,)), Housed(counts, (3,)), host, Housed(counts, (1, "k"), on=host), shared={"n": 0, "k": 0})), False)  # fmt: skip
    found, seen = visited(made, True, 999), 0
    assert found.complete
    for key in found:
        lids = made.spot(key).lids
        roles = [made.tables.places[lid].role for lid in lids]
        assert made.node(made.spot(key).sid, lids).key == key
        assert roles[2] in (2, None) and roles[3] in (3, None) and {*roles[:2]} <= {None}
        assert 0 in lids or None not in roles[2:]
        seen += all(lids)
    assert seen > 3


@pytest.mark.parametrize("wide", [0, 1000])
@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_the_number_of_a_state_is_that_of_what_is_in_it(memory, wide, monkeypatch):
    def stores(m, name):
        yield store("WRITE_ONCE", name)
        setattr(m, name, 1)

    monkeypatch.setattr(space, "WIDE", wide)
    host = Housed(stores, ("n",))
    made = Space(Tables(one(host, Housed(stores, ("k",), on=host), Housed(counts, (2,)), shared={"n": 0, "k": 0}).on(memory)), False)  # fmt: skip
    found, handed = visited(made, True, 999), 0
    for key in found:
        node = made.spot(key)
        for k, _, good, _ in made.turns(node):
            for edge in good:
                lids = made.tables.handed((*node.lids[:k], edge[2], *node.lids[k + 1 :]))
                assert made.key(node, k, edge) == made.node(edge[1], lids).key
                assert made.after(node, k, edge)[1:] == (edge[1], lids)
                handed += edge[2] in made.tables.hands
    assert (handed > 0) is (memory == "tso")


@pytest.mark.parametrize("wide", [0, 1000])
def test_a_state_is_read_back_from_its_key(wide, monkeypatch):
    monkeypatch.setattr(space, "WIDE", wide)
    made = Space(Tables(one(Housed(counts, (2,)), Housed(counts, (1, "k")), Housed(counts, (2,)), shared={"n": 0, "k": 0})), False)  # fmt: skip
    keys = list(visited(made, True, 999))
    for key in keys:
        node = made.spot(key)
        assert len(node.lids) == 3 and made.node(node.sid, node.lids).key == node.key == key
    assert len(set(keys)) == len(keys) > 9 and made.wide is (wide == 0)


def test_steps_that_no_longer_matter_are_left_out_but_for_those_of_who_ran_last():
    made = Space(Tables(one(Housed(thinks, (2,)), Housed(thinks, (2,)))), True)
    visited(made, True, 99)
    assert _without_idle(made, ((0, 0), (1, 0))) == ((1, 0),) and _without_idle(made, ((1, 0), (0, 0))) == ((0, 0),)
    counted = ((0, 0), (0, 0), (0, 0), (1, 0))
    assert _without_idle(made, counted) == counted, "one of them is a count that others see"
