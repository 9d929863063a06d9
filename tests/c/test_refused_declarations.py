"""What stands at file scope and is refused: where, which thing, by which rule; and beside each bound what is still read."""

import pytest

from tdxkit.c.program import program
from tdxkit.errors import InputError

S = "struct s { int a; } t; "


def read(text):
    return program(text, {}, {}, ("x = 1;",) if "int x" in text else ())


@pytest.mark.parametrize(
    "text, said",
    [
        # structs, unions, enums
        ("struct s { int a; };\nstruct s { int b; };", "line 2, column 8: `struct s`: it is defined twice"),
        ("struct s { int f(int); };", "line 1, column 16: `f`: it is a function"),
        ("struct s { struct s a; };", "line 1, column 21: `a`: struct s would have itself as a member"),
        ("struct s { struct s a[2]; };", "line 1, column 21: `a`: struct s would have itself as a member"),
        ("struct s { int a; int a; };", "line 1, column 23: `a`: there are two members of this name"),
        ("struct s { int a : 33; };", "line 1, column 16: `a`: int has 32 bits"),
        ("struct s { int a : -1; };", "line 1, column 16: `a`: int has 32 bits"),
        ("struct s { _Bool a : 2; };", "line 1, column 18: `a`: _Bool has 1 bits"),
        ("enum { A };\nenum { B, A };", "line 2, column 11: `A`: it is a constant already"),
        ("enum e : u8 { A = 256 };", "line 1, column 15: `A`: unsigned char has no 256"),
        ("enum e : u8 { A = 255, B };", "line 1, column 24: `B`: unsigned char has no 256"),
        ("enum e : s8 { A = -129 };", "line 1, column 15: `A`: signed char has no -129"),
        ("struct s { int a; } __aligned(3);", "aligned to 3: an alignment is a power of two"),
        ("struct s { int a; } __aligned(-2);", "aligned to -2: an alignment is a power of two"),
        ("struct s { int a; } __aligned(1 << 29);", "aligned to 536870912: an alignment is a power of two"),
        # names that are there twice
        ("typedef int a;\ntypedef long a;", "line 2, column 14: `a`: it is int already"),
        ("void f(void) { }\nvoid f(void) { }", "line 2, column 6: `f(…)`: it is defined at line 1, column 6 already"),
        ("int f;\nvoid f(void) { }", "line 2, column 6: `f(…)`: a variable has this name"),
        ("void f(void) { }\nint f;", "line 2, column 5: `f`: a function has this name"),
        ("int a = 1;\nint a = 2;", "line 2, column 5: `a`: it is declared at line 1, column 5 already"),
        ("int a;\nlong a;", "line 2, column 6: `a`: it is declared at line 1, column 5 already"),
        ("int a;\nlong a = 1;", "line 2, column 6: `a`: it is declared at line 1, column 5 already"),
        ("void f(int a, int a) { }", "line 1, column 19: `a`: there are two parameters of this name"),
        # sizes
        ("int a[4097];", "line 1, column 5: an array of 4097: it has 0 to 4,096 elements"),
        ("int a[-1];", "line 1, column 5: an array of -1: it has 0 to 4,096 elements"),
        ("int a[4096];\nint b;", "line 2, column 5: `b`: all that CPUs share is at most 4,096 scalars"),
        ("int a[2][2049];", "line 1, column 5: `a`: int[2049][2]: an object has at most 4,096 scalars"),
        ("void f(void) { static int a[4096], b; b = 1; }", "all that CPUs share is at most 4,096 scalars"),
        # types
        ("struct s;\ntypedef struct s t __aligned(8);", "line 2, column 20: `t`: of this typedef it is not known how"),
        ("typedef int t __aligned(x);", "line 1, column 15: `t`: of this typedef it is not known how it is aligned"),
        ("float x;", "line 1, column 1: `float`: the kernel does not reckon with floating point"),
        ("void v;", "line 1, column 6: `v`: void: no object is of this type"),
        ("struct u x;", "line 1, column 10: `x`: struct u: only its name is known here"),
        ("void f(int a, ...) { }", "line 1, column 15: `...`: a function takes a fixed number of arguments"),
        ("int f { return 1; }", "line 1, column 5: `f`: a function has parentheses behind its name"),
        # constants
        ("static_assert(0);", "line 1, column 1: static_assert(…): `0` is false, and so this does not compile"),
        ("static_assert(sizeof(long) == 4);", "static_assert(…): `(sizeof(long)) == 4` is false"),
        ("int a[1.5];", "line 1, column 7: `1.5`: the kernel does not reckon with floating point"),
        ("int x = 0x10000000000000000;", "line 1, column 9: `0x10000000000000000`: an integer has at most 64 bits"),
        ("int x = 08;", "line 1, column 9: `08`: it is no whole number of C"),
        ("int y; int x = y;", "line 1, column 16: `y`: it must be a constant here"),
        ("int x = 1 / 0;", "line 1, column 9: `1 / 0`: division by zero"),
        ("int x = 1 % 0;", "line 1, column 9: `1 % 0`: division by zero"),
        ("int x = 1 << 32;", "line 1, column 9: `1 << 32`: a shift by 32 of 32 bits"),
        ("long x = 1L >> 64;", "line 1, column 10: `1L >> 64`: a shift by 64 of 64 bits"),
        ("int x = (-2147483647 - 1) / -1;", "a division of -2147483648 by -1, whose quotient has no 32 bits"),
        ("long x = (-9223372036854775807L - 1) % -1;", "by -1, whose quotient has no 64 bits"),
        ("int a[1 << -1];", "line 1, column 7: `1 << (-1)`: a shift by -1 of 32 bits"),
        ("int x = sizeof(foo);", "line 1, column 16: sizeof `foo`: of this expression it is not known"),
        # what objects begin with
        ("int a; int *p = &a[1];", "line 1, column 18: `a[1]`: there is no element 1 of int"),
        ("int a[2]; int *p = &a[3];", "line 1, column 21: `a[3]`: there is no element 3 of int[2]"),
        ("int a[2]; int *p = &a[-1];", "line 1, column 21: `a[-1]`: there is no element -1 of int[2]"),
        (S + "int *p = &t.b;", "line 1, column 36: `b`: struct s has no such member here"),
        ("int *p = &q;", "line 1, column 11: `q`: it is not declared above"),
        ("int *p = &(1 + 2);", "line 1, column 12: `1 + 2`: of this the address is not known before anything runs"),
        ("int a; int *p = a;", "line 1, column 17: `a`: it must be a constant here"),
        ("int a[] = { [0 ... 4096] = 1 };", "line 1, column 16: this range: it is of at most 4,096 elements"),
        ("int a[4] = { [4] = 1 };", "line 1, column 20: element 4: the array has 4"),
        ("int a[4] = { [-1] = 1 };", "line 1, column 21: element -1: the array has 4"),
        ("int a[2][3] = { [2] = { 1 } };", "line 1, column 25: element 2: the array has 2"),
        ("int a[2] = { 1, 2, 3 };", "line 1, column 20: this initialiser: int[2] has no member for it"),
        ("struct s { int a; } x = { .b = 1 };", "line 1, column 32: this initialiser: struct s has no such member here"),
        ("struct s { int a; } x = { 1, 2 };", "line 1, column 30: this initialiser: struct s has no member for it"),
        (S + "struct b { int y; } q = (struct s){ 1 };", "`(struct s){1}`: it is of type struct s, and begins a struct b"),
        # calls
        ("int f(int a) { return a ? f(a - 1) : 0; }", "line 1, column 5: `f(…)`: it calls itself; write it as a loop"),
        ("int g(int); int f(int a) { return g(a); } int g(int a) { return f(a); }", "`f(…)`: it calls itself"),
    ],
)  # fmt: skip
def test_what_is_refused(text, said):
    with pytest.raises(InputError) as error:
        read(text)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "typedef int a; typedef int a; a x;", "extern long x; int y; extern long x; int y;", "int x; int x; int x = 3;", "int a[4096];", "int a[0]; int x;",
        "int a[2][2048];", "struct s { int a : 32; _Bool b : 1; long c : 64; }; int x;", "enum e : u8 { A = 255 }; int x;", "enum e : s8 { A = -128, B = 127 }; int x;",
        "struct s { int a; } __aligned(1 << 28); int x;", "int a[] = { [0 ... 4095] = 1 };", "int a[4096] = { [4000 ... 4095] = 1, [5 ... 5] = 2 };", "int a[2]; int *p = &a[2];", "int x = 1 << 31;", "long x = 1L << 63;", "int x = (-2147483647 - 1) * -1;", "int x = -2147483647 / -1;", "unsigned x = 0x80000000 / -1;",
        "static_assert(1); static_assert(sizeof(int) == 4); int x;", "int x = 0xffffffffffffffff;",
        "struct s { struct s *next; } t;", "int a[4] = { [3] = 1, [0] = 2 };", "extern long x; int x;",
    ],
)  # fmt: skip
def test_what_is_just_not_refused(text):
    assert read(text).functions is not None


def chain(deep):
    """A function that calls one that calls one …, so many in all."""
    calls = "".join(f"int f{k}(void) {{ return f{k + 1}(); }} " for k in range(deep - 1))
    return "".join(f"int f{k}(void); " for k in range(deep)) + calls + f"int f{deep - 1}(void) {{ return 1; }}"


def doubled(times):
    """A function that calls one twice that calls one twice …: 2 ** times - 1 calls of the first and all in it."""
    return "int f0(void) { return 1; } " + "".join(
        f"int f{k}(void) {{ return f{k - 1}() + f{k - 1}(); }} " for k in range(1, times)
    )


def test_calls_in_calls_are_bounded():
    assert len(read(chain(60)).functions) == 60
    with pytest.raises(InputError, match="calls are nested to a depth of 60"):
        read(chain(61))
    assert len(read(doubled(14)).functions) == 14  # 2 ** 14 - 1 is 16,383
    with pytest.raises(InputError, match=r"`f14\(…\)`: calls in its calls come to more than 20,000"):
        read(doubled(15))
