"""Sizes, alignments and offsets of structs are gcc's."""

import shutil
import subprocess
from time import process_time

import pytest

from tdxkit.c.declare import Declared
from tdxkit.c.harness import value_of
from tdxkit.c.parse import parsed
from tdxkit.c.where import Where
from tdxkit.errors import InputError
from tests.c.random_layouts import structs

OURS = """#include <stddef.h>
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef _Bool bool;
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
"""


def declared(text: str) -> Declared:
    read = parsed(text)
    found = Declared(read.place, Where(text.count("\n")))
    found.read(read.tree)
    return found


def measures(text: str, members: dict[str, list[str]]) -> list[str]:
    """What the reader finds of these structs, as C that asserts it."""
    tags, lines = declared(text).tags, []
    for name, asked in members.items():
        kind = tags[name.removeprefix("struct ")]
        lines += [f"sizeof({name}) == {kind.size}", f"_Alignof({name}) == {kind.align}"]
        lines += [f"offsetof({name}, {word}) == {kind.members[word].byte}" for word in asked]
    return lines


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc here")
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_structs_at_random_lie_as_gcc_lays_them(seed, tmp_path):
    text, members = structs(seed, 150)
    found = measures(text, members)
    file = tmp_path / "layouts.c"
    own = text.replace("enum fixed : u16 { F = 300 };", "typedef u16 fixed;").replace("enum fixed", "fixed")
    file.write_text(OURS + own + "".join(f'_Static_assert({holds}, "");\n' for holds in found))
    ran = subprocess.run(
        ["gcc", "-std=gnu11", "-w", "-fsyntax-only", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[:3000]


SAID = """enum tiny { T = 200 } __packed; enum signs { M = -1, N = 200 } __packed; enum __packed wide { W = 70000 }; enum fixed : u8 { F = 7 }; enum broad : unsigned long long { B = 7 };
typedef u64 __attribute__((aligned(4))) u64a; typedef u32 over __aligned(16), plain; typedef struct { u8 a; u32 b; } __packed tight; typedef u32 lone;
struct with_less { u8 x; u64a y; }; struct with_more { u8 x; over y; plain z; }; struct odd_one { u8 a, b __aligned(4), c; }; struct lined { u8 a; u8 b ____cacheline_aligned; };
struct __packed outer { u8 a; struct { u8 b; u32 c; } in; }; struct aligned_as { u8 a; _Alignas(16) u8 b; alignas(u64) u8 c; }; struct e { }; struct has_e { u8 a; struct e e; u32 b; };
#pragma pack(push, 2)
struct two { u8 a; u64 b; };
#pragma pack(1)
struct one { u8 a; u64 b; };
#pragma pack(push, 4)
#pragma pack(pop)
struct still { u8 a; u64 b; };
#pragma pack(pop)
struct prefixed { u8 a; __aligned(8) struct { u8 b; }; };
struct none { u8 a; u64 b; }; struct filled { u8 a; u32 : 0; u8 b; }; struct unnamed { u8 a; int : 5; u8 b; }; struct sized { u8 n; u64 d[]; } __packed;
#define MINE __attribute__ ((__packed__))
struct mine { u8 a; u64 b; } MINE; struct twice { u8 a; } __aligned(8) __aligned(4); struct strict { u8 a; u8 b __aligned(8) __aligned(4); };
struct names { int a; enum { Q, R }; int; struct later; int c; };
"""
SIZES = {
    "enum tiny": 1, "enum signs": 2, "enum wide": 4, "enum fixed": 1, "enum broad": 8, "u64a": 8, "over": 4, "tight": 5, "struct with_less": 12, "struct with_more": 32,
    "struct odd_one": 8, "struct lined": 128, "struct outer": 9, "struct aligned_as": 32, "struct e": 0, "struct has_e": 8, "struct two": 10,
    "struct one": 9, "struct still": 9, "struct prefixed": 2, "struct none": 16, "struct filled": 5, "struct unnamed": 3, "struct sized": 1, "struct mine": 9, "struct strict": 16, "struct names": 8,
}  # fmt: skip
ALIGNED = {
    "u64a": 4,
    "over": 16,
    "plain": 4,
    "tight": 1,
    "struct with_less": 4,
    "struct lined": 64,
    "struct e": 1,
    "lone": 4,
    "struct twice": 4,
}


def test_what_a_text_says_of_layouts():
    asserts = [f"sizeof({word}) == {size}" for word, size in SIZES.items()] + [
        f"_Alignof({word}) == {at}" for word, at in ALIGNED.items()
    ]
    found = declared(SAID + "enum { E0 " + "".join(f", E{k} = {holds}" for k, holds in enumerate(asserts, 1)) + " };")
    assert [holds for k, holds in enumerate(asserts, 1) if not found.constants[f"E{k}"]] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("typedef int big __attribute__((mode(DI)));", r"line 1, column \d+: `mode`: it makes another type"),
        ("typedef int four __attribute__((vector_size(16)));", "`vector_size`: it makes another type"),
        ('struct s { u32 a; } __attribute__((scalar_storage_order("big-endian")));', "`scalar_storage_order`: the order of bytes"),
        ("union u { int *a; long *b; } __attribute__((__transparent_union__));", "`__transparent_union__`: a union that is passed"),
        ("#pragma scalar_storage_order big-endian\nint n;", "line 1, column 9: `scalar_storage_order`"),
        ("#pragma pack(3)\nint n;", "line 1, column 9: `pack`: it is #pragma pack"),
        ("#pragma pack(push, const 1)\nint n;", "line 1, column 9: `pack`: it is #pragma pack"),
        ("#pragma pack(1) const\nint n;", "line 1, column 9: `pack`: it is #pragma pack"),
        ("#pragma pack likely(\nint n;)", "`pack`: it is #pragma pack"),
        ("#pragma pack\nint n;", "line 1, column 9: `pack`: it is #pragma pack"),
        ("#pragma pack(pop)\nint n;", r"`pack`: no pack\(push\) is open"),
        ('_Pragma("pack(1)") int n;', "`_Pragma`: it lays structs out"),
        ("void g(int *p); void f(void) { int n __attribute__((cleanup(g))) = 1; }", "`cleanup`: what runs at the end"),
        ('void g(void) { } void f(void) __attribute__((alias("g")));', "`alias`: what it stands for is elsewhere"),
        ("void g(void) { } void f(void) __alias(g);", "`alias`: what it stands for is elsewhere"),
        ("struct s { u8 a __aligned(3); };", "aligned to 3: an alignment is a power of two"),
        ("void f(void) { typedef u64 t __aligned(4); }", "`aligned`: of a typedef in a function"),
        ("__aligned(8) typedef u32 __aligned(4) t;", "`aligned`: a typedef is aligned once"),
        ("enum e { A } __aligned(8);", "`aligned`: an enum that is aligned"),
        ("struct s { u8 * __aligned(8) p; };", "`aligned`: an attribute of what is pointed to"),
        ("enum e : u8 { A = 300 };", "`A`: unsigned char has no 300"),
    ],
)  # fmt: skip
def test_what_would_change_a_type_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        declared(text)


def test_an_attribute_that_is_not_known_is_told_and_others_are_not():
    known = 'int f(void) __attribute__((noinline, __section__(".x"), format(printf, 1, 2))); int x __aligned(8), y __packed; __attribute__((used)) static int z;'
    assert parsed(known).remarks == ()
    assert declared("struct s { __packed; __aligned(8); u8 a; __aligned(8); } *p __aligned(4);").tags["s"].size == 1
    assert parsed("int a __attribute__((odd_one(3)));").remarks == (
        "line 1: the attribute odd_one is not known here and left out",
    )


BEGUN = """union u { u32 : 4; u32 a; } v = { 7 };
struct s { u32 : 4, a : 4, : 0, : 3; u8 b; } g = { 1, 2 };
struct w { struct { } e; int a; struct { } f[2]; int b; } w = { .a = 1, .b = 2 };
struct t { u32 a : 4, : 4, b : 4; int c : 2; } t[2] = { { 1, 2, 1 }, { 3, 20, 3 } };
int f(void) { struct s l = { 3, 4 }; struct t x = { 5, 6 }; return HOLDS; }"""


@pytest.mark.parametrize(
    "holds",
    [
        "v.a == 7",
        "g.a == 1 && g.b == 2",
        "l.a == 3 && l.b == 4",
        "w.a == 1 && w.b == 2",
        "t[0].b == 2 && t[1].b == 4 && t[1].c == -1",
        "x.b == 6",
    ],
)
def test_what_has_no_name_takes_no_value(holds):
    assert value_of(BEGUN.replace("HOLDS", holds), "f", ()) == 1


def test_a_struct_with_a_name_of_its_own_in_another_is_told():
    found = declared("struct out { int a; struct in { int b; }; };")
    assert found.tags["out"].size == 8
    assert "in without a name in out is taken for a member of it, as -fms-extensions has it" in found.told


def test_a_member_of_no_size_is_not_begun_by_its_place():
    with pytest.raises(InputError, match="has a member without anything in it here; name the members"):
        declared("struct e { }; struct w { struct e e; int a; } w = { {}, 1 };")


def test_many_attributes_in_a_row_are_read_in_a_moment():
    begun = process_time()
    assert parsed("int a" + " __packed" * 3000 + ";").remarks == ()
    assert process_time() - begun < 2


def test_types_of_the_kernel_have_its_widths():
    widths = {
        "u_char": 1,
        "unchar": 1,
        "u_short": 2,
        "ushort": 2,
        "u_int": 4,
        "uint": 4,
        "u_long": 8,
        "ulong": 8,
        "u_int8_t": 1,
        "u_int64_t": 8,
    }
    widths |= {
        "uintptr_t": 8,
        "phys_addr_t": 8,
        "dma_addr_t": 8,
        "resource_size_t": 8,
        "gfn_t": 8,
        "hpa_t": 8,
        "gpa_t": 8,
        "pgoff_t": 8,
        "sector_t": 8,
    }
    widths |= {
        "umode_t": 2,
        "fmode_t": 4,
        "mode_t": 4,
        "__be16": 2,
        "__be32": 4,
        "__le64": 8,
        "vm_fault_t": 4,
        "pteval_t": 8,
        "__aligned_u64": 8,
    }
    read = parsed("".join(f"{word} v{k};" for k, word in enumerate(widths)))
    assert read.remarks == ()
    types = declared("typedef unsigned char mode_t; typedef u32 mine; typedef u32 mine;").types
    assert {word: types[word].size for word in widths} == widths | {"mode_t": 1}  # the text's own goes before
    assert not any(types[word].signed for word in widths)
