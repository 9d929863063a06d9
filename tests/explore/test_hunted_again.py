"""More hunted ways to a wrong answer: labels that are no read-modify-write, interrupts of one CPU, keyed variables as a whole, names that sleep."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import Scenario, Thread, always, at_end, explore, interrupt
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.judging import judge
from tdxkit.kinds import conditional, load, lock, locked, store, unlock


def judged(*threads, shared=None, rules=(), **more):
    return judge(Scenario("s", {"n": 0, **(shared or {})}, tuple(threads), rules, **more)).result


def counts(m, label):
    yield label
    m.n += 1


NOT_ONE = [locked("smp_mb"), locked("smp_mb", "n"), locked("atomic_set", "n"), locked("WRITE_ONCE", "n"), locked("__set_bit", "n"),
           locked("this_cpu_inc", "n"), conditional("atomic_read", "n"), locked("READ_ONCE", "n"), locked("mb__after_atomic", "n")]  # fmt: skip


@pytest.mark.parametrize("label", NOT_ONE, ids=str)
def test_a_fence_a_plain_access_and_what_is_not_atomic_keep_nothing_together(label):
    two = at_end("two", lambda m: m.n == 2)
    assert judged(Thread(counts, (label,)), Thread(counts, (label,)), rules=(two,)).property == "two"
    once = locked("atomic_inc", "n")
    assert judged(Thread(counts, (once,)), Thread(counts, (once,)), rules=(two,)).verdict == "ok"


def looks_first(m, label):
    yield label
    if m.n > 0:
        m.n -= 1


def test_what_gives_nothing_back_tests_nothing():
    never = always("not negative", lambda m: m.n >= 0)
    found = judged(*[Thread(looks_first, (locked("atomic_dec", "n"),))] * 2, shared={"n": 1}, rules=(never,))
    assert found.property == "not negative" and any("atomic_dec tests nothing" in remark for remark in found.remarks)
    unless = conditional("atomic_dec_if_positive", "n")
    assert judged(*[Thread(looks_first, (unless,))] * 2, shared={"n": 1}, rules=(never,)).verdict == "ok"


def frees(m, label):
    yield label
    m.n -= 1
    if m.n == 0:
        m.freed += 1


@pytest.mark.parametrize(
    ("name", "freed"), [("atomic_dec(&entry->n)", 2), ("refcount_dec", 2), ("atomic_dec_and_test", 1)]
)
def test_the_name_of_the_operation_says_whether_it_answers(name, freed):
    once = always("once", lambda m: m.freed < 2)
    found = judged(*[Thread(frees, (locked(name, "n"),))] * 2, shared={"n": 2, "freed": 0}, rules=(once,))
    assert found.property == ("once" if freed == 2 else None)


def takes(m, name):
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            break
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def marks(m):
    yield store("WRITE_ONCE", "n, 1")
    m.n = 1
    yield store("WRITE_ONCE", "n, 0")
    m.n = 0


def looks(m):
    yield load("READ_ONCE", "n")
    m.must("never in between", m.n == 0)


def test_an_interrupt_of_an_interrupt_runs_on_the_cpu_of_both():
    cpu = Thread(takes, ("A",))
    soft = interrupt(counts, locked("atomic_inc", "n"), on=cpu)
    hard = interrupt(takes, "A", on=soft)
    made = Scenario("irq", {"n": 0, "A": False}, (cpu, soft, hard), locks=("A",))
    assert explore(made).verdict == "deadlock" == explore_readably(made).rule
    host = Thread(looks)
    soft = interrupt(counts, locked("atomic_inc", "k"), on=host)
    alone = Scenario("irq", {"n": 0}, (host, first := interrupt(lambda_free, on=host), interrupt(marks, on=first)))
    assert explore(alone, "none").verdict == "ok" and explore(alone, "none").states == explore_readably(alone).states


def lambda_free(m):
    yield "nothing"


def test_a_keyed_variable_as_a_whole_is_refused():
    for rule in (lambda m: m.busy, lambda m: m.busy == 1, lambda m: any(m.busy), lambda m: sum(m.busy) < 9):
        with pytest.raises(ModelError) as error:
            judged(Thread(counts, ("n",)), shared={"busy": {0: 0, 1: 0}}, rules=(always("busy", rule),))
        assert "keyed" in str(error.value) or "goes over the keys of m.busy" in str(error.value)
    each = always("each", lambda m: all(m.busy[k] == 0 for k in m.busy))
    assert judged(Thread(counts, ("n",)), shared={"busy": {0: 0, 1: 0}}, rules=(each,)).verdict == "ok"


def waits(m):
    yield load("wait_for_completion", "n")
    assert m.n == 0


def test_a_name_that_sleeps_is_told_under_every_kind():
    assert any('sleep("wait_for_completion")' in remark for remark in judged(Thread(waits)).remarks)

    assert any("MUTEXES" in r for r in judged(Thread(takes_mutex), shared={"mx": False}, locks=("mx",)).remarks)
    right = judged(Thread(takes_mutex), shared={"mx": False}, locks=("mx",), mutexes=("mx",))
    assert right.verdict == "ok" and not any("MUTEXES" in remark for remark in right.remarks)


def takes_mutex(m):
    while True:
        yield lock("mutex_lock", "mx")
        if not m.mx:
            m.mx = True
            break
    yield unlock("mutex_unlock", "mx")
    m.mx = False


def exchanges(m):
    while True:
        yield lock("spin_lock", "A")
        old, m.A = m.A, True
        if not old:
            break
    yield unlock("spin_unlock", "A")
    m.A = False


def tries_a_mutex(m):
    yield from held(m)
    yield lock("mutex_trylock", "mx")
    if not m.mx:
        m.mx = True
        yield unlock("mutex_unlock", "mx")
        m.mx = False
    yield unlock("spin_unlock", "A")
    m.A = False


def held(m):
    while True:
        yield lock("spin_lock", "A")
        if not m.A:
            m.A = True
            return


def test_right_locks_are_not_called_wrong():
    assert judged(Thread(exchanges), Thread(exchanges), shared={"A": False}, locks=("A",)).verdict == "ok"
    tried = judged(*[Thread(tries_a_mutex)] * 2, shared={"A": False, "mx": False}, locks=("A", "mx"), mutexes=("mx",))
    assert tried.verdict == "ok"


def answers_with_a_tuple(m):
    yield "n"
    answer = (m.n > 5, "large")
    m.must("large", answer)


def test_misuses_are_one_line():
    with pytest.raises(ModelError, match="a tuple with something in it is always true"):
        judged(Thread(answers_with_a_tuple))
    for make in (
        lambda: Thread(counts, 1),
        lambda: Scenario("s", {"n": 0}, (counts,)),
        lambda: Thread(counts(None, "n")),
    ):
        with pytest.raises(ModelError):
            make()
    one = Scenario("s", {"n": 0}, Thread(counts, ("n",)), always("n", lambda m: m.n < 2))
    assert explore(one).verdict == "ok"
