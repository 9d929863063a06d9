"""The rules that remember, and those about locks: each planted mistake is found, its right twin is ok, and both engines say the same."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import (
    Scenario,
    Thread,
    always,
    at_end,
    each_step,
    explore,
    finished,
    interrupt,
    must,
    outcomes,
    replay,
    replay_steps,
)
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.rules import LOCK_RULES, NO_RELOCK, NO_SLEEP, UNLOCK_BY_HOLDER
from tdxkit.kinds import alloc, load, lock, sleep, unlock
from tdxkit.rules import defect, known, named, rules

IN_HAND = (
    each_step("in hand", "pages", lambda n: n >= 0),
    finished("none lost", "pages", lambda n: n <= 0),
)


def judged(*programs, shared=None, rules=(), locks=(), mutexes=(), **more):
    """The verdict on these programs, the same under every reduction and from the readable engine."""
    shared = {"n": 0, **dict.fromkeys(locks, False), **(shared or {})}
    one = Scenario("s", shared, tuple(map(Thread, programs)), rules, locks=locks, mutexes=mutexes, **more)
    found = {reduce: explore(one, reduce) for reduce in ("none", "sym", "all")}
    slow = explore_readably(one)
    assert {(f.property, f.steps) for f in found.values()} == {(slow.rule, len(slow.schedule or ()))}
    assert slow.states == found["none"].states
    if found["all"].schedule:
        assert found["all"].property in [
            rule for step in replay(one, found["all"].schedule).steps for rule in step.broken
        ]
    return found["all"].property


def take(m, name="lock"):
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            return


def give(m, name="lock"):
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def careful(m):
    yield from take(m)
    yield "count"
    m.n += 1
    yield from give(m)


def strangers(m):
    yield "count"
    m.n += 1
    yield from give(m)


def unlocks_twice(m):
    yield from careful(m)
    yield from give(m)


def takes_twice(m):
    yield from take(m)
    yield from take(m)
    yield from give(m)


def takes_twice_in_plain_words(m):
    for _ in range(2):
        yield "take it"
        while m.lock:
            yield "wait"
        m.lock = True
    yield "let go"
    m.lock = False


def sleeps(m):
    yield from take(m)
    yield sleep("msleep", "1")
    yield from give(m)


def allocates(m):
    yield from take(m)
    yield alloc("alloc_page")
    yield from give(m)


def allocates_atomically(m):
    yield from take(m)
    yield alloc("alloc_page", "GFP_ATOMIC", sleeps=False)
    yield from give(m)


def takes_a_mutex(m):
    yield from take(m)
    yield from take(m, "mutex")
    yield from give(m, "mutex")
    yield from give(m)


def takes_it_first(m):
    yield from take(m, "mutex")
    yield sleep("msleep", "1")
    yield from take(m)
    yield from give(m)
    yield from give(m, "mutex")


def lets_the_mutex_go_first(m):
    yield from take(m, "mutex")
    yield from take(m)
    yield from give(m, "mutex")
    yield from give(m)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "broken"),
    [
        (careful, None),
        (lets_the_mutex_go_first, None),
        (strangers, UNLOCK_BY_HOLDER),
        (unlocks_twice, UNLOCK_BY_HOLDER),
        (takes_twice, NO_RELOCK),
        (takes_twice_in_plain_words, NO_RELOCK),
        (sleeps, NO_SLEEP),
        (allocates, NO_SLEEP),
        (allocates_atomically, None),
        (takes_a_mutex, NO_SLEEP),
        (takes_it_first, None),
    ],
)
def test_the_rules_about_locks(program, broken):
    assert judged(program, careful, locks=("lock", "mutex"), mutexes=("mutex",)) == broken
    assert judged(program, program, locks=("lock", "mutex"), mutexes=("mutex",)) == broken


def reads_under_it(m):
    while True:
        yield lock("read_lock", "rw")
        if m.rw >= 0:
            m.rw += 1
            break
    yield unlock("read_unlock", "rw")
    m.rw -= 1


def lets_anothers_read_lock_go(m):
    yield unlock("read_unlock", "rw")
    if m.rw > 0:
        m.rw -= 1


def writes_while_it_reads(m):
    yield lock("read_lock", "rw")
    m.rw += 1
    while True:
        yield lock("write_lock", "rw")
        if not m.rw:
            m.rw = -1
            break
    yield unlock("write_unlock", "rw")
    m.rw = 0


@pytest.mark.parametrize(
    ("programs", "broken"),
    [
        ((reads_under_it, reads_under_it), None),
        ((reads_under_it, reads_under_it, lets_anothers_read_lock_go), UNLOCK_BY_HOLDER),
        ((writes_while_it_reads,), NO_RELOCK),
    ],
)
def test_a_lock_that_counts_its_readers(programs, broken):
    assert judged(*programs, shared={"rw": 0}, locks=("rw",)) == broken


def test_looking_at_a_lock_one_holds_is_no_wait_for_it():
    def asserts_it(m):
        yield from take(m)
        yield load("lockdep_assert_held", "lock")
        assert m.lock
        yield from give(m)

    def looks_for_ever(m):
        yield from take(m)
        while True:
            yield load("READ_ONCE", "lock")
            if not m.lock:
                return

    assert judged(asserts_it, careful, locks=("lock",)) is None
    assert judged(looks_for_ever, locks=("lock",)) == "deadlock"


def test_waiting_for_anothers_lock_is_no_relock():
    def holds_one(m):
        yield from take(m, "a")
        yield from take(m, "b")
        yield from give(m, "b")
        yield from give(m, "a")

    assert judged(holds_one, holds_one, locks=("a", "b")) is None


def keeps(m, many=2):
    yield "alloc"
    m.note("pages", many)
    yield "free"
    m.note("pages", -2)


def loses(m):
    yield from keeps(m, 4)


def frees_twice(m):
    yield from keeps(m)
    yield "free again"
    m.note("pages", -2)


@pytest.mark.parametrize(("program", "broken"), [(keeps, None), (loses, "none lost"), (frees_twice, "in hand")])
def test_what_a_thread_has_in_hand(program, broken):
    assert judged(program, keeps, rules=IN_HAND) == broken


def test_a_page_given_away_twice_is_told_where_it_happens():
    def goes_on(m):
        yield from frees_twice(m)
        yield "something else"
        m.n = 1

    one = Scenario("s", {"n": 0}, (Thread(goes_on),), IN_HAND)
    run = replay_steps(one, ((0, 0),) * 4)
    assert [step.broken for step in run.steps] == [(), (), ("in hand",), ()]


def two_ways(m):
    """Two ways into one state of the memory and one line of the program; on one of them the pages are gone."""
    forgets = yield "free or forget", (False, True)
    if not forgets:
        m.note("pages", -2)
    forgets = None
    yield "go on"
    m.n = 1


def test_two_ways_into_one_state_hide_no_loss():
    def life(m):
        yield "alloc"
        m.note("pages", 2)
        yield from two_ways(m)

    assert judged(life, rules=IN_HAND) == "none lost"
    one = Scenario("s", {"n": 0}, (Thread(life),), IN_HAND)
    assert explore(one, "none").states == 5, "alloc, free or forget, and each of the two ways on"
    assert explore(one.without("none lost", "in hand"), "none").states == 4, "what no rule asks for is forgotten"


def test_a_rule_that_is_not_asked_is_not_judged():
    one = Scenario(
        "s", {"n": 0, "lock": False}, (Thread(strangers),), (at_end("n is 7", lambda m: m.n == 7),), locks=("lock",)
    )
    assert explore(one).property == UNLOCK_BY_HOLDER and explore(one.without("unlock-by-holder")).property == "n is 7"
    assert explore(one.without(UNLOCK_BY_HOLDER, "n is 7")).verdict == "ok"
    assert explore(one.asking("n is 7")).property == explore(one, prop="n is 7").property == "n is 7"
    code = explore(one.without(UNLOCK_BY_HOLDER)).schedule
    assert len(replay(one.without(UNLOCK_BY_HOLDER), code)) == 2


def test_a_lock_taken_twice_is_a_deadlock_where_only_that_is_asked():
    one = Scenario("s", {"lock": False}, (Thread(takes_twice),), locks=("lock",))
    assert explore(one).property == NO_RELOCK and explore(one, prop="deadlock").verdict == "deadlock"
    assert explore(one.without(NO_RELOCK)).verdict == "deadlock"


def test_a_note_is_looked_up_by_the_thread_that_made_it():
    def refused(m, often):
        for _ in range(often):
            yield "try"
            m.note("refusals", 1)
        yield "give up"
        m.must("for a reason", m.note("refusals"))

    one = Scenario("s", {}, (Thread(refused, (1,)), Thread(refused, (0,))), (must("for a reason", "refusals"),))
    found = explore(one)
    assert found.property == "for a reason" and found.steps == 1 and explore_readably(one).rule == "for a reason"
    assert [row.broken for row in outcomes(one).rows] == [("for a reason",)]


@pytest.mark.slow
def test_a_loop_that_changes_something_is_a_livelock_and_no_wait_for_a_lock():
    def flips(m):
        yield from take(m)
        while True:
            yield lock("spin_lock", "lock")
            m.n = 1 - m.n
            if not m.lock:
                return

    one = Scenario("s", {"n": 0, "lock": False}, (Thread(flips),), locks=("lock",))
    assert {explore(one, reduce).verdict for reduce in ("none", "sym", "all")} == {"livelock"}


def test_a_step_that_raises_breaks_what_it_raises_and_no_more():
    def bug_on(m):
        yield unlock("spin_unlock", "lock")
        m.lock = False
        assert m.n, "BUG_ON"

    assert judged(bug_on, locks=("lock",)) == "BUG_ON"


@pytest.mark.slow
def test_what_was_noted_is_there_again_where_a_step_is_looked_at_once_more():
    def counts(m):
        often = yield "how often", (1, 2, 3)
        m.note("pages", often)
        del often
        for _ in range(3):
            yield f"look, with {m.note('pages')}"
            m.seen = m.n, m.note("pages")
        yield "give back"
        m.note("pages", -m.note("pages"))

    def turns(m):
        for n in range(6):
            yield "turn"
            m.n = n

    assert judged(counts, turns, shared={"seen": (0, 0)}, rules=IN_HAND) is None


def test_each_broken_rule_has_a_shortest_schedule_of_its_own():
    def breaks(m):
        how = yield "look", ("both", "b", "neither")
        m.must("a", how != "both")
        m.must("b", how == "neither")
        yield "again"
        m.must("c", False)
        m.must("d", m.n == 0)

    one = Scenario("s", {"n": 0}, (Thread(breaks), Thread(breaks)), tuple(map(must, "abcd")))
    for reduce in ("none", "sym", "all"):
        found = explore(one, reduce)
        assert {rule: code.split()[1:-1] for rule, code in found.broken.items()} == {
            "a": ["A1"], "b": ["A1"], "c": ["A1/2", "A1"],
        }  # fmt: skip
        for rule, code in found.broken.items():
            assert rule in replay(one, code).steps[-1].broken


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lazy", "minus-one", "v3-add-fails", "v2-remove-fails", "v5-softirq"])
def test_the_schedule_of_a_broken_rule_breaks_it_in_its_last_step_and_no_rule_before(name):
    from tdxkit.linux.refcount import scenario

    one = scenario(name)
    steps = []
    for reduce in ("none", "sym", "all"):
        found = explore(one, reduce)
        runs = {rule: replay(one, code) for rule, code in found.broken.items()}
        assert all(
            rule in run.steps[-1].broken and not any(s.broken for s in run.steps[:-1]) for rule, run in runs.items()
        )
        steps.append({rule: len(run) for rule, run in runs.items()})
        assert len(runs) > 1 and min(steps[-1].values()) == found.steps
    assert steps[0] == steps[1] == steps[2]


def test_every_rule_of_the_house_is_in_the_table():
    from tdxkit.c.kernel import contexts, heap, listends, locks, rcu
    from tdxkit.linux.refcount import scenario
    from tdxkit.linux.refcount.module import LEFT_IS_COUNTED
    from tdxkit.linux.refcount.registry import names
    from tdxkit.linux.refcount.roles import COUNT_FITS

    ours = {rule.name for name in names() for rule in scenario(name).properties}
    ours |= {COUNT_FITS.name, LEFT_IS_COUNTED.name}
    ours |= {
        rule.name for rule in (*contexts.RULES, *rcu.RULES, listends.WHOLE, heap.NOTHING_LOST, locks.NO_MUTEX_IN_IRQ)
    }  # of texts in C
    assert ours == {rule.name for rule in rules().values()}
    assert {rule.name for rule in LOCK_RULES} < ours
    assert defect(named("remove-finds-a-pair")) == "REMOVE found no pair" and defect("mine") == "broken: mine"
    assert known("no-page-lost") == known("no page may be lost") and known("mine") is None
    assert all(always(rule.name, bool).name != rule.defect for rule in rules().values())


def breaks_a(m):
    yield "a"
    m.must("a", False)


def breaks_b(m):
    yield "b"
    m.must("b", False)


def test_rules_that_break_on_steps_out_of_one_state_each_have_their_schedule():
    made = Scenario("two", {"n": 0}, (Thread(breaks_a), Thread(breaks_b)), (must("a"), must("b")))
    found = explore(made)
    assert {rule: code.split()[1] for rule, code in found.broken.items()} == {"a": "A1", "b": "B1"}


def breaks_both(m):
    yield "both"
    m.must("a", False)
    m.must("b", False)


def test_a_code_is_the_same_whichever_rules_are_asked():
    made = Scenario("both", {"n": 0}, (Thread(breaks_both),), (must("a"), must("b")))
    codes = {explore(made, prop=rule).schedule for rule in (None, "a", "b")}
    assert len(codes) == 1 and codes == {explore(made.without("a")).schedule}


def takes_without_a_look(m):
    yield lock("spin_lock", "lock")
    m.lock = True
    yield unlock("spin_unlock", "lock")
    m.lock = False


def takes_what_it_has(m):
    yield from take(m)
    yield lock("spin_lock", "lock")
    m.lock = True
    yield from give(m)


def returns_with_it(m):
    yield from take(m)


def gives_up_or_returns_with_it(m):
    yield lock("spin_trylock", "lock")
    if m.lock:
        return
    m.lock = True


@pytest.mark.parametrize(
    ("programs", "broken"),
    [
        ((careful, takes_without_a_look), "a lock must be free when it is taken"),
        ((takes_without_a_look,), None),
        ((takes_what_it_has,), "a lock must not be taken by who holds it"),
        ((returns_with_it,), "a lock must be let go before its holder is done"),
        ((gives_up_or_returns_with_it,), "a lock must be let go before its holder is done"),
        ((careful, careful), None),
    ],
    ids=lambda what: what[-1].__name__ if isinstance(what, tuple) else None,
)
def test_a_lock_is_taken_when_it_is_free_and_let_go_by_who_is_done(programs, broken):
    made = Scenario("locks", {"n": 0, "lock": False}, tuple(map(Thread, programs)), locks=("lock",))
    assert explore(made).property == explore(made, "none").property == explore_readably(made).rule == broken


def allocates_it(m):
    yield alloc("alloc_page", "GFP_KERNEL")


def allocates_it_at_once(m):
    yield alloc("alloc_page", "GFP_ATOMIC", sleeps=False)


def takes_the_mutex(m):
    yield from take(m, "mutex")
    yield from give(m, "mutex")


@pytest.mark.parametrize(
    ("program", "slept"), [(allocates_it, True), (sleeps, True), (takes_the_mutex, True), (allocates_it_at_once, False)]
)
def test_nobody_sleeps_in_an_interrupt(program, slept):
    cpu = Thread(careful)
    shared = {"n": 0, "lock": False, "mutex": False}
    locks = {"locks": ("lock", "mutex"), "mutexes": ("mutex",)}
    irq = Scenario("irq", shared, (cpu, interrupt(program, on=cpu)), **locks)
    assert explore_readably(irq.asking("no-sleep-in-irq")).rule == explore(irq, prop="no-sleep-in-irq").property
    assert ("nobody may sleep in an interrupt" in explore(irq).broken) == slept
    beside = Scenario("beside", shared, (cpu, Thread(program)), **locks)
    assert "nobody may sleep in an interrupt" not in explore(beside).broken


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"locks": ("lcok",)}, "locks of two: lcok: there is no such shared variable; try lock"),
        ({"module": ("piar",)}, "module of two: piar: there is no such shared variable; try pair"),
        ({"locks": ("lock",), "mutexes": ("pair",)}, "mutexes of two: pair: there is no such lock"),
    ],
)
def test_a_name_that_would_switch_rules_off_is_refused(names, says):
    with pytest.raises(ModelError) as error:
        Scenario("two", {"lock": False, "pair": False}, (Thread(careful),), **names)
    assert says in str(error.value)
