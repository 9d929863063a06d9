"""A local variable is read where each way there has set it, or a defect says that it has no value; what nobody reads any more makes no two states of one."""

import pytest

from tdxkit.c.arithmetic import Defect
from tdxkit.c.harness import scenario_of_c
from tdxkit.c.types import INTS
from tdxkit.explore.search import explore
from tests.c.kernel.alone import each_alone
from tests.c.test_layouts import declared

T = "int n, r, x, y; struct s { int a, b; }; "
SET = [
    "int a = 1; r = a;", "int a; a = 1; r = a;", "int a; if (n) a = 1; else a = 2; r = a;", "int a; if (n) { a = 1; } else { a = 2; } if (n) r = 5; r = a;", "int a; switch (n) { case 0: a = 1; break; default: a = 2; } r = a;", "int a; do { a = n; } while (n); r = a;", "int a; for (a = 0; a < 2; a++) r = a;", "int a; a = n ? 1 : 2; r = a;", "int a, b; a = b = 3; r = a + b;", "int a; if ((a = n)) r = 1; r = a;", "int a; n || (a = 1); r = a;", "int a; !n && (a = 1); r = a;", "int a; if (n) return 0; a = 1; r = a;", "int a; goto in; in: a = 1; r = a;", "int a; again: a = n; if (n++ < 2) goto again; r = a;",
    "int a; while (1) { a = 1; break; } r = a;", "struct s a = { 1 }; r = a.b;", "struct s a; a.b = 1; r = a.b;", "int a[2] = { 1 }; r = a[1];", "int a, *p = &a; *p = 2; r = a;", "int a; r = sizeof(a);", "int a; a = ({ int b = 1; b; }); r = a;", "int a = n, b; if (a) b = 1; if (!a) b = 2; r = b;", "int a; if (n) r = a;", "int a; while (n) { r = a; }",
]  # fmt: skip
UNSET = [
    "int a; r = a;", "int a; a++;", "int a; a += 1;", "int a; if (n) a = 1; r = a;", "int a; if (!n) ; else a = 1; r = a;", "int a; switch (n) { case 1: a = 1; } r = a;", "int a; switch (n) { case 0: break; default: a = 1; } r = a;", "int a; while (n) a = 1; r = a;", "int a; for (; n; ) a = 1; r = a;", "int a; n && (a = 1); r = a;", "int a; !n || (a = 1); r = a;", "int a; n ? (a = 1) : 0; r = a;", "int a; goto on; a = 1; on: r = a;", "int a; { int a = 1; r = a; } r = a;", "struct s a; r = a.a;", "struct s a; a.a = 1; r = a.b;", "int a[2]; a[0] = 1; r = a[1];", "int a, *p = &a; r = *p;",
    "int i; for (i = 0; i < 2; i++) { int a; if (i == 0) a = 1; r = a; }", "int i = 0; again: ; int a; if (!i) a = 1; r = a; if (i++ < 1) goto again;", "int a; if (a) r = 1;", "int a; r = a ? 1 : 2;", "int a; r = !a;", "int a; while (a) r = 1;", "int a; switch (a) { }", "int a; r = n || a;", "int a; x = a;", "int a; return a;", "int a, b = a; r = b;", "int a; do { if (n) a = 1; } while (n); r = a;",
]  # fmt: skip


def test_what_each_way_has_set_is_read():
    each_alone(T, SET)


@pytest.mark.parametrize("body", UNSET)
def test_what_some_way_has_not_set_is_told(body):
    with pytest.raises(Defect, match="is read before it has a value"):
        each_alone(T, [body])


def states(*run):
    return explore(scenario_of_c(T, run=run, threads=2 if len(run) == 1 else None), "none").states


@pytest.mark.parametrize(
    "one, other",
    [
        ("int i, a; for (i = 0; i < 2; i++) { a = READ_ONCE(x); WRITE_ONCE(y, 1); }", "int i, a; for (i = 0; i < 2; i++) { a = READ_ONCE(x); a = 0; WRITE_ONCE(y, 1); }"), ("int a = READ_ONCE(x); if (n) WRITE_ONCE(y, 1); else WRITE_ONCE(y, 2); WRITE_ONCE(x, 1);", "int a = READ_ONCE(x); a = 0; if (n) WRITE_ONCE(y, 1); else WRITE_ONCE(y, 2); WRITE_ONCE(x, 1);"),
        ("int a = READ_ONCE(x); while (READ_ONCE(y) < 1) WRITE_ONCE(y, 1); WRITE_ONCE(x, 1);", "READ_ONCE(x); while (READ_ONCE(y) < 1) WRITE_ONCE(y, 1); WRITE_ONCE(x, 1);"),
    ],
)  # fmt: skip
def test_what_nobody_reads_any_more_makes_no_states(one, other):
    assert states(one) == states(other)


def test_what_somebody_still_reads_makes_states():
    loop = "while (READ_ONCE(y) < 1) WRITE_ONCE(y, 1); "
    assert states(f"int a = READ_ONCE(x); {loop} WRITE_ONCE(n, a); WRITE_ONCE(x, 1);") > states(f"int a = READ_ONCE(x); {loop} WRITE_ONCE(n, 0); WRITE_ONCE(x, 1);")  # fmt: skip


@pytest.mark.slow
def test_ifs_in_ifs_as_deep_as_they_may_be():
    for deep in (1, 39, 40, 41, 55):
        nested = "if (!n) { " * deep + "r = 7; " + "} else r = 1;" * deep
        assert each_alone(T, [nested, nested.replace("!n", "n", 1)]) == [7, 1]


@pytest.mark.parametrize(
    "spelled, name",
    [
        ("char", "char"), ("signed char", "signed char"), ("char signed", "signed char"), ("unsigned char", "unsigned char"), ("short", "short"), ("short int", "short"), ("signed short", "short"), ("unsigned short int", "unsigned short"), ("int", "int"), ("signed", "int"), ("signed int", "int"), ("unsigned", "unsigned int"), ("unsigned int", "unsigned int"), ("long", "long"), ("long int", "long"), ("long unsigned", "unsigned long"), ("unsigned long int", "unsigned long"),
        ("long long", "long long"), ("long long int", "long long"), ("long unsigned long", "unsigned long long"), ("unsigned long long int", "unsigned long long"), ("_Bool", "_Bool"), ("bool", "_Bool"), ("const volatile int", "int"), ("u8", "unsigned char"),
    ],
)  # fmt: skip
def test_integers_as_they_are_spelled(spelled, name):
    assert declared(f"{spelled} v;").variables["v"].type is INTS[name]
