"""Members of the kernel's own words, unions, volatile accesses, the order of pointers: what real texts hold beside plain structs."""

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import InputError
from tdxkit.explore.search import explore


def value(text: str) -> int:
    return value_of(text, "f", ())


def races(text: str, *run: str) -> int:
    return len(explore(scenario_of_c(text, run=run)).races)


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("static atomic_t a = ATOMIC_INIT(3); int f(void) { a.counter += 2; return atomic_read(&a) * 10 + (&a)->counter; }", 55),
        ("static refcount_t r = REFCOUNT_INIT(2); int f(void) { atomic_inc(&r.refs); return refcount_read(&r); }", 3),
        ("static spinlock_t l; int note(void *p) { return 4; } int f(void) { return note(&l.dep_map); }", 4),
        ("struct x; struct s { int a; struct x in; int b; }; static struct s s = { .b = 6 }; int f(void) { s.a = 1; return s.a + s.b; }", 7),
        ("struct s { union { int a; long b; }; int c; }; static struct s s; int f(void) { s.b = 5; s.c = 2; return s.b + s.c; }", 7),
        ("static int n = 3; int f(void) { return ACCESS_ONCE(n); }", 3),
        ("static int n; int f(void) { ACCESS_ONCE(n) = 8; return *(volatile int *)&n; }", 8),
        ("int f(void) { pr_info(\"%s\", __func__); return 1; }", 1),
        ("static int v[3]; int f(void) { int *p = &v[1], *q = &v[2]; return (p < q) + 2 * (q > p) + 4 * (p <= p) + 8 * (p > q); }", 7),
        ("static int a, b; int f(void) { return (&a < &b) + (&b < &a) + (&a >= &a); }", 2),
    ],
)  # fmt: skip
def test_a_value(text, gives):
    assert value(text) == gives


def test_a_union_of_which_two_members_are_used_is_refused():
    text = "union u { int a; short b; };\nstatic union u u;\nint f(void) { u.a = 1; return u.b; }"
    with pytest.raises(InputError, match=r"line 1, column 7: union u: it shows the same bytes .* a and b are used"):
        value(text)


def test_a_volatile_access_is_marked():
    text = "static int n;\n"
    assert races(text, "n = 1;", "int x = n;") == 1
    assert races(text, "ACCESS_ONCE(n) = 1;", "int x = *(volatile int *)&n;") == 0


def test_locks_taken_in_the_order_of_their_addresses():
    text = """
struct pipe { struct mutex mutex; };
static struct pipe a, b;
static void both(struct pipe *one, struct pipe *two)
{
	if (SWAP(one, two)) { struct pipe *t = one; one = two; two = t; }
	mutex_lock(&one->mutex);
	mutex_lock_killable_nested(&two->mutex, 1);
	mutex_unlock(&two->mutex);
	mutex_unlock(&one->mutex);
}
"""
    for swap, verdict in (("one > two", "ok"), ("0", "deadlock")):
        made = scenario_of_c(text.replace("SWAP(one, two)", swap), run=("both(&a, &b);", "both(&b, &a);"))
        assert explore(made).verdict == verdict


def test_what_is_allocated_is_of_the_type_that_the_function_returns():
    text = """
struct s { int n; };
static struct kmem_cache *cache;
static struct s *make(void) { return kmem_cache_alloc(cache, GFP_KERNEL); }
"""
    made = scenario_of_c(text, run=("struct s *p = make(); p->n = 3; WARN_ON(p->n != 3); kfree(p);",))
    assert explore(made).verdict == "ok"
