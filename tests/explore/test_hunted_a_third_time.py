"""A third hunt for a wrong answer: rules that cannot break, names that are no locked instruction, locks that nobody declared."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import Scenario, Thread, always, at_end, interrupt
from tdxkit.explore.judging import judge
from tdxkit.explore.sleeping import in_words
from tdxkit.kinds import conditional, free, lock, locked, seamcall, store, unlock
from tdxkit.linux.refcount import v6
from tdxkit.linux.refcount.module import alloc_pages, free_pages, spin_lock, spin_unlock
from tdxkit.linux.refcount.own import of_programs


def judged(*threads, shared=None, rules=(), **more):
    return judge(Scenario("s", {"n": 0, **(shared or {})}, tuple(threads), rules, **more)).result


def told(result, *words):
    return any(all(word in remark for word in words) for remark in result.remarks)


def counts(m, label):
    yield label
    m.n += 1


UP = Thread(counts, (locked("atomic_inc", "n"),))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda m: [m.n < 1], "list"),
        (lambda m: {m.n < 1}, "set"),
        (lambda m: {"small": m.n < 1}, "dict"),
        (lambda m: (m.n < 1, "too many"), "tuple"),
        (lambda m: "small" if m.n < 1 else "large", "str"),
    ],
)
def test_a_rule_that_answers_with_a_collection_is_refused(answer, kind):
    with pytest.raises(ModelError, match=rf"rule small: .*it gives a {kind}, true with anything in it"):
        judged(UP, rules=(always("small", answer),))
    assert judged(UP, rules=(always("small", lambda m: all([m.n < 2])),)).verdict == "ok"


def test_what_the_memory_holds_may_answer():
    rules = (always("a queue", lambda m: m.queue), always("an owner", lambda m: m.owner))
    assert judged(UP, shared={"queue": (1,), "owner": "CPU 0"}, rules=rules).verdict == "ok"


def asks(m, make):
    yield locked("atomic_inc_return", "n")
    m.n += 1
    m.must("small", make(m.n < 1))


@pytest.mark.parametrize("make", [lambda c: [c], lambda c: {c}, lambda c: {"c": c}, lambda c: (1, c)])
def test_must_takes_an_answer_and_no_collection(make):
    with pytest.raises(ModelError, match="with something in it is always true"):
        judged(Thread(asks, (make,)))
    assert judged(Thread(asks, (bool,))).property == "small"


def asserts(m):
    yield locked("atomic_inc_return", "n")
    m.n += 1
    small = [m.n < 1]
    assert small


def asserts_it(m):
    yield locked("atomic_inc_return", "n")
    m.n += 1
    small = m.n < 1
    assert small, "small"


def test_an_assert_of_a_list_is_told():
    assert told(judged(Thread(asserts)), "assert small: a list with something in it is always true")
    assert judged(Thread(asserts_it)).property == "small"


@pytest.mark.parametrize("made", [lambda: always("x", False), lambda: at_end("x", None), lambda: always("x", "n < 1")])
def test_a_rule_without_a_function_is_refused(made):
    with pytest.raises(ModelError, match=r"rule x: its check is .*, not a function; write (always|at_end)\("):
        made()


NO_INSTRUCTION = [
    "refcount_set",
    "kref_init",
    "kref_read",
    "test_bit",
    "rcu_assign_pointer",
    "list_add_rcu",
    "hlist_add_head",
    "xa_store",
    "local_inc",
    "cmpxchg_local",
    "raw_write_seqcount_begin",
    "inc",
    "dec",
    "xadd",
    "bts",
    "mfence",
    "__set_bit",
    "bitmap_set",
    "init_completion",
    "n++",
    "set_current_state",
    "__this_cpu_inc",
    "percpu_counter_add",
]
INSTRUCTIONS = [
    "atomic_inc_return",
    "lock@inc",
    "lock@xadd",
    "LOCK@btsq",
    "__atomic_fetch_add",
    "__refcount_add",
    "xchg",
    "kref_put",
    "xa_cmpxchg",
    "percpu_ref_get",
    "atomic_flag_test_and_set",
    "if@(atomic_inc_and_test(&n))",
    "__raw_spin_lock",
    "down_read",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", NO_INSTRUCTION)
def test_what_is_no_locked_instruction_keeps_nothing_together(name):
    two, label = at_end("two", lambda m: m.n == 2), locked(name, "n")
    assert judged(*[Thread(counts, (label,))] * 2, rules=(two,)).property == "two"


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_what_is_one_keeps_its_variable_together(name):
    two, label = at_end("two", lambda m: m.n == 2), locked(name.replace("@", " "), "n")
    assert judged(*[Thread(counts, (label,))] * 2, rules=(two,)).verdict == "ok"


def puts(m, name):
    yield locked(name, "n")
    m.n -= 1
    if not m.n:
        yield free("kfree")
        m.freed += 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "kref_put",
        "put_page_testzero",
        "kobject_put",
        "rcuref_put",
        "percpu_ref_put",
        "mmput",
        "__refcount_dec_and_test",
    ],
)
def test_what_frees_the_last_gives_back_what_it_found(name):
    once = at_end("once", lambda m: m.freed == 1)
    assert judged(*[Thread(puts, (name,))] * 2, shared={"n": 2, "freed": 0}, rules=(once,)).verdict == "ok"
    assert judged(*[Thread(puts, ("atomic_dec",))] * 2, shared={"n": 2, "freed": 0}, rules=(once,)).verdict != "ok"


def test_an_instruction_of_its_cpu_is_one_to_what_interrupts_it():
    two = at_end("two", lambda m: m.n == 2)
    for label, verdict in ((locked("this_cpu_inc", "n"), "ok"), ("this_cpu_inc(n)", "ok"), ("n++", "violation")):
        host = Thread(counts, (label,))
        assert judged(host, interrupt(counts, label, on=host), rules=(two,)).verdict == verdict
        both = judged(Thread(counts, (label,)), Thread(counts, (label,)), rules=(two,))
        assert both.property == "two"  # of another CPU it is none


def allocates_below(m, region):
    yield from spin_lock(m, "mylock")
    yield from v6.put(m, region)
    if (yield from alloc_pages(m)):
        yield from free_pages(m)
    yield from spin_unlock(m, "mylock")


def tries(m, name):
    yield conditional(name, "n")
    if m.n:
        return
    m.n = 1
    yield unlock("spin_unlock", "n")
    m.n = 0


def test_a_lock_that_nobody_declared_is_told_once_however_it_is_taken():
    found = judge(of_programs(allocates_below, v6.get, shared={"mylock": False})).result
    assert sum("mylock is no declared lock" in remark for remark in found.remarks) == 1
    declared = judge(of_programs(allocates_below, v6.get, locks=("mylock",))).result
    assert "a spinlock" in declared.property and not told(declared, "no declared lock")
    for name in ("spin_trylock", "bit_spin_trylock", "down_trylock"):
        assert told(judged(Thread(tries, (name,))), "n is no declared lock")
    assert not told(judged(Thread(tries, ("test_and_set_bit",))), "spin_trylock")


def gets(m, name, left):
    yield locked(name, "n")
    m.n += left


@pytest.mark.parametrize(
    ("name", "first", "change", "words"),
    [
        ("refcount_inc", 0, 1, "refcount_inc from 0 warns"),
        ("kref_get", 0, 1, "kref_get from 0 warns"),
        ("refcount_dec", 1, -1, "refcount_dec to 0 warns"),
        ("refcount_inc", 1, 1, ""),
        ("refcount_dec", 2, -1, ""),
        ("refcount_dec_and_test", 1, -1, ""),
        ("refcount_inc_not_zero", 1, 1, ""),
        ("atomic_inc", 0, 1, ""),
    ],
)
def test_a_refcount_that_would_saturate_is_told(name, first, change, words):
    found = judged(Thread(gets, (name, change)), shared={"n": first})
    assert found.verdict == "ok" and told(found, "saturates", words or "saturates") == bool(words)


def test_names_in_words_that_sleep():
    sleeps = """flush_work(w) synchronize_srcu(s) mutex_lock_nested(m,1) down_read_killable(s) percpu_down_read(s) wait_woken(w) lock_page(p)
        mmap_write_lock(mm) kvm_mmu_topup_memory_cache(c) schedule_timeout_interruptible(1) cancel_delayed_work_sync(d) vfree(p) guard(mutex)(&l)"""
    asks_for_memory = (
        "kmemdup(p,GFP_KERNEL) folio_alloc(GFP_USER) kzalloc(8,GFP_NOIO) alloc_page(GFP_KERNEL_ACCOUNT) __vmalloc(8)"
    )
    quiet = """kmalloc(8,GFP_ATOMIC) kfree(p) spin_trylock(l) mutex_trylock(m) down_trylock(s) flush_tlb_all() schedule_work(w) del_timer_sync(t) down@to
        schedule@the@work wait_lock@is@free"""
    assert [label for label in sleeps.split() if not in_words(label).startswith("sleep(")] == []
    assert [label for label in asks_for_memory.split() if not in_words(label).startswith("alloc(")] == []
    assert [label for label in quiet.split() if in_words(label.replace("@", " "))] == []


def call_of_its_own(m):
    yield seamcall("TDH.X", "owner")
    if not m.owner:
        m.owner = 1
        m.calls += 1


def writes_by_itself(m):
    yield store("owner")
    m.owner = 1


def test_a_call_of_the_module_of_ones_own_may_write_what_only_the_module_knows():
    mine = {"shared": {"owner": 0, "calls": 0}, "module": ("owner", "calls")}
    once = at_end("once", lambda m: m.calls == 1)
    found = judged(Thread(call_of_its_own), Thread(call_of_its_own), rules=(once,), **mine)
    assert found.verdict == "ok" and not found.remarks
    with pytest.raises(ModelError, match="only the TDX module changes that"):
        judged(Thread(writes_by_itself), **mine)
    with pytest.raises(ModelError, match="only the TDX module changes that"):
        judge(of_programs(makes_a_pair, v6.get))


def makes_a_pair(m, region):
    yield seamcall("TDH.PHYMEM.PAMT.ADD", "region")
    m.pair[region] = True


def reads_twice(m):
    yield "n twice"
    first = m.n
    if m.n != first:
        m.seen = 1
        raise RuntimeError("torn")


def test_a_line_that_only_ran_load_by_load_has_run():
    torn = judged(Thread(reads_twice), UP, shared={"seen": 0})
    assert torn.property == "RuntimeError: torn" and torn.unrun == ()


def never_gets_there(m):
    yield "k"
    m.k = 1
    yield "n, then k"
    m.n = 1
    if m.k == 0:  # so it was at first, and a step that runs for nothing knows no better
        m.n = 2


def test_what_runs_for_nothing_has_not_run():
    line = never_gets_there.__code__.co_firstlineno + 6
    found = judged(Thread(never_gets_there), shared={"k": 0})
    assert found.verdict == "ok" and found.unrun == (f"line {line} of never_gets_there",)


def one_then_other(m, first, second):
    yield from spin_lock(m, first)
    yield from spin_lock(m, second)
    yield from spin_unlock(m, second)
    yield from spin_unlock(m, first)


def test_orders_of_locks_name_the_readers_lines():
    locks = {"a": False, "b": False}
    found = judged(
        Thread(one_then_other, ("a", "b")), Thread(one_then_other, ("b", "a")), shared=locks, locks=("a", "b")
    )
    line = one_then_other.__code__.co_firstlineno + 2
    assert found.verdict == "deadlock" and all(f"(line {line} of one_then_other)" in order for order in found.orders)
    assert found.orders


def downgrades(m, after):
    while True:
        yield lock("down_write", "rw")
        if m.rw == 0:
            m.rw = -1
            break
    yield "n"
    m.n += 1
    yield unlock("downgrade_write", "rw")
    m.rw = after
    if after > 0:
        yield unlock("up_read", "rw")
        m.rw -= 1


def test_a_writer_that_becomes_a_reader_takes_no_lock_again():
    rw = {"shared": {"rw": 0}, "locks": ("rw",), "mutexes": ("rw",)}
    two = at_end("two", lambda m: m.n == 2)
    assert judged(*[Thread(downgrades, (1,))] * 2, rules=(two,), **rw).verdict == "ok"
    assert judged(Thread(downgrades, (-1,)), **rw).property == "a lock must not be taken by who holds it"
