"""What an entry or a head of a list is written over with, and what functions that make nothing of their arguments do with them."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore

TEXT = "struct e { int v; struct list_head n; } x, y, z; LIST_HEAD(h); LIST_HEAD(d); DEFINE_SPINLOCK(l); int c; DEFINE_STATIC_KEY_FALSE(k); struct srcu_struct s; DECLARE_WAIT_QUEUE_HEAD(w); struct lockref r;"
WALK = " struct e *p; list_for_each_entry(p, &h, n) c++;"
OVER, OTHER = "x.n, which was written over while it was on the list", "list_del() comes to "


def said(run: str) -> str:
    found = explore(scenario_of_c(TEXT, run=(run,), threads=1))
    return "" if found.verdict == "ok" else str(found.property)


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        ("list_add(&x.n, &h); INIT_LIST_HEAD(&x.n);" + WALK, OVER),
        ("list_add(&x.n, &h); memset(&x, 0, sizeof(x));" + WALK, OVER),
        ("list_add(&x.n, &h); x = y;" + WALK, OVER),
        ("list_add(&x.n, &h); list_add(&y.n, &h); INIT_LIST_HEAD(&x.n); list_del(&y.n);", OTHER + OVER),
        ("list_add(&x.n, &h); INIT_LIST_HEAD(&x.n); list_add(&y.n, &h);", OVER),
        ("list_add(&x.n, &h); INIT_LIST_HEAD(&x.n); list_add_tail(&y.n, &h);", OVER),
        ("list_add(&x.n, &h); list_add_tail(&y.n, &h);" + WALK + " list_del(&x.n); list_del(&y.n); WARN_ON(c != 2);", ""),
        ("LIST_HEAD(t); list_add(&x.n, &t);", ""),
        ("list_add(&x.n, &h); list_add(&y.n, &h); list_add(&z.n, &h); list_del(&y.n); list_add_tail(&y.n, &h); list_del(&x.n);", ""),
        ("list_add(&x.n, &h); list_replace(&x.n, &y.n); list_del(&y.n); WARN_ON(!list_empty(&h));", ""),
        ("list_add(&h, &h);", "list_add() of h to itself"),
        ("list_add(&x.n, &h); INIT_LIST_HEAD(&h); WARN_ON(!list_empty(&h));", ""),
        ("list_add(&x.n, &h); INIT_LIST_HEAD(&h); list_del(&x.n);", "which was on a list whose head was initialised again"),
        ("memset(&x, 0, sizeof(x)); WARN_ON(list_empty(&x.n));", ""),
        ("memset(&x, 0, sizeof(x)); list_add(&y.n, &x.n);", "no list that was initialised"),
    ],
)  # fmt: skip
def test_an_entry_that_is_written_over_while_on_a_list_is_told_where_it_is_met(run, wrong):
    assert wrong in said(run) and bool(wrong) == bool(said(run))


ORDER = " struct e *p; int w = 0; list_for_each_entry(p, &h, n) w = w * 10 + p->v; WARN_ON(w != "


@pytest.mark.parametrize(
    ("run", "order"),
    [
        ("list_add(&z.n, &x.n);", 132),
        ("list_add_tail(&z.n, &x.n);", 312),
        ("list_add(&z.n, &y.n);", 123),
        ("list_add_tail(&z.n, &y.n);", 132),
        ("list_add(&z.n, &d); list_move_tail(&z.n, &x.n);", 312),
        ("list_add(&z.n, &d); list_splice(&d, &x.n);", 132),
        ("list_add(&z.n, &d); list_splice_tail_init(&d, &x.n); WARN_ON(!list_empty(&d));", 312),
        ("list_add(&z.n, &x.n); list_del(&x.n);", 32),
    ],
)
def test_an_entry_comes_beside_another(run, order):
    first = "x.v = 1; y.v = 2; z.v = 3; list_add_tail(&x.n, &h); list_add_tail(&y.n, &h); "
    assert said(f"{first}{run}{ORDER}{order});") == ""
    assert "WARN_ON()" in said(f"{first}{run}{ORDER}{order + 1});")


@pytest.mark.parametrize("run", ["list_next_entry(&x, n);", "list_prev_entry(&x, n);", "list_del(&h);"])
def test_a_head_is_not_taken_for_an_entry(run):
    with pytest.raises(ModelError, match=r"is the head|stands the head"):
        said("list_add(&x.n, &h); " + run)


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        ("int a = 0; msleep(a++); WARN_ON(a != 1);", ""),
        ("int a = 0; pr_debug(\"%d\", a++); WARN_ON(a);", ""),
        ("int a = 0; usleep_range(a++, a++); WARN_ON(a != 2);", ""),
        ("struct e *p = kzalloc(sizeof(*p), GFP_KERNEL); kfree(p); spin_lock_nested(&l, p->v); spin_unlock(&l);", "after it was freed"),
        ("struct e *p = kzalloc(sizeof(*p), GFP_KERNEL); kfree(p); msleep(p->v);", "after it was freed"),
        ("spin_lock(&l); static_branch_enable(&k); spin_unlock(&l);", "nobody may sleep under a spinlock"),
        ("preempt_disable(); static_branch_disable(&k); preempt_enable();", "nobody may sleep with preemption"),
        ("preempt_disable(); kmem_cache_create(\"c\", 8, 8, 0, NULL); preempt_enable();", "nobody may sleep with preemption"),
        ("preempt_disable(); init_srcu_struct(&s); preempt_enable();", "nobody may sleep with preemption"),
        ("preempt_disable(); might_sleep_if(c); might_sleep_if(1); preempt_enable();", "nobody may sleep with preemption"),
        ("preempt_disable(); might_sleep_if(c); preempt_enable();", ""),
        ("int a = 0; wait_event_timeout(w, 1, a++); WARN_ON(a != 1);", ""),
        ("int a = 0; kfree(kzalloc_node(sizeof(x), GFP_KERNEL, a++)); WARN_ON(a != 1);", ""),
        ("lockref_mark_dead(&r);", "whose lock its CPU does not hold"),
        ("spin_lock(&r.lock); lockref_mark_dead(&r); spin_unlock(&r.lock);", ""),
        ("struct page *p = alloc_page(GFP_KERNEL); kfree(p);", "which is a page"),
        ("struct page *p = alloc_page(GFP_KERNEL); if (p) __free_page(p);", ""),
        ("struct e *p = kzalloc(sizeof(*p), GFP_KERNEL); __free_page((struct page *)p);", "which is no page"),
        ("static_branch_enable(&k); WARN_ON(!static_key_enabled(&k));", ""),
    ],
)  # fmt: skip
def test_what_a_quiet_function_is_given_has_its_value(run, wrong):
    assert wrong in said(run) and bool(wrong) == bool(said(run))


@pytest.mark.parametrize("given", ["c++", "c = 1", "atomic_inc_return(&a)"])
def test_what_is_done_once_is_not_done_each_time(given):
    with pytest.raises(InputError, match=r"pr_warn_once\(\) does it the first time alone"):
        scenario_of_c(TEXT + "atomic_t a;", run=(f'pr_warn_once("%d", {given});',))


NODES = "struct s { struct llist_node n; int v; } x, y; LLIST_HEAD(h);"


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        ("init_llist_node(&x.n); WARN_ON(llist_on_list(&x.n)); llist_add(&x.n, &h); WARN_ON(!llist_on_list(&x.n));", "ok"),
        ("llist_add(&x.n, &h); llist_del_all(&h); WARN_ON(!llist_on_list(&x.n)); init_llist_node(&x.n); WARN_ON(llist_on_list(&x.n));", "ok"),
        ("init_llist_head(&h); WARN_ON(!llist_empty(&h));", "ok"),
        ("llist_add(&y.n, &h); llist_add(&x.n, &h); struct s *p; llist_for_each_entry(p, llist_del_all(&h), n) p->v = 1;", "ok"),
        ("llist_add(&y.n, &h); llist_add(&x.n, &h); init_llist_node(&x.n); struct s *p; llist_for_each_entry(p, llist_del_all(&h), n) p->v = 1;", "livelock"),
    ],
)  # fmt: skip
def test_a_node_of_a_list_without_a_lock_that_is_initialised_leads_to_itself(run, verdict):
    assert explore(scenario_of_c(NODES, run=(run,), threads=1)).verdict == verdict
