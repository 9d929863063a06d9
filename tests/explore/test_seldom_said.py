"""Sentences and answers that are seldom given: cells of C, races of two writers, drains of one of several, stops that are caught, programs of
the house among a reader's."""

import ast
import builtins
import types
from functools import partial

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import search, telling
from tdxkit.explore.closer import looking
from tdxkit.explore.engine import World, explore_readably
from tdxkit.explore.foreseen import in_spite
from tdxkit.explore.instruction import name_of, plain
from tdxkit.explore.judging import judge
from tdxkit.explore.memory import Cell, Layout, Memory
from tdxkit.explore.movers import Movers
from tdxkit.explore.moves import first
from tdxkit.explore.names import UNKNOWN, Names
from tdxkit.explore.outside import Outside
from tdxkit.explore.pieces import Pieces, Where
from tdxkit.explore.program import Own, Thread
from tdxkit.explore.races import SECTION, Access, _writers
from tdxkit.explore.rules import Property, at_end, each_step, must
from tdxkit.explore.search import explore
from tdxkit.explore.sleeping import in_words
from tdxkit.explore.space import DRAINED, Space
from tdxkit.explore.split import Parts, split
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Moment, Teller, _where_it_stops, replay_steps
from tdxkit.explore.told import because
from tdxkit.explore.values import frozen
from tdxkit.explore.visit import visit, visiting
from tdxkit.explore.waiting import _one_by_one, _waits
from tdxkit.kinds import Act, lock, locked, sleep, store
from tdxkit.work import drive
from tests.explore.small_programs import PLAIN, counts, one, spin
from tests.house import Housed


def test_a_cell_of_c_is_a_name_that_nobody_can_write():
    layout = Layout({Cell("dev.lock"): 0, Cell("flag[1]"): 1}, {})
    assert layout.plain == {"dev.lock": 0, "flag[1]": 1}
    for name, constants in ((Cell("must"), {}), (Cell("n.x"), {Cell("n.x"): 1}), ("dev.lock", {})):
        with pytest.raises(ModelError, match="the name is taken or not a plain name"):
            Layout({name: 0}, constants)
    assert "the shared variables of this scenario are none" in str(Layout({}, {}).unknown("n"))


def test_who_holds_a_lock_in_the_middle_of_its_step():
    def asks(m):
        yield lock("spin_lock", "L")
        before = m._holds("L")
        m.L = True
        m.must("only then", not before and m._holds("L"))
        yield locked("atomic_inc", "n")
        m.n += m._holds("L")

    made = one(
        Housed(asks),
        shared={"n": 0, "L": False},
        locks=("L",),
        properties=(at_end("one", lambda m: m.n == 1), must("only then")),
    )
    assert explore(made.asking("only then", "one"), "none").verdict == "ok"
    assert explore_readably(made.asking("only then", "one")).rule is None
    world = World(made)
    assert world.run_step(0, 0) == [] and world.held == [(1,)]
    m = Memory(made.layout)
    assert not m._holds("L")
    object.__setattr__(m, "_held", (1,))
    assert m._holds("L")


def test_acts_inside_other_values_are_told_apart():
    acts = [Act("a"), Act("a", "load"), Act("b"), Act("a", "load", "x")]
    assert len({frozen((act,), "n") for act in acts}) == 4 and frozen((Act("a"),), "n") == frozen((Act("a"),), "n")


def test_a_race_of_two_writers_needs_a_lock():
    def access(slot=0, writes=True, plain=False, writers=False):
        return Access(slot, writes, plain, writers, "x")

    both = access(writers=True)
    assert both.races(both) and not both.races(access()) and not access().races(both)
    assert access(plain=True).races(access(writes=False)) and not access(plain=True).races(access(1))
    assert not access(writes=False, plain=True).races(access(writes=False, plain=True))
    assert both.said == "x (a plain store)" and access(writes=False).said == "x (a marked load)"


def entry(m):
    yield store("list_add", "n")
    m.n = 1


def test_what_two_writers_of_a_list_are_told():
    (told,) = explore(one(Housed(entry), Housed(entry))).races
    assert told.endswith("a compiler may tear or repeat a plain access: use a lock over both")


def test_a_step_between_the_beginning_and_the_end_of_a_writer_is_its_own():
    def writes(m, many):
        yield "begin"
        m.note(SECTION, many)
        yield "n = 1"
        m.n = 1
        yield locked("atomic_inc", "n")
        m.n += 1

    rule = Property("finished", "r", lambda noted: True, notes=(SECTION,))
    for many, expected in ((1, 0), (2, 1)):
        tables = Tables(one(Housed(writes, (many,)), properties=(rule,)))
        visit(Space(tables, False), True, 99)
        assert sum(_writers(tables, at) for at in tables.places) == expected


def test_a_drain_of_one_of_several_at_a_place():
    made = Space(Tables(PLAIN.on("tso")), False)
    node = made.first()
    lid = node.lids[0]
    assert list(made.runners(node, lid, DRAINED, 9, lid)) == [(0, 9, True), (0, lid, False)]
    alone = made.node(node.sid, (lid, 0))
    assert list(made.runners(alone, lid, DRAINED, 9, lid)) == [(0, 9, True)]
    assert list(made.runners(node, lid, DRAINED, 9, 5)) == [(0, 5, True)]
    assert [list(made.runners(node, lid, (0,), 9, last)) for last in (None, lid, 5)] == [[(0, 9, True)], [(0, 9, True)], [(1, 9, True)]]  # fmt: skip


def test_a_lock_of_which_it_cannot_be_known_is_no_mover():
    def takes(m):
        yield lock("spin_lock", "L")
        if m.L:
            raise ModelError("more", "than there is", "less")
        m.L = True

    tables = Tables(one(Housed(takes), shared={"L": False}, locks=("L",)))
    movers = Movers(tables)
    visit(Space(tables, True, movers=movers), True, 99)
    assert movers.locks == frozenset()


def test_what_breaks_for_certain_before_what_is_not_modelled_is_told():
    def wants(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield store("WRITE_ONCE", "n")
        raise ModelError("more", "than there is", "less")

    own = type("OfC", (Own,), {"in_c": True})("", "", "")
    lost = at_end("nothing is lost", lambda m: m.n == 0, foreseen=lambda m, held: m.n == 1)
    made = one(Housed(wants), own=own, properties=(lost,))
    _, way, _ = drive(in_spite(ModelError("x", "y", "z"), made, None, 100))
    assert (way.steps, way.rule, way.exact) == (((0, 0),), "nothing is lost", True)
    found = explore(made)
    assert (found.property, found.states, found.complete) == ("nothing is lost", way.states, False)
    assert found.remarks == ("other runs, and data races, were not looked for: more: than there is; less",)


def test_a_program_that_is_interrupted_from_the_keyboard_says_so():
    def stops(m):
        yield "stop"
        raise KeyboardInterrupt

    made = one(Thread(counts, (1,)))
    parts = Parts(Tables(made).memory, Pieces(made), stops, ())
    next(parts)
    with pytest.raises(KeyboardInterrupt):
        next(parts)


def test_a_program_of_the_house_stays_as_it_is_beside_a_readers():
    made = one(Housed(counts, (1,)), Thread(counts, (1,)))
    house, mine = split(made, Pieces(made)).threads
    assert house.program is counts and isinstance(mine.program, partial) and mine.args == (1,)


def test_what_the_house_counts_is_not_noted_by_a_reader(monkeypatch):
    made = one(Thread(counts, (1,)), properties=(each_step("r", "pages", lambda pages: True),))
    pieces = Pieces(made)
    assert pieces._asked == {"pages"} and pieces._counted == set()
    pieces._counted = {"pages"}
    where = Where(counts.__code__, 3)
    with pytest.raises(ModelError, match=r'line 3 of counts: m.note\("pages", …\): the functions of tdxkit count that'):
        pieces.noted(where, "pages")


def test_functions_find_builtins_in_whatever_holds_them():
    there = {"__builtins__": builtins, "__name__": "a_readers_file"}
    exec("def reads(m): return len(m)", there)
    for kept in (builtins, vars(builtins)):
        function = types.FunctionType(there["reads"].__code__, {**there, "__builtins__": kept})
        watched_spots = Outside([function])
        watched_spots.settle()
        assert id(len) in watched_spots


def test_who_goes_round_and_looks_at_nothing():
    teller = Teller(Tables(PLAIN))
    start = Moment(first(teller.tables))
    assert teller.waits_for(start, 0, ()).why == "CPU 0 goes round for ever and looks at nothing"
    assert _waits(teller, start, 0, []) == "CPU 0 gets nowhere"
    assert _one_by_one(teller.tables, start.state, [0]) == ()


def test_where_steps_stop_fitting_nobody_knows(monkeypatch):
    assert _where_it_stops(PLAIN, ((0, 0),), Tables(PLAIN)) == "it stops fitting"
    assert telling._where_it_stops(PLAIN, ((3, 0),), Tables(PLAIN)) == "it stops fitting at schedule step 1, where there is no thread D"  # fmt: skip


def test_a_lock_whose_taking_was_not_seen_is_said_without_its_step():
    def sleeps(m):
        yield from spin(m, "L")
        yield sleep("msleep")

    tables = Tables(one(Housed(sleeps), shared={"L": False}, locks=("L",)))
    lid = tables.outcome(tables.first_sid, tables.first_lids[0], 0).after
    sid = tables.sid((tables.number(True, 0),))
    effect = tables.outcome(sid, lid, 0)
    assert list(because(tables, lid, effect, {}).values()) == ["msleep() may sleep, and it holds L"]
    assert list(because(tables, lid, effect, {0: 4}).values()) == [
        "msleep() may sleep, and it holds L, taken in step 4"
    ]


def test_rules_of_a_readers_over_programs_of_the_house_are_read_too():
    made = one(Housed(counts, (1,)), properties=(at_end("one", lambda m: m.n == 1),))
    result, counted = drive(looking(made, False))
    assert result == explore(made) and counted is made
    with pytest.raises(ModelError, match=r"any\(m.K\)"):
        judge(one(Housed(counts, (1,)), shared={"n": 0, "K": {0: 1}}, properties=(at_end("r", lambda m: any(m.K)),)))


def test_what_has_no_end_only_when_it_is_taken_apart():
    def twice(m):
        yield "twice"
        m.n += 1
        m.k = m.n

    made = one(Thread(twice), Thread(twice), shared={"n": 0, "k": 0})
    told = judge(made, bound=20).result
    assert told.verdict == "bounded" and told.remarks[0].endswith("taken apart, there is no end to it within the bound")
    short = judge(made, bound=2).result
    assert short.verdict == "bounded" and short.remarks[0].endswith(
        "taken apart, there is no end to it within the bound"
    )


def test_other_rules_that_break_beyond_the_bound_have_no_schedule(monkeypatch):
    first_way = search.Levels.finding

    def finding(self, rule=None):
        yield 1, 1
        return None if rule else (yield from first_way(self, rule))

    monkeypatch.setattr(search.Levels, "finding", finding)
    rules = tuple(at_end(name, lambda m: m.n == 9) for name in ("one", "two"))
    found = explore(one(Housed(counts, (1,)), properties=rules))
    assert found.broken == {"one": found.schedule, "two": None} and "also broken: two: no schedule within the bound" in str(found)  # fmt: skip


def test_names_of_operations():
    says = {
        "": "",
        "  ": "",
        "if (test_and_set_bit(0, &w))": "test_and_set_bit",
        "__xchg(&n)": "xchg",
        "lock inc": "inc",
    }
    assert {does: name_of(does) for does in says} == says


def imports():
    import json as known
    from os.path import join

    import not_there
    from not_there_either import thing

    return known, not_there, join, thing


def test_what_a_function_imports_is_what_it_stands_for():
    import json
    from os.path import join

    names = Names(imports)
    found = {name: names.value(ast.Name(name)) for name in ("known", "not_there", "join", "thing", "nowhere", "len")}
    assert found == {"known": [json], "not_there": [UNKNOWN], "join": [join], "thing": [UNKNOWN], "nowhere": [], "len": [len]}  # fmt: skip


@pytest.mark.parametrize(
    ("does", "is_plain"),
    [
        ("inc", True), ("lock inc", False), ("if (lock xadd(n))", False), ("xaddl", True), ("lock; mov", False), ("n++", True), ("--n", True),
        ("smp_mb()", True), ("__set_bit(0, w)", True), ("if (__test_and_set_bit(0, w))", True), ("set_bit(0, w)", False), ("this_cpu_inc(n)", True),
        ("atomic_set(n, 1)", True), ("atomic_read(n)", True), ("atomic_inc(n)", False), ("READ_ONCE(n)", True), ("local_lock(n)", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_no_locked_instruction_by_its_name(does, is_plain):
    assert plain(does) is is_plain


def test_who_asks_for_memory_allocates_whatever_else_its_name_says():
    assert in_words("get_user_pages(GFP_KERNEL)") == 'alloc("get_user_pages")'
    assert (
        in_words("get_user_pages(1)") == 'sleep("get_user_pages")' and in_words("guard(mutex)(&l)") == 'sleep("mutex")'
    )
    assert [in_words(label) for label in ("down(sem)", "down", "down it goes", "schedule()", "msleep 3", "count")] == [
        'sleep("down")', 'sleep("down")', "", 'sleep("schedule")', 'sleep("msleep")', ""
    ]  # fmt: skip


def test_a_run_is_called_by_its_title_or_else_by_its_name():
    assert replay_steps(one(Housed(counts, (1,))), ()).title == "one"
    assert replay_steps(one(Housed(counts, (1,)), title="A small one"), ()).title == "A small one"


def test_the_readable_engine_says_how_the_shared_memory_ends():
    assert explore_readably(one(Housed(counts, (2,)))).finals == {((int, 2),)}


def test_ticks_come_before_so_many_states_and_not_between(monkeypatch):
    for wide in (0, 1000):
        monkeypatch.setattr("tdxkit.explore.space.WIDE", wide)
        monkeypatch.setattr("tdxkit.explore.visit.TICK", 3)
        seen = list(visiting(Space(Tables(one(*(Housed(counts, (1, name)) for name in "abc"), shared=dict.fromkeys("abc", 0))), False, None), True, 99))  # fmt: skip
        assert seen[0] == (1, 99) and 1 < len(seen) < 8 and all(bound == 99 for _, bound in seen)
        assert wide or [states for states, _ in seen] == [1, 4, 7, 8], "at the start of each level"
