"""Errors as numbers, stubs with prototypes, enums, attributes that lay structs out, asserts that are false: as gcc has them."""

import shutil
import subprocess

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.search import explore


def fired(text, run, stubs=None):
    return explore(scenario_of_c(text, run=(run,), threads=1, stubs=stubs), "none").verdict == "violation"


ERRORS = "int *gp; "
OF_AN_ERROR = "void *p = ERR_PTR(-12); unsigned long u = (unsigned long)p; "


@pytest.mark.parametrize(
    "holds",
    [
        "u >= (unsigned long)-4095", "u == -12UL", "IS_ERR_VALUE(u)", "(long)p == -12", "(unsigned int)u == 4294967284U", "PTR_ERR(p) == -12",
        "IS_ERR((void *)u)", "(void *)u == p", "ERR_PTR(u) == p", "(void *)-12UL == p", "(void *)18446744073709551604ULL == p",
        "(void *)(unsigned long)&gp == (void *)&gp", "!(unsigned long)gp",
    ],
)  # fmt: skip
def test_an_error_in_a_pointer_is_its_number_in_each_type(holds):
    assert not fired(ERRORS, f"{OF_AN_ERROR} WARN_ON(!({holds}));")
    assert fired(ERRORS, f"{OF_AN_ERROR} WARN_ON({holds});")


@pytest.mark.parametrize(
    "prototype,gives,holds",
    [
        ("bool ready(int x);", 2, "ready(1) == 1"), ("u8 ready(int x);", 300, "ready(1) == 44"), ("static u32 ready(int x);", -1, "ready(1) > 0"),
        ("u64 ready(int x);", -1, "ready(1) + 1 == 0"), ("void *ready(int x);", -12, "IS_ERR(ready(1))"), ("", -1, "ready(1) == -1"),
        ("s8 ready(int x);", 255, "ready(1) == -1"),
    ],
)  # fmt: skip
def test_a_stub_gives_its_number_in_the_type_of_the_prototype(prototype, gives, holds):
    assert not fired(prototype, f"WARN_ON(!({holds}));", {"ready": gives})
    assert fired(prototype, f"WARN_ON({holds});", {"ready": gives})


ENUMS = "enum big { A = 0x80000000U, A2, F = A | 1 }; enum huge { H = 0x100000000UL, I, S = 1 }; enum neg { M = -1, N = 0x90000000U }; enum plain { P, Q };\n"
LAID = """
struct tight { u8 a; u64 b; } __packed; struct __packed early { u8 a; u64 b; }; struct attributed { u8 a; u64 b; } __attribute__((packed));
struct wide { u32 a; } __aligned(16); struct wide2 { u32 a; } __attribute__((aligned(16))); struct both { u8 a; u32 b; } __attribute__((packed, aligned(4)));
struct outer { u8 x; struct tight y; u8 z; }; struct outer2 { u8 x; struct wide y; }; union u { u32 a; char b[7]; }; struct of_union { u8 x; union u v; };
struct inner { u8 a; struct { u8 x; u32 y; } __packed in; u8 z; }; struct packed { u8 a; u32 b; }; struct loose { u8 a; u64 b; u8 packed; }; typedef struct { u8 a; u16 b; } __packed t_t;
struct bits { u32 a:3; u32 b:30; u8 c; }; struct bytes { u8 a:1; u8 b:1; u8 c; }; struct words { u64 a:1; u64 b:62; u64 c:2; };
"""
MEASURED = (
    *("A > 0", "A2 == 0x80000001U", "F > A", "H >> 32 == 1", "I - H == 1", "M < 0", "N > 0", "P - 1 < 0", "(enum plain)Q - 2 > 0", "(enum neg)M < 0"),
    *(f"sizeof({e}) == {n}" for e, n in (("enum big", 4), ("enum huge", 8), ("enum neg", 8), ("enum plain", 4), ("S", 4), ("H", 8), ("A", 4))),
    *(f"sizeof(struct {s}) == {n}" for s, n in (("tight", 9), ("early", 9), ("attributed", 9), ("wide", 16), ("wide2", 16), ("both", 8), ("outer", 11), ("outer2", 32))),
    *(f"sizeof(struct {s}) == {n}" for s, n in (("of_union", 12), ("inner", 7), ("loose", 24), ("packed", 8), ("bits", 12), ("bytes", 2), ("words", 16))),
    "sizeof(union u) == 8", "sizeof(t_t) == 3", "offsetof(struct tight, b) == 1", "offsetof(struct outer2, y) == 16", "offsetof(struct of_union, v) == 4",
)  # fmt: skip
OURS = """#include <stddef.h>
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("holds", MEASURED)
def test_enums_and_layouts(holds):
    used = "void looks(union u *p) { p->b[0] = 1; }\n"
    assert not fired(ENUMS + LAID + used, f"WARN_ON(!({holds}));")


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc here")
def test_gcc_says_the_same_of_them(tmp_path):
    file = tmp_path / "layouts.c"
    file.write_text(OURS + ENUMS + LAID + "".join(f'_Static_assert({holds}, "");\n' for holds in MEASURED))
    ran = subprocess.run(["gcc", "-std=gnu11", "-fsyntax-only", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_member_that_is_aligned_to_nobody_knows_what_is_refused_where_it_matters():
    text = "struct s { u8 a __aligned(MINE); u8 b; } *g; struct t { int n; }; struct t v __aligned(32);"
    for asks in ("sizeof(struct s)", "offsetof(struct s, b)", "sizeof(*g)"):
        with pytest.raises(InputError, match="an attribute lays a member of it out otherwise"):
            fired(text, f"WARN_ON({asks} == 2);")
    assert not fired(text, "struct s *p = kzalloc(sizeof(*p), GFP_KERNEL); if (p) p->a = 1; kfree(p);")
    assert not fired(text, "WARN_ON(sizeof(v) != 4);")


@pytest.mark.parametrize(
    "text,run,place",
    [
        ("static_assert(false);", "int x;", "line 1, column 1: static_assert"),
        ('static_assert(sizeof(long) == 4, "no"); int n;', "n = 1;", "line 1, column 1: static_assert"),
        ("enum { N = 3 }; int n; void f(void)\n{\n\tstatic_assert(N == 4);\n}", "f();", "line 3, column 2: static_assert"),
        ("int n;", "BUILD_BUG_ON(true); n = 1;", "--run 1, line 1, column 1: BUILD_BUG_ON"),
        ("int n;", 'BUILD_BUG_ON_MSG(sizeof(u64) == 8, "x"); n = 1;', "--run 1, line 1, column 1: BUILD_BUG_ON_MSG"),
    ],
)  # fmt: skip
def test_what_does_not_compile_is_refused(text, run, place):
    with pytest.raises(InputError, match="so this does not compile") as told:
        fired(text, run)
    assert str(told.value).startswith(place)


def test_asserts_that_are_true_or_of_which_nothing_is_known():
    text = 'static_assert(sizeof(int) == 4); _Static_assert(1, "x"); static_assert(__same_type(int, long)); struct s { int a; static_assert(1); int b; }; struct s n;'
    text += " static_assert(sizeof(struct s) == 99); static_assert(unknown(3) == 3);"
    assert not fired(
        text, "static_assert(true); BUILD_BUG_ON(0); BUILD_BUG_ON(n.b); BUILD_BUG_ON(sizeof(n) != 3); n.b = 1;"
    )
