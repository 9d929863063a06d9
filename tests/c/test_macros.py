"""Macros and #if: what gcc's preprocessor makes of them, and where each token of it stands."""

import shutil
import subprocess

import pytest

from tdxkit.c.directives import Directives, preprocessed
from tdxkit.c.expanding import MOST_TOKENS, Expander
from tdxkit.c.lexing import lexed
from tdxkit.c.predefined import predefined
from tdxkit.errors import InputError
from tests.c.random_macros import condition, macros

GCC = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not here")
CONDITIONS = "#define ONE 1\n#define BIG 0x100000000\n#define TWICE(x) ((x) * 2)\n"


def gcc(text):
    return subprocess.run(["gcc", "-E", "-P", "-undef", "-w", "-xc", "-"], input=text, capture_output=True, text=True)


def plain(text):
    """The tokens without the kernel's macros."""
    table = {}
    directives = Directives(table, [])
    source = directives.live(lexed(text))
    return [token.text for token in Expander(source, table, directives.spent, directives.unknown)]


def texts(text, **defines):
    return [token.text for token in preprocessed(lexed(text), defines, [])]


def remarks(text, **defines):
    heard = []
    preprocessed(lexed(text), defines, heard)
    return heard


def refusal(text, **defines):
    with pytest.raises(InputError) as error:
        preprocessed(lexed(text), defines, [])
    assert "\n" not in str(error.value)
    return str(error.value)


def same_as_gcc(seeds):
    read = 0
    for seed in seeds:
        text = macros(seed)
        theirs = gcc(text)
        if theirs.returncode:
            with pytest.raises(InputError):
                plain(text)
        else:
            read += 1
            assert plain(text) == [token.text for token in lexed(theirs.stdout)], text
    return read


@GCC
@pytest.mark.slow
def test_macros_are_gccs():
    assert same_as_gcc(range(50)) > 8


@GCC
@pytest.mark.slow
def test_more_macros_are_gccs():
    assert same_as_gcc(range(50, 1200)) > 220


@pytest.mark.slow
@GCC
def test_conditions_are_gccs():
    asked = [condition(seed) for seed in range(1500)]
    branches = [f"#if {one}\ny{k}\n#else\nn{k}\n#endif\n" for k, one in enumerate(asked)]
    read, refused = [], []
    for branch in branches:
        try:
            read.append((texts(CONDITIONS + branch), branch))
        except InputError as error:
            assert "divides by zero" in str(error)
            refused.append(branch)
    theirs = gcc(CONDITIONS + "".join(branch for _, branch in read))
    assert theirs.returncode == 0 and theirs.stdout.split() == [word for words, _ in read for word in words]
    assert len(read) > 1200 and 300 < theirs.stdout.count("y") < 1200
    assert all("division by zero" in gcc(CONDITIONS + branch).stderr for branch in refused[:40])


# Worked out by hand, for where gcc is not
@pytest.mark.parametrize(
    "text, made",
    [
        ("#define f(x) x f\nf(1)(2)", "1 f ( 2 )"),
        ("#define f(x) [x]\nf(f(f))(1)", "[ [ f ] ] ( 1 )"),
        ("#define a b\n#define b a\na b", "a b"),
        ("#define f(x) x\n#define g f\ng(f)(1) f\n(2) f", "f ( 1 ) 2 f"),
        ("#define G0(x) N(G1)(x)\n#define G1(x) N(x)\n#define N(x) x\nG0(42)", "42"),
        ('#define s(x) # x\ns( a  "b\\n" \'"\' /* c */ +d )', '"a \\"b\\\\n\\" \'\\"\' +d"'),
        ("#define t(x,y) x##y\nt(,) t(a,) t(,b) t(x,1) t(<,<=)", "a b x1 <<="),
        ("#define x1 yes\n#define t(a) x ## a\n#define one 1\nt(1) t(one)", "yes xone"),
        ("#define v(a,...) [a, ##__VA_ARGS__]\nv(1) v(1,) v(1,2,3)", "[ 1 ] [ 1 , ] [ 1 , 2 , 3 ]"),
        ("#define v(r...) <r>\nv() v(1,2)", "< > < 1 , 2 >"),
        ("#define v(...) (__VA_OPT__(a, b ## __VA_ARGS__) c)\nv() v(1)", "( c ) ( a , b1 c )"),
        ("#define v(a,...) a ## __VA_OPT__(x) + __VA_OPT__(y) ## a\nv(1) v(z,2)", "1 + 1 zx + yz"),
        ("#define o() k\no() o ( ) o", "k k o"),
        ("#define f(x) x\nf((1,2)) f(\n#define y 3\ny)", "( 1 , 2 ) 3"),
        ("#define a 1\n#undef a\na", "a"),
        ("#define f (x)\nf", "( x )"),
        ("#define L __LINE__\nL\n L __LINE__", "2 3 3"),
        ("__COUNTER__ __COUNTER__", "0 1"),
    ],
)
def test_macros_by_hand(text, made):
    assert " ".join(plain(text)) == made


def test_what_a_macro_brings_has_the_place_of_its_use_and_an_argument_its_own():
    text = "#define two(x) x + x * 3\n#define four(x) two(two(x))\n\n  four(  y\n )"
    made = preprocessed(lexed(text), {}, [])
    places = {"y": (4, 10), "+": (4, 3), "*": (4, 3), "3": (4, 3)}
    assert [(t.text, (t.line, t.column)) for t in made] == [(t.text, places[t.text]) for t in made]
    assert "".join(t.text for t in made) == "y+y*3+y+y*3*3"


@pytest.mark.parametrize(
    "text, made",
    [
        ("#ifdef A\n1\n#elif 1\n2\n#else\n3\n#endif", "2"),
        ("#if 1\n1\n#elif 0\n2\n#else\n3\n#endif\n#if 1\n4\n#elif 1\n5\n#endif", "1 4"),
        ("#if 0\n#if 1\n1\n#else\n2\n#endif\n#elif 0\n#else\n3\n#endif 4\n5", "3 5"),
        ("#define A\n#ifdef A\n1\n#else\n2\n#endif\n#ifndef A\n3\n#elifdef A\n4\n#elifndef B\n5\n#endif", "1 4"),
        ("#if 0\nit's \"not' read /* but\n this */ # error `\n#bogus\n#else\n1\n#endif", "1"),
        ('{ 1 }\n#include "x.h"\n2', "{ 1 } 2"),
        ('#include <a\'b.h>\n#pragma once "\n#warning don\'t\n# 12 "file" 3\n#\n#line 5\n#ident "x"\n1', "1"),
        ("#define X defined(Y)\n#if X\n1\n#else\n2\n#endif", "2"),
        ("#if 1 ? 2 : (1/0)\n1\n#endif\n#if 0 && 1/0 || 1 || 1/0\n2\n#endif", "1 2"),
        ("#if /* a\n b */ 1 \\\n && 1\n1\n#endif", "1"),
    ],
)
def test_which_branch_is_read(text, made):
    assert " ".join(texts(text)) == made


def test_options_of_the_configuration():
    text = "IS_ENABLED(CONFIG_A) IS_BUILTIN(CONFIG_A) IS_REACHABLE(CONFIG_A) IS_MODULE(CONFIG_A) IS_ENABLED\n#if IS_ENABLED(CONFIG_A)\n7\n#endif"
    assert texts(text) == ["0", "0", "0", "0", "IS_ENABLED"]
    assert texts(text, CONFIG_A="1") == texts(text, CONFIG_A="y") == ["1", "1", "1", "0", "IS_ENABLED", "7"]
    for off in ("0", "n", "", "64"):  # in the kernel an option that is on is 1
        assert texts(text, CONFIG_A=off) == ["0", "0", "0", "0", "IS_ENABLED"]
    for module in ({"CONFIG_A_MODULE": "1"}, {"CONFIG_A": "m"}):
        assert texts(text, **module) == ["1", "0", "0", "1", "IS_ENABLED", "7"]
        assert texts(text, **module, MODULE="1") == ["1", "0", "1", "1", "IS_ENABLED", "7"]
        assert remarks(text, **module) == []
    assert texts("#define IS_ENABLED(x) own x\nIS_ENABLED(A)") == ["own", "A"]


def test_the_kernel_is_one_of_x86_64_with_more_than_one_cpu():
    text = "#if defined(CONFIG_SMP) && CONFIG_64BIT && IS_ENABLED(CONFIG_X86_64) && !defined(CONFIG_PREEMPT_RT)\n1\n#endif\nIS_ENABLED(CONFIG_SMP)"
    assert texts(text) == ["1", "1"]
    assert remarks(text) == ["line 1: CONFIG_PREEMPT_RT is asked for and not defined; -D CONFIG_PREEMPT_RT defines it"]
    assert texts("#undef CONFIG_SMP\n" + text) == ["0"]


def test_names_that_are_asked_for_and_not_defined_are_said_once():
    text = "#ifdef A\n#endif\n#if A + B\n#endif\n#if defined(C) || IS_ENABLED(D)\n#endif\n#ifndef E\n#endif\nIS_ENABLED(A)\n"
    said = [
        f"line {n}: {name} is asked for and not defined; -D {name} defines it"
        for n, name in zip((1, 3, 5, 5, 7), "ABCDE")
    ]
    assert remarks(text) == said
    assert remarks(text, A="", B="1", C="", D="", E="") == []
    assert remarks("#ifndef FOO_H\n#define FOO_H\n#endif") == []  # a header's guard


def test_a_definition_of_the_text_goes_before_the_command_lines_and_that_before_the_kernels():
    assert texts("likely(x)") == ["(", "!", "!", "(", "x", ")", ")"]
    assert texts("likely(x)", likely="mine") == ["mine", "(", "x", ")"]
    assert texts("#define likely(x) own\nlikely(x)", likely="mine") == ["own"]
    assert "likely" in predefined() and predefined()["likely"].body[1].text == "!"


@pytest.mark.parametrize(
    "name, value",
    [("1a", ""), ("", ""), ("a b", ""), ("a(", ""), ("A", "x\ny"), ("A", "/*"), ("A\n", "1"), ("defined", "1")],
)
def test_what_d_defines_is_one_name_as_one_line(name, value):
    said = refusal("x", **{name: value})
    assert said.startswith("-D ") and said.endswith(
        "it defines one name of C, as one line of C; write -D NAME or -D NAME=VALUE"
    )


@pytest.mark.parametrize(
    "text, said",
    [
        ("#define", "line 1, column 2: `define`: a #define names its macro first; write #define NAME …"),
        ("#define 1", "line 1, column 9: `1`: a #define names its macro first; write #define NAME …"),
        ("#define defined", "line 1, column 9: `defined`: a #define names its macro first; write #define NAME …"),
        ("#define f(a", "line 1, column 10: `(`: the parameters of this macro never end; close them with )"),
        ("#define f(a,a) a", "line 1, column 13: `a`: a macro's parameters are names, each once, and ... as the last; mend the #define"),
        ("#define f(a,) a", "line 1, column 12: `,`: a macro's parameters are names, each once, and ... as the last; mend the #define"),
        ("#define f(...,a)", "line 1, column 14: `,`: a macro's parameters are names, each once, and ... as the last; mend the #define"),
        ("#define f(a) # b", "line 1, column 14: `#`: # makes a string of a parameter, and none follows it; name a parameter after it"),
        ("#define a ## b", "line 1, column 11: `##`: ## glues two tokens, so one stands on each side of it; mend the #define"),
        ("#define f(x) x\n f(1,2)", "line 2, column 2: `f`: this macro takes 1 arguments, 2 stand here; give as many as its #define names"),
        ("#define f(x,y,...) x\nf(1)", "line 2, column 1: `f`: this macro takes 2 or more arguments, 1 stand here; give as many as its #define names"),
        ("#define f(x) x\nf((1)", "line 2, column 1: `f`: the arguments of this macro never end; close them with )"),
        ("#define f(x) x ## +\nf(1)", "line 2, column 1: `f`: its ## makes `1+` of two tokens, which is not one; take the ## out of the #define"),
        ("#define f(x) / ## x\nf(/)", "line 2, column 1: `f`: its ## makes `//` of two tokens, which is not one; take the ## out of the #define"),
        ("x\n#if 1\ny", "line 2, column 2: `if`: an #if that begins here never ends; close it with #endif"),
        ("#endif", "line 1, column 2: `endif`: no #if is open here; take the line out, or paste from the #if on"),
        ("#if 0\n#else\n#elif 1\n#endif", "line 3, column 2: `elif`: the #else of this #if has been; take one of the two out"),
        ("#if", "line 1, column 2: `if`: an #if is an expression of whole numbers, defined() and macros; write it so, or leave the branch that you mean"),
        ("#if 1.5\n#endif", "line 1, column 5: `1.5`: an #if is an expression of whole numbers, defined() and macros; write it so, or leave the branch that you mean"),
        ("#if (1\n#endif", "line 1, column 2: `if`: an #if is an expression of whole numbers, defined() and macros; write it so, or leave the branch that you mean"),
        ("#if 1 2\n#endif", "line 1, column 7: `2`: an #if is an expression of whole numbers, defined() and macros; write it so, or leave the branch that you mean"),
        ("#if F(1)\n#endif", "line 1, column 5: `F`: an #if calls it, and it is not defined; put its #define in the text"),
        ("#if 1 / N\n#endif", "line 1, column 7: `/`: an #if divides by zero here; define the names in it with -D"),
        ("#if defined(1)\n#endif", "line 1, column 5: `defined`: it asks for one name; write defined(NAME)"),
        ("IS_ENABLED(A, B)", "line 1, column 1: `IS_ENABLED`: it asks for one name; write IS_ENABLED(NAME)"),
        ("#ifdef 1\n#endif", "line 1, column 8: `1`: the name of a macro is to stand here; name one"),
        ("#error one two\nx", "line 1, column 2: `error`: this branch says that it is not to be compiled (one two); define what it asks for with -D"),
        ("void f(void) {\n#include \"body.h\"\n}", "line 2, column 2: `include`: what it brings into these braces is not here; paste its lines in its place"),
        ("#bogus", "line 1, column 2: `bogus`: C has no such directive; take the line out"),
    ],
)  # fmt: skip
def test_what_is_no_macro_and_no_condition(text, said):
    assert refusal(text) == said


TOO_MUCH, TOO_DEEP = (
    "macros are replaced at most 10,000 times, by at most 30,000 tokens",
    "macros within macros are read to a depth of 50",
)
TOO_LONG, NESTED = "# and ## make tokens of at most 4,000 characters", "an #if is nested to a depth of 50"
BOMBS = {
    "a billion laughs": ("#define a0 ha\n" + "".join(f"#define a{k} {f'a{k - 1} ' * 10}\n" for k in range(1, 30)) + "a29\n", TOO_MUCH),
    "calls of calls": ("#define f(x) x x\n#define g(x) f(f(f(f(f(x)))))\n#define h(x) g(g(g(g(g(x)))))\nh(h(h(1)))\n", TOO_MUCH),
    "itself": ("#define a a a\n" + "a " * 20_000, TOO_MUCH),
    "a chain": ("".join(f"#define x{k} x{k + 1}\n" for k in range(9000)) + "x0\n", TOO_DEEP),
    "a chain with arguments": ("".join(f"#define x{k}(a) x{k + 1}(a a)\n" for k in range(6000)) + "x0(1)\n", TOO_MUCH),
    "in each other": ("#define f(x) x\n" + "f(" * 60 + ")" * 60, TOO_DEEP),
    "a long name": ("#define p(x) x##x\n#define q(x) p(x)\n" + "q(" * 40 + "a" + ")" * 40, TOO_LONG),
    "a long string": ("#define s(x) #x\n#define t(x) s(x)\n" + "t(" * 40 + '"\\\\"' + ")" * 40, TOO_LONG),
    "#if in #if": ("#if 1\n" * 60, "#if is nested to a depth of 50"),
    "parentheses": ("#if " + "(" * 1000 + "1\n#endif", NESTED),
    "operators": ("#if " + "! " * 1000 + "1\n#endif", NESTED),
    "choices": ("#if " + "1 ? " * 500 + "1\n#endif", NESTED),
    "a sum": ("#if " + "1 + " * 2000 + "1\n#endif", "an #if has at most 2,000 tokens"),
    "a number": ("#if " + "9" * 100_000 + "\n#endif", "an #if is an expression of whole numbers"),
    "tokens": ("x " * (MOST_TOKENS + 1), "C is read up to 30,000 tokens"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_bounds(bomb):
    text, said = BOMBS[bomb]
    assert said in refusal(text)


@pytest.mark.slow
def test_just_within_the_bounds():
    assert len(texts("x " * MOST_TOKENS)) == MOST_TOKENS
    assert texts("#define f(x) x\n" + "f(" * 49 + "1" + ")" * 49) == ["1"]
    assert texts("#if 1 << 9999999999999999999\n1\n#endif\n#if " + "1 + " * 900 + "1\n2\n#endif") == ["2"]
