"""What a list_head begins with must name itself, and a copy of one is told where it is used before it is made anew."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.search import explore

T = """
struct s { int v; struct list_head h; } g = { .h = LIST_HEAD_INIT(g.h) }, k, t[2] = { { 1, LIST_HEAD_INIT(t[0].h) }, { .h = { &t[1].h, &t[1].h } } };
struct e { struct list_head n; int z; } x, y;
static LIST_HEAD(own);
"""


def told(run: str) -> str:
    result = explore(scenario_of_c(T, run=(run,), threads=1), "none")
    return result.verdict if result.verdict == "ok" else f"{result.defect or result.property}"


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ("WARN_ON(!list_empty(&g.h) || !list_empty(&t[0].h) || !list_empty(&t[1].h) || !list_empty(&own));", "ok"),
        ("k = g; WARN_ON(!list_empty(&k.h));", "list_empty() of k.h, which is a copy of g.h and leads to that one's list"),
        ("k = g; list_add(&x.n, &k.h);", "list_add() of k.h, which is a copy of g.h"),
        ("memcpy(&k, &g, sizeof(k)); list_for_each_entry(p, &k.h, n) k.v = 1;".replace("list_for", "struct e *p; list_for"), "list_for_each() of k.h, which is a copy of g.h"),
        ("own = g.h; WARN_ON(list_empty(&own));", "list_empty() of own, which is a copy of g.h"),
        ("k = g; t[0] = k; WARN_ON(list_empty(&t[0].h));", "list_empty() of t[0].h, which is a copy of g.h"),
        ("k = g; INIT_LIST_HEAD(&k.h); list_add(&x.n, &k.h); WARN_ON(list_empty(&k.h) || !list_empty(&g.h)); list_del(&x.n);", "ok"),
        ("struct s l = g; WARN_ON(list_empty(&l.h));", "list_empty() of a list on the stack, which is a copy of g.h"),
        ("struct s l = g; g.v = 1; g = l; WARN_ON(!list_empty(&g.h) || g.v);", "ok"),
        ("g = *&g; WARN_ON(!list_empty(&g.h));", "ok"),
        ("list_add(&x.n, &g.h); y = x; list_del(&x.n); list_add(&y.n, &g.h); list_del(&y.n);", "ok"),
        ("list_add(&x.n, &g.h); y = x; list_del(&x.n);", "ok"),
        ("list_add(&x.n, &g.h); y = x; list_del(&y.n);", "list_del() of y.n, which is a copy of x.n"),
    ],
)  # fmt: skip
def test_a_copy_of_a_list_head(run, says):
    assert told(run).startswith(says) if says == "ok" else says in told(run)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("LIST_HEAD(x); struct list_head y = LIST_HEAD_INIT(x);", r"`LIST_HEAD_INIT\(x\)` in y: it would lead to x, .*; write LIST_HEAD_INIT\(y\)"),
        ("struct s { struct list_head h; } g = { LIST_HEAD_INIT(h) };", r"in g\.h: it would lead to h, "),
        ("struct s { struct list_head h; } t[2] = { [1] = { .h = LIST_HEAD_INIT(t[0].h) } };", r"in t\[1\]\.h: it would lead to t\[0\]\.h, "),
        ("struct list_head x = { &x, &x }, y = { &x, &y };", "in y: it would lead to x and y, "),
        ("LIST_HEAD(x); void f(void) { struct list_head y = x; }", "`x` in y: it would lead to x, "),
        ("LIST_HEAD(x); void f(void) { static struct list_head y = LIST_HEAD_INIT(x); }", "in y: it would lead to x, "),
    ],
)  # fmt: skip
def test_a_list_head_that_begins_by_leading_to_another_is_refused(text, says):
    with pytest.raises(InputError, match=says):
        scenario_of_c(text, run=("int n;",))
