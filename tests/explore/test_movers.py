"""Locks that move: the same answers as without any reduction, on random programs with locks of every kind of use, and fewer states."""

from random import Random

import pytest

from tdxkit.explore import Scenario, Thread, always, at_end, explore, interrupt
from tdxkit.explore.movers import Movers
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.visit import visit
from tdxkit.kinds import load, lock, locked, store, unlock
from tdxkit.linux.refcount import names, scenario
from tests.house import Housed

LARGEST = 4000  # states


def take(m, name):
    """A spinlock: it waits where it looks."""
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            return


def take_in_words(m, name):
    """The same, and nothing but the memory says that it is a lock."""
    while True:
        yield f"take {name}"
        if not getattr(m, name):
            setattr(m, name, True)
            return


def take_looking_first(m, name):
    """It looks, goes somewhere else to wait, and takes it in another step."""
    yield load("spin_is_locked", name)
    while getattr(m, name):
        yield load("spin_is_locked", name)
    yield from take(m, name)


def let_go(m, name):
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def run(m, acts):
    """What a random thread does, act by act."""
    for act, name in acts:
        if act == "take":
            yield from take(m, name)
        elif act == "words":
            yield from take_in_words(m, name)
        elif act == "round":
            while True:
                yield locked("atomic_xor", "y")
                m.y = 1 - m.y if m.y in (0, 1) else m.y
                if m.f:
                    break
        elif act == "look first":
            yield from take_looking_first(m, name)
        elif act == "try":
            yield lock("spin_trylock", name)
            if getattr(m, name):
                continue
            setattr(m, name, True)
            yield locked("atomic_inc", "x")
            m.x += 1
            yield from let_go(m, name)
        elif act == "go":
            yield from let_go(m, name)
        elif act == "peek":
            yield load("READ_ONCE", name)
            seen = getattr(m, name)
            yield store("WRITE_ONCE", "y")
            m.y = int(seen)
        elif act == "inc":
            yield locked("atomic_inc", name)
            setattr(m, name, getattr(m, name) + 1)
        elif act == "set":
            yield store("WRITE_ONCE", name)
            setattr(m, name, 1)
        elif act == "wait":
            while True:
                yield load("READ_ONCE", name)
                if getattr(m, name):
                    break
        elif act == "must":
            yield load("READ_ONCE", name)
            m.must("x and y are alike", m.x == m.y or getattr(m, name) < 2)
        elif act == "choose":
            given = yield locked("atomic_xchg", name), (0, 1)
            setattr(m, name, given)
        else:
            yield "nothing"


def section(die):
    """A critical section, now and then with something wrong in it."""
    name = die.choice(("l", "l", "k"))
    inner = [
        (die.choice(("inc", "set", "must", "choose", "nothing", "wait", "peek")), "xyf"[die.randrange(3)])
        for _ in range(die.randint(0, 2))
    ]
    inner = [(act, "l" if act == "peek" else "f" if act == "wait" else where) for act, where in inner]
    if die.random() < 0.3:
        other = "k" if name == "l" else "l"
        inner = [(die.choice(("take", "words")), other), *inner, ("go", other)]
    takes = die.choices(("take", "words", "look first", "try"), (6, 3, 1, 1))[0]
    if takes == "try":
        return [("try", name)]
    ends = [] if die.random() < 0.05 else [("go", name)]
    return [(takes, name), *inner, *ends]


def random_scenario(seed, thread=Thread):
    """Two or three threads of sections and steps without a lock."""
    die = Random(seed)
    threads = []
    for _ in range(die.choice((2, 2, 3))):
        acts = []
        for _ in range(die.randint(1, 2)):
            acts += section(die)
            if die.random() < 0.4:
                acts.append((die.choice(("inc", "set", "must", "peek", "wait", "choose", "round")), die.choice("xyf")))
        acts = [(act, "l" if act == "peek" else where) for act, where in acts]
        threads.append(tuple(acts))
    if die.random() < 0.4:
        threads[1] = threads[0]
    rules = [at_end("even", lambda m: (m.x + m.y) % 2 == 0)] if die.random() < 0.5 else []
    if die.random() < 0.5:
        rules.append(always("small", lambda m: m.x < 3))
    if die.random() < 0.2:
        rules.append(always("not both", lambda m: not (m.l and m.k)))
    shared = {"x": 0, "y": 0, "f": 0, "l": False, "k": False}
    return Scenario(f"r{seed}", shared, tuple(thread(run, (t,)) for t in threads), tuple(rules), locks=("l", "k"))


def found(one, reduce):
    """A visit under a reduction, and the tables it was made on."""
    tables = Tables(one, apart=reduce == "none")
    movers = Movers(tables) if reduce == "movers" else None
    return visit(Space(tables, reduce != "none", movers=movers), True, LARGEST), tables


def compare(seed, thread=Thread):
    """The verdict, and how many states were left out; "large" where there are too many."""
    one = random_scenario(seed, thread)
    plain, moved = explore(one, "none", bound=LARGEST), explore(one, "movers", bound=LARGEST)
    if not plain.complete:
        return "large", 0
    assert moved.complete and moved.states <= plain.states, seed
    assert (plain.verdict, set(plain.broken), plain.steps, plain.switches) == (
        moved.verdict, set(moved.broken), moved.steps, moved.switches,
    ), seed  # fmt: skip
    if seed % 4 == 0:
        compare_closely(one, seed)
    return plain.verdict, explore(one, "all", bound=LARGEST).states - moved.states


def compare_closely(one, seed):
    """The ends, what breaks anywhere, and the fewest switches."""
    (whole, tables), (less, others) = found(one, "none"), found(one, "movers")
    assert set(less.broken) == set(whole.broken), seed
    ends = [
        {tuple(t.state(sid).values()) for sid in visited.finals()} for visited, t in ((whole, tables), (less, others))
    ]
    assert ends[0] == ends[1], seed
    calm = explore(one, "none", fewest_switches=True).switches, explore(one, "movers", fewest_switches=True).switches
    assert calm[0] == calm[1], seed


def shares(seeds, thread=Thread):
    """How often each verdict came, and how often there were fewer states."""
    said = [compare(seed, thread) for seed in seeds]
    return {
        verdict: sum(v == verdict for v, _ in said) for verdict in ("ok", "violation", "deadlock", "livelock", "large")
    }, sum(left > 0 for _, left in said)


@pytest.mark.slow
def test_twenty_random_programs_with_locks():
    verdicts, fewer = shares(range(20))
    assert verdicts["ok"] and verdicts["violation"] and verdicts["deadlock"] and fewer >= 5


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 3000, 500))
def test_two_thousand_random_programs_with_locks(start, capsys):
    verdicts, fewer = shares(range(start, start + 500), Housed)
    with capsys.disabled():
        print(f"\nmovers: {verdicts}, fewer states in {fewer}")
    assert min(verdicts["ok"], verdicts["violation"], verdicts["deadlock"]) >= 50 and verdicts["livelock"] >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_shipped_designs_get_the_same_answer(name):
    one = scenario(name)
    plain, fused, moved = (explore(one, reduce) for reduce in ("none", "all", "movers"))
    assert (plain.verdict, set(plain.broken), plain.steps, plain.switches) == (
        moved.verdict, set(moved.broken), moved.steps, moved.switches,
    )  # fmt: skip
    assert dict(fused.broken) == dict(moved.broken) and (
        moved.states < fused.states or name in ("v5-softirq", "per-region", "lazy")
    )


def test_a_lock_that_somebody_looks_at_does_not_move():
    looks = Scenario("s", {"l": False, "x": 0, "y": 0}, (Thread(run, ((("take", "l"), ("go", "l")),)), Thread(run, ((("peek", "l"),),))), locks=("l",))  # fmt: skip
    movers = Movers(Tables(looks))
    assert movers.locks
    seen = visit(Space(movers.tables, True, movers=movers), True, LARGEST)
    assert not movers.locks and any(seen.space.tables.state(sid)["y"] for sid in seen.finals())


def test_where_an_interrupt_may_come_in_no_lock_moves():
    one = scenario("v5-softirq")
    assert Movers(Tables(one)).locks == frozenset() and explore(one, "movers").verdict == "deadlock"
    cpu = Thread(run, ((("take", "l"), ("inc", "x"), ("go", "l")),))
    irq = interrupt(run, (("take", "l"), ("go", "l")), on=cpu)
    spins = Scenario("s", {"l": False, "x": 0, "y": 0}, (cpu, irq), locks=("l",))
    assert explore(spins, "movers").verdict == "deadlock"
