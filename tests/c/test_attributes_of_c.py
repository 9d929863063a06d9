"""Attributes and #pragma pack as assertions that stand beside what they lay out: which, where, and of which of the declared ones."""

import re

import pytest

from tdxkit.c.attributes import HARMLESS, attributed
from tdxkit.c.directives import preprocessed
from tdxkit.c.lexing import lexed
from tdxkit.errors import InputError

pytestmark = pytest.mark.many

P, A = "__attribute__((packed))", "__attribute__((aligned(8)))"


def read(text):
    """A text without its attributes, each token parted from the next by a blank; A(…) is what is said to be aligned, P what is packed."""
    made = " ".join(token.text for token in attributed(preprocessed(lexed(text), {}, []), []))
    made = re.sub(r"static_assert \( __aligned_(\w+) \( (.*?) \) \) ;", r"A(\1 \2)", made)
    made = re.sub(r"static_assert \( __packed_(\w+) \( (.*?)\) \) ;", r"P(\1 \2)", made)
    return re.sub(r"static_assert \( __pack_(\w+) \( (.*?) \) \) ;", r"K(\1 \2)", made).replace(" )", ")")


@pytest.mark.parametrize(
    "text, made",
    [
        # a struct, a union
        (f"struct {P} s {{ int a; }};", "struct s { P(type) int a ; } ;"), (f"struct s {{ int a; }} {P};", "struct s { P(type) int a ; } ;"), (f"struct s {{ int a; }} {A};", "struct s { A(type 8) int a ; } ;"), (f"struct s {P} {{ int a; }};", "struct s { P(type) int a ; } ;"),
        (f"union {A} u {{ int a; }};", "union u { A(type 8) int a ; } ;"), (f"struct s {{ int a; }} {P} {A};", "struct s { P(type) A(type 8) int a ; } ;"), (f"struct {P} s {{ int a; }} {A} x;", "struct s { P(type) A(type 8) int a ; } x ;"), ("struct s { int a; } __attribute__((packed, aligned(4)));", "struct s { P(type) A(type 4) int a ; } ;"),
        (f"struct {P} {{ int a; }} x;", "struct { P(type) int a ; } x ;"), (f"struct o {{ struct {P} i {{ int a; }} x; int b; }};", "struct o { struct i { P(type) int a ; } x ; int b ; } ;"), (f"struct o {{ struct {{ int a; }} {P}; int b; }} {A};", "struct o { A(type 8) struct { P(type) int a ; } ; int b ; } ;"),
        ("struct s { int a; } __attribute__((aligned));", "struct s { A(type 16) int a ; } ;"), ("struct s { int a; } __attribute__((__aligned__(2 + (2 * 3)), __packed__));", "struct s { A(type 2 + ( 2 * 3)) P(type) int a ; } ;"), ("struct s { int a; } __attribute((packed));", "struct s { P(type) int a ; } ;"),
        # what is not of the struct any more
        (f"struct s {{ int a; }} x {A};", "struct s { int a ; } x ;"), (f"struct s x {A};", "struct s x ;"), (f"struct s; int {A} x;", "struct s ; int x ;"), (f"struct s *f(void) {P}; struct t {{ int a; }};", "struct s * f ( void) ; struct t { int a ; } ;"), (f"struct s {{ int a; }} {P}; struct t {{ int a; }};", "struct s { P(type) int a ; } ; struct t { int a ; } ;"),
        # members: which of the declaration, counted from its end
        (f"struct s {{ int a {A}; }};", "struct s { int a ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int a, b {A}; }};", "struct s { int a , b ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int a {A}, b; }};", "struct s { int a , b ; A(here 1 , 1 , 8) } ;"), (f"struct s {{ int a, b {A}, c; }};", "struct s { int a , b , c ; A(here 1 , 1 , 8) } ;"),
        (f"struct s {{ int {A} a, b; }};", "struct s { int a , b ; A(here 1 , 0 , 8) } ;"), (f"struct s {{ {A} int a; }};", "struct s { int a ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int a {P}; int b; }};", "struct s { int a ; P(here 0 , 0) int b ; } ;"), (f"struct s {{ int a; int b {P}; }};", "struct s { int a ; int b ; P(here 0 , 0) } ;"),
        (f"struct s {{ int a[2] {A}; }};", "struct s { int a [ 2 ] ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int a : 3 {A}; }};", "struct s { int a : 3 ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int a {A} : 3; }};", "struct s { int a : 3 ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ int (*f)(int, int) {A}, b; }};", "struct s { int ( * f) ( int , int) , b ; A(here 1 , 1 , 8) } ;"),
        (f"struct s {{ int a {A} {P}; }};", "struct s { int a ; A(here 0 , 0 , 8) P(here 0 , 0) } ;"), (f"struct s {{ struct t x {A}; }};", "struct s { struct t x ; A(here 0 , 0 , 8) } ;"), (f"struct s {{ struct {{ int b; }} x {A}; }};", "struct s { struct { int b ; } x ; A(here 0 , 0 , 8) } ;"),
        # enums
        (f"enum e {{ X }} {P};", "enum e : void { X } ;"), (f"enum {P} e {{ X }};", "enum e : void { X } ;"), (f"enum {P} {{ X }} {P};", "enum : void { X } ;"),
        # typedefs, and what changes no layout here
        (f"typedef int t {A};", "typedef int t ; A(here 0 , 0 , 8)"), (f"typedef int {A} t, u;", "typedef int t , u ; A(here 1 , 0 , 8)"), (f"int x {A}, y {P};", "int x , y ;"), (f"static int {A} x = 1;", "static int x = 1 ;"), (f"void f(int a {A}) {{ int b {A}; }}", "void f ( int a) { int b ; }"),
        (f"int f(void) {{ return 1; }} int x {P};", "int f ( void) { return 1 ; } int x ;"), (f"struct s f(void) {{ struct t {{ int a {P}; }}; }}", "struct s f ( void) { struct t { int a ; P(here 0 , 0) } ; }"), (f"struct s {{ {P}; int a; }};", "struct s { ; int a ; } ;"), (f"int x = sizeof(int {A});", "int x = sizeof ( int) ;"),
        # several in a row, and none
        ("struct s { int a; } __attribute__((unused)) __attribute__((packed));", "struct s { P(type) int a ; } ;"), ("struct __attribute__((unused)) __attribute__((packed)) s { int a; };", "struct s { P(type) int a ; } ;"), ("int x __attribute__(());", "int x ;"), ("int x __attribute__((,unused,));", "int x ;"), ("int __attribute__, __attribute;", "int __attribute__ , __attribute ;"),
    ],
)  # fmt: skip
def test_what_becomes_of_attributes(text, made):
    assert read(text) == made


@pytest.mark.parametrize(
    "text, made",
    [
        ("#pragma pack(1)\nstruct s { int a; };\nstruct t { int b; };", "struct s { K(type 1) int a ; } ; struct t { K(type 1) int b ; } ;"), ("#pragma pack(2)\nunion u { int a; };\n#pragma pack()\nunion v { int a; };", "union u { K(type 2) int a ; } ; union v { int a ; } ;"),
        ("#pragma pack(push, 4)\nstruct s { int a; };\n#pragma pack(pop)\nstruct t { int b; };", "struct s { K(type 4) int a ; } ; struct t { int b ; } ;"), ("#pragma pack(8)\n#pragma pack(push)\nstruct s { int a; };\n#pragma pack(16)\nstruct t { int a; };\n#pragma pack(pop)\nstruct u { int b; };", "struct s { K(type 8) int a ; } ; struct t { K(type 16) int a ; } ; struct u { K(type 8) int b ; } ;"),
        ("#pragma pack(1)\n#pragma pack(0)\nstruct s { int a; };", "struct s { int a ; } ;"), ("#pragma pack(push, 1)\n#pragma pack(push, 0)\nstruct s { int a; };\n#pragma pack(pop)\nstruct t { int a; };", "struct s { int a ; } ; struct t { K(type 1) int a ; } ;"), ("#pragma pack(1)\nenum e { A };\nint f(void) { }", "enum e { A } ; int f ( void) { }"),
        ("struct s {\n#pragma pack(1)\nint a; };", "struct s { K(type 1) int a ; } ;"), (f"#pragma pack(1)\nstruct s {{ int a; }} {A};", "struct s { K(type 1) A(type 8) int a ; } ;"), ("#pragma once\n#pragma GCC poison x\nint a;", "int a ;"), ('_Pragma("once") int a;', "int a ;"), ("int _Pragma;", "int _Pragma ;"),
        ("#if 0\n#pragma pack(1)\n#endif\nstruct s { int a; };", "struct s { int a ; } ;"),
    ],
)  # fmt: skip
def test_what_becomes_of_pragmas(text, made):
    assert read(text) == made


@pytest.mark.parametrize(
    "text, said",
    [
        (f"struct s {{ int *{A} a; }};", "`aligned`: an attribute of what is pointed to is not read; put it behind the name"), (f"struct s {{ int a, *{P} b; }};", "`packed`: an attribute of what is pointed to"), (f"enum e {{ X }} {A};", "`aligned`: an enum that is aligned is not read"), (f"enum {A} e {{ X }};", "`aligned`: an enum"),
        (f"typedef int {A} t {A};", "`aligned`: a typedef is aligned once here"), (f"void f(void) {{ typedef int t {A}; }}", "`aligned`: of a typedef in a function it is not read"), ("int a __attribute__((packed;", "`(`: it is never closed; close it with )"), ('_Pragma("pack(1)") int a;', "`_Pragma`: it lays structs out in another way"),
        ('_Pragma("ms_struct on") int a;', "`_Pragma`: it lays"), ("#pragma ms_struct on\nint a;", "`ms_struct`: structs are laid out as gcc does, not so; take it out"), ("#pragma scalar_storage_order big-endian\nint a;", "`scalar_storage_order`: the order of bytes"), ("#pragma pack(push, 1)\n#pragma pack(pop)\n#pragma pack(pop)\nint a;", "line 3, column 9: `pack`: no pack(push) is open here"),
        *((f"#pragma pack({odd})\nint a;", "`pack`: it is #pragma pack(push, 1), pack(pop), pack(1) or pack(); write it so") for odd in ("3", "32", "push, 3", "pop, 1", "1, push", "push 1", "a", "1 1", "push, ", "-1")),
        *((f"int a __attribute__(({word}(x)));", f"`{word}`: ") for word in ("mode", "__mode__", "vector_size", "ext_vector_type", "scalar_storage_order", "transparent_union", "ms_struct", "cleanup", "alias", "ifunc", "weakref", "constructor", "destructor")),
    ],
)  # fmt: skip
def test_what_is_refused(text, said):
    with pytest.raises(InputError) as error:
        read(text)
    assert said in str(error.value)


def test_no_attribute_in_a_function_is_one_of_a_typedef_before_it():
    assert read(f"typedef int t; void f(void) {{ int a {A}; }}") == "typedef int t ; void f ( void) { int a ; }"


@pytest.mark.parametrize("word", HARMLESS.split())
def test_what_lays_nothing_out_is_left_out_without_a_word(word):
    heard = []
    for form in (word, f"__{word}__", f"{word}(1, (2))"):
        assert [t.text for t in attributed(lexed(f"int a __attribute__(({form}));"), heard)] == ["int", "a", ";"]
    assert heard == []


def test_what_is_not_known_is_told_with_its_line_each_once():
    heard = []
    attributed(lexed("int a __attribute__((odd, odd(1), __odd__));\nint b __attribute__((odd));"), heard)
    assert heard == [f"line {n}: the attribute {word} is not known here and left out" for n, word in ((1, "odd"), (1, "__odd__"), (2, "odd"))]  # fmt: skip


def test_an_assertion_stands_at_the_place_of_its_attribute():
    made = attributed(lexed("struct s {\n int a;\n} __attribute__((packed));"), [])
    said = [token for token in made if token.line == 3 and token.text not in ("}", ";")]
    assert {(t.line, t.column) for t in made if t.text in ("static_assert", "__packed_type")} == {(3, 18)}
    assert [t.kind for t in said] == ["name", "sign", "name", "sign", "sign", "sign"]
    (number,) = [t for t in attributed(lexed("struct s { int a __attribute__((aligned)); };"), []) if t.text == "16"]
    assert number.kind == "number"
