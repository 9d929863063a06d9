"""Small functions whose value gcc gives: each once was read otherwise. `char` is unsigned, as in the kernel since 6.2."""

import pytest

from tdxkit.c.arithmetic import Defect
from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import TdxkitError
from tdxkit.explore.search import explore

NESTED = "int f(void) { int r = 0, i; for (i = 0; i < 3; i++) { { static int n = 1; n++; r += n; } { static int n = 10; n++; r += n; } } return r; }"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int f(void) { switch (2) { case PG_LEVEL_2M: return 5; } return 1; }", 5),
        ("int f(void) { int a[PTRS_PER_PTE / 64]; return sizeof(a); }", 32),
        ("int f(void) { return (-1 < UINT_MAX) + 2 * (-1 < U16_MAX) + 4 * (-1 < PAGE_SIZE) + 8 * (-1 < NSEC_PER_SEC); }", 10),
        ("int f(void) { return sizeof(PAGE_MASK) == 8 && PAGE_MASK > 5; }", 1),
        ("int f(void) { return likely(4) + unlikely(0) + __builtin_expect(3, 1); }", 4),
        ("static int n; int g(void) { return ++n; } int f(void) { return g() ?: 7; }", 1),
        ("int f(void) { return 0 ?: 7; }", 7),
        ("int f(void) { _Bool b = 5; return b + sizeof(_Bool); }", 2),
        (NESTED, 45),
        ("static int x = 3; int f(void) { int x = 5; { extern int x; return x; } }", 3),
        ("int f(void) { int t[] = { [1] = 1, 2, [0] = 5, 6 }; return ARRAY_SIZE(t) * 10 + t[1]; }", 36),
        ("int f(void) { int t[] = { [2] = 7, 8 }; return ARRAY_SIZE(t); }", 4),
        ("static int t[] = { [2] = 7, 8 }; int f(void) { return ARRAY_SIZE(t) * 10 + t[3]; }", 48),
        ("struct s { u32 a : 3; u32 b : 5; }; int f(void) { struct s x = { .a = 9, .b = 33 }; x.b++; return x.a * 100 + x.b + sizeof(x); }", 106),
        ("struct s { s32 a : 3; }; int f(void) { struct s x; x.a = 5; return x.a; }", -3),
        ("struct s { u8 c; u32 a : 3; }; int f(void) { return sizeof(struct s); }", 4),
        ("struct s { u64 a : 40; u8 b; u16 c : 9; u16 d : 9; }; int f(void) { return sizeof(struct s); }", 16),
        ("struct s { u64 c : 40; }; int f(void) { struct s s = { -1 }; return (s.c + 1 == 0) + 2 * (s.c * 2 == 0xfffffffffeULL) + 4 * (-s.c == 1) + 8 * !~s.c; }", 15),
        ("struct s { u64 c : 40; }; int f(void) { struct s s = { 3 }; s.c++; return (s.c << 39 == 0) + s.c / 2; }", 3),
        ("struct s { u32 a : 3; }; int f(void) { struct s x = { 1 }; return -2 < x.a; }", 1),
    ],
)  # fmt: skip
def test_a_value(text, value):
    assert value_of(text, "f", ()) == value


def test_a_quotient_that_does_not_fit_traps():
    for op in "/%":
        with pytest.raises(Defect, match="-2147483648 by -1"):
            value_of(f"int f(int a, int b) {{ return a {op} b; }}", "f", (-(1 << 31), -1))
    assert value_of("long f(int a, long b) { return a / b; }", "f", (-(1 << 31), -1)) == 1 << 31


def test_a_volatile_variable_is_marked():
    assert not explore(scenario_of_c("static volatile int n;", run=("n = 1;", "int x = n;"))).races


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('pr_info("%d", ++n)', 1),
        ('dev_err(0, "%d", g())', 1),
        ("udelay(n++)", 1),
        ("trace_x(n++, UNKNOWN)", 1),
        ('pr_debug("%d", ++n)', 0),
    ],
)
def test_what_is_printed_is_looked_at(call, value):
    assert (
        value_of(f"static int n; static int g(void) {{ return ++n; }} int f(void) {{ {call}; return n; }}", "f", ())
        == value
    )


@pytest.mark.parametrize(
    "run", ["WARN_ON(((unsigned long)&q | 1) == 0);", "unsigned long v = (unsigned long)&q; WARN_ON(v % 8);"]
)
def test_an_address_is_no_number(run):
    with pytest.raises(TdxkitError, match=r"address.*no number here"):
        explore(scenario_of_c("static int q;", run=(run,)))


def test_addresses_as_integers_are_compared():
    run = "unsigned long v = (unsigned long)&q, w = (unsigned long)&p; WARN_ON(v == w || v != (unsigned long)&q || !v);"
    assert explore(scenario_of_c("static int p, q;", run=(run,))).verdict == "ok"
