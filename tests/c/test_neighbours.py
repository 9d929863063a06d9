"""Bit-fields that are neighbours are one memory location: a store to one loads and stores them all, and what is stored between is lost."""

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

T = """
struct s { u32 a : 1; u32 b : 3; u32 : 2; u64 c : 40; u32 : 0; u32 d : 1; int n; u32 e : 2; struct { u32 f : 1; }; };
static struct s s, *p = &s, t[2];
static DEFINE_SPINLOCK(l);
static DEFINE_SPINLOCK(k);
"""
LOCATIONS = ("s.a..c", "s.d", "s.n", "s.e", "s.f")


def told(*run: str, memory: str = "sc") -> tuple[str, int, list[str]]:
    """The verdict, the length of its run, and between what there are races."""
    result = explore(scenario_of_c(T, run=run), "none", memory=memory)
    return result.verdict, result.steps, [race.split(": ")[0] for race in result.races]


def test_a_row_ends_at_a_width_of_0_a_plain_member_and_a_struct():
    shared = scenario_of_c(T, run=("s.a = 1;",)).shared
    assert {word: shared[word] for word in LOCATIONS} == dict.fromkeys(LOCATIONS, 0) | {"s.a..c": (0, 0, 0)}
    assert shared["t[1].a..c"] == (0, 0, 0)


RACE = ["data race on s.a..c"]


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize(
    ("one", "other", "verdict", "races"),
    [
        ("s.a = 1; WARN_ON(!s.a);", "s.b = 1;", "violation", RACE),
        ("p->a = 1; WARN_ON(!p->a);", "s.c++;", "violation", RACE),
        ("s.a |= 1; WARN_ON(!s.a);", "s.b ^= 1;", "violation", RACE),
        ("s.a = 1; WARN_ON(!s.a);", "s.d = 1; s.e = 1; s.n = 1; s.f = 1; t[0].a = 1;", "ok", []),
        ("int x = s.a;", "int x = s.b;", "ok", []),
        ("int x = s.a; WARN_ON(x);", "s.b = 1;", "ok", RACE),
        ("spin_lock(&l); s.a = 1; WARN_ON(!s.a); spin_unlock(&l);", "spin_lock(&l); p->b = 1; spin_unlock(&l);", "ok", []),
        ("spin_lock(&l); s.a = 1; WARN_ON(!s.a); spin_unlock(&l);", "spin_lock(&k); p->b = 1; spin_unlock(&k);", "violation", RACE),
        ("struct s x = { 1 }; WARN_ON(!x.a);", "struct s x = { 0 }; x.b = 2; WARN_ON(x.a);", "ok", []),
    ],
)  # fmt: skip
def test_two_cpus_store_to_neighbours(memory, one, other, verdict, races):
    found = told(one, other, memory=memory)
    assert (found[0], sorted(set(found[2]))) == (verdict, races)


def test_what_a_store_to_one_is():
    assert alone(T, "s.a = 1;").names == alone(T, "s.b++;").names == ("read s.a..c", "write s.a..c")
    assert alone(T, "s.d = 1;").names == ("write s.d",)
    assert told("s.a = 1; WARN_ON(!s.a);", "s.b = 1;")[1] == 5
    assert "read s.a..c" not in alone(T, "struct s x = { 1 }; x.b = 2; s = x;").names
    race = explore(scenario_of_c(T, run=("s.a = 1;", "s.b = 1;"))).races[0]
    assert race.endswith("repeat a plain access: use a lock over both")
    assert any("bit-fields that are neighbours" in line for line in scenario_of_c(T, run=("s.a = 1;",)).own.told)


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("s.b = 9; s.a = 3; s.c = -1; return s.b * 10 + s.a + (s.c == (1ULL << 40) - 1) * 100;", 111),
        ("s = (struct s){ 1, 2, 3, 4, 5, 6 }; t[1] = s; return t[1].a + 10 * t[1].b + 100 * t[1].c + 1000 * t[1].d + 10000 * t[1].n;", 50321),
        ("struct s x = { .b = 5 }; memcpy(p, &x, sizeof(x)); int r = s.b; memset(p, 0, sizeof(s)); return r * 10 + p->b;", 50),
        ("struct s x = { 1, 2 }; p = &x; p->b++; return x.b * 10 + p->a;", 31),
        ("struct s x = { 1, 2 }, *q = &x; q->b += 2; return q->b * 10 + x.a;", 41),
        ("swap(s.a, s.b); s.b = 2; swap(s.a, s.b); return s.b;", 0),
    ],
)  # fmt: skip
def test_a_value(text, gives):
    assert value_of(f"{T} int f(void) {{ {text} }}", "f", ()) == gives


def test_what_it_begins_with():
    made = scenario_of_c(T, run=("WARN_ON(s.a != 1 || s.b != 5 || s.c);",), sets={"s.b": 5, "s.a": 1})
    assert explore(made).verdict == "ok" and made.shared["s.a..c"] == (1, 5, 0)
    new = "struct s *q = k%salloc(sizeof(*q), GFP_KERNEL); q->b = 3; WARN_ON(q->b != 3%s); kfree(q);"
    assert alone(T, new % ("m", "")).broken == alone(T, new % ("z", " || q->c")).broken == ()
    said = alone(T, "struct s *q = kmalloc(sizeof(*q), GFP_KERNEL); q->b = 3; s.a = q->c; kfree(q);").broken[0]
    assert "one of the bit-fields s#1.a..c is read before it has a value" in said
    for inc, into in (("p->a++", "struct s"), ("(*p)++", "int")):
        text = f"{T} static void inc({into} *p) {{ {inc}; }}"
        said = alone(text, f"{into} x; inc(&x);").broken[0]
        assert "an object on the stack is read before it has a value" in said
