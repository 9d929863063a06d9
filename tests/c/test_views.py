"""What is pointed to seen as another type: as gcc has it, or told in one line. No value comes of it that C would not give."""

import shutil
import subprocess

import pytest

from tdxkit.c.arithmetic import Defect
from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.c.program import program
from tdxkit.errors import ModelError
from tdxkit.explore.search import explore
from tests.c.test_against_gcc import FLAGS

DECLARED = """
struct pair { u32 lo, hi; }; struct mix { u8 a; u64 b; }; struct row { u8 n[3]; u32 k; }; struct in { int z; struct { int t[2]; int k; } e[2]; int y; };
struct low { s32 lo; s32 hi; };
static u32 u = -1; static int i = -2; static u8 c = 200; static u64 w = 0x1122334455667788ULL; static u32 a[4] = { 1, 2, 3, 4 }; static int t[5];
static struct pair p = { -1, 7 }; static struct mix m[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } }; static struct row r; static struct in in; static void *q;
static struct { int t[2]; int k; } g; static int *ip; static u64 *wp = &w;
static long data(void *d) { int *x = d; return *x; }
static void out(void *o) { *(int *)o = -1; }
static struct { u32 x : 3, y : 5; } bits; static int grid[2][3]; static struct { s32 a; u64 b; } gap = { 1, 2 };
static u32 *pick(void *x) { return x; }
"""
VALUES = [  # of the body of a function
    ("int *x = (void *)&u; return *x;", -1),
    ("return *(int *)&u;", -1),
    ("return READ_ONCE(*(int *)&u);", -1),
    ("q = &u; return *(int *)q;", -1),
    ("return data(&u);", -1),
    ("out(&u); return u;", 0xFFFFFFFF),
    ("out(&p.hi); return p.hi;", 0xFFFFFFFF),
    ("u32 x = 5; out(&x); return x;", 0xFFFFFFFF),
    ("u32 x[3] = { 1, 2, 3 }; out(x + 1); return x[0] + (long)x[1] + x[2];", 0x100000003),
    ("u32 x = -1; void *v = &x; int *y = v; return *y;", -1),
    ("*(s8 *)&c -= 100; return c;", 100),
    ("char *x = (char *)&c; return *x;", 200),
    ("return *(s8 *)&c;", -56),
    ("u8 *x = (u8 *)&w; return *x;", 0x88),
    ("return *(s16 *)&w + ((struct pair *)&w)->lo;", 0x7788 + 0x55667788),
    ("u8 x = c; return *(char *)&x;", 200),
    ("struct low *x = (struct low *)&p; x->hi = -3; return x->lo + (long)p.hi;", 0xFFFFFFFC),
    ("struct low *x = (void *)a; x++; return x->lo * 10 + x[0].hi;", 34),
    ("struct low x = *(struct low *)&p; return x.lo;", -1),
    ("u32 **x = (u32 **)&q; *x = &a[2]; return *(int *)q;", 3),
    ("ip = (int *)&a[1]; ip++; (*ip)--; return a[2] + *ip;", 4),
    ("return *pick(&i);", 0xFFFFFFFE),
    ("unsigned long v = (unsigned long)&u; return *(int *)v;", -1),
    ("return *(long *)wp == *wp && *(s64 *)&w == w;", 1),
    ("q = &a[1]; unsigned long *x = (unsigned long *)&q; return *(u32 *)*x;", 2),
    ("_Bool b = 1; return *(u8 *)&b;", 1),
    ("return (char *)&t[4] - (char *)&t[1];", 12),
    ("return (void *)&t[1] - (void *)&t[4];", -12),
    ("return (char *)&m[2] - (char *)m;", 32),
    ("return (char *)&m[1].b - (char *)&m[0];", 24),
    ("char *x = (char *)&m[0].b, *y = (char *)m; return x - y;", 8),
    ("struct mix *x = &m[2]; return ((u8 *)x - (u8 *)m) / sizeof(*x);", 2),
    ("struct mix x[2]; return (char *)&x[1].b - (char *)x;", 24),
    ("return (size_t)&((struct mix *)0)->b + (size_t)&((struct in *)0)->e[1].k;", 8 + 24),
    ("return (char *)&((struct mix *)0)->b - (char *)0;", 8),
    ("return ((struct mix *)((char *)&m[1].b - (size_t)&((struct mix *)0)->b))->a;", 3),
    ("return container_of(&m[1].b, struct mix, b)->a + container_of((u64 *)(void *)&m[2].b, struct mix, b)->a;", 8),
    ("void *x = m; x += sizeof(*m); x = x + 8; return *(u64 *)x;", 4),
    ("void *x = &a[3]; x -= 8; return *(u32 *)x;", 2),
    ("u32 *x = (u32 *)((char *)a + 8); return x[-1] * 10 + x[1];", 24),
    ("u64 *x = (u64 *)a; x++; return (u32 *)x - a;", 2),
    ("u32 *x = (u32 *)m; x += 2; return *(u64 *)x;", 2),
    ("int x[4] = { 1, 2, 3, 4 }; char *y = (char *)x; y += 3 * sizeof(int); return *(int *)y;", 4),
    ("int *x, n = 0; for (x = t; x < &t[5]; x++) n++; return n;", 5),
    ("int *x = &t[ARRAY_SIZE(t)]; return x - t;", 5),
    ("int n = 2, *x = &g.t[n]; return x - g.t + (x == g.t + 2) * 10 + (x > &g.t[1]) * 100 + (x <= &g.k) * 1000;", 1112),
    ("int *x = g.t; x += 2; x -= 2; *x = 7; return g.t[0];", 7),
    ("int *x = g.t + 2; *--x = 4; return g.t[1];", 4),
    ("int x[3] = { 1, 2, 3 }, y = 9, *z, n = 0; for (z = x; z != &x[3]; z++) n = n * 10 + *z; return n + 0 * y;", 123),
    ("return &r.n[3] - r.n + ((char *)&r.n[3] - (char *)&r) * 10 + ((char *)&r.k - (char *)&r) * 100;", 433),
    ("int *x = in.e[1].t, *y = x + 2; return (y - x) + (&in.e[2] - in.e) * 10 + ((char *)&in.e[2] - (char *)&in) * 100;", 2822),
    ("struct { u8 a[2]; s16 b; s16 c[3]; } *x = (void *)&gap; return x->c[2];", 2),
    ("int *x = (int *)&in; x[3] = 8; return in.e[0].k + x[4];", 8),
    ("struct mix *x; int n = 0; for (x = m; x < m + ARRAY_SIZE(m); x++) n += x->b; return n + (&m[3] == x);", 13),
    ("return (&grid[1] - grid) + (&grid[2][0] - &grid[0][0]) * 10 + ((char *)&grid[1] - (char *)grid) * 100 + (&grid + 1 > &grid) * 10000;", 11261),
    ("void *x = &r.n[3]; return (x < (void *)&r.k) + (x + 1 == (void *)&r.k) * 2 + ((void *)&r.k - 1 == x) * 4;", 7),
    ("int *x = &t[3], *y = &t[1]; return (x - y) * 10 + (x > y) + (y - x < 0);", 22),
]  # fmt: skip
TEXT = DECLARED + "".join(f"long f{k}(void) {{ {body} }}\n" for k, (body, _) in enumerate(VALUES))


def test_values():
    assert [value_of(TEXT, f"f{k}", ()) for k in range(len(VALUES))] == [value for _, value in VALUES]


KERNEL = """#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
typedef unsigned char u8; typedef signed char s8; typedef unsigned short u16; typedef short s16; typedef unsigned int u32; typedef int s32;
typedef unsigned long long u64; typedef long long s64;
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define container_of(p, t, m) ((t *)((char *)(p) - offsetof(t, m)))
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_values_are_those_of_gcc(tmp_path):
    calls = ", ".join(f"f{k}" for k in range(len(VALUES)))
    main = f"""int main(void) {{ long (*all[])(void) = {{ {calls} }}; for (int n = 0; n < {len(VALUES)}; n++) {{
        if (!fork()) {{ printf("%ld\\n", all[n]()); fflush(stdout); return 0; }} wait(NULL); }} return 0; }}"""
    (tmp_path / "f.c").write_text(KERNEL + TEXT + main)
    subprocess.run(["gcc", *FLAGS, "-o", tmp_path / "f", tmp_path / "f.c"], check=True)
    ran = subprocess.run([tmp_path / "f"], check=True, capture_output=True, text=True)
    assert [int(line) for line in ran.stdout.split()] == [value for _, value in VALUES]


TOLD = [
    ("*(u8 *)&u = 0;", "u: it is of type unsigned int and is seen as unsigned char here"),
    ("u64 *x = (u64 *)a; return *x;", r"a\[0\]: it is of type unsigned int and is seen as unsigned long long"),
    ("u64 *x = (void *)&u; *x = 1;", "u: it is of type unsigned int and is seen as unsigned long long"),
    ("u32 x = 1; *(u64 *)&x = 2;", "x: it is of type unsigned int and is seen as unsigned long long"),
    ("u64 x[2]; ((struct pair *)x)->lo = 1;", r"x\[0\]: it is of type unsigned long long and is seen as unsigned int"),
    ("return ((struct pair *)&w)->hi;", "a byte of w"),
    ("char *x = (char *)&w; return x[1];", "a byte of w"),
    ("return *(u64 *)&p;", "p.lo: it is of type unsigned int and is seen as unsigned long long"),
    ("u32 *x = (u32 *)&m[0]; return x[1];", r"a byte of m\[0\]"),
    ("return xchg((int *)&u, 1);", "u: it is of type unsigned int and is seen as int"),
    ("atomic_inc((atomic_t *)&w);", "w: it is of type unsigned long long and is seen as atomic_t"),
    ("spin_lock((spinlock_t *)&u);", "u: it is of type unsigned int and is seen as spinlock_t"),
    ("*(_Bool *)&c = 1; return *(_Bool *)&c + *(u8 *)&c + (*(u8 *)&c = 3, *(_Bool *)&c);", "3 in a _Bool"),
    ("q = &u; return *(u8 *)&q;", "a part of a pointer"),
    ("memset((void *)a, 0, sizeof(a));", r"a\[0\]: it is of type unsigned int and is seen as void"),
    ("struct pair x; x = *(struct pair *)&w;", "a byte of w"),
    ("u8 *x = r.n; x += 3; return *x;", r"what lies behind r.n\[2\]: no scalar begins"),
    ("return *(u32 *)&bits;", "bits.x: it is of type unsigned int:3 and is seen as unsigned int"),
]  # fmt: skip
BROKEN = [
    ("int *x = g.t; x += 2; *x = 1;", "what lies behind an array in g is followed"),
    ("int *x = &g.t[2]; return *x;", "what lies behind an array in g is followed"),
    ("int *x = g.t; return x[2];", "what lies behind an array in g is followed"),
    ("int *x = in.e[0].t; return x[2];", "what lies behind an array in in is followed"),
    ("int x[2] = { 1, 2 }, y = 3, *z = x + 2; return *z + y;", "cell 2 of x, which has 2"),
    ("int x[2] = { 1, 2 }, y = 3, *z = &x[2]; *z = y; return y;", "cell 2 of x, which has 2"),
    ("struct in *x = o.two + 2; int *y = &x->e[1].k; *y = 3;", "what lies behind an array in o is followed"),
    ("struct in *x = &o.two[2]; *x = in;", "what lies behind an array in o is followed"),
    ("spinlock_t *x = &o.locks[1]; spin_lock(x);", "what lies behind an array in o is followed"),
    ("int *x = &t[5]; return *x;", "cell 5 of t, which has 5"),
    ("int n = 6; return &t[n] != t;", "element 6 of an array of 5"),
    ("int n = 3; return &g.t[n] != g.t;", "element 3 of an array of 2"),
    ("int n = 5; return t[n];", "element 5 of an array of 5"),
    ("return (char *)&t[1] - (char *)a;", "do not point into one array"),
    ("int x = 5, y = 6; return (char *)&x - (char *)&y;", "do not point into one array"),
]


@pytest.mark.parametrize(("rows", "error"), [(TOLD, ModelError), (BROKEN, Defect)], ids=["told", "broken"])
def test_what_is_told(rows, error):
    declared = "\n".join(
        line
        for line in DECLARED.split("\n")
        if "void *d" not in line and "void *o" not in line and "void *x" not in line
    )
    locks = "static struct { struct in two[2]; struct in one; spinlock_t locks[1], lock; } o;\n"
    text = declared + locks + "".join(f"long f{k}(void) {{ {body} return 0; }}\n" for k, (body, _) in enumerate(rows))
    for k, (_, said) in enumerate(rows):
        with pytest.raises(error, match=said):
            value_of(text, f"f{k}", ())


def test_the_line_has_place_and_way_out():
    text = "static u32 x;\nstatic void put(void *d)\n{\n\tu8 *p = d;\n\t*p = 1;\n}\n"
    with pytest.raises(ModelError, match=r"line 5: x: it is of type unsigned int .* shift and mask it"):
        explore(scenario_of_c(text, run=("put(&x);",)))


@pytest.mark.parametrize(
    ("text", "careful"),
    [
        ("struct s { int a; }; struct s *f(void) { struct s *p = kzalloc(sizeof(*p), GFP_KERNEL); return p ?: NULL; }", False),
        ("struct s { int a; }; struct s *f(struct s *p, long e) { return p ? p + 1 : ERR_PTR(e); }", False),
        ("struct s { int a; int t[2]; } s; int *f(int k) { void *v = &s; return v ? &s.t[k] + 0 : s.t; }", False),
        ("int f(u8 *p, int n) { return p[n] + *(p + 1); } u8 t[3]; int g(void) { return f(t, 1); }", False),
        ("struct s { struct list_head n; int a; }; struct s *f(struct list_head *p) { return container_of(p, struct s, n); }", False),
        ("int f(void *v) { int *p = v; return *p; }", True),
        ("long f(void *v, void *w) { return v - w; }", True),
        ("struct s { int t[2], k; } s; int f(void) { int *p = s.t; return p[1]; }", True),
        ("int f(int *p) { return p[1]; } int g(void) { int t[2] = { 1, 2 }; return f(t); }", True),
        ("u32 x; int *p = &x;", True),
    ],
)  # fmt: skip
def test_who_looks(text, careful):
    assert program(text + "\nstatic int last;").unit.careful is careful


def test_a_race_through_a_view_is_found():
    text = "static u32 n; static int add(void *d) { int *p = d; return ++*p; }"
    found = explore(scenario_of_c(text, run=("add(&n);", "n = n + 1;")))
    assert found.races and explore(scenario_of_c(text, run=("WARN_ON(add(&n) < 0);",), threads=1)).verdict == "ok"
