"""What is closed and thrown away: every program that is kept nowhere, the worlds of a comparison, what a step that is stopped leaves."""

import sys

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import audit, guard
from tdxkit.explore import tables as tables_module
from tdxkit.explore.engine import World, explore_readably
from tdxkit.explore.guard import guarded, watched
from tdxkit.explore.movers import Movers
from tdxkit.explore.pieces import Pieces
from tdxkit.explore.program import Thread
from tdxkit.explore.search import explore
from tdxkit.explore.space import Space
from tdxkit.explore.split import Parts
from tdxkit.explore.stopping import Stop, Stopped, _raising
from tdxkit.explore.tables import POOL, Tables
from tdxkit.explore.visit import visit
from tdxkit.kinds import conditional, lock, locked, store, unlock
from tests.explore.small_programs import one
from tests.house import Housed


def adds(m, many=2):
    for _ in range(many):
        yield locked("atomic_inc", "n")
        m.n += 1


def stores(m):
    yield store("WRITE_ONCE", "n")
    m.n = 1
    yield locked("atomic_inc", "k")
    m.k += 1
    yield store("WRITE_ONCE", "k")
    m.k = 0


def takes(m):
    while True:
        yield lock("spin_lock", "L")
        if not m.L:
            m.L = True
            break
    yield locked("atomic_inc", "n")
    m.n += 1
    yield unlock("spin_unlock", "L")
    m.L = False


def compares(m):
    yield store("WRITE_ONCE", "n")
    m.n = 1
    yield conditional("cmpxchg", "k")
    m.k += 1
    yield "over"


def tries(m):
    yield conditional("try", "L")
    if m.L:
        yield "it was taken"
        return
    m.L = True
    yield unlock("spin_unlock", "L")
    m.L = False


SCENES = {
    "that has to wait for its buffer": (compares, 2, {"n": 0, "k": 0}, {"memory": "tso"}),
    "that a mover tried": (tries, 1, {"L": False}, {"locks": ("L",)}),
    "many": (adds, POOL + 3, {"n": 0}, {}),
    "with store buffers": (stores, 2, {"n": 0, "k": 0}, {"memory": "tso"}),
    "with a lock": (takes, 3, {"n": 0, "L": False}, {"locks": ("L",)}),
}


@pytest.mark.parametrize("kind", [Thread, Housed])
@pytest.mark.parametrize("name", SCENES)
def test_a_program_that_is_kept_at_no_place_is_thrown_away(name, kind, monkeypatch):
    program, threads, shared, more = SCENES[name]
    made: list = []
    begin = tables_module.begin
    monkeypatch.setattr(tables_module, "begin", lambda *given: (found := begin(*given), made.append(found[0]))[0])
    tables = Tables(one(*(kind(program) for _ in range(threads)), shared=shared, **more))
    movers = Movers(tables)
    visit(Space(tables, True, movers=movers), True, 9_999)
    movers.doubt()
    pooled = [id(generator) for at in tables.places for generator in at.pool]
    assert len(made) > 1 and sorted(id(g) for g in made if g.gi_frame is not None) == sorted(pooled)
    assert max(len(at.pool) for at in tables.places) <= POOL


def thinks(m):
    while True:
        yield "think"


def test_a_comparison_closes_its_worlds(monkeypatch):
    worlds = []
    monkeypatch.setattr(audit, "World", lambda scenario: worlds.append(World(scenario)) or worlds[-1])
    audit.audit(Tables(one(Housed(thinks), Housed(thinks))), ((0, 0),))
    assert len(worlds) == 2 and all(t.gi_frame is None for world in worlds for t in world.threads)


def test_a_world_begins_with_programs_that_end_at_once():
    def nothing(m):
        return
        yield

    world = World(one(Housed(nothing), Housed(adds)))
    assert world.asks[0] is None and world.choices(0) == () and world.choices(1) == (None,) and world.finished(0)
    assert explore_readably(one(Housed(nothing), Housed(adds))).states == 3
    assert explore(one(Housed(nothing), Housed(adds)), "none").states == 3


def test_a_step_taken_apart_is_thrown_away_where_it_pauses():
    made: list = []
    scenario = one(Thread(adds))
    tables = Tables(scenario)

    def plain(m):
        yield "add"
        m.n += 1
        yield "over"

    parts = Parts(tables.memory, Pieces(scenario), lambda m: made.append(plain(m)) or made[-1], ())
    assert next(parts) == "add"
    reads, writes = tables.memory._on(tables.shared[0], {}, (), ())
    assert "store n" in next(parts) and [g.gi_frame is None for g in made] == [True]
    assert list(reads) == [0] and not writes
    tables.memory._on(tables.shared[0], {}, (), ())
    assert next(parts) == "over" and [g.gi_frame is None for g in made] == [True, False]
    parts.close()
    assert made[1].gi_frame is None


def test_a_step_that_was_stopped_is_waited_for(monkeypatch):
    rested = []
    rest = Stop.rest
    monkeypatch.setattr(Stop, "rest", lambda self: rested.append(list(self.going)) or rest(self))
    monkeypatch.setattr(guard, "INSTRUCTIONS", 500)

    def ever():
        while True:
            pass

    with pytest.raises(ModelError, match="a step must end"):
        watched(ever)
    assert rested == [[]], "nothing is raised any more by then"
    assert watched(len, "ab") == 2 and len(rested) == 2
    stop = Stop()
    for why in ("first", "second"):
        with pytest.raises(Stopped):
            stop.now(ModelError(why, "why", "then"))
    stop.going.clear()
    while True:
        try:
            stop.rest()
            break
        except Stopped:
            continue
    assert stop.why is not None and stop.why.thing == "first" and stop._gone == [True]


def test_a_stop_that_comes_late_is_caught(monkeypatch):
    late = [Stopped(), None]

    def rest(self):
        if (one := late.pop(0)) is not None:
            raise one

    monkeypatch.setattr(Stop, "rest", rest)
    assert watched(len, "abc") == 3 and late == [] and sys.gettrace() is None


def test_a_step_that_catches_what_stops_it_is_stopped_again(monkeypatch):
    monkeypatch.setattr(guard, "INSTRUCTIONS", 300)
    caught = []

    def stubborn():
        for _ in range(3):
            try:
                while True:
                    pass
            except BaseException as error:
                caught.append(type(error))

    with pytest.raises(ModelError, match="of stubborn: a step must end, and this one has run 300 instructions"):
        guarded(stubborn, told=[])
    assert caught[0] is Stopped and set(caught) == {Stopped}


def test_a_python_that_cannot_stop_another_thread_stops_a_step_once(monkeypatch):
    with monkeypatch.context() as there:
        there.setattr("tdxkit.explore.stopping.IN_A_BROWSER", True)
        assert _raising.__wrapped__() is None
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert _raising.__wrapped__() is None
    monkeypatch.setattr("tdxkit.explore.stopping._raising", lambda: None)
    stop = Stop()
    with pytest.raises(Stopped):
        stop.now(ModelError("a", "b", "c"))
    assert not stop.going and stop.rest() is None
