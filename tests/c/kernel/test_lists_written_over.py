"""What an entry or a head of a list is written over with, and what functions that make nothing of their arguments do with them."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.search import explore

TEXT = "struct e { int v; struct list_head n; } x, y, z; LIST_HEAD(h); LIST_HEAD(d); DEFINE_SPINLOCK(l); int c; DEFINE_STATIC_KEY_FALSE(k);"
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
    ],
)  # fmt: skip
def test_an_entry_that_is_written_over_while_on_a_list_is_told_where_it_is_met(run, wrong):
    assert wrong in said(run) and bool(wrong) == bool(said(run))


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
        ("static_branch_enable(&k); WARN_ON(!static_key_enabled(&k));", ""),
    ],
)  # fmt: skip
def test_what_a_quiet_function_is_given_has_its_value(run, wrong):
    assert wrong in said(run) and bool(wrong) == bool(said(run))


@pytest.mark.parametrize("given", ["c++", "c = 1", "atomic_inc_return(&a)"])
def test_what_is_done_once_is_not_done_each_time(given):
    with pytest.raises(InputError, match=r"pr_warn_once\(\) does it the first time alone"):
        scenario_of_c(TEXT + "atomic_t a;", run=(f'pr_warn_once("%d", {given});',))
