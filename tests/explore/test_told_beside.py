"""What stands beside an answer: lines that never ran, pieces of steps, waits, races, orders, standstills; and how random runs end."""

import pytest

from tdxkit.errors import InputError
from tdxkit.explore import Scenario, Thread, explore, judge, outcomes, replay_steps, walk
from tdxkit.explore.causes import hidden, looked, put_into_buffer
from tdxkit.explore.guard import noting, watched
from tdxkit.explore.judging import that_counts
from tdxkit.explore.moves import first, follow, pick
from tdxkit.explore.rules import always, at_end, must
from tdxkit.explore.schedule import encode
from tdxkit.explore.shrinking import shrink
from tdxkit.explore.tables import Tables
from tdxkit.explore.unrun import unrun
from tdxkit.kinds import load, lock, locked, store
from tests.house import Housed


def one(*threads, shared=None, **more):
    return Scenario("one", shared or {"n": 0, "k": 0}, threads, **more)


# fmt: off
def branches(x):
    if x: return 1  # noqa: E701
    y = len("a") if x else abs(2)
    z = x and len("b")
    for _ in range(x):
        y = 3
    match x:
        case 1:
            y = 4
    assert z or len("c")
    try:
        y = int(x)
    except ValueError:
        y = 5
        y = 6
    return y
# fmt: on


def never():
    return 1


def whole(x):
    return x + 1


class Made:
    def __init__(self):
        self.x = 1


def ran(*calls):
    """The instructions that these calls run."""
    found = {}

    def job():
        for function, *args in calls:
            watched(function, *args)
        yield

    for _ in noting(found, job()):
        pass
    return found


def test_lines_that_no_call_ran_by_what_ran():
    top = branches.__code__.co_firstlineno
    said = unrun([branches, never, whole], ran((branches, 0), (whole, 1)))
    assert said == (
        f"line {top + 5}, {top + 8}, {top + 13}–{top + 14} of branches",
        f"part of line {top + 1}, {top + 2}, {top + 3} of branches",
        "all of never",
    )
    assert unrun([branches], {}) == () and unrun([whole], ran((whole, 1))) == ()
    both = unrun([branches], ran((branches, 0), (branches, 1)))
    assert both == (
        f"line {top + 5}, {top + 8}, {top + 13}–{top + 14} of branches",
        f"part of line {top + 2}, {top + 3} of branches",
    )
    assert unrun([Made.__init__], ran((whole, 1))) == () and unrun([len and whole], ran((never,))) == ("all of whole",)
    made = lambda x: x  # noqa: E731
    assert unrun([made], ran((whole, 1))) in ((), (f"all of the lambda in line {made.__code__.co_firstlineno}",))


def stores(m, name, value):
    yield store("WRITE_ONCE", name)
    setattr(m, name, value)


def looks(m, name):
    yield load("READ_ONCE", name)
    return getattr(m, name)


def test_what_a_read_rests_on_with_store_buffers():
    made = one(Housed(stores, ("n", 1)), Housed(stores, ("n", 2)), Housed(looks, ("n",))).on("tso")
    tables = Tables(made)
    start = first(tables)
    stored = pick(tables, start, 0, 0)
    assert put_into_buffer(tables, start, 0, stored) == (0,)
    assert hidden(tables, stored.state, 2, 0) == (0,) == hidden(tables, stored.state, 1, 0)
    assert hidden(tables, stored.state, 0, 0) == () == hidden(tables, stored.state, 2, 1) == hidden(tables, start, 2, 0)
    seen = pick(tables, stored.state, 2, 0)
    assert looked(tables, stored.state, 2, seen) == (0,) and put_into_buffer(tables, stored.state, 2, seen) == ()
    run = replay_steps(made, ((0, 0), (1, 0), (2, 0)))
    assert [(r.key, r.step, r.missed) for r in run.steps[2].reads] == [("n", 2, True)]
    run = replay_steps(made, ((0, 0), (0, -1), (2, 0)))
    assert [(r.key, r.step, r.missed) for r in run.steps[2].reads] == [("n", 2, False)]

    def again(m):
        yield from stores(m, "n", 5)
        yield from looks(m, "n")

    own = one(Housed(again)).on("tso")
    tables = Tables(own)
    *_, (k, state, move) = follow(tables, ((0, 0), (0, 0)))
    assert looked(tables, state, k, move) == () and replay_steps(own, ((0, 0), (0, 0))).steps[1].reads == ()


def test_how_random_runs_end():
    ends = one(Housed(stores, ("n", 1)), properties=(at_end("zero", lambda m: not m.n), always("small", lambda m: m.n < 9)))  # fmt: skip
    assert walk(ends, 1).broken == ((1, "zero"),) and walk(ends, 1).ended
    at_once = one(Housed(stores, ("n", 1)), properties=(always("one", lambda m: m.n == 1),))
    assert walk(at_once, 1).broken == ((0, "one"),)

    def waits(m):
        while True:
            yield load("READ_ONCE", "n")
            if m.n == 7:
                return

    assert walk(one(Housed(waits)), 1) == walk(one(Housed(waits)), 2)
    assert walk(one(Housed(waits)), 1).broken == ((0, "deadlock"),) and walk(one(Housed(waits)), 1).ended
    with pytest.raises(InputError, match="CPU 0 waits for n to change"):
        replay_steps(one(Housed(waits)), ((0, 0),))

    def ever(m):
        yield store("WRITE_ONCE", "k")
        m.k = 1
        while True:
            yield locked("atomic_xor", "n")
            m.n = 1 - m.n
            if m.k == 0:
                return

    left = walk(one(Housed(stores, ("k", 2)), Housed(ever)), 3, limit=30)
    assert left.broken[0][1] == "livelock" and not left.ended and len(left.steps) == left.broken[0][0] < 3


def takes(m, *names):
    for name in names:
        while True:
            yield lock("spin_lock", name)
            if not getattr(m, name):
                setattr(m, name, True)
                break


def test_a_standstill_in_words():
    made = one(Housed(takes, ("A", "B")), Housed(takes, ("B", "A")), shared={"A": False, "B": False}, locks=("A", "B"))
    found = explore(made.asking("deadlock"))
    rows = str(found).splitlines()
    assert found.verdict == "deadlock" and any("CPU 1 waits for B, held by CPU 0 since step 2" in r for r in rows)
    assert sum("orders of locks that could meet" in row for row in rows) == 1 and not found.orders[0].endswith("did")
    single = one(Housed(takes, ("A",)), shared={"A": False, "B": False}, locks=("A",))
    assert explore(single).orders == ()
    line = takes.__code__.co_firstlineno + 3
    assert f"A before B (line {line} of takes)" in found.orders[0]
    spins = one(Housed(lambda m: (yield "a") or (yield from ever_round(m))), Housed(stores, ("n", 3)))
    told = explore(spins)
    assert told.verdict == "livelock" and str(told.loop).splitlines()[0] in str(told).splitlines()
    assert told.as_json()["loop"]["kind"] == told.loop.kind and told.defect == explore(spins).defect


def ever_round(m):
    while True:
        yield locked("atomic_xor", "n")
        m.n = m.n ^ 1


def test_which_steps_of_ones_own_are_told_to_be_several(monkeypatch):
    def adds(m):
        yield "n += 1"
        m.n += 1

    def says(m):
        yield locked("atomic_inc", "n")
        m.n += 1

    rule = at_end("both", lambda m: m.n == 2)
    found = judge(one(Thread(adds), Thread(adds), properties=(rule,)))
    line = adds.__code__.co_firstlineno + 2
    (told,) = [row for row in found.result.remarks if "comes in before it" in row]
    assert told == (
        f"line {line} of adds: its store of n is a step of its own, and CPU 1 comes in before it (step 2); "
        'if it is one instruction, say so: yield locked("atomic_inc", "n")'
    )
    assert found.result.verdict == "violation" and found.scenario.name == "one+split"
    right = judge(one(Thread(says), Thread(says), properties=(rule,)))
    assert right.result.verdict == "ok" and right.scenario.name == "one" and right.result.remarks == ()
    alone = judge(one(Thread(adds), properties=(at_end("one", lambda m: m.n == 1),)))
    assert alone.result.remarks == (f"line {line} of adds: more than one load or store under one yield; judged load by load and store by store as well",)  # fmt: skip
    assert that_counts(one(Thread(adds), Thread(adds), properties=(rule,))).name == "one+split"
    house = one(Housed(says), texts=(says, adds))
    assert judge(house).result.unrun == () and judge(house, lines=True).result.unrun == ("all of adds",)


def test_a_rule_that_no_run_checks_and_a_note_that_nobody_asks_for_are_told():
    def notes(m):
        yield "a"
        m.note("mine", 1)
        if m.n > 5:
            m.must("small", False)

    told = judge(one(Thread(notes), properties=(must("small"),))).result.remarks
    assert any(row.startswith('rule small: no run checks it: m.must("small", …)') for row in told)
    assert any("no rule asks for it" in row for row in told)


def test_races_of_plain_accesses():
    def plain(m):
        yield "n = 1"
        m.n = 1

    def reads(m):
        yield "x = n"
        return m.n

    (told,) = explore(one(Housed(plain), Housed(reads))).races
    assert told.startswith("data race on n: the step after line ") and "(a plain store)" in told and "(a plain load)" in told  # fmt: skip
    assert explore(one(Housed(reads), Housed(reads))).races == ()
    (told,) = explore(one(Housed(plain), Housed(looks, ("n",)))).races
    assert "(a marked load)" in told and "a lock over both" in told
    assert explore(one(Housed(stores, ("n", 2)), Housed(looks, ("n",)))).races == ()


def test_shrinking_gives_up_nothing_it_needs_and_outcomes_name_livelocks():
    made = one(Housed(stores, ("n", 1)), Housed(ever_round), Housed(stores, ("k", 1)), properties=(always("k", lambda m: not m.k),))  # fmt: skip
    assert shrink(made, ((0, 0), (1, 0), (1, 0), (2, 0)), "k") == ((2, 0),)
    found = outcomes(one(Housed(stores, ("n", 1)), Housed(ever_round)))
    assert {row.ended for row in found.rows} == {"livelock"} and found.rows[0].broken == ("livelock",)
    assert not found.counted and found.complete and found.rows[0].interleavings is None and "endless" in str(found)
    assert encode(made, ()).split()[1].startswith("+")
