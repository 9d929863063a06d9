"""Bit spinlocks, semaphores, local locks, lockrefs, lists without a lock, waits for a bit: alone, and small texts that race; said by hand."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

WORD = "unsigned long w; int r = 7; "


def found(text: str, *run: str, memory: str = "sc", **more):
    result = explore(scenario_of_c(text, run=run, **more), "none", memory=memory)
    return result.verdict, result.property, result.steps


def fine(text: str, *run: str, **more) -> bool:
    return all(found(text, *run, memory=memory, **more)[0] == "ok" for memory in ("sc", "tso"))


BITS = [  # statements, the word then, r, kinds
    ("bit_spin_lock(3, &w);", 8, 7, ("lock",)), ("bit_spin_lock(3, &w); bit_spin_unlock(3, &w);", 0, 7, ("lock", "unlock")),
    ("r = bit_spin_trylock(0, &w);", 1, 1, ("locked", "store")), ("w = 1; r = bit_spin_trylock(0, &w);", 1, 0, ("store", "load", "store")),
    ("w = 5; r = bit_spin_is_locked(2, &w);", 5, 1, ("store", "load", "store")),
    ("bit_spin_lock(1, &w); w |= 4; __bit_spin_unlock(1, &w);", 4, 7, ("lock", "load", "store", "load", "store")),
    ("w = 2; r = wait_on_bit(&w, 0, TASK_UNINTERRUPTIBLE);", 2, 0, ("store", "", "load", "store")),
    ("r = wait_on_bit_lock(&w, 1, TASK_KILLABLE);", 2, 0, ("", "locked", "store")), ("w = 6; clear_and_wake_up_bit(1, &w);", 4, 7, ("store", "locked", "load")),
    ("w = 6; r = test_and_clear_wake_up_bit(1, &w);", 4, 1, ("store", "locked", "load", "store")), ("wake_up_bit(&w, 1); wake_up_var(&w);", 0, 7, ("load", "load")),
]  # fmt: skip


@pytest.mark.parametrize("statements,word,gives,kinds", BITS)
def test_bits_that_are_locks(statements, word, gives, kinds):
    ran = alone(WORD, statements)
    assert (ran.memory["w"], ran.memory["r"], ran.kinds) == (word, gives, kinds)


def test_a_bit_lock_that_is_taken_keeps_out_and_preemption_is_off_under_it():
    assert not alone(WORD, "w = 1; bit_spin_lock(0, &w);").ended
    assert (
        not alone(WORD, "w = 1; wait_on_bit(&w, 0, 2);").ended
        and not alone(WORD, "w = 1; wait_on_bit_lock(&w, 0, 2);").ended
    )
    asleep = "nobody may sleep with preemption or interrupts off"
    assert asleep in alone(WORD, "bit_spin_lock(0, &w); msleep(1); bit_spin_unlock(0, &w);").broken
    assert asleep not in alone(WORD, "bit_spin_lock(0, &w); bit_spin_unlock(0, &w); msleep(1);").broken
    assert alone(WORD, "bit_spin_lock(0, &w);").broken == ("at the end preemption and interrupts must be on",)
    for word in ("", "__"):
        assert "which nobody has taken" in alone(WORD, f"{word}bit_spin_unlock(0, &w);").broken[0]
    assert asleep in alone(WORD, "preempt_disable(); wait_on_bit(&w, 0, 2); preempt_enable();").broken


def test_a_counter_under_a_bit_lock():
    text = "static unsigned long flags; static int n; static atomic_t done; void check(void) { if (atomic_inc_return(&done) == 2) WARN_ON(n != 2); }"
    locked = "bit_spin_lock(0, &flags); n++; bit_spin_unlock(0, &flags); check();"
    assert fine(text, locked)
    # A, B: load n; A, B: store n; A, B: inc; B: load
    assert found(text, "n++; check();") == ("violation", "WARN_ON() of line 1 never fires", 7)
    other = locked.replace("n++", "n++; __set_bit(1, &flags)").replace(" bit_spin_unlock", " __bit_spin_unlock")
    assert fine(text, other)  # all who write the word hold the bit
    assert found(text, other, "set_bit(2, &flags); WARN_ON(!test_bit(2, &flags));")[0] == "violation"  # here not


SEMAPHORES = [  # count, statements, count then, r, does it end
    (1, "down(&s);", 0, 7, True), (0, "down(&s);", 0, 7, False), (2, "down(&s); down(&s); up(&s);", 1, 7, True), (1, "r = down_trylock(&s);", 0, 0, True),
    (0, "r = down_trylock(&s);", 0, 1, True), (1, "r = down_interruptible(&s);", 0, 0, True), (0, "up(&s); up(&s); r = down_killable(&s);", 1, 0, True),
    (0, "sema_init(&s, 3); down(&s);", 2, 7, True), (1, "r = down_timeout(&s, HZ);", 0, 0, True),
]  # fmt: skip


@pytest.mark.parametrize("count,statements,after,gives,ends", SEMAPHORES)
def test_semaphores(count, statements, after, gives, ends):
    ran = alone(f"static DEFINE_SEMAPHORE(s, {count}); int r = 7;", statements)
    assert (ran.memory["s"], ran.memory["r"], ran.ended, ran.broken) == (after, gives, ends, ())


def test_a_semaphore_may_be_late_and_sleeps_and_has_no_owner():
    assert alone("struct semaphore s; int r = 7;", "r = down_timeout(&s, HZ);", choose=1).memory["r"] == -62
    assert (
        alone("static DEFINE_SEMAPHORE(s);", "down(&s);").memory["s"] == 0
    )  # as it was written once, without a number
    text = "struct semaphore s = 1; spinlock_t l;"
    assert "nobody may sleep under a spinlock" in alone(text, "spin_lock(&l); down(&s); spin_unlock(&l);").broken
    assert not alone(text, "spin_lock(&l); if (!down_trylock(&s)) up(&s); spin_unlock(&l);").broken
    handed = "static DEFINE_SEMAPHORE(s, 0); static int x;"
    assert fine(handed, "WRITE_ONCE(x, 1); up(&s);", "down(&s); WARN_ON(!READ_ONCE(x));")
    assert found(handed, "WRITE_ONCE(x, 1);", "down(&s); WARN_ON(!READ_ONCE(x));")[0] == "deadlock"


def test_a_local_lock_keeps_no_other_cpu_out():
    text = "static DEFINE_LOCAL_LOCK(l); static int n; static atomic_t done; void check(void) { if (atomic_inc_return(&done) == 2) WARN_ON(n != 2); }"
    assert found(text, "local_lock(&l); n++; local_unlock(&l); check();")[:2] == (
        "violation",
        "WARN_ON() of line 1 never fires",
    )
    assert any(
        "keeps no other CPU out" in line
        for line in scenario_of_c(text, run=("local_lock(&l); local_unlock(&l);",)).card.simplified
    )
    for form, back, flags in (("", "", ""), ("_irq", "_irq", ""), ("_irqsave", "_irqrestore", ", flags")):
        start = f"unsigned long flags; local_lock{form}(&l{flags});"
        assert alone(text, f"{start} local_unlock{back}(&l{flags});").broken == ()
        assert (
            "nobody may sleep with preemption or interrupts off"
            in alone(text, f"{start} msleep(1); local_unlock{back}(&l{flags});").broken
        )
        assert alone(text, start).broken == ("at the end preemption and interrupts must be on",)
    assert alone(text, "guard(local_lock)(&l); n = 1;").broken == ()


REFS = [  # count, statements, count then, r, is the lock taken
    (1, "lockref_get(&x);", 2, 7, False), (1, "r = lockref_get_not_zero(&x);", 2, 1, False), (0, "r = lockref_get_not_zero(&x);", 0, 0, False),
    (0, "r = lockref_get_not_dead(&x);", 1, 1, False), (-128, "r = lockref_get_not_dead(&x);", -128, 0, False), (2, "r = lockref_put_not_zero(&x);", 1, 1, False),
    (1, "r = lockref_put_not_zero(&x);", 1, 0, False), (2, "r = lockref_put_return(&x);", 1, 1, False), (0, "r = lockref_put_return(&x);", 0, -1, False),
    (2, "spin_lock(&x.lock); r = lockref_put_return(&x);", 2, -1, True), (2, "r = lockref_put_or_lock(&x);", 1, 1, False),
    (1, "r = lockref_put_or_lock(&x);", 1, 0, True), (1, "spin_lock(&x.lock); lockref_mark_dead(&x);", -128, 7, True),
]  # fmt: skip


@pytest.mark.parametrize("count,statements,after,gives,taken", REFS)
def test_lockrefs(count, statements, after, gives, taken):
    ran = alone(f"static struct lockref x = {{ .count = {count} }}; int r = 7;", statements)
    assert (ran.memory["x.count"], ran.memory["r"], ran.memory["x.lock"], ran.ended) == (after, gives, taken, True)
    assert ran.broken == (("a lock must be let go before its holder is done",) if taken else ())


def test_a_lockref_counts_under_its_lock_too():
    assert not alone("static struct lockref x; int r;", "spin_lock(&x.lock); lockref_get(&x);").ended
    text = "static struct lockref x = { .count = 2 }; static int gone; "
    last = "if (!lockref_put_or_lock(&x)) { WARN_ON(gone); gone = 1; spin_unlock(&x.lock); }"
    assert found(text, last)[0] == "ok"
    plain = "spin_lock(&x.lock); x.count--; spin_unlock(&x.lock);"
    assert fine(text, plain, "lockref_get(&x); lockref_put_not_zero(&x); WARN_ON(READ_ONCE(x.count) < 1);")


L = "struct e { int n; struct llist_node node; }; static struct e a = { .n = 1 }, b = { .n = 2 }; static LLIST_HEAD(l); int r = 7; struct e *p, *q; struct llist_node *t; "
BOTH = "llist_add(&a.node, &l); llist_add(&b.node, &l); r = 0; "
LOCKLESS = [  # statements, r
    ("r = llist_empty(&l);", 1), ("r = llist_add(&a.node, &l);", 1), ("llist_add(&a.node, &l); r = llist_add(&b.node, &l);", 0),
    (BOTH + "llist_for_each_entry(p, llist_del_all(&l), node) r = r * 10 + p->n;", 21),
    (BOTH + "llist_for_each_entry_safe(p, q, llist_del_all(&l), node) { r = r * 10 + p->n; p->node.next = NULL; }", 21),
    (BOTH + "t = llist_reverse_order(llist_del_all(&l)); llist_for_each_entry(p, t, node) r = r * 10 + p->n;", 12),
    (BOTH + "llist_for_each(t, llist_del_all(&l)) r = r * 10 + llist_entry(t, struct e, node)->n;", 21),
    (BOTH + "llist_for_each_safe(t, u, llist_del_all(&l)) r++;", 2), (BOTH + "t = llist_del_first(&l); r = llist_entry(t, struct e, node)->n;", 2),
    (BOTH + "r = llist_next(llist_del_all(&l)) == &a.node;", 1), (BOTH + "llist_del_all(&l); r = llist_empty(&l) * 2 + (llist_del_first(&l) == NULL);", 3),
    (BOTH + "llist_for_each_entry(p, llist_del_all(&l), node) { if (p->n == 2) continue; r = p->n; }", 1),
]  # fmt: skip


@pytest.mark.parametrize("statements,gives", LOCKLESS)
def test_lists_without_a_lock(statements, gives):
    ran = alone(L + "struct llist_node *u;", statements)
    assert (ran.memory["r"], ran.broken, ran.ended) == (gives, (), True)


def test_adding_to_a_list_without_a_lock_is_what_it_is_in_the_kernel():
    assert alone(L, "llist_add(&a.node, &l);").kinds == ("load", "store", "locked")
    text = (
        L
        + "static atomic_t done; void check(void) { int n = 0; struct llist_node *i; if (atomic_inc_return(&done) < 2) return; i = llist_del_all(&l); "
    )
    text += "while (i) { n++; i = llist_next(i); } WARN_ON(n != 2); }"
    assert fine(text, "llist_add(&a.node, &l); check();", "llist_add(&b.node, &l); check();")
    by_hand = "a.node.next = l.first; l.first = &a.node; check();"
    assert found(text, by_hand, by_hand.replace("a.", "b."))[0] == "violation"


def test_two_who_take_the_first_need_a_lock():
    """A looks at the first, b, and what is next, a; B takes b and a, and puts b back; then A takes b, and a is first though B has it."""
    text = L + "static int taken; void take(struct llist_node *n) { if (n == &a.node) taken++; WARN_ON(taken > 1); }"
    put = "llist_add(&a.node, &l); llist_add(&b.node, &l);"
    again = "struct llist_node *x, *y; x = llist_del_first(&l); y = llist_del_first(&l); if (y) { take(y); llist_add(x, &l); }"
    twice = "take(llist_del_first(&l)); take(llist_del_first(&l));"
    assert found(text, f"{put} {twice}", again)[0] == "violation"


def test_a_wait_for_a_variable():
    text = "static atomic_t users; static int *p; void drop(void) { if (atomic_dec_and_test(&users)) wake_up_var(&users); }"
    assert fine(text + "int x;", "wait_var_event(&users, atomic_read(&users) == 0);", "x = 1;")
    assert (
        found(text.replace("users;", "users = 1;", 1), "wait_var_event(&users, !atomic_read(&users));", "p = NULL;")[0]
        == "deadlock"
    )
    assert fine(text.replace("users;", "users = 1;", 1), "wait_var_event(&users, !atomic_read(&users));", "drop();")
    late = alone(
        "atomic_t v = 1; long r = 7;".replace("v = 1", "v = ATOMIC_INIT(1)"),
        "r = wait_var_event_timeout(&v, !atomic_read(&v), HZ);",
        choose=1,
    )
    assert (late.memory["r"], late.ended) == (0, True)
    assert (
        "nobody may sleep with preemption or interrupts off"
        in alone("atomic_t v;", "preempt_disable(); wait_var_event(&v, 1); preempt_enable();").broken
    )


def test_simple_wait_queues():
    text = "static DECLARE_SWAIT_QUEUE_HEAD(q); static int ready;"
    assert fine(text, "WRITE_ONCE(ready, 1); swake_up_one(&q);", "swait_event_exclusive(q, READ_ONCE(ready));")


def test_what_a_loop_over_a_list_without_a_lock_is_not():
    with pytest.raises(InputError, match="this loop is not known"):
        alone(L, "llist_for_each_entry_reverse(p, t, node) r = 1;")
