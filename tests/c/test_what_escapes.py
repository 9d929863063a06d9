"""Which local variables others may come to, before anything runs; the lines of a function that is shown; small ways of declarations and of jumps."""

import pytest

from tdxkit.c.declare import Declared
from tdxkit.c.escapes import Escapes
from tdxkit.c.kernel import kernel
from tdxkit.c.parse import parsed
from tdxkit.c.program import program
from tdxkit.c.where import Where
from tdxkit.errors import InputError
from tests.c.kernel.alone import alone, each_alone
from tests.c.trees import found

pytestmark = pytest.mark.many

T = """struct s { int n; int *p; struct s *next; struct list_head l; struct hlist_node h; struct llist_node ll; struct rcu_head rcu; int t[2]; }; struct c { int n; struct kref k; atomic_t c; };
int *q, **qq, *arr[2], n; struct s *g, o; unsigned long w; static LIST_HEAD(lh); static HLIST_HEAD(hh); static LLIST_HEAD(llh); static DEFINE_XARRAY(xa); spinlock_t lock; struct mutex m;
int *same(int *a) { return a; } void into(int **a, int *b) { *a = b; } void held(struct s *a, int *b) { a->p = b; } int value(int *a) { return *a; } void keep(int *a) { q = a; } struct s *pick(struct s *a) { return a; } void gone(struct kref *k) { n = 1; } void free_s(struct rcu_head *r) { n = 1; }
"""
OUT = [  # of each body the local variables that escape
    ("int x; q = &x;", "x"), ("int x; WRITE_ONCE(q, &x);", "x"), ("int x; rcu_assign_pointer(q, &x);", "x"), ("int x; RCU_INIT_POINTER(q, &x);", "x"), ("int x; smp_store_release(&q, &x);", "x"), ("int x; smp_store_mb(q, &x);", "x"), ("int x; xchg(&q, &x);", "x"), ("int x; cmpxchg(&q, NULL, &x);", "x"), ("int x, *e = NULL; try_cmpxchg(&q, &e, &x);", "x"), ("int x; rcu_replace_pointer(q, &x, 1);", "x"),
    ("int x; *qq = &x;", "x"), ("int x; qq[1] = &x;", "x"), ("int x; arr[1] = &x;", "x"), ("int x; g->p = &x;", "x"), ("int x; o.p = &x;", "x"), ("struct s x; g->next = &x;", "x"), ("struct s x; q = &x.n;", "x"), ("struct s x; q = x.t;", "x"), ("struct s x; q = &x.t[1];", "x"), ("int x[2]; q = x;", "x"), ("int x[2]; q = x + 1;", "x"), ("int x[2]; q = &x[1];", "x"), ("int x; w = (unsigned long)&x;", "x"), ("int x; q = n ? &x : NULL;", "x"),
    ("int x; q = (int *)(void *)&x;", "x"), ("int x; q = (n, &x);", "x"), ("int x; q = ({ &x; });", "x"), ("int x, *p; q = p = &x;", "x"), ("int x, *p = &x; q = p;", "x"), ("int x, *p = &x, *r = p; q = r;", "x"), ("int x, *p = &x; p++; q = p;", "x"), ("int x, *p = &x; q = p++;", "x"), ("int x, *p = &x; q = --p;", "x"), ("int x; q = same(&x);", "x"), ("int x, *p; into(&p, &x); q = p;", "x"), ("int x; into(&q, &x);", "x"), ("int x; keep(&x);", "x"), ("int x, *p = &x; keep(p);", "x"),
    ("int x; struct s y; held(&y, &x); q = y.p;", "x"), ("struct s x; g = pick(&x);", "x"), ("int x; struct s y = { .p = &x }; q = y.p;", "x"), ("int x; struct s y = { 1, &x }; g->p = y.p;", "x"), ("int x; struct s y, *z = &y; y.p = &x; z->p = &x; o = y;", "x"), ("int x; struct { int *a, b; } y; y.a = &x; q = y.a;", "x"), ("int x, y = 0; swap(q, *&q); q = y ? &x : &y;", "x y"),
    ("int x, *p = &x; swap(p, q);", "x"), ("int x, *p = &x; swap(q, p);", "x"), ("struct s x; list_add(&x.l, &lh);", "x"), ("struct s x; list_add_tail_rcu(&x.l, &lh);", "x"), ("struct s x; hlist_add_head(&x.h, &hh);", "x"), ("struct s x; llist_add(&x.ll, &llh);", "x"), ("struct s x; list_add(&o.l, &x.l);", "x"), ("struct s x; list_replace(&o.l, &x.l);", "x"),
    ("struct s x; list_move(&x.l, &lh);", "x"), ("int x; xa_store(&xa, 1, &x, 0);", "x"), ("struct s x; call_rcu(&x.rcu, free_s);", "x"), ("struct c x; kref_put(&x.k, gone);", "x"), ("struct c x; kref_put_mutex(&x.k, gone, &m);", "x"), ("struct c x; atomic_inc(&x.c);", "x"), ("unsigned long x = 0; set_bit(1, &x);", "x"), ("unsigned long x = 0; atomic_long_t *p = (void *)&x; n = p != NULL;", ""), ("int *p; { int x = 1; p = &x; } n = *p;", "x"), ("struct s y; { int x = 1; y.p = &x; } n = 1;", "x"), ("int *p; if (n) { int x = 1; p = &x; }", "x"),
    ("int *p; for (n = 0; n < 2; n++) { int x = n; p = &x; }", "x"), ("int *p; while (n) { int x = n; p = &x; n = 0; }", "x"), ("int *p; do { int x = n; p = &x; } while (0);", "x"), ("int *p; switch (n) { case 1: ; int x = 2; p = &x; }", "x"), ("int x = 1; { int x; q = &x; }", "x"), ("int x; { int x = 1; n = x; } q = &x;", "x"), ("struct s x; struct list_head *p = &x.l; g = container_of(p, struct s, l);", "x"), ("struct s *i; struct s x; list_for_each_entry(i, &lh, l) { g = i; } n = x.n = 1;", ""),
    # what stays
    ("int x, *p = &x; *p = 1;", ""), ("int x; n = value(&x);", ""), ("int x; n = *&x;", ""), ("int x, *p = &x; n = *p;", ""), ("int x, *p; p = same(&x); *p = 2;", ""), ("int x; struct s y; y.p = &x; n = *y.p;", ""), ("int x, *p; { p = &x; } *p = 1;", ""), ("int x, *p; into(&p, &x);", "x"), ("struct s x; n = x.n;", ""), ("struct s x, y; x.next = &y; n = x.next->n;", ""), ("int x[2] = { 1 }; n = x[1];", ""), ("static int x; q = &x;", ""), ("int x; n = sizeof(&x);", ""), ("int x = 1; n = !&x;", ""), ("int x; n = &x == q;", ""), ("int x, y; swap(x, y);", ""),
    ("int x; q = NULL; n = x = 1;", ""), ("int x = 1; n = READ_ONCE(x);", ""), ("int x; WRITE_ONCE(x, 1);", ""), ("int x, *p; p = READ_ONCE(q); x = *p;", ""), ("struct s x; x.p = q; x.next = g;", ""), ("struct s x; memset(&x, 0, sizeof(x));", ""), ("struct s x; LIST_HEAD(mine); list_add(&x.l, &mine); list_del(&x.l);", ""),
]  # fmt: skip


def escaping(function: str) -> set[str]:
    """The local variables of a function, and the parameters, that others may come to."""
    read = parsed(T + function)
    made = Declared(read.place, Where(0))
    made.read(read.tree)
    out = Escapes(made, kernel(False).functions, heads=True).found
    return {node.name for node in found(made.functions["f"], "Decl") if id(node) in out}


@pytest.mark.parametrize("body, names", OUT)
def test_whose_address_gets_about(body, names):
    assert escaping(f"void f(void) {{ {body} }}") == set(names.split())


@pytest.mark.parametrize(
    "function, escapes",
    [
        ("int *f(void) { int x; return &x; }", "x"), ("int *f(void) { int x, *p = &x; return p; }", "x"), ("unsigned long f(void) { int x; return (unsigned long)&x; }", "x"), ("int f(void) { int x = 1; return *&x; }", ""), ("struct s f(void) { int x; struct s y = { .p = &x }; return y; }".replace("struct s f(void)", "void f(struct s *z)").replace("return y;", "*z = y;"), "x"),
        ("void f(int x) { q = &x; }", "x"), ("void f(int x[2]) { q = x; }", ""), ("void f(int *x) { q = x; }", ""), ("void f(int x, int y) { q = &y; }", "y"), ("void f(int *x) { qq = &x; }", "x"), ("void f(atomic_t *x) { atomic_inc(x); }", ""),
    ],
)  # fmt: skip
def test_whose_address_leaves_a_function(function, escapes):
    assert escaping(function) == set(escapes.split())


SHOWN = "int n;\nvoid a(void)\n{\n\tif (n) {\n\t\tn = 1;\n\t}\n}\nvoid b(void) { n = 2; }\nint c(int x)\n{\n\treturn x;\n}\nint\nd(void)\n{ return 1; }\n"


def test_the_lines_of_a_function_that_is_shown():
    shown = {name: (function.shown.first, len(function.shown.lines), function.shown.lines[-1]) for name, function in program(SHOWN).functions.items()}  # fmt: skip
    assert shown == {
        "a": (2, 6, "}"),
        "b": (8, 1, "void b(void) { n = 2; }"),
        "c": (9, 4, "}"),
        "d": (14, 2, "{ return 1; }"),
    }
    assert program(SHOWN).functions["a"].shown.lines[:3] == ("void a(void)", "{", "\tif (n) {")


MADE = [
        ("static int x = 4; x++; r = x;", 5), ("int k; for (k = 0; k < 3; k++) { static int x = 4; x++; r = x; }", 7), ("{ static int x = 4; r += x; } { static int x = 5; r += x; }", 9), ("extern int e; r = e;", 6), ("typedef struct { u8 a, b; } two; two x = { 1, 2 }; r = sizeof(two) * 10 + x.b;", 22), ("int x = 3, y = x + 1; r = y;", 4), ("int x = sizeof(x); r = x;", 4), ("unsigned char x = 300; r = x;", 44), ("_Bool x = 7; r = x;", 1),
        ("int x[] = { 1, 2, 3 }; r = ARRAY_SIZE(x);", 3), ("int x[3] = { [1] = 5 }; r = x[0] * 100 + x[1] * 10 + x[2];", 50), ('char x[] = "ab"; r = sizeof(x) * 1000 + x[1];', 3098), ("struct s x = { .b = 2, 3 }; r = x.a * 100 + x.b * 10 + x.c;", 23), ("struct s x = { 1, .c = 3 }; r = x.a * 100 + x.b * 10 + x.c;", 103), ("struct s x[2] = { 1, 2, 3, 4 }; r = x[0].c * 10 + x[1].a;", 34), ("struct s x = g; r = x.c;", 9), ("struct s x = { 0 }, *p = &x; p->b = 4; r = x.b;", 4),
        ("typeof(g) x = { 1, 2, 3 }; r = x.c;", 3), ("__auto_type x = g.a + 1L; r = sizeof(x);", 8), ("struct s x = (struct s){ 4, 5, 6 }; r = x.b;", 5), ("int x[2][2] = { { 1, 2 }, { 3, 4 } }; r = x[1][0];", 3), ("int x[2][2] = { [1][1] = 7 }; r = x[1][1] * 10 + x[0][1];", 70), ("struct o x = { .in = { 1, 2 }, .t = { 3, 4 } }; r = x.in.b * 100 + x.t[1] * 10 + x.z;", 240), ("struct o x = { .in.b = 2, .t[1] = 4, 5 }; r = x.in.b * 100 + x.t[1] * 10 + x.z;", 245),
    ]  # fmt: skip


def test_what_a_declaration_makes():
    text = "struct s { int a, b, c; } g = { 7, 8, 9 }; struct in { int a, b; } g2 = { 7, 8 }; struct o { struct in in; int t[2]; int z; }; int e = 6; long r; "
    made = each_alone(text, [run for run, _ in MADE])
    assert dict(zip((run for run, _ in MADE), made)) == dict(MADE)


@pytest.mark.parametrize(
    "text, cells",
    [
        ("int x = 3, *p = &x, *q = NULL, *z = 0;", {"x": 3, "p": ("x", 0), "q": 0, "z": 0}), ("int t[3] = { 1, [2] = 5 }, *p = t, *q = &t[1], *end = &t[3];", {"t[0]": 1, "t[1]": 0, "t[2]": 5, "p": ("t", 0), "q": ("t", 1), "end": ("t", 3)}), ("struct s { int a; struct { u8 b; int c[2]; } in; } x = { 1, { 2, { 3, 4 } } }; int *p = &x.in.c[1];", {"x.a": 1, "x.in.b": 2, "x.in.c[0]": 3, "x.in.c[1]": 4, "p": ("x", 3)}),
        ("struct s { int a; struct { u8 b; int c; } in; } x[2] = { { 1, { 2, 3 } }, { 4, { 5, 6 } } }; int *p = &x[1].in.c;", {"x[0].in.c": 3, "x[1].a": 4, "p": ("x", 5)}), ("u8 x = 300; s8 y = 200; unsigned z = -1; _Bool b = 5; long l = 1UL << 63;", {"x": 44, "y": -56, "z": 2**32 - 1, "b": 1, "l": -(2**63)}), ("int t[] = { [0 ... 2] = 7, 8 };", {"t[0]": 7, "t[2]": 7, "t[3]": 8}), ("int t[2][2] = { 1, 2, 3 };", {"t[0][1]": 2, "t[1][0]": 3, "t[1][1]": 0}),
        ('char s[] = "a\\n"; char f[2] = "xyz"; char *p = "text";', {"s[0]": 97, "s[1]": 10, "s[2]": 0, "f[1]": 121, "p": ("text", 0)}), ("struct s { char a[4]; int b; } x = { \"hi\", 7 };", {"x.a[0]": 104, "x.a[2]": 0, "x.b": 7}), ("enum e { A, B = 5, C } x = C, y = A;", {"x": 6, "y": 0}), ("atomic_t a = ATOMIC_INIT(3), b; spinlock_t l = __SPIN_LOCK_UNLOCKED(l); rwlock_t w; struct list_head h = LIST_HEAD_INIT(h), z;", {"a": 3, "b": 0, "l": False, "w": 0, "h": (), "z": 0}),
        ("union u { int a; char b; } x = { 5 }; int f(void) { return x.a; }", {"x.a": 5}), ("static struct { int a; } x = { .a = 2 }, y = { 3 };", {"x.a": 2, "y.a": 3}), ("int x = 1 ? 2 : 3, y = 0 ? 2 : 3, z = 0 ?: 4, w = 5 ?: 4;", {"x": 2, "y": 3, "z": 4, "w": 5}), ("int x = 1 && 2, y = 0 || 0, z = !3, w = ~0, v = -(-4), u = +5;", {"x": 1, "y": 0, "z": 0, "w": -1, "v": 4, "u": 5}),
        ("int x = sizeof(int) * 2, y = _Alignof(long), z = (u8)300, w = sizeof(x), v = 7 / 2 * 2 + 7 % 2;", {"x": 8, "y": 8, "z": 44, "w": 4, "v": 7}), ("int x = 1 || 0, y = 1 && 0, z = (1 << 3) >> 1, w = 6 & 3 | 8 ^ 1;", {"x": 1, "y": 0, "z": 4, "w": 11}),
    ],
)  # fmt: skip
def test_what_shared_objects_begin_with(text, cells):
    memory = alone(text + " int nothing;", "nothing = 1;").memory
    assert {cell: memory[cell] for cell in cells} == cells


@pytest.mark.parametrize(
    "run, said",
    [
        ("while (1) { n = ({ break; 1; }); }", "`break`: it stands in no loop"), ("while (1) { n = ({ continue; 1; }); }", "`continue`: it stands in no loop"), ("n = ({ return; 1; });", "nobody jumps out of `({ … })` here, nor into it"), ("n = ({ goto x; 1; }); x: ;", "nobody jumps out of"), ("n = ({ x: 1; });", "nobody jumps out of"), ("n = ({ if (n) { goto x; } 1; }); x: ;", "nobody jumps out of"),
        ("switch (n) { case 1: n = ({ break; 1; }); }", "`break`: it stands in no loop"), ("struct s x; struct s x;", "this block has a variable of this name already"), ("int t[2] = { 1, 2, 3 };", "has no member for it"), ("struct s x = { .zz = 1 };", "has no such member here"), ("struct s x = g;", "is assigned to, and this is of type struct s *"), ("struct u x;", "only its name is known here"), ("void x;", "no object is of this type"), ("int x[4097]; x[0] = 1;", "4,096"),
    ],
)  # fmt: skip
def test_declarations_and_jumps_that_are_refused(run, said):
    with pytest.raises(InputError) as error:
        program(T, runs=(run,))
    assert said in str(error.value)


def test_a_loop_inside_braces_is_left_there():
    assert alone("int r;", "while (1) { r = ({ int k = 0; while (1) { if (++k == 3) break; } k; }); break; }").memory["r"] == 3  # fmt: skip


def test_two_parameters_of_a_name_are_refused_whatever_becomes_of_them():
    for text in ("void f(int a, int a) { }", "int *q; void f(int a, int a) { q = &a; }", "void f(int a, int *a) { }"):
        with pytest.raises(InputError, match="`a`: there are two parameters of this name"):
            program(text)
