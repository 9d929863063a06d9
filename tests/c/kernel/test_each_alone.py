"""The kernel's functions one by one, on one CPU: what each gives, what it leaves, the steps it takes; said by hand, from the kernel's documentation."""

import pytest

from tests.c.kernel.alone import alone, each_alone

pytestmark = pytest.mark.many

COUNTS = [  # call, count before, what it gives, count then, kind of its step
    ("(refcount_set(&v, 5), 1)", 3, 1, 5, "store"), ("(refcount_set_release(&v, 5), 1)", 3, 1, 5, "store"), ("(refcount_set(&v, 1UL << 32), 1)", 3, 1, 0, "store"), ("(refcount_set(&v, 0x80000000), 1)", 3, 1, -(1 << 31), "store"), ("(refcount_set_release(&v, 0x80000000), 1)", 3, 1, -(1 << 31), "store"),
    ("refcount_read(&v)", 3, 3, 3, "load"), ("(refcount_inc(&v), 9)", 3, 9, 4, "locked"), ("(refcount_dec(&v), 9)", 3, 9, 2, "locked"), ("(refcount_add(3, &v), 9)", 3, 9, 6, "locked"), ("refcount_sub_and_test(3, &v)", 3, 1, 0, "locked"), ("refcount_sub_and_test(2, &v)", 3, 0, 1, "locked"),
    ("refcount_dec_and_test(&v)", 1, 1, 0, "locked"), ("refcount_dec_and_test(&v)", 3, 0, 2, "locked"), ("refcount_inc_not_zero(&v)", 3, 1, 4, "locked"), ("refcount_inc_not_zero_acquire(&v)", 3, 1, 4, "locked"), ("refcount_inc_not_zero(&v)", 0, 0, 0, "load"), ("refcount_inc_not_zero_acquire(&v)", 0, 0, 0, "load"),
    ("refcount_add_not_zero(4, &v)", 3, 1, 7, "locked"), ("refcount_add_not_zero(4, &v)", 0, 0, 0, "load"), ("refcount_dec_not_one(&v)", 3, 1, 2, "locked"), ("refcount_dec_not_one(&v)", 1, 0, 1, "load"), ("refcount_dec_if_one(&v)", 1, 1, 0, "locked"), ("refcount_dec_if_one(&v)", 3, 0, 3, "locked"),
]  # fmt: skip


@pytest.mark.parametrize("call, before, gives, after, kind", COUNTS)
def test_refcounts(call, before, gives, after, kind):
    ran = alone(f"refcount_t v = REFCOUNT_INIT({before}); unsigned int r = 77;", f"r = {call};")
    assert (ran.memory["r"], ran.memory["v"], ran.kinds[0], ran.broken) == (gives, after, kind, ())


KREFS = [("(kref_init(&k), 1)", 3, 1, 1, "store"), ("kref_read(&k)", 3, 3, 3, "load"), ("(kref_get(&k), 1)", 3, 1, 4, "locked"), ("kref_get_unless_zero(&k)", 3, 1, 4, "locked"), ("kref_get_unless_zero(&k)", 0, 0, 0, "load"), ("kref_put(&k, gone)", 3, 0, 2, "locked"), ("kref_put(&k, gone)", 1, 1, 0, "locked")]  # fmt: skip


@pytest.mark.parametrize("call, before, gives, after, kind", KREFS)
def test_krefs(call, before, gives, after, kind):
    text = f"struct kref k = KREF_INIT({before}); int r = 77, n; void gone(struct kref *x) {{ n += 5; }}"
    ran = alone(text, f"r = {call};")
    assert (ran.memory["r"], ran.memory["k.refcount"], ran.kinds[0], ran.broken) == (gives, after, kind, ())
    assert ran.memory["n"] == (5 if "put" in call and gives else 0)


@pytest.mark.parametrize("word, before, leaves", [("kref_get", 0, 0), ("kref_get", 0x7FFFFFFF, 0x7FFFFFFF), ("kref_get_unless_zero", 0x7FFFFFFF, 0x7FFFFFFF), ("kref_get_unless_zero", -5, -5)])  # fmt: skip
def test_a_kref_that_saturates(word, before, leaves):
    ran = alone(f"struct kref k = KREF_INIT({before});", f"{word}(&k);")
    assert f"{word}() of k.refcount, which is {before}: it saturates" in ran.broken[0]
    assert ran.memory["k.refcount"] == leaves


WORDS = [  # call, word before, what it gives, word then, kinds without that of the store of what it gives
    ("(set_bit(1, &w), 9)", 4, 9, 6, "locked"), ("(clear_bit(2, &w), 9)", 6, 9, 2, "locked"), ("(change_bit(2, &w), 9)", 6, 9, 2, "locked"), ("(change_bit(0, &w), 9)", 6, 9, 7, "locked"), ("(__set_bit(1, &w), 9)", 4, 9, 6, "load store"), ("(__clear_bit(2, &w), 9)", 6, 9, 2, "load store"),
    ("(__change_bit(2, &w), 9)", 6, 9, 2, "load store"), ("test_and_set_bit(63, &w)", 1, 0, (1 << 63) + 1, "locked"), ("test_and_clear_bit(0, &w)", 6, 0, 6, "locked"), ("test_and_change_bit(1, &w)", 6, 1, 4, "locked"), ("__test_and_change_bit(1, &w)", 6, 1, 4, "load store"), ("__test_and_change_bit(0, &w)", 6, 0, 7, "load store"),
    ("__test_and_set_bit(1, &w)", 6, 1, 6, "load store"), ("__test_and_clear_bit(0, &w)", 6, 0, 6, "load store"), ("(clear_bit_unlock(1, &w), 9)", 6, 9, 4, "locked"), ("(__clear_bit_unlock(1, &w), 9)", 6, 9, 4, "load store"), ("test_bit(63, &w)", 1 << 63, 1, 1 << 63, "load"), ("test_bit_acquire(1, &w)", 6, 1, 6, "load"), ("test_bit_acquire(0, &w)", 6, 0, 6, "load"),
    ("(assign_bit(0, &w, 5), 9)", 6, 9, 7, "locked"), ("(assign_bit(1, &w, 0), 9)", 6, 9, 4, "locked"), ("(__assign_bit(0, &w, 1), 9)", 6, 9, 7, "load store"), ("(__assign_bit(1, &w, 0), 9)", 6, 9, 4, "load store"), ("find_first_bit(&w, 64)", 0, 64, 0, "load"), ("find_first_bit(&w, 3)", 8, 3, 8, "load"), ("find_first_bit(&w, 4)", 8, 3, 8, "load"),
    ("find_first_zero_bit(&w, 2)", 3, 2, 3, "load"), ("find_first_zero_bit(&w, 64)", (1 << 64) - 1, 64, (1 << 64) - 1, "load"), ("find_next_zero_bit(&w, 64, 1)", 2, 2, 2, "load"), ("find_next_bit(&w, 64, 63)", 1 << 63, 63, 1 << 63, "load"), ("find_next_bit(&w, 3, 3)", 8, 3, 8, ""), ("(bitmap_zero(&w, 1), 9)", 6, 9, 0, "store"), ("(bitmap_zero(&w, 0), 9)", 6, 9, 6, ""),
]  # fmt: skip


@pytest.mark.parametrize("call, before, gives, after, kinds", WORDS)
def test_bits_of_a_word(call, before, gives, after, kinds):
    ran = alone(f"unsigned long w = {before}UL; int r = 77;", f"r = {call};")
    assert (ran.memory["r"], ran.memory["w"], ran.kinds, ran.broken) == (gives, after, (*kinds.split(), "store"), ())


@pytest.mark.parametrize(
    "call, gives, looks",
    [("find_first_bit(m, 192)", 64, 2), ("find_next_bit(m, 192, 64)", 64, 1), ("find_next_bit(m, 192, 65)", 191, 2), ("find_next_bit(m, 191, 65)", 191, 2), ("find_first_zero_bit(m, 192)", 0, 1), ("find_next_zero_bit(m, 192, 64)", 65, 1), ("find_next_bit(m, 64, 0)", 64, 1), ("find_next_bit(m, 65, 0)", 64, 2), ("test_bit(191, m)", 1, 1), ("test_bit(127, m)", 0, 1), ("test_bit(128, m)", 0, 1)],
)  # fmt: skip
def test_bits_of_several_words(call, gives, looks):
    ran = alone("unsigned long m[3] = { 0, 1, 1UL << 63 }; int r = 77;", f"r = {call};")
    assert (ran.memory["r"], ran.kinds) == (gives, ("load",) * looks + ("store",))


def test_a_bitmap_is_zeroed_word_by_word():
    ran = alone("unsigned long m[3] = { 1, 2, 4 };", "bitmap_zero(m, 65);")
    assert [ran.memory[f"m[{k}]"] for k in range(3)] == [0, 0, 4] and ran.kinds == ("store", "store")
    looped = "unsigned long m[2] = { 5, 1 }; int n, b;"
    assert alone(looped, "for_each_set_bit(b, m, 65) n = n * 100 + b + 1;").memory["n"] == 10365
    assert alone(looped, "for_each_clear_bit(b, m, 4) n = n * 100 + b + 1;").memory["n"] == 204


LISTS = "struct e { int v; struct list_head n; } a = { 1 }, b = { 2 }, c = { 3 }; static LIST_HEAD(h); static LIST_HEAD(g); struct e *p, *q; struct list_head *l, *k; int r; "
FULL = "list_add_tail(&a.n, &h); list_add_tail(&b.n, &h); list_add_tail(&c.n, &h); "
SHOW = "list_for_each_entry(p, &h, n) r = r * 10 + p->v; r *= 100; list_for_each_entry(p, &g, n) r = r * 10 + p->v;"


CHANGES = [
        ("", 12300), ("list_del(&b.n);", 1300), ("list_del_rcu(&a.n);", 2300), ("list_del_init(&c.n);", 1200), ("list_del_init_careful(&c.n);", 1200), ("list_move(&c.n, &h);", 31200), ("list_move_tail(&a.n, &h);", 23100), ("list_move(&b.n, &g);", 13002), ("list_move_tail(&b.n, &g); list_move_tail(&a.n, &g);", 30021), ("list_move(&b.n, &g); list_move(&a.n, &g);", 30012),
        ("list_del(&b.n); list_add(&b.n, &h);", 21300), ("list_del(&b.n); list_add(&b.n, &c.n);", 13200), ("list_del(&c.n); list_add_tail(&c.n, &b.n);", 13200), ("list_del(&c.n); list_add_tail_rcu(&c.n, &a.n);", 31200), ("list_del(&a.n); list_add_rcu(&a.n, &b.n);", 21300), ("list_del(&c.n); list_replace(&b.n, &c.n);", 1300), ("list_del(&c.n); list_replace_init(&a.n, &c.n);", 3200), ("list_del(&c.n); list_replace_rcu(&a.n, &c.n);", 3200),
        ("list_splice_init(&h, &g);", 123), ("list_splice_tail_init(&h, &g);", 123), ("list_move(&a.n, &g); list_splice_init(&h, &g);", 231), ("list_move(&a.n, &g); list_splice_tail_init(&h, &g);", 123), ("list_move(&a.n, &g); list_splice_tail(&h, &g); INIT_LIST_HEAD(&h);", 123), ("list_move(&a.n, &g); list_splice(&h, &g); INIT_LIST_HEAD(&h);", 231), ("list_splice_init(&g, &h);", 12300),
    ]  # fmt: skip


def test_what_changes_a_list():
    made = each_alone(LISTS, [FULL + does + SHOW for does, _ in CHANGES])
    assert dict(zip((does for does, _ in CHANGES), made)) == dict(CHANGES)


LOOKS = [
        ("list_empty(&h)", 0), ("list_empty(&g)", 1), ("list_empty_careful(&h)", 0), ("list_empty_careful(&g)", 1), ("list_is_singular(&h)", 0), ("list_is_singular(&g)", 0), ("(list_move(&a.n, &g), list_is_singular(&g))", 1), ("list_count_nodes(&h)", 3), ("list_count_nodes(&g)", 0), ("list_is_last(&c.n, &h)", 1), ("list_is_last(&a.n, &h)", 0), ("list_is_first(&a.n, &h)", 1), ("list_is_first(&c.n, &h)", 0),
        ("list_is_head(&h, &h)", 1), ("list_is_head(&a.n, &h)", 0), ("list_first_entry(&h, struct e, n)->v", 1), ("list_last_entry(&h, struct e, n)->v", 3), ("list_first_entry_or_null(&h, struct e, n)->v", 1), ("list_last_entry_or_null(&h, struct e, n)->v", 3), ("list_first_or_null_rcu(&h, struct e, n)->v", 1), ("list_first_entry_or_null(&g, struct e, n) == NULL", 1), ("list_last_entry_or_null(&g, struct e, n) == NULL", 1), ("list_first_or_null_rcu(&g, struct e, n) == NULL", 1),
        ("list_next_entry(&a, n)->v", 2), ("list_prev_entry(&c, n)->v", 2), ("list_next_entry(&b, n)->v", 3), ("list_prev_entry(&b, n)->v", 1), ("(p = &b, list_entry_is_head(p, &h, n))", 0), ("(p = list_entry(&h, struct e, n), list_entry_is_head(p, &h, n))", 1), ("(p = &b, list_prepare_entry(p, &h, n) == &b)", 1), ("(list_del_init(&a.n), list_empty(&a.n))", 1),
    ]  # fmt: skip


def test_what_looks_at_a_list():
    made = each_alone(LISTS, [f"{FULL} r = {asks};" for asks, _ in LOOKS])
    assert dict(zip((asks for asks, _ in LOOKS), made)) == dict(LOOKS)


LOOPS = [
        ("list_for_each_entry(p, &h, n)", 123), ("list_for_each_entry_reverse(p, &h, n)", 321), ("list_for_each_entry_rcu(p, &h, n)", 123), ("list_for_each_entry_srcu(p, &h, n, 1)", 123), ("list_for_each_entry_lockless(p, &h, n)", 123), ("list_for_each_entry_safe(p, q, &h, n)", 123), ("list_for_each_entry_safe_reverse(p, q, &h, n)", 321), ("p = &a; list_for_each_entry_continue(p, &h, n)", 23), ("p = &c; list_for_each_entry_continue_reverse(p, &h, n)", 21),
        ("p = &b; list_for_each_entry_from(p, &h, n)", 23), ("p = &b; list_for_each_entry_from_reverse(p, &h, n)", 21), ("p = &a; list_for_each_entry_safe_continue(p, q, &h, n)", 23), ("p = &b; list_for_each_entry_safe_from(p, q, &h, n)", 23), ("p = list_prepare_entry(p, &h, n); list_for_each_entry_continue(p, &h, n)", 123), ("p = &a; p = list_prepare_entry(p, &h, n); list_for_each_entry_continue(p, &h, n)", 23),
    ]  # fmt: skip


def test_loops_over_entries():
    text = LISTS.replace("struct e *p, *q;", "struct e *q;")
    whole = "{ if (p->v == 9) continue; r = r * 10 + p->v; } if (!list_entry_is_head(p, &h, n)) r = -1;"
    made = each_alone(text, [f"struct e *p = NULL; {FULL} {loop} {whole}" for loop, _ in LOOPS])
    assert dict(zip((loop for loop, _ in LOOPS), made)) == dict(LOOPS)
    stopped = each_alone(text, [f"struct e *p = NULL; {FULL} {loop} {{ r = p->v; break; }}" for loop, _ in LOOPS])
    assert stopped == [int(str(gives)[0]) for _, gives in LOOPS]


OF_HEADS = [("list_for_each(l, &h)", 123), ("list_for_each_prev(l, &h)", 321), ("list_for_each_rcu(l, &h)", 123), ("list_for_each_reverse(l, &h)", 321), ("list_for_each_safe(l, k, &h)", 123), ("list_for_each_prev_safe(l, k, &h)", 321), ("l = &a.n; list_for_each_continue(l, &h)", 23)]  # fmt: skip


def test_loops_over_list_heads():
    made = each_alone(LISTS, [f"{FULL} {loop} r = r * 10 + list_entry(l, struct e, n)->v;" for loop, _ in OF_HEADS])
    assert dict(zip((loop for loop, _ in OF_HEADS), made)) == dict(OF_HEADS)


def test_a_safe_loop_may_delete_and_a_plain_one_may_not():
    assert (
        alone(LISTS, FULL + "list_for_each_entry_safe(p, q, &h, n) list_del(&p->n); r = list_empty(&h);").memory["r"]
        == 1
    )
    assert "which was taken off the list" in alone(LISTS, FULL + "list_for_each_entry(p, &h, n) list_del_init(&p->n);").broken[0]  # fmt: skip


HLISTS = "struct e { int v; struct hlist_node n; } a = { 1 }, b = { 2 }; static HLIST_HEAD(h); struct e *p; struct hlist_node *l, *k; int r; "
PUSHED = "hlist_add_head(&a.n, &h); hlist_add_head_rcu(&b.n, &h); "


OF_HLISTS = [
        ("hlist_for_each_entry(p, &h, n) r = r * 10 + p->v;", 21), ("hlist_for_each_entry_rcu(p, &h, n) r = r * 10 + p->v;", 21), ("hlist_for_each_entry_safe(p, k, &h, n) { r = r * 10 + p->v; hlist_del(&p->n); } r = r * 10 + hlist_empty(&h);", 211), ("hlist_for_each(l, &h) r = r * 10 + hlist_entry(l, struct e, n)->v;", 21), ("hlist_for_each_safe(l, k, &h) r = r * 10 + hlist_entry(l, struct e, n)->v;", 21),
        ("r = hlist_empty(&h) * 10 + hlist_unhashed(&a.n);", 0), ("hlist_del_init(&a.n); r = hlist_empty(&h) * 10 + hlist_unhashed(&a.n);", 1), ("hlist_del_init_rcu(&a.n); hlist_del_init(&a.n); hlist_del_rcu(&b.n); r = hlist_empty(&h) * 10 + hlist_unhashed_lockless(&a.n);", 11), ("p = &b; hlist_for_each_entry_continue(p, n) r = r * 10 + p->v;", 1), ("p = &b; hlist_for_each_entry_from(p, n) r = r * 10 + p->v;", 21),
        ("p = &b; hlist_for_each_entry_continue_rcu(p, n) r = r * 10 + p->v;", 1), ("p = &b; hlist_for_each_entry_from_rcu(p, n) r = r * 10 + p->v;", 21), ("hlist_for_each_entry(p, &h, n) ; r = p == NULL;", 1), ("p = &b; hlist_for_each_entry_from(p, n) ; r = p == NULL;", 1), ("r = hlist_entry_safe(&a.n, struct e, n)->v;", 1), ("l = NULL; r = hlist_entry_safe(l, struct e, n) == NULL;", 1), ("INIT_HLIST_HEAD(&h); r = hlist_empty(&h);", 1),
    ]  # fmt: skip


def test_hlists():
    made = each_alone(HLISTS, [PUSHED + does for does, _ in OF_HLISTS])
    assert dict(zip((does for does, _ in OF_HLISTS), made)) == dict(OF_HLISTS)


LLISTS = "struct e { int v; struct llist_node n; } a = { 1 }, b = { 2 }; static LLIST_HEAD(h); struct llist_node *l; struct e *p, *q; int r; "


OF_LLISTS = [
        ("r = llist_empty(&h) * 10 + llist_add(&a.n, &h);", 11), ("llist_add(&a.n, &h); r = llist_empty(&h) * 10 + llist_add(&b.n, &h);", 0), ("llist_add(&a.n, &h); llist_add(&b.n, &h); l = llist_del_all(&h); r = llist_empty(&h); llist_for_each_entry(p, l, n) r = r * 10 + p->v;", 121), ("llist_add(&a.n, &h); llist_add(&b.n, &h); l = llist_reverse_order(llist_del_all(&h)); llist_for_each_entry(p, l, n) r = r * 10 + p->v;", 12),
        ("llist_add(&a.n, &h); llist_add(&b.n, &h); l = llist_del_first(&h); r = llist_entry(l, struct e, n)->v * 10 + llist_entry(llist_del_first(&h), struct e, n)->v; r = r * 10 + (llist_del_first(&h) == NULL);", 211), ("llist_add(&a.n, &h); llist_add(&b.n, &h); l = llist_next(&b.n); r = l == &a.n;", 1), ("init_llist_node(&a.n); r = llist_on_list(&a.n); llist_add(&a.n, &h); r = r * 10 + llist_on_list(&a.n);", 1),
        ("llist_add(&a.n, &h); init_llist_head(&h); r = llist_empty(&h);", 1), ("a.n.next = &b.n; r = llist_add_batch(&a.n, &b.n, &h) * 100; llist_for_each_entry_safe(p, q, llist_del_all(&h), n) r = r * 10 + p->v;", 10012), ("llist_add(&a.n, &h); llist_add(&b.n, &h); llist_for_each(l, llist_del_all(&h)) r = r * 10 + llist_entry(l, struct e, n)->v;", 21),
        ("llist_add(&a.n, &h); llist_add(&b.n, &h); struct llist_node *t; llist_for_each_safe(l, t, llist_del_all(&h)) r = r * 10 + llist_entry(l, struct e, n)->v;", 21),
    ]  # fmt: skip


def test_lists_without_a_lock():
    made = each_alone(LLISTS, [does for does, _ in OF_LLISTS])
    assert dict(zip((does for does, _ in OF_LLISTS), made)) == dict(OF_LLISTS)


QUIET = [
    ("IS_ERR(ERR_PTR(-1))", 1), ("IS_ERR(ERR_PTR(-4095))", 1), ("IS_ERR(ERR_PTR(-4096))", 0), ("IS_ERR(NULL)", 0), ("IS_ERR(&x)", 0), ("IS_ERR_OR_NULL(NULL)", 1), ("IS_ERR_OR_NULL(&x)", 0), ("IS_ERR_OR_NULL(ERR_PTR(-4095))", 1), ("PTR_ERR(ERR_PTR(-12))", -12), ("PTR_ERR_OR_ZERO(&x)", 0), ("PTR_ERR_OR_ZERO(ERR_PTR(-3))", -3), ("PTR_ERR(ERR_CAST(ERR_PTR(-7)))", -7), ("rcu_pointer_handoff(&x) == &x", 1), ("static_key_enabled(&on) * 10 + static_key_enabled(&off)", 10),
    ("static_branch_likely(&on) * 10 + static_branch_unlikely(&off)", 10), ("static_key_true(&on) * 10 + static_key_false(&off)", 10), ("(static_branch_enable(&off), static_branch_unlikely(&off))", 1), ("(static_branch_disable(&on), static_branch_likely(&on))", 0), ("IS_ERR_VALUE(-4095L)", 1), ("IS_ERR_VALUE(-4096L)", 0), ("IS_ERR_VALUE(0)", 0),
]  # fmt: skip


def test_errors_and_keys():
    text = "int x; long r = 77; DEFINE_STATIC_KEY_TRUE(on); DEFINE_STATIC_KEY_FALSE(off);"
    made = each_alone(text, [f"r = {asks};" for asks, _ in QUIET])
    assert dict(zip((asks for asks, _ in QUIET), made)) == dict(QUIET)


CONTEXTS = [("", 0, 0, 0, 1, 0, 1), ("preempt_disable();", 1, 0, 0, 1, 0, 0), ("local_bh_disable();", 1, 1, 1, 1, 0, 0), ("local_irq_disable();", 0, 0, 0, 1, 1, 0), ("spin_lock(&l);", 1, 0, 0, 1, 0, 0), ("mutex_lock(&m);", 0, 0, 0, 1, 0, 1), ("spin_lock_irq(&l);", 1, 0, 0, 1, 1, 0), ("spin_lock_bh(&l);", 1, 1, 1, 1, 0, 0), ("preempt_disable(); preempt_disable(); preempt_enable();", 1, 0, 0, 1, 0, 0)]  # fmt: skip


@pytest.mark.parametrize("does, atomic, interrupt, softirq, task, irqs, preemptible", CONTEXTS)
def test_what_a_cpu_says_of_itself(does, atomic, interrupt, softirq, task, irqs, preemptible):
    asks = {"in_atomic": atomic, "in_interrupt": interrupt, "in_softirq": softirq, "in_serving_softirq": 0, "in_task": task, "irqs_disabled": irqs, "preemptible": preemptible, "in_hardirq": 0, "in_irq": 0, "in_nmi": 0}  # fmt: skip
    said = " ".join(f"r[{k}] = {word}();" for k, word in enumerate(asks))
    ran = alone("spinlock_t l; struct mutex m; int r[10];", does + said)
    assert {word: ran.memory[f"r[{k}]"] for k, word in enumerate(asks)} == asks


def test_saved_flags_say_whether_interrupts_may_come():
    text = "int r; unsigned long f;"
    assert alone(text, "local_save_flags(f); r = irqs_disabled_flags(f);").memory["r"] == 0
    for take in ("local", "raw_local"):
        ran = alone(text, f"{take}_irq_save(f); r = irqs_disabled() * 10 + irqs_disabled_flags(f); {take}_irq_restore(f); r = r * 10 + irqs_disabled();")  # fmt: skip
        assert (ran.memory["r"], ran.memory["f"], ran.broken) == (100, 0x200, ())
        ran = alone(text, f"{take}_irq_disable(); {take}_irq_save(f); {take}_irq_restore(f); r = irqs_disabled() * 10 + irqs_disabled_flags(f); {take}_irq_enable();")  # fmt: skip
        assert (ran.memory["r"], ran.memory["f"], ran.broken) == (11, 0, ())
