"""Members of the kernel's own words, unions, volatile accesses, the order of pointers: what real texts hold beside plain structs."""

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import InputError, TdxkitError
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


@pytest.mark.parametrize("word", ["atomic_t", "refcount_t", "wait_queue_head_t"])
def test_what_lockdep_knows_is_a_lock_s(word):
    with pytest.raises(InputError, match="dep_map"):
        value(f"static {word} a; int note(void *p) {{ return 4; }} int f(void) {{ return note(&a.dep_map); }}")
    assert value("static seqcount_t a; int note(void *p) { return 4; } int f(void) { return note(&a.dep_map); }") == 4


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


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("struct s { int a[2]; int b; }; int f(void) { struct s x = { 0 }; return x.a[1] + x.b; }", 0),
        (
            "struct s { int a[2]; int b; }; int f(void) { struct s x = { 1, 2, 3 }; return x.a[0] * 100 + x.a[1] * 10 + x.b; }",
            123,
        ),
        (
            "struct s { int a[2]; int b; }; static struct s x = { 1, 2, 3 }; int f(void) { return x.a[0] * 100 + x.a[1] * 10 + x.b; }",
            123,
        ),
        (
            "struct t { int p, q; }; struct s { struct t t[2]; int b; }; int f(void) { struct s x = { { 1, 2, 3, 4 }, 5 }; return x.t[1].q * 10 + x.b; }",
            45,
        ),
        ("int f(void) { int a[2][2] = { 1, 2, 3 }; return a[1][0] * 10 + a[1][1]; }", 30),
        ("struct s { int a[2]; int b; }; int f(void) { struct s x = { .a[1] = 4, 6 }; return x.a[1] * 10 + x.b; }", 46),
        (
            "static int a[5] = { [1 ... 3] = 2, 7 }; int f(void) { return a[0] + a[1] * 1000 + a[3] * 100 + a[4]; }",
            2207,
        ),
    ],
)
def test_braces_that_are_left_out(text, gives):
    assert value(text) == gives


BYTES = "static u32 a[3] = { 258, 7, 9 };\nint f(void *m) { "


@pytest.mark.parametrize(
    ("body", "gives"),
    [
        ("char *p = m; p += sizeof(u32); return *(u32 *)p;", 7),
        ("u32 *p = m + 8; return *p;", 9),
        ("u32 *p = (u32 *)((char *)a + 8 - 4); return *p;", 7),
        ("u8 *p = m; return *p;", 2),
        ("u16 *p = (u16 *)a; return *p;", 258),
    ],
)
def test_a_pointer_to_bytes_goes_from_scalar_to_scalar(body, gives):
    made = scenario_of_c(f"{BYTES}{body} }}", run=(f"WARN_ON(f((void *)a) != {gives});",))
    assert explore(made).verdict == "ok"


@pytest.mark.parametrize(
    "body",
    [
        "u8 *p = m; *p = 1;",
        "u8 *p = m; return p[1];",
        "char *p = m; p += 2; return 0;",
        "u16 *p = (u16 *)a; *p = 1;",
    ],
)
def test_a_byte_of_a_scalar_is_refused_with_the_way_out(body):
    with pytest.raises(TdxkitError, match=r"line 2.*read the scalar, and (shift|cast)"):
        explore(scenario_of_c(f"{BYTES}{body} }}", run=("f((void *)a);",)))


def test_what_a_stub_is_given_may_be_a_type():
    made = scenario_of_c("static int n;\n", run=("MAKE(some_type, n++); WARN_ON(n != 1);",), stubs={"MAKE": 0})
    assert explore(made, reduce="none").verdict == "violation"  # two CPUs: the argument that is an expression is one
    one = scenario_of_c(
        "static int n;\n", run=("MAKE(some_type, n++); WARN_ON(n != 1);",), stubs={"MAKE": 0}, threads=1
    )
    assert explore(one).verdict == "ok"


def test_a_get_and_a_put_are_told_the_level_of_a_page():
    text = """
static DEFINE_SPINLOCK(l);
static int a_get(u64 pfn, enum pg_level level, gfp_t gfp) { WARN_ON(level != PG_LEVEL_4K || gfp != GFP_KERNEL); return 1; }
static void a_put(u64 pfn, int level, void *vm) { WARN_ON(vm); }
"""
    made = scenario_of_c(text)
    assert explore(made).property == "a page must come into use"
    assert made.own.told[-4:] == (
        "a_get(): level is PG_LEVEL_4K", "a_get(): gfp is GFP_KERNEL", "a_put(): level is PG_LEVEL_4K", "a_put(): vm is NULL",
    )  # fmt: skip
