"""Endless waiting: what is a livelock, a spin, a deadlock, and what is none of them; the way in, the loop, who waits for whom."""

import pytest

from tdxkit.explore import space as space_module
from tdxkit.explore.dice import stress
from tdxkit.explore.endings import outcomes
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario, Thread, interrupt
from tdxkit.explore.reachable import graph
from tdxkit.explore.rules import sometimes
from tdxkit.explore.search import explore
from tdxkit.explore.shrinking import shrink
from tdxkit.explore.telling import replay, replay_steps

REDUCTIONS = ("none", "sym", "all")
LOCKS = {"A": False, "B": False}


def take(m, name):
    while True:
        yield f"try {name}"
        if not getattr(m, name):
            setattr(m, name, True)
            return
        yield "cpu_relax()"


def both(m, first, second):
    yield from take(m, first)
    yield from take(m, second)
    yield "free both"
    m.A = m.B = False


def polite(m, first, second):
    """Takes the second lock only if it is free, else gives the first back."""
    while True:
        yield from take(m, first)
        yield f"try {second}"
        if not getattr(m, second):
            setattr(m, second, True)
            break
        yield f"give {first}"
        setattr(m, first, False)
    yield "free both"
    m.A = m.B = False


def scene(*threads, shared=LOCKS, locks=("A", "B"), **more):
    made = tuple(t if isinstance(t, Thread) else Thread(*t) for t in threads)
    return Scenario("scene", shared, made, locks=locks, **more)


ABBA = scene((both, ("A", "B")), (both, ("B", "A")))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("calm", [False, True])
def test_abba_with_a_waiting_loop_of_two_steps_is_a_spin(reduction, calm):
    result = explore(ABBA, reduction, fewest_switches=calm)
    assert (result.verdict, result.property, tuple(result.broken)) == (LIVELOCK, LIVELOCK, (LIVELOCK,))
    assert (result.steps, result.switches, result.complete, result.exact, result.ends) == (2, 1, True, True, False)
    assert result.schedule.split()[1:3] == ["A1", "B1"]
    assert result.waits == (
        "CPU 0 goes round and waits for B, held by CPU 1 since step 2",
        "CPU 1 goes round and waits for A, held by CPU 0 since step 1",
    )
    loop = result.loop
    assert (loop.kind, loop.actors, loop.begins) == ("spin", ("CPU 0", "CPU 1"), 3)
    assert loop.steps == (("CPU 0", "try B"), ("CPU 0", "cpu_relax()"), ("CPU 1", "try A"), ("CPU 1", "cpu_relax()"))
    assert loop.schedule.split(" +")[0] == result.schedule.split(" +")[0] + " A2 B2"
    said = str(result)
    assert "from here no end can be reached" in said and "a spin, no step of it changes anything shared" in said


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_its_right_twins_are_ok(reduction):
    ordered = explore(scene((both, ("A", "B")), (both, ("A", "B"))), reduction)
    assert (ordered.verdict, ordered.ends, ordered.waits, ordered.loop) == ("ok", True, (), None)
    assert "complete, an end can be reached from each" in str(ordered)
    giving_way = explore(scene((polite, ("A", "B")), (polite, ("B", "A"))), reduction)
    assert giving_way.verdict == "ok", "both may give way for ever, yet each order can still end"


def test_a_fault_that_is_taken_again_is_no_livelock_until_it_can_only_fail():
    def faults(m):
        while (yield "alloc", (False, True)) is not True:
            m.faults = min(m.faults + 1, 3)
        yield "map"

    def hopeless(m):
        yield "alloc"
        while m.faults < 5:
            m.faults = (m.faults + 1) % 4
            yield "alloc"

    assert explore(scene((faults,), shared={"faults": 0}, locks=())).verdict == "ok"
    result = explore(scene((hopeless,), shared={"faults": 0}, locks=()))
    assert (result.verdict, result.steps, result.loop.kind, result.loop.actors) == (LIVELOCK, 0, "livelock", ("CPU 0",))
    assert result.loop.begins == 2 and len(result.loop.steps) == 4


def test_one_that_undoes_the_others_work_for_ever_is_a_livelock_and_who_is_blocked_is_told():
    def chases(m, mine):
        while True:
            yield "take"
            m.turn = mine
            yield "look"
            if m.turn == 7:
                return

    def sleeps(m):
        while True:
            yield "wait"
            if m.turn == 9:
                return

    made = scene((chases, (0,)), (chases, (1,)), (sleeps,), shared={"turn": 2}, locks=())
    result = explore(made)
    assert (result.verdict, result.loop.kind, result.loop.actors) == (LIVELOCK, "livelock", ("CPU 0", "CPU 1"))
    assert len(result.loop.steps) == 4, "the shortest round there is"
    assert result.waits[2].startswith("CPU 2 waits for turn (last changed by CPU ")
    assert "a livelock, its steps undo each other: CPU 0: " in str(result)


def test_one_blocked_and_one_that_spins_are_no_deadlock_and_not_ok():
    def stands(m):
        yield "take A"
        m.A = True
        while True:
            yield "lock B"
            if not m.B:
                m.A = False
                return

    result = explore(scene((stands,), (both, ("B", "A"))).asking())
    assert (result.verdict, result.steps, result.loop.actors) == (LIVELOCK, 2, ("CPU 1",))
    assert result.waits == (
        "CPU 0 waits for B, held by CPU 1 since step 2",
        "CPU 1 goes round and waits for A, held by CPU 0 since step 1",
    )


def test_a_broken_rule_and_a_deadlock_come_first_and_a_livelock_beside_them_is_named():
    def stands(m, first, second):
        for name in (first, second):
            while True:
                yield f"lock {name}"
                if not getattr(m, name):
                    setattr(m, name, True)
                    break
        yield "free both"
        m.A = m.B = False

    def claims(m):
        yield "claim"
        assert not m.A, "A is free"

    dead = scene((stands, ("A", "B")), (stands, ("B", "A")))
    assert tuple(explore(dead).broken) == (DEADLOCK,) and explore(dead, prop=LIVELOCK).verdict == "ok"
    beside = scene((both, ("A", "B")), (both, ("B", "A")), (claims,))
    result = explore(beside)
    assert (result.verdict, result.property, tuple(result.broken)) == (
        "violation",
        "A is free",
        ("A is free", LIVELOCK),
    )
    assert result.kinds() == {"violation", LIVELOCK} and result.loop is None
    assert explore(ABBA, prop=DEADLOCK).verdict == "ok" and not explore(ABBA, prop=DEADLOCK).ends
    never = scene((both, ("A", "B")), (both, ("B", "A")), properties=(sometimes("C", lambda m: False),))
    assert explore(never).verdict == LIVELOCK


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_loop_that_may_break_a_rule_is_a_violation_and_no_livelock(reduction):
    def gambles(m):
        while True:
            if (yield "draw", ("win", "lose")) == "lose":
                yield "pay"
                m.must("nobody pays twice", not m.A)
                m.A = True

    result = explore(scene((gambles,), locks=()), reduction)
    assert (result.verdict, tuple(result.broken)) == ("violation", ("nobody pays twice",))

    def dares(m):
        while True:
            lost = yield "draw", (False, True)
            m.must("nobody loses", not lost)
            m.A = not m.A

    assert not replay_steps(scene((dares,)), ((0, 0),)).steps[-1].broken, "it can still break the rule"


def test_who_waits_for_whom_is_said_in_a_deadlock():
    def stands(m, first, second):
        yield f"lock {first}"
        setattr(m, first, True)
        while True:
            yield f"lock {second}"
            if not getattr(m, second):
                return

    for locks, first in ((("A", "B"), "CPU 0 waits for B, held by CPU 1 since step 2"), ((), "CPU 0 waits for B (last changed by CPU 1 in step 2) to change")):  # fmt: skip
        made = scene((stands, ("A", "B")), (stands, ("B", "A")), locks=locks)
        result = explore(made.asking())
        assert result.verdict == DEADLOCK and result.waits[0] == first and len(result.waits) == 2
        assert "\n".join(result.waits) in str(result) and result.as_json()["waits"] == list(result.waits)
        assert str(replay(made, result.schedule)).endswith(f"!! deadlock: {'; '.join(result.waits)}")


def test_replay_names_the_first_step_of_no_return_and_no_earlier_one():
    code = explore(ABBA).loop.schedule
    run = replay(ABBA, code)
    assert [step.broken for step in run.steps] == [(), (LIVELOCK,), (), (), (), ()]
    assert "!! livelock: from here no end can be reached" in str(run)
    assert all(not step.broken for step in replay_steps(ABBA, ((0, 0), (0, 0))).steps)


def test_the_graph_marks_the_steps_into_no_return_and_no_others():
    made = graph(ABBA)
    marked = [(k, edge) for k, leaving in enumerate(made.edges) for edge in leaving if LIVELOCK in edge.broken]
    states = {
        (made.shared[made.nodes[edge.target].shared]["A"], made.shared[made.nodes[edge.target].shared]["B"])
        for _, edge in marked
    }
    assert states == {("CPU 0", "CPU 1")} and not {edge.target for _, edge in marked} & {k for k, _ in marked}
    right = graph(scene((both, ("A", "B")), (both, ("A", "B"))))
    assert right.complete and not any(edge.broken for leaving in right.edges for edge in leaving)


@pytest.mark.slow
def test_random_runs_outcomes_and_shrinking_know_it():
    found = stress(ABBA, runs=8)
    assert 0 < found.met[LIVELOCK] == found.bad < 8 and len(found.schedule) < 60
    table = outcomes(ABBA)
    assert [(row.ended, row.broken, row.steps) for row in table.rows if row.broken] == [(LIVELOCK, (LIVELOCK,), 2)]
    assert table.interleavings is None
    steps = ((1, 0), (0, 0), (1, 0), (1, 0), (0, 0))
    assert shrink(ABBA, steps, LIVELOCK) in {((0, 0), (1, 0)), ((1, 0), (0, 0))}


@pytest.mark.slow
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_interrupt_that_spins_for_what_its_host_holds(reduction, monkeypatch):
    def handler(m):
        yield "note it"
        yield from both(m, "A", "B")

    host = Thread(both, ("A", "B"), "CPU 0")
    made = scene(host, interrupt(handler, on=host), Thread(both, ("A", "B"), "CPU 1"))
    result = explore(made, reduction)
    assert (result.verdict, result.loop.kind, result.loop.actors[0]) == (LIVELOCK, "spin", "interrupt on CPU 0")
    assert result.waits[0] == "CPU 0 is suspended until interrupt on CPU 0 has finished"
    monkeypatch.setattr(space_module, "WIDE", 3)
    wide = explore(made, reduction)
    assert (wide.schedule, wide.loop, wide.states) == (result.schedule, result.loop, result.states)
    assert explore(ABBA, reduction).waits == explore(ABBA).waits


def test_a_bounded_search_says_so_and_one_that_ends_at_its_bound_is_complete():
    clean = scene((both, ("A", "B")), (both, ("A", "B")))
    for reduction in REDUCTIONS:
        states = explore(clean, reduction).states
        whole, cut = explore(clean, reduction, bound=states), explore(clean, reduction, bound=states - 3)
        assert (whole.verdict, whole.complete, whole.bounded, whole.states) == ("ok", True, False, states)
        assert (cut.verdict, cut.complete, cut.bounded, cut.property, cut.ends) == ("bounded", False, True, None, False)
        assert cut.as_json()["verdict"] == "bounded" and cut.kinds() == {"bounded"}


def test_a_livelock_is_told_in_a_bounded_search_too_and_what_is_beyond_the_bound_may_end():
    def counts(m):
        n = 0
        while True:
            yield "tick"
            n += 1
            m.n = n

    def stuck(m):
        yield "flag"
        m.A = True
        while m.A:
            yield "look"
            yield "relax"
        m.n = -1

    growing = explore(scene((counts,), (counts,), shared={"n": 0}, locks=()), bound=300)
    assert (growing.verdict, growing.bounded) == ("bounded", True)

    def long(m, steps):
        for n in range(steps):
            yield "work"
            m.n = n

    trapped = scene((stuck,), (long, (200,)), shared={"n": 0, "A": False}, locks=())
    assert explore(trapped, bound=100).verdict == "bounded", "nobody has seen yet that the other does not help"
    assert explore(trapped).verdict == LIVELOCK
