"""What a search seldom meets: a way that only the visit knows, a program that does something else the second time, errors that are ends, and
names of threads that are alike."""

import types
from dataclasses import replace

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import names, search, shrinking, space
from tdxkit.explore.closer import _between
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import World, explore_readably
from tdxkit.explore.judging import judge
from tdxkit.explore.movers import Movers
from tdxkit.explore.moves import first
from tdxkit.explore.outside import Outside
from tdxkit.explore.pieces import Pieces
from tdxkit.explore.place import place
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario, Thread
from tdxkit.explore.rows import Program
from tdxkit.explore.rules import Property, always, at_end, must
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import explore
from tdxkit.explore.shortest import Levels, calmest
from tdxkit.explore.shrinking import shrink
from tdxkit.explore.space import Space
from tdxkit.explore.split import split
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.told import because, seen
from tdxkit.explore.unmet import never_taken
from tdxkit.explore.unrun import unrun
from tdxkit.explore.visit import visit
from tdxkit.explore.waiting import round_from, standstill
from tdxkit.kinds import lock, locked, sleep, store, unlock
from tests.explore.small_programs import counts, one, spin, steps
from tests.house import Housed


def flips(m):
    while True:
        yield locked("atomic_xor", "n")
        m.n = 1 - m.n


def never_ends(m):
    """Where it is given a 1."""
    if (yield "roll", (0, 1)):
        yield from flips(m)


ENDLESS = one(Housed(never_ends), Housed(steps, (1, "j")), shared={"n": 0, "j": 0})


def nothing(*_, **__):
    """A search that finds no schedule."""
    yield 1, 1


@pytest.mark.parametrize("wide", [0, 1000])
def test_a_livelock_that_no_schedule_within_the_bound_leads_to_is_shown_as_the_visit_found_it(wide, monkeypatch):
    monkeypatch.setattr(space, "WIDE", wide)
    monkeypatch.setattr(search, "calming", nothing)
    monkeypatch.setattr(search.Levels, "finding", nothing)
    for how in ({"reduce": "none"}, {"reduce": "all"}, {"fewest_switches": True}):
        found = explore(ENDLESS, **how)
        assert (found.verdict, found.exact) == (LIVELOCK, False)
        told = replay_steps(ENDLESS, parse(found.schedule).steps)
        assert LIVELOCK in told.steps[-1].broken and found.steps == len(told.steps)


def test_shrinking_to_a_livelock_and_no_further():
    assert shrink(ENDLESS, ((1, 0), (0, 1), (0, 0)), LIVELOCK) == ((0, 1),)
    with pytest.raises(InputError, match="it does not break the rule 'livelock'"):
        shrink(ENDLESS, ((1, 0), (0, 0)), LIVELOCK)
    with pytest.raises(InputError, match="it does not break the rule 'deadlock'"):
        shrink(one(Housed(counts, (1,))), (), DEADLOCK)
    with pytest.raises(InputError, match="it does not break the rule 'small'"):
        shrink(one(Housed(fails)), ((0, 0),), "small")
    zero = always("zero", lambda m: m.n == 0)
    with pytest.raises(InputError, match="it does not break the rule 'zero'"):  # no run goes past an error
        shrink(one(Housed(fails), Housed(counts, (1,)), properties=(zero,)), ((0, 0), (1, 0)), "zero")


def test_shrinking_stops_when_it_has_tried_so_often(monkeypatch):
    monkeypatch.setattr(shrinking, "TRIES", 1)
    long = ((1, 0), (0, 1))
    assert shrink(ENDLESS, long, LIVELOCK) == long


def test_an_error_is_a_rule_that_one_shrinks_to():
    made = one(Housed(fails), Housed(counts, (1,)))
    assert shrink(made, ((1, 0), (0, 0)), "ValueError: no") == ((0, 0),)


def test_shrinking_tries_no_neighbour_when_it_has_tried_so_often(monkeypatch):
    two = always("two", lambda m: m.n < 2)
    made = one(Housed(counts, (1,)), Housed(counts, (1, "k")), Housed(counts, (1,)), shared={"n": 0, "k": 0}, properties=(two,))  # fmt: skip
    long = ((0, 0), (1, 0), (2, 0))
    for tries, left in ((2, 3), (3, 2)):
        monkeypatch.setattr(shrinking, "TRIES", tries)
        assert len(shrink(made, long, "two")) == left


def test_a_run_that_goes_on_for_ever_is_no_way_to_an_end(monkeypatch):
    made = one(Housed(counts, (5,)), properties=(at_end("five", lambda m: m.n != 5),))
    for longest, found in ((4, False), (5, True)):
        monkeypatch.setattr(shrinking, "LONGEST", longest - 1)
        assert (shrinking._Shrinker(made, "five", Tables(made)).run(()) is not None) is found


def fails(m):
    yield "fail"
    raise ValueError("no")


def test_a_raised_error_is_an_end_of_its_own():
    def ends(m):
        yield "end"

    table = outcomes(one(Housed(fails), Housed(ends)))
    assert [(row.ended, row.broken, row.interleavings) for row in table.rows] == [("raised", ("ValueError: no",), 2)]
    assert table.interleavings == sum(row.interleavings for row in table.rows) == table.bad


def test_an_end_that_was_raised_is_not_one_that_was_come_to():
    def ends(m):
        how = yield "roll", (0, 1)
        assert not how, "r"
        m.must("r", False)

    table = outcomes(one(Housed(ends), properties=(must("r"),)))
    ended = sorted((row.ended, row.broken, row.interleavings) for row in table.rows)
    assert ended == [("finished", ("r",), 1), ("raised", ("r",), 1)]


def test_the_readable_engine_knows_buffers_errors_and_rules_that_are_asked_for():
    def raises(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        raise ValueError("no")

    for memory in ("sc", "tso"):
        made = one(Housed(raises), Housed(counts, (1, "k")), shared={"n": 0, "k": 0}).on(memory)
        found, readable = explore(made, "none"), explore_readably(made)
        assert (found.property, found.steps) == (readable.rule, len(readable.schedule)) == ("ValueError: no", 1)
        assert explore_readably(made, DEADLOCK).rule == "ValueError: no"
    at_first = one(Housed(counts, (1,)), properties=(always("one", lambda m: m.n), at_end("two", lambda m: m.n == 2)))
    assert explore_readably(at_first) == replace(explore_readably(at_first), states=1, rule="one", schedule=())
    assert explore_readably(at_first, "two").rule == "two"


def test_the_readable_engine_knows_mutexes_and_who_waits_for_a_lock_of_its_own():
    def takes(m, does, then):
        yield lock(does, "L")
        m.L = True
        yield from then(m)
        yield unlock("unlock", "L")
        m.L = False

    def sleeps(m):
        yield sleep("msleep")

    def looks(m):
        yield "look"
        m.must("mine", m.L)

    for does, then, breaks in (("mutex_lock", sleeps, False), ("spin_lock", sleeps, True), ("spin_lock", looks, False)):
        made = one(Housed(takes, (does, then)), shared={"L": False}, locks=("L",))
        found = explore(made, "none")
        assert (found.property, found.steps if breaks else 0) == (explore_readably(made).rule, 2 if breaks else 0)
        assert (found.property is not None) is breaks


def test_a_world_on_tso_waits_with_an_error_for_its_buffer():
    def raises(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield locked("atomic_inc", "k")
        m.k += 1
        raise ValueError("no")

    made = one(Housed(raises), shared={"n": 0, "k": 0}).on("tso")
    world = World(made)
    assert world.run_step(0, 0) == [] and list(world.able()) == [(0, 0), (0, -1)]
    assert world.run_step(0, 0) is None
    world = World(made)
    world.run_step(0, 0)
    assert world.run_step(0, -1) == [] and world.run_step(0, 0) == ["ValueError: no"] and world.over()


def test_of_two_threads_that_are_alike_an_interrupt_is_on_the_very_one():
    host, twin = Thread(counts, (1,)), Thread(counts, (1,))
    irq = Thread(counts, (1, "k"), on=twin)
    made = Scenario("s", {"n": 0, "k": 0}, (host, twin, irq))
    assert made.hosts == (None, None, 1)
    alike = Scenario("s", {"n": 0, "k": 0}, (host, twin, replace(irq, on=Thread(counts, (1,)))))
    assert alike.hosts == (None, None, 0), "none is the very one, and the first is as good"


def test_ways_beyond_the_bound_are_not_known():
    bad = one(Housed(counts, (3,)), properties=(at_end("three", lambda m: m.n != 3),))
    made = Space(Tables(bad), False)
    visited = visit(made, True, 99)
    assert visited.states == 4
    assert [Levels(made, bound).way() is None for bound in (1, 2, 3, 4)] == [True, True, True, True]
    assert Levels(made, 5).way("three").steps == ((0, 0),) * 3 and Levels(made, 5).way("other") is None
    assert [calmest(made, bound) is None for bound in (4, 5)] == [True, False]


def test_a_search_for_a_schedule_starts_again_where_there_are_too_many_places(monkeypatch):
    bad = one(Housed(counts, (3,)), Housed(counts, (2,)), properties=(at_end("five", lambda m: m.n != 5),))
    monkeypatch.setattr(space, "WIDE", 3)
    made = Space(Tables(bad), False)
    assert calmest(made, 99).steps == ((0, 0),) * 3 + ((1, 0),) * 2 and made.wide
    made = Space(Tables(bad), False)
    levels = Levels(made, 99)
    assert levels.way().rule == "five" and made.wide and len(levels.way().steps) == 5


def test_the_lines_of_a_table():
    def program(m):
        yield locked("atomic_inc", "n")
        m.n += 1
        yield from below(m)

    def below(m):
        yield "below"
        m.n = 0

    table = Program(one(Housed(program)), lambda name: (0, 1), frozenset())
    rows = table.rows()
    first, inner = program.__code__.co_firstlineno, below.__code__.co_firstlineno
    assert [row.step for row in rows] == [1, 2]
    assert table.lines({program.__code__}) == {1: (first + 1,), 2: (first + 3,)}
    assert table.lines({program.__code__, below.__code__}) == {1: (first + 1,), 2: (inner + 1,)}
    assert table.lines({below.__code__}) == {2: (inner + 1,)} and table.lines(set()) == {}


def test_what_cannot_be_walked_is_said():
    def stands(value):
        for item in value:
            yield item + 1

    long = stands([0] * 1001)
    next(long)
    with pytest.raises(ModelError, match="around a yield of stands goes over 1,001 items: the limit is 1,000; go over"):
        place(long)
    fits = stands([0] * 1000)
    next(fits)
    assert place(fits)
    inner = (k for k in (1,))
    over = stands(inner)
    next(over)
    list(inner)
    assert ("finished",) in place(over)


CELLS = {
    "line 1 of hidden: __globals__: what it reaches cannot be seen": "def hidden(m): return hidden.__globals__",
    "line 1 of calls: eval.*: what it reaches cannot be seen": "def calls(m): return eval('m')",
    "see: what it reaches cannot be seen": "see = vars\ndef calls(m): return see(m)",
}


@pytest.mark.parametrize("says", CELLS)
def test_what_reaches_anything_is_refused(says):
    exec(CELLS[says], there := {"__name__": "a_readers_file"})
    program = [value for value in there.values() if isinstance(value, types.FunctionType)][-1]
    with pytest.raises(ModelError, match=says):
        Outside([program]).settle()


def test_what_stands_behind_properties_and_cells_is_watched():
    def made():
        def reads():
            return later

        if reads is None:
            later = 1
        return reads

    held = []

    class Owner:
        value = property(lambda self: held)

    watched = Outside([made(), Owner, str.upper, int.real])
    watched.settle()
    watched.check()
    held.append(1)
    with pytest.raises(ModelError, match=r"held.* is outside m and changed while a step ran"):
        watched.check()


def test_what_else_is_said_in_words():
    made = one(Housed(spin, ("A",)), Housed(spin, ("A",)), shared={"A": False, "a": 0}, locks=("A",))
    tables = Tables(made)
    lid = tables.first_lids[0]
    assert seen(tables, tables.first_sid, tables.places[lid], 0) == "A is no"
    assert because(tables, lid, tables.outcome(tables.first_sid, lid, 0), {}) == {}
    meant = Tables(one(Housed(counts, (1, "lok")), shared={"lock": False, "lok": 0}, locks=("lock",)))
    assert never_taken(meant) == ["lock lock: no step takes it, and there is lok: correct the name"]
    with pytest.raises(ModelError, match=r'write sometimes.*"r", …, lambda …: …'):
        Property("sometimes", "r", 7, notes=("x",))
    with pytest.raises(ModelError, match=r'rule r: its check is 7, not a function; write always."r", lambda m: …'):
        Property("always", "r", 7)
    assert Movers(tables).locks == {0} and not Movers(tables).doubt()


def test_of_a_function_without_a_text_nothing_is_said_to_be_left():
    exec("def typed(x):\n    return x", there := {"__name__": "nowhere"})
    assert unrun([there["typed"]], {there["typed"].__code__: set()}) == ()


def test_a_round_of_which_nobody_waits_for_anything():
    tables = Tables(one(Housed(flips)))
    assert round_from(tables, first(tables)) == ((), ((0, 0), (0, 0)))
    waits, _ = standstill(tables, (), LIVELOCK)
    assert waits == ("CPU 0 goes round",)


def test_where_nobody_comes_between_the_pieces_that_is_said():
    def twice(m):
        yield "twice"
        m.n += 1
        m.k = m.n

    made = one(Thread(twice), Thread(twice), shared={"n": 0, "k": 0})
    pieces = Pieces(made)
    apart = split(made, pieces)
    bounded = explore(apart, bound=3)
    assert bounded.verdict == "bounded"
    (row,) = _between(apart, pieces, bounded)
    assert row.endswith("under one yield; taken apart, there is no end to it within the bound")
    (row,) = _between(apart, pieces, replace(bounded, verdict="violation"))
    assert row.endswith("taken apart, it breaks: give each a yield of its own, or say that it is one instruction")
    told = judge(made, bound=5).result
    assert told.verdict == "bounded" or any("within the bound" in row for row in told.remarks)


def test_of_a_function_whose_text_is_anothers_nothing_is_said_to_be_left(monkeypatch):
    import linecache

    for text, left in (("import sys\nprint(sys)\n", ()), ("def typed(x):\n    return x\n", ("all of typed",))):
        exec(compile("def typed(x):\n    return x", "<elsewhere>", "exec"), there := {"__name__": "nowhere"})
        monkeypatch.setitem(linecache.cache, "<elsewhere>", (len(text), None, text.splitlines(True), "<elsewhere>"))
        names.tree_of.cache_clear()
        assert unrun([there["typed"]], {there["typed"].__code__: set()}) == left
