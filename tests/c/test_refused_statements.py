"""What stands in a function and is refused: where, which thing, by which rule."""

import pytest

from tdxkit.c.program import program
from tdxkit.errors import InputError

T = "int x; int *q; int b[2]; void *v; struct s { int a; } t, *p; struct u *w; struct two { int a, b; } d; spinlock_t l; atomic_t n; void f(void) { } "


def said_of(run, text=T):
    with pytest.raises(InputError) as error:
        program(text, {}, {}, (run,))
    return str(error.value)


@pytest.mark.parametrize(
    "run, column, said",
    [
        # jumps and labels
        ("break;", 1, "`break`: it stands in no loop"), ("if (x) { continue; }", 10, "`continue`: it stands in no loop"),
        ("switch (x) { case 1: continue; }", 22, "`continue`: it stands in no loop"), ("goto out;", 1, "`goto out`: there is no such label"),
        ("m: x = 1; m: x = 2;", 11, "`m:`: there are two labels of this name"), ("case 1: x = 1;", 1, "`case`: it stands in no switch"),
        ("default: x = 1;", 1, "`default`: it stands in no switch"),
        ("switch (x) { case 1: x = 1; case 1: x = 2; }", 29, "`case 1`: the switch has it at --run 1, line 1, column 14 already"),
        ("switch (x) { default: x = 1; default: x = 2; }", 30, "`default`: the switch has it at --run 1, line 1, column 14 already"),
        ("switch (x) { case 1 ... 3: ; case 1 ... 3: ; }", 30, "`case 1 ... 3`: the switch has it"),
        ("switch (x) { case x: ; }", 19, "`x`: it must be a constant here"), ("switch (q) { }", 9, "`q`: an integer stands here, and this is of type int *"),
        ("goto in; { guard(spinlock)(&l); in: x = 1; }", 1, "`goto in`: it jumps past a guard"),
        # guards and names
        ("guard(foo)(&l);", 1, "`guard(foo)`: this guard is not known"), ("guard(spinlock)(l);", 1, "`guard(spinlock)`: it takes the address of a lock"),
        ("guard(spinlock, 1)(&l);", 1, "`guard(…)`: it names one kind of lock"), ("int a; int a;", 12, "`a`: this block has a variable of this name already"),
        ("x = y;", 5, "`y`: it is not declared; declare it in the text, or give -D y=0"), ("y = 1;", 1, "`y`: it is not declared"),
        # functions
        ("x = f;", 5, "`f`: a function is called, not passed on"), ("v = &f;", 6, "`&f`: a function is called, not passed on"),
        ("f(1);", 1, "`f(…)`: it takes 0 arguments, and gets 1"), ("x = f();", 1, "`x = f()`: it is of type void, and int is wanted; return a value from it"),
        ("x();", 1, "`x(…)`: a function is called by its name"), ("(&x)();", 3, "`(&x)()`: a function is called by its name"),
        ("foo(); bar();", 1, "`foo(…)`: this function is not known, nor is bar; define it in the text, or give --stub foo=0"),
        ("foo(); bar(); baz();", 1, "this function is not known, nor are bar, baz;"),
        ("f0(); f1(); f2(); f3(); f4(); f5(); f6(); f7(); f8();", 1, "nor are f1, f2, f3, f4, f5, f6, f7, f8;"),
        ("f0(); f1(); f2(); f3(); f4(); f5(); f6(); f7(); f8(); f9(); g();", 1, "nor are f1, f2, f3, f4, f5, f6, f7, f8, 2 more;"),
        ("foo(); trace_foo();", 1, "`foo(…)`: this function is not known; define it"),
        ("atomic_inc();", 1, "`atomic_inc(…)`: it takes 1 arguments, and gets 0"), ("atomic_inc(&n, 1);", 1, "`atomic_inc(…)`: it takes 1 arguments, and gets 2"),
        ("READ_ONCE();", 1, "`READ_ONCE(…)`: it takes more arguments than the 0 here"), ("atomic_inc(v);", 12, "`v`: it is given as a void *"),
        ("call_rcu((struct rcu_head *)p, foo);", 32, "this function: it is called later, so it must be one of the text's"),
        # structs and pointers
        ("x = t;", 5, "`t`: it is a struct s, which is copied by an assignment alone"), ("t = x;", 1, "`t = x`: struct s is assigned to, and this is of type int"),
        ("t = d;", 1, "`t = d`: struct s is assigned to, and this is of type struct two"),
        ("x = t->a;", 5, "`t->a`: it is the struct itself that stands before ->"), ("x = p.a;", 7, "`a`: struct s * has no such member here"),
        ("x = t.b;", 7, "`b`: struct s has no such member here"), ("w->a = 1;", 4, "`a`: struct u has no such member here"),
        ("x = *x;", 6, "`*x`: only a pointer can be followed, and this is of type int"), ("x = x[0];", 5, "`x[0]`: only a pointer can be followed"),
        ("x = p * 2;", 5, "`*`: it does not go with a struct s * and a int"), ("x = q & 1;", 5, "`&`: it does not go with a int * and a int"),
        ("q = q + q;", 5, "`+`: it does not go with a int * and a int *"), ("x = 1 - q;", 5, "`-`: it does not go with a int and a int *"),
        ("x = ~q;", 6, "`q`: an integer stands here, and this is of type int *"), ("x <<= q;", 1, "`<<`: it does not go with a int and a int *"),
        ("if (t) x = 1;", 5, "`t`: it is a struct s"), ("b = 0;", 1, "`b = 0`: it is of type int, and int[2] is wanted; assign its members"),
        ("1 = x;", 1, "`1`: it is no variable; name one"), ("x + 1 = 2;", 1, "`x + 1`: it is no variable"), ("q = &1;", 6, "`1`: it is no variable"),
        # sizes and members
        ("x = offsetof(struct s, b);", 24, "this member: struct s has none such here"), ("x = container_of(&x, struct s, b)->a;", 32, "this member: struct s has none such here"),
        ("x = sizeof(struct u);", 19, "sizeof: struct u: only its name is known here"), ("x = sizeof(*w);", 13, "sizeof: struct u: only its name is known here"),
        ("x = _Alignof(struct u);", 21, "_Alignof: struct u: only its name is known here"),
        ("x = ARRAY_SIZE(x);", 5, "`ARRAY_SIZE(…)`: it is asked of an array"), ("memset(b, 1, 8);", 1, "`memset(…)`: only 0 is filled in"),
        ("memcpy(&t, b, 4);", 1, "this size: objects are filled and copied as a whole"), ("memcpy(&t, &d, sizeof(d));", 1, "`memcpy(…)`: a struct two is copied to a struct s"),
        ("check_add_overflow(1, 2, x);", 26, "`x`: only a pointer can be followed"), ("check_add_overflow(1, 2, &q);", 27, "a int *: an integer stands here"),
        ("q = kmalloc(6, 0); p = kmalloc(6, 0);", 32, "`6`: struct s has 4 bytes, and what else lies in these is not to be seen"),
        ("kmalloc(8, 0);", 1, "`kmalloc(…)`: of which type the object is, is not to be seen"), ("v = kmalloc(8, 0);", 5, "of which type the object is, is not to be seen"),
        ("struct two r = READ_ONCE(d);", 16, "`READ_ONCE(…)`: it is of one word, and a struct two is more"),
    ],
)  # fmt: skip
def test_what_is_refused(run, column, said):
    found = said_of(run)
    assert found.startswith(f"--run 1, line 1, column {column}: ") and said in found


def test_the_line_and_column_are_those_of_the_option_and_of_the_text():
    assert said_of("x = 1;\n  x = y;").startswith("--run 1, line 2, column 7: `y`")
    with pytest.raises(InputError, match=r"^--run 2, line 1, column 5: `y`"):
        program(T, {}, {}, ("x = 1;", "x = y;"))
    assert said_of(";", "int x;\nvoid f(void)\n{\n\tx = y;\n}\n").startswith("line 4, column 6: `y`")


@pytest.mark.parametrize("text", ["int x; int", "int x; struct s", "int x; unsigned long"])
def test_a_text_that_ends_in_a_declaration(text):
    assert "the text ends in the middle of a declaration" in said_of("x = 1;", text)


@pytest.mark.parametrize(
    "run",
    ["switch (x) { case 1: switch (x) { case 1: ; } }", "{ int a; } int a;", "m: x = 1; { int m; m = 1; }", "while (x) { switch (x) { case 1: continue; } }",
     "goto in; in: x = 1;", "{ guard(spinlock)(&l); goto out; } out: x = 1;", "x = sizeof(*v);", "p = kmalloc(8, 0);", "trace_foo(x, 1);", "switch (x) { }"],
)  # fmt: skip
def test_what_is_just_not_refused(run):
    assert program(T, {}, {}, (run,)).functions
