"""Ways that few texts take: pointers that become others, guards over a pointer, attributes and macros that end too early, XArrays and RCU at their bounds."""

import pytest

from tdxkit.c.arithmetic import Defect, result
from tdxkit.c.attributes import attributed
from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.xarrays import Node, Tree
from tdxkit.c.lexing import lexed
from tdxkit.c.program import program
from tdxkit.c.races import race
from tdxkit.c.runtime import OWN, far, known
from tdxkit.c.typed import Types
from tdxkit.c.types import INT, INTS, LONG, UINT
from tdxkit.c.where import Where
from tdxkit.errors import InputError, ModelError
from tests.c.kernel.alone import alone

T = "struct in { u16 x, y; }; struct s { int a; struct in b; long z; u8 tail[4]; }; static struct s o = { 1, { 2, 3 }, -4, { 5, 6, 7, 8 } }, *p = &o; static int v[4] = { 1, 2, 3, 4 }; static u64 word = 0x1122334455667788; static void *q; static long r; "


@pytest.mark.parametrize(
    "run, gives",
    [
        ("r = *(u8 *)&word;", 0x88), ("r = *(u32 *)&word;", 0x55667788), ("r = *(s16 *)&word;", 0x7788), ("q = &v[1]; r = *(int *)q;", 2), ("q = v; q += 8; r = *(int *)q;", 3), ("q = &o; r = ((struct s *)q)->b.y;", 3), ("r = *(unsigned int *)&v[3];", 4),
        ("*(u64 *)&word = 5; r = word;", 5), ("q = &v[2]; r = (int *)q - v;", 2), ("r = (char *)&v[2] - (char *)v;", 8), ("r = (u8 *)&o.z - (u8 *)&o;", 8), ("r = ((struct in *)&o.b)->y;", 3), ("u8 *t = (u8 *)&o; t += 8; r = *(long *)t;", -4),
        ("r = *((u8 *)&o.tail + 2);", 7), ("r = (void *)&v[1] == (void *)(v + 1);", 1), ("r = (void *)&v[1] > (void *)v;", 1), ("struct s c = o; u8 *t = (u8 *)&c; r = *(int *)t;", 1), ("r = (unsigned long)NULL;", 0), ("r = (long)ERR_PTR(-12);", -12),
        ("r = PTR_ERR(ERR_PTR(-5)) + IS_ERR(ERR_PTR(-5)) * 100 + IS_ERR(&v[0]) * 1000;", 95), ("q = ERR_PTR(-5); r = IS_ERR_OR_NULL(q) * 10 + IS_ERR_OR_NULL(NULL);", 11),
    ],
)  # fmt: skip
def test_what_is_seen_as_something_else(run, gives):
    ran = alone(T, run)
    assert (ran.memory["r"], ran.broken) == (gives, ())


@pytest.mark.parametrize(
    "run, said",
    [
        ("r = *(u64 *)v;", "v[0]: it is of type int and is seen as unsigned long long here"), ("*(u8 *)&word = 1;", "word: it is of type unsigned long long and is seen as unsigned char here"), ("u8 *t = (u8 *)&word; t++; r = *t;", "a byte of word: its scalars are seen as a whole"),
        ("r = *(u16 *)&o;", ""), ("q = &o; r = *(long *)q;", "it is of type int and is seen as long here"),
    ],
)  # fmt: skip
def test_bytes_are_not_followed(run, said):
    if not said:
        assert alone(T, run).memory["r"] == 1
        return
    with pytest.raises(ModelError) as error:
        alone(T, run)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "run, said",
    [
        ("q = &v[3]; q += 4; r = *(int *)q;", "cell 4 of v, which has 4"), ("r = (u8 *)&o - (u8 *)v;", "the difference of pointers that do not point into one array"), ("u8 *t = o.tail; t += 4; r = *t;", "which has 8"), ("int k = 4; int *t = &v[k]; r = *t;", "cell 4 of v, which has 4"),
        ("int k = 5; int *t = &v[k];", "element 5 of an array of 4"), ("int a[2]; int k = 2; a[k] = 1;", "element 2 of an array of 2"), ("int *t; { int a = 1; t = &a; } r = *t;", "whose block has ended"), ("p = NULL; r = p->z;", "NULL"),
    ],
)  # fmt: skip
def test_pointers_that_lead_nowhere(run, said):
    (broken,) = alone(T, run).broken
    assert said in broken


def test_a_guard_finds_its_lock_once():
    ran = alone("struct d { spinlock_t l; int n; }; static struct d a, b, *p = &a;", "{ guard(spinlock)(&p->l); p = &b; p->n = 1; } p = NULL;")  # fmt: skip
    assert ran.broken == () and [n for n in ran.names if n.startswith("spin")] == ["spin_lock", "spin_unlock"]
    assert (ran.memory["a.l"], ran.memory["b.l"], ran.memory["b.n"]) == (False, False, 1)


@pytest.mark.parametrize(
    "text, said",
    [
        ("int a __attribute__((packed);", "is never closed"), ("#define A(x, ...) x __VA_OPT__ y\nint a;", "`__VA_OPT__`: __VA_OPT__ is followed by what it may bring, in parentheses"), ("#define A(x, ...) x __VA_OPT__(y\nint a = A(1, 2);", "what __VA_OPT__ may bring never ends"),
        ("struct s { int a; } __attribute__((mode(DI)));", "it makes another type of what it stands at"), ('int f(void) __attribute__((alias("g")));', "what it stands for is elsewhere"), ("#pragma pack(3)\nstruct s { int a; };", "it is #pragma pack(push, 1), pack(pop), pack(1) or pack()"),
        ("#pragma pack(pop)\nint a;", "no pack(push) is open here"), ("#pragma ms_struct on\nint a;", "structs are laid out as gcc does"), ("enum e { A } __aligned(8);", "an enum that is aligned is not read"), ("typedef int t __aligned(4) __aligned(8);", "a typedef is aligned once here"),
        ("void f(void) { typedef int t __aligned(8); }", "of a typedef in a function it is not read"), ('_Pragma("pack(1)")\nint a;', "it lays structs out in another way"), ("struct s { int *__attribute__((aligned(8))) a; };", "an attribute of what is pointed to is not read"),
    ],
)  # fmt: skip
def test_attributes_and_macros_that_are_refused(text, said):
    with pytest.raises(InputError) as error:
        program(text)
    assert said in str(error.value) and str(error.value).startswith("line ")


def test_attributes_that_are_left_out():
    heard = []
    words = [t.text for t in attributed(lexed("int a __attribute__((unused)); int b __attribute__((odd_one, odd_one));"), heard)]  # fmt: skip
    assert words == ["int", "a", ";", "int", "b", ";"]
    assert heard == ["line 1: the attribute odd_one is not known here and left out"]


@pytest.mark.parametrize(
    "run, gives",
    [
        ("xa_store(&x, 1, xa_mk_value(7), GFP_KERNEL); r = xa_to_value(xa_load(&x, 1));", 7), ("r = xa_empty(&x);", 1), ("xa_store(&x, 70, &v, GFP_KERNEL); r = xa_load(&x, 70) == &v;", 1), ("xa_store(&x, 1, &v, GFP_KERNEL); r = xa_erase(&x, 1) == &v;", 1), ("r = xa_insert(&x, 1, &v, GFP_KERNEL);", 0),
        ("xa_insert(&x, 1, &v, GFP_KERNEL); r = xa_insert(&x, 1, &v, GFP_KERNEL);", -16), ("r = xa_is_value(xa_mk_value(3)) * 10 + xa_is_value(&v);", 10), ("r = xa_reserve(&x, 5, GFP_KERNEL) * 10 + xa_empty(&x);", 0), ("xa_store(&x, 1, &v, GFP_KERNEL); xa_destroy(&x); r = xa_empty(&x);", 1),
        ("xa_store(&x, 5, xa_mk_value(3), GFP_KERNEL); unsigned long at; void *e; xa_for_each(&x, at, e) r = at * 10 + xa_to_value(e);", 53), ("r = xa_err(xa_store(&x, 1, &v, GFP_KERNEL));", 0), ("r = xa_cmpxchg(&x, 1, NULL, &v, GFP_KERNEL) == NULL;", 1),
    ],
)  # fmt: skip
def test_xarrays(run, gives):
    ran = alone("static DEFINE_XARRAY(x); static int v; static long r;", run)
    assert (ran.memory["r"], ran.broken) == (gives, ())


def test_xarrays_at_their_bounds():
    text = "static DEFINE_XARRAY(x); static long r;"
    assert (
        "which has more than 63 bits"
        in alone(text, "unsigned long n = 1UL << 63; r = xa_to_value(xa_mk_value(n));").broken[0]
    )
    full = Node(0, tuple((k, 2 * k + 1) for k in range(64)))
    for nodes, odd in ((7, 57), (8, 0)):  # 7 nodes of 64 entries and one of 57 are 8 + 505
        last = () if not odd else ((7, Node(0, full.slots[:odd])),)
        tree = Tree(Node(6, (*((k, full) for k in range(nodes)), *last)))
        with pytest.raises(ModelError, match="at most 512 entries and nodes"):
            tree.kept()
    assert Tree(Node(6, (*((k, full) for k in range(7)), (7, Node(0, full.slots[:56]))))).kept()


PLAIN = "static int v[4], k, *p = &v[1]; static struct { int a[2]; } w[3]; static long r; "


@pytest.mark.parametrize(
    "run, gives",
    [("r = &v[3] - p;", 2), ("r = p - &v[3];", -2), ("r = (&w[2] - w) * 10 + (&w[1].a[1] - w[1].a);", 21), ("k = 2; r = &v[k] - v;", 2), ("k = 4; r = &v[k] == v + 4;", 1), ("p++; r = p == &v[2];", 1)],
)  # fmt: skip
def test_pointers_where_nothing_is_seen_as_something_else(run, gives):
    ran = alone(PLAIN, run)
    assert (ran.memory["r"], ran.broken) == (gives, ())


@pytest.mark.parametrize(
    "run, said",
    [
        ("r = p - &k;", "the difference of pointers that do not point into one array"), ("p = NULL; r = *p;", "NULL"), ("p = ERR_PTR(-12); r = *p;", "-12"), ("p = (void *)16; r = *p;", "NULL"), ("k = 5; p = &v[k];", "element 5 of an array of 4"), ("k = 4; r = v[k];", "element 4"),
        ("k = -1; p = &v[k];", "element -1"), ("p += 4; r = *p;", "cell 5 of v, which has 4"),
    ],
)  # fmt: skip
def test_pointers_that_lead_nowhere_there(run, said):
    (broken,) = alone(PLAIN, run).broken
    assert said in broken


def test_rcu():
    text = "struct s { struct rcu_head h; int n; }; static struct s *p; static long r; void f(struct rcu_head *h) { kfree(container_of(h, struct s, h)); }"
    new = "p = kzalloc(sizeof(*p), GFP_KERNEL); "
    for frees in ("call_rcu(&p->h, f);", "kfree_rcu(p, h);", "synchronize_rcu(); kfree(p);"):
        ran = alone(text, f"{new}{frees} p = NULL;")
        assert (ran.broken, ran.memory["memory of s#1"]) == ((), "freed"), frees
    assert alone(text, "rcu_read_lock(); r = rcu_read_lock_held(); rcu_read_unlock(); r = r * 10 + rcu_read_lock_held();").memory["r"] == 10  # fmt: skip
    assert "nobody may sleep who reads under RCU" in str(alone(text, "rcu_read_lock(); synchronize_rcu();").broken)


def test_types_of_operators():
    assert [result(op, UINT, LONG) for op in ("+", "<<", "==", "<")] == [LONG, UINT, INT, INT]
    assert result(">>", INTS["unsigned char"], LONG) is INT and result("*", INTS["char"], UINT) is UINT


def test_an_address_in_the_first_page_is_null():
    for value, said in ((0, "NULL"), (4095, "NULL"), (4096, "4096 is followed"), (-1, "-1 is followed")):
        with pytest.raises(Defect, match=said):
            far(value)
    assert far(("v", 0)) and not far((OWN, 3))


def test_what_has_no_value_is_not_read():
    with pytest.raises(AssertionError, match="x is read before it has a value"):
        known(None, "x")
    assert known(0, "x") == 0


def test_a_type_that_needs_a_function_around_it():
    where = Where(1, ("x = 1;",))
    assert where.at(1, 5) == "line 1, column 5"
    with pytest.raises(InputError, match="typeof: it is not read here"):
        Types(lambda node: (1, 1), where).of_expression(None)


def test_a_race_in_a_box():
    found = race("user-count")
    assert found.box == {"text": found.text, "run": found.run, "stubs": dict(found.stubs), "sets": dict(found.sets)}
    assert scenario_of_c(found.text, run=found.run, sets=found.sets, stubs=found.stubs).threads
    for words in (("no-such-race",), ("user-count", "no-such-mend")):
        with pytest.raises(InputError, match="there is none of this name"):
            race(*words)
