"""Statements that come to a value, objects without a name, and what stands at file scope of them: gcc's values, steps, and what is refused."""

from typing import NamedTuple

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import InputError
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone
from tests.c.test_against_gcc import arguments, gcc, values

T = "struct s { int a; int b[3]; struct { int q; } in; }; struct s g; static int arr[4]; int n = 2; long r = 7; "
LARGER = "#define larger(x, y) ({ typeof(x) _x = (x); typeof(y) _y = (y); _x > _y ? _x : _y; })\n"
FUNCTIONS = [  # bodies of long f(long a, long b)
    "return ({ long x = a; x ^ b; });",
    "return ({ int x = a; if (x > b) x = 3; else { x -= 5; } x + 1; }) * 2;",
    "long s = 0; for (int k = 0; k < 3; k++) s += ({ long t = 0; while (1) { t += k; if (t > 2) break; t++; } t; }); return s ^ a;",
    "return ({ long a = 4; ({ long a = 5; a; }) + a; }) + a;",
    "long x = 1; ({ x = b; }); return x;",
    "return larger(larger(a, 3), larger(b, a ^ b));",
    "return a > 0 && ({ long x = b; x > 0; }) ? 1 : ({ switch (b & 3) { case 1: b = 7; break; default: b = 9; } b; });",
    "return ({ char c = a; c; });",
    "return sizeof(({ char c = a; c; })) + sizeof((struct p){ 1 }) + sizeof((short[]){ 1, 2, 3 });",
    "return (int){ a } + (unsigned char){ b };",
    "struct p x = { 1, 2 }; x = (struct p){ .v = x.u + a }; return x.u * 10 + (x.v ^ b);",
    "struct p *x = &(struct p){ b, a }, y = *x; x->u++; return x->u ^ y.v ^ y.u;",
    "return (long[]){ a, b, 5 }[1] + (struct p){ .v = a }.v;",
    "long s = 0; for (int k = 0; k < 3; k++) { long *p = (long[2]){ k }; s += p[0] * 3 + p[1]; p[1] = 9; } return s;",
    "return sum(&(struct p){ .u = a, .v = b });",
    "return *at + *in + near[1] + size + last[-1];",
]
FILE = "struct p { int u; long v; };\nstatic struct p p0 = (struct p){ 3, 4 }, ps[2] = { { 1, 2 }, { 5, 6 } };\nstatic long five[3] = { 7, 8, 9 };\n"
FILE += "static long *at = &five[1], *in = &ps[1].v, *near = five, *last = &five[3];\nstatic long size = sizeof(char[offsetof(struct p, v) + 2]);\n"
FILE += "static long sum(struct p *x) { return x->u + x->v + p0.v; }\n"


class Program(NamedTuple):
    """As the random ones are."""

    seed: int
    function: str
    text: str


@pytest.mark.slow
@gcc
def test_the_values_are_gcc_s(tmp_path):
    programs = [Program(k, f"f{k}", f"long f{k}(long a, long b)\n{{\n{body}\n}}\n") for k, body in enumerate(FUNCTIONS)]
    first = programs[0]._replace(text=LARGER + FILE + programs[0].text)
    wanted = values([first, *programs[1:]], tmp_path, "-O1")
    for program in programs:
        got = [value_of(LARGER + FILE + program.text, program.function, pair) for pair in arguments(program.seed)]
        assert got == wanted[program.seed], program.text


def test_each_access_in_it_is_a_step_in_order():
    names = alone(T, "r = n + ({ int x = n; n = x + 1; x; });").names
    assert names == ("read n", "read n", "write n", "write r")
    assert alone(T, "g = (struct s){ .a = n };").names == (
        "read n",
        *(f"write g.{m}" for m in ("a", "b[0]", "b[1]", "b[2]", "in.q")),
    )


def test_another_cpu_comes_between_its_steps():
    text = "#define bump(v) ({ int was = v; v = was + 1; was; })\n" + T
    run = "int was = bump(n); WARN_ON(bump(n) != was + 1);"
    assert explore(scenario_of_c(text, run=(run,)), "none").verdict == "violation"
    assert explore(scenario_of_c(text, run=(run,), threads=1), "none").verdict == "ok"
    locked = T + "static DEFINE_MUTEX(m);"
    run = "WARN_ON(({ guard(mutex)(&m); int was = n; n = was + 1; was; }) > 3);"
    assert explore(scenario_of_c(locked, run=(run,)), "none").verdict == "ok"


def test_a_guard_in_it_ends_with_it():
    assert alone(T + "static DEFINE_MUTEX(m);", "r = ({ guard(mutex)(&m); n; });").names == (
        "mutex_lock",
        "read n",
        "mutex_unlock",
        "write r",
    )


@pytest.mark.parametrize(
    "run,said",
    [
        ("r = ({ return; 1; });", "column 8: `return;`: nobody jumps out of"),
        ("r = ({ if (n) { goto out; } 1; }); out: n = 1;", "`goto out;`: nobody jumps out of"),
        ("if (n) goto in; r = ({ in: 1; });", "nobody jumps out of `({ … })` here, nor into it; write a function"),
        ("while (n) { r = ({ break; 1; }); }", "`break`: it stands in no loop"),
        ("while (n) { r = ({ if (n) continue; 1; }); }", "`continue`: it stands in no loop"),
        ("r = ({ if (n) n = 4; });", "it is of type void, and long is wanted"),
        ("r = ({ });", "it is of type void"),
        ("r = ({ int x = 1; x; }) + x;", "`x`: it is not declared"),
        ("g = (struct t){ 1 };", "is assigned to, and this is of type"),
    ],
)
def test_what_is_refused(run, said):
    with pytest.raises(InputError) as told:
        alone(T + "struct t { int a; };", run)
    assert said in str(told.value)


@pytest.mark.parametrize(
    "text,said",
    [
        ("int *w = &arr[5];", "`arr[5]`: there is no element 5 of int[4]; correct the index"),
        ("int *w = &g.b[0].x;", "`x`: int has no such member here"),
        ("int *w = &later.a; struct s later;", "`later`: it is not declared above"),
        ("int *q = arr; int *w = &*q;", "`*q`: of this the address is not known before anything runs"),
        ("struct s w = (struct u){ 1 };", "it is of type struct u, and begins a struct s"),
        ("int w[offsetof(struct s, nope)];", "this member: struct s has none such here"),
    ],
)
def test_what_is_refused_at_file_scope(text, said):
    with pytest.raises(InputError) as told:
        alone(T + "struct u { int a; }; " + text, "r = 1;")
    assert said in str(told.value)


def test_checks_on_one_line_are_told_apart_by_their_column():
    text = (
        T
        + "\nvoid two(int x) { WARN_ON(x == 1); WARN_ON(x == 2); BUG_ON(x == 3); }\nvoid one(void)\n{\n\tWARN_ON(n);\n}\n"
    )
    assert alone(text, "two(1);").broken == ("WARN_ON() of line 2, column 19 never fires",)
    assert alone(text, "two(2);").broken == ("WARN_ON() of line 2, column 36 never fires",)
    assert "BUG_ON() of line 2 never fires" in alone(text, "two(3);").broken
    assert alone(text, "one();").broken == ("WARN_ON() of line 5 never fires",)
    both = explore(scenario_of_c(text, run=("two(1); two(2);",), threads=1), "none")
    assert both.property == "WARN_ON() of line 2, column 19 never fires"


def test_a_question_without_a_middle_takes_its_condition_once():
    assert alone(T, "r = n ?: 9;").names == ("read n", "write r") and alone(T, "r = n ?: 9;").memory["r"] == 2
    assert alone(T, "r = (n - 2) ?: 9;").memory["r"] == 9
    assert alone(T, "struct s *x = NULL; x = x ?: &g; x->a = 3; r = g.a;").memory["r"] == 3
    assert (
        alone(T + "int sized[0 ?: 3], other[2 ?: 3];", "r = sizeof(sized) * 100 + sizeof(other);").memory["r"] == 1208
    )


def test_two_static_variables_of_a_name_are_two():
    text = T + "int f(void)\n{\n\t{\n\t\tstatic int k = 4;\n\t\tk++;\n\t}\n\tstatic int k = 7;\n\treturn k++;\n}\n"
    ran = alone(text, "r = f() * 100; r += f();")
    assert (ran.memory["r"], ran.memory["f.k"], ran.memory["f.k#2"]) == (708, 6, 9)
    once = "#define first() ({ static bool did; bool was = did; did = true; !was; })\n"
    assert alone(once + T, "r = first() * 10 + first();").memory["r"] == 11
    assert alone(once + T + "int g2(void) { return first(); }\n", "r = min(g2(), 5) * 10 + g2();").memory["r"] == 10
