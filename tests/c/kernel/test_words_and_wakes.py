"""Bits, semaphores, lockrefs, wake-ups and list operations: what each gives and leaves where one CPU runs it."""

import pytest

from tests.c.kernel.alone import alone

BITS = "static unsigned long w[2] = { 5, 1 }, r; "


@pytest.mark.parametrize(
    "call, gives, words",
    [
        ("set_bit(1, w)", None, (7, 1)), ("set_bit(64, w)", None, (5, 1)), ("set_bit(65, w)", None, (5, 3)), ("clear_bit(0, w)", None, (4, 1)), ("change_bit(2, w)", None, (1, 1)), ("change_bit(63, w)", None, (5 | 1 << 63, 1)),
        ("test_and_set_bit(0, w)", 1, (5, 1)), ("test_and_set_bit(1, w)", 0, (7, 1)), ("test_and_clear_bit(2, w)", 1, (1, 1)), ("test_and_change_bit(1, w)", 0, (7, 1)), ("__test_and_set_bit(64, w)", 1, (5, 1)), ("__test_and_clear_bit(64, w)", 1, (5, 0)),
        ("__set_bit(3, w)", None, (13, 1)), ("__clear_bit(0, w)", None, (4, 1)), ("__change_bit(0, w)", None, (4, 1)), ("test_bit(2, w)", 1, (5, 1)), ("test_bit(63, w)", 0, (5, 1)), ("test_bit(64, w)", 1, (5, 1)), ("test_bit_acquire(1, w)", 0, (5, 1)),
        ("assign_bit(1, w, 1)", None, (7, 1)), ("assign_bit(0, w, 0)", None, (4, 1)), ("__assign_bit(1, w, 5)", None, (7, 1)), ("__assign_bit(64, w, 0)", None, (5, 0)), ("test_and_set_bit_lock(0, w)", 1, (5, 1)), ("clear_bit_unlock(0, w)", None, (4, 1)),
        ("__clear_bit_unlock(0, w)", None, (4, 1)), ("find_first_bit(w, 128)", 0, (5, 1)), ("find_next_bit(w, 128, 1)", 2, (5, 1)), ("find_next_bit(w, 128, 3)", 64, (5, 1)), ("find_next_bit(w, 128, 65)", 128, (5, 1)), ("find_next_bit(w, 64, 3)", 64, (5, 1)),
        ("find_first_zero_bit(w, 128)", 1, (5, 1)), ("find_next_zero_bit(w, 128, 64)", 65, (5, 1)), ("find_first_bit(w, 0)", 0, (5, 1)), ("bitmap_zero(w, 64)", None, (0, 1)), ("bitmap_zero(w, 65)", None, (0, 0)), ("bitmap_zero(w, 1)", None, (0, 1)),
    ],
)  # fmt: skip
def test_bits(call, gives, words):
    ran = alone(BITS, f"r = {call};" if gives is not None else f"{call};")
    assert (ran.memory["w[0]"], ran.memory["w[1]"]) == words
    assert ran.memory["r"] == (gives or 0)
    atomic = not call.startswith(("__", "find", "test_bit", "bitmap"))
    assert ("locked" in ran.kinds) == atomic and (atomic or ran.kinds[0] in ("load", "store"))


@pytest.mark.parametrize(
    "before, call, gives, after",
    [
        (2, "down(&s)", None, 1), (1, "r = down_trylock(&s)", 0, 0), (0, "r = down_trylock(&s)", 1, 0), (0, "up(&s)", None, 1), (1, "r = down_interruptible(&s)", 0, 0), (1, "r = down_killable(&s)", 0, 0), (1, "r = down_timeout(&s, 5)", 0, 0),
        (0, "sema_init(&s, 3)", None, 3),
    ],
)  # fmt: skip
def test_a_semaphore(before, call, gives, after):
    ran = alone(f"static struct semaphore s; long r = 7; void f(void) {{ sema_init(&s, {before}); }}", f"f(); {call};")
    assert (ran.memory["s"], ran.memory["r"], ran.ended) == (after, 7 if gives is None else gives, True)


def test_a_semaphore_that_nobody_lets_one_into():
    text = "static struct semaphore s; long r = 7;"
    assert not alone(text, "sema_init(&s, 0); down(&s);").ended
    late = alone(text, "sema_init(&s, 0); r = down_timeout(&s, 5);", choose=1)
    assert (late.memory["r"], late.memory["s"], late.ended) == (-62, 0, True)


@pytest.mark.parametrize(
    "before, call, gives, after",
    [
        (0, "lockref_get(&l)", None, 1), (0, "r = lockref_get_not_zero(&l)", 0, 0), (1, "r = lockref_get_not_zero(&l)", 1, 2), (0, "r = lockref_get_not_dead(&l)", 1, 1), (-1, "r = lockref_get_not_dead(&l)", 0, -1),
        (1, "r = lockref_put_not_zero(&l)", 0, 1), (2, "r = lockref_put_not_zero(&l)", 1, 1), (1, "r = lockref_put_return(&l)", 0, 0), (0, "r = lockref_put_return(&l)", -1, 0), (3, "r = lockref_put_return(&l)", 2, 2),
        (2, "r = lockref_put_or_lock(&l)", 1, 1), (1, "r = lockref_put_or_lock(&l); spin_unlock(&l.lock)", 0, 1), (3, "spin_lock(&l.lock); lockref_mark_dead(&l); spin_unlock(&l.lock)", None, -128),
    ],
)  # fmt: skip
def test_a_lockref(before, call, gives, after):
    ran = alone(f"static struct lockref l = {{ .count = {before} }}; long r = 7;", f"{call};")
    assert (ran.memory["l.count"], ran.memory["r"], ran.broken, ran.memory["l.lock"]) == (after, 7 if gives is None else gives, (), False)  # fmt: skip


def test_a_lockref_under_its_lock_waits_or_gives_up():
    text = "static struct lockref l = { .count = 2 }; long r = 7;"
    assert alone(text, "spin_lock(&l.lock); r = lockref_put_return(&l);").memory["r"] == -1
    for call in ("lockref_get(&l)", "lockref_put_or_lock(&l)"):
        assert not alone(text, f"spin_lock(&l.lock); {call};").ended
    assert "whose lock its CPU does not hold" in alone(text, "lockref_mark_dead(&l);").broken[0]


WAITS = "static DECLARE_WAIT_QUEUE_HEAD(q); static struct completion c; static struct task_struct *t; long r = 7; "


@pytest.mark.parametrize(
    "run, gives",
    [
        ("wake_up(&q);", 7), ("r = wake_up(&q);", 0), ("r = wake_up_nr(&q, 2);", 0), ("r = wake_up_interruptible_nr(&q, 2);", 0), ("r = waitqueue_active(&q);", 0), ("r = wq_has_sleeper(&q);", 0),
        ("init_completion(&c); r = completion_done(&c);", 0), ("complete(&c); r = completion_done(&c);", 1), ("r = try_wait_for_completion(&c);", 0), ("complete(&c); r = try_wait_for_completion(&c) * 10 + completion_done(&c);", 10),
        ("complete_all(&c); r = try_wait_for_completion(&c) * 10 + completion_done(&c);", 11), ("complete(&c); complete(&c); wait_for_completion(&c); r = completion_done(&c);", 1),
        ("complete(&c); r = wait_for_completion_timeout(&c, 5);", 1), ("complete(&c); r = wait_for_completion_interruptible(&c);", 0), ("complete(&c); reinit_completion(&c); r = completion_done(&c);", 0),
    ],
)  # fmt: skip
def test_wakes_and_completions(run, gives):
    ran = alone(WAITS, run)
    assert (ran.memory["r"], ran.broken, ran.ended) == (gives, (), True)


def test_a_completion_that_never_comes():
    assert not alone(WAITS, "wait_for_completion(&c);").ended
    late = alone(WAITS, "r = wait_for_completion_timeout(&c, 5);", choose=1)
    assert (late.memory["r"], late.ended) == (0, True)


LISTS = "struct e { int n; struct list_head l; }; static LIST_HEAD(h); static LIST_HEAD(g); static struct e a = { 1 }, b = { 2 }, c = { 3 }, d = { 4 }; static struct e *p; static long r; "
BEGIN = "list_add_tail(&a.l, &h); list_add_tail(&b.l, &h); list_add_tail(&c.l, &h); "
SUM = "list_for_each_entry(p, &h, l) r = r * 10 + p->n; "


@pytest.mark.parametrize(
    "run, gives",
    [
        ("", 123), ("list_add(&d.l, &h);", 4123), ("list_add_tail(&d.l, &h);", 1234), ("list_add(&d.l, &a.l);", 1423), ("list_add_tail(&d.l, &b.l);", 1423), ("list_del(&b.l);", 13), ("list_del_init(&a.l);", 23), ("list_move(&c.l, &h);", 312),
        ("list_move_tail(&a.l, &h);", 231), ("list_replace(&b.l, &d.l);", 143), ("list_replace_init(&a.l, &d.l);", 423), ("list_add(&d.l, &g); list_splice(&g, &h);", 4123), ("list_add(&d.l, &g); list_splice_tail_init(&g, &h);", 1234),
        ("list_splice_init(&h, &g); list_splice(&g, &h);", 123), ("list_add(&d.l, &g); list_splice_init(&h, &g); list_splice_tail(&g, &h);", 1234), ("list_del_rcu(&b.l); INIT_LIST_HEAD(&b.l); list_add_rcu(&b.l, &h);", 213),
    ],
)  # fmt: skip
def test_lists(run, gives):
    ran = alone(LISTS, BEGIN + run + SUM)
    assert (ran.memory["r"], ran.broken) == (gives, ())


@pytest.mark.parametrize(
    "asked, gives",
    [
        ("list_first_entry(&h, struct e, l)->n", 1), ("list_last_entry(&h, struct e, l)->n", 3), ("list_first_entry_or_null(&h, struct e, l)->n", 1), ("list_first_entry_or_null(&g, struct e, l) == NULL", 1), ("list_last_entry_or_null(&g, struct e, l) == NULL", 1),
        ("list_next_entry(&a, l)->n", 2), ("list_prev_entry(&c, l)->n", 2), ("list_empty(&h)", 0), ("list_empty(&g)", 1), ("list_is_singular(&h)", 0), ("list_is_singular(&g)", 0), ("list_count_nodes(&h)", 3), ("list_is_first(&a.l, &h)", 1),
        ("list_is_first(&b.l, &h)", 0), ("list_is_last(&c.l, &h)", 1), ("list_is_last(&b.l, &h)", 0), ("list_is_head(&h, &h)", 1), ("list_is_head(&a.l, &h)", 0), ("list_empty(&a.l)", 0), ("list_empty_careful(&d.l)", 0),
    ],
)  # fmt: skip
def test_looks_at_lists(asked, gives):
    assert alone(LISTS, BEGIN + f"r = {asked};").memory["r"] == gives


@pytest.mark.parametrize(
    "loop, gives",
    [
        ("list_for_each_entry(p, &h, l)", 123), ("list_for_each_entry_reverse(p, &h, l)", 321), ("list_for_each_entry_rcu(p, &h, l)", 123), ("list_for_each_entry_continue(p, &h, l)", 23), ("list_for_each_entry_from(p, &h, l)", 123),
        ("struct e *n; list_for_each_entry_safe(p, n, &h, l)", 123), ("struct e *n; list_for_each_entry_safe_reverse(p, n, &h, l)", 321),
    ],
)  # fmt: skip
def test_loops_over_lists(loop, gives):
    assert alone(LISTS, BEGIN + f"p = &a; {loop} r = r * 10 + p->n;").memory["r"] == gives


@pytest.mark.parametrize(
    "run, said",
    [
        ("list_add(&a.l, &h);", "list_add() of a.l, which is on that list"), ("list_add(&h, &h);", "list_add() of h to itself"), ("list_del(&d.l);", "list_del() of d.l, which was never put on a list"), ("list_del(&a.l); list_del(&a.l);", "which was taken off a list"),
        ("r = list_first_entry(&g, struct e, l)->n;", "which is empty"), ("list_replace(&d.l, &b.l);", "list_replace() of d.l"), ("list_add(&d.l, &d.l);", "d.l, which is no list that was initialised"),
    ],
)  # fmt: skip
def test_what_corrupts_a_list(run, said):
    assert said in alone(LISTS, BEGIN + run).broken[0]


def test_a_pointer_that_rcu_replaces():
    ran = alone("struct s { int n; } a, b; static struct s *p = &a, *old; ", "old = rcu_replace_pointer(p, &b, 1);")
    assert (ran.memory["p"], ran.memory["old"]) == (("b", 0), ("a", 0))
    assert ran.names == ("rcu_dereference_protected", "rcu_assign_pointer", "write old")


HLIST = "static struct hlist_head h; static struct hlist_node a, b, c; static long r;"


@pytest.mark.parametrize(
    "run, gives",
    [
        ("r = hlist_empty(&h);", 1), ("hlist_add_head(&a, &h); r = hlist_empty(&h) * 10 + hlist_unhashed(&a);", 0), ("r = hlist_unhashed(&a);", 1), ("hlist_add_head(&a, &h); hlist_del_init(&a); r = hlist_unhashed(&a) * 10 + hlist_empty(&h);", 11), ("hlist_del_init(&a); r = hlist_unhashed(&a);", 1),
        ("hlist_add_head(&a, &h); hlist_del_init(&a); hlist_add_head(&a, &h); r = hlist_unhashed(&a);", 0), ("hlist_add_head(&a, &h); hlist_add_head(&b, &h); hlist_del(&a); r = hlist_empty(&h);", 0),
    ],
)  # fmt: skip
def test_hlists(run, gives):
    ran = alone(HLIST, run)
    assert (ran.memory["r"], ran.broken) == (gives, ())
    assert alone(HLIST, "hlist_add_head(&a, &h); hlist_del_init(&a);").memory["a"] == 0


def test_a_local_variable_may_come_and_go_under_a_lock():
    ran = alone("static spinlock_t l; static long r;", "spin_lock(&l); { atomic_t v; atomic_set(&v, 3); r = atomic_read(&v); } spin_unlock(&l);")  # fmt: skip
    assert (ran.memory["r"], ran.broken) == (3, ())
