"""What an #if asks, operator by operator: by hand, and beside gcc, which has to hold the same for true."""

import shutil
import subprocess

import pytest

from tdxkit.c.conditions import DEEPEST, MOST, Condition, Value
from tdxkit.c.directives import preprocessed
from tdxkit.c.expanding import DEEPEST as DEEPEST_MACROS
from tdxkit.c.expanding import MOST_EXPANSIONS, MOST_TOKENS
from tdxkit.c.lexing import lexed
from tdxkit.errors import InputError

pytestmark = pytest.mark.many

TRUE = [  # each of them holds
    # what binds tighter, level by level
    "2 + 3 * 4 == 14", "2 * 3 + 4 == 10", "1 + 2 << 3 == 24", "24 == 1 + 2 << 3", "(1 << 2 < 5) == 1", "2 < 1 << 2", "1 == 2 < 3", "(3 == 3) == 1",
    "(6 & 3 == 3) == 0", "(2 ^ 3 & 1) == 3", "(1 | 2 ^ 3) == 1", "(4 | 1 ^ 1) == 4", "1 || 0 && 0", "!(0 && 1 | 1)", "(1 && 2 | 0) == 1", "1 ? 1 : 0 || 0", "(0 || 1 ? 2 : 3) == 2",
    "(10 - 4 - 3) == 3", "(100 / 10 / 5) == 2", "(100 % 30 % 7) == 3", "(1 << 2 << 3) == 32", "(64 >> 2 >> 1) == 8", "(5 > 3 > 1) == 0", "(7 != 7 != 1) == 1", "(2 - 1 + 1) == 2", "(8 / 2 * 4) == 16", "(9 % 5 * 2) == 8",
    # signs
    "-7 / 2 == -3", "7 / -2 == -3", "-7 / -2 == 3", "-7 % 3 == -1", "7 % -3 == 1", "-7 % -3 == -1", "6 / 3 == 2", "-1 < 0", "- -3 == 3", "+3 == 3", "-+3 == -3", "~0 == -1", "~5 == -6", "!0 == 1", "!7 == 0", "!!7 == 1", "-(3) == 0 - 3", "!-1 == 0",
    # comparisons at their bounds
    "3 >= 3", "3 <= 3", "!(3 > 3)", "!(3 < 3)", "3 != 4", "!(3 != 3)", "!(3 == 4)", "4 > 3", "3 < 4", "4 >= 3", "3 <= 4", "!(3 >= 4)", "!(4 <= 3)",
    # bits
    "(12 & 10) == 8", "(12 | 10) == 14", "(12 ^ 10) == 6",
    # 64 bits, with a sign and without
    "0x7fffffffffffffff > 0", "0xffffffffffffffff > 0", "-1 > 0u", "!(-1 > 0)", "0xffffffffffffffff == -1", "0x8000000000000000 > 1", "0x7fffffffffffffff + 1 < 0", "18446744073709551615u + 1 == 0", "-1 / 2u == 0x7fffffffffffffff", "-1 % 16u == 15",
    "0u - 1 > 0", "~0u > 0", "-1u > 0", "(0u | -1) > 0", "(1 ? -1 : 0u) > 0", "(0 ? 0u : -1) > 0", "(1 ? -1 : 0) < 0", "(0 ? 0u : 1, -1) < 0", "(0u == 0) - 2 < 0", "(0u && 1) - 1 < 0", "!0u - 2 < 0", "(1u < 2) - 2 < 0", "(1u << 1) - 3 > 0", "(1 << 1u) - 3 < 0", "(-8 >> 1u) < 0", "(-8u >> 1) > 0", "-2 * 3u > 0",
    "9223372036854775807 > 0", "0x5555555555555556 - 0x5555555555555557 < 0", "9223372036854775808u > 0", "-9223372036854775807 - 1 < 0", "0x5555555555555555 > -1", "0x7fffffffffffffff > -1",
    # shifts, also past the end and backwards
    "(1 << 63) < 0", "(1 << 64) == 0", "(1 << 65) == 0", "(-1 >> 63) == -1", "(-1 >> 70) == -1", "(1 >> 1) == 0", "(8 >> -1) == 16", "(8 << -1) == 4", "(1u << 63) > 0", "(-1u >> 63) == 1", "(-1 << 1) == -2",
    # logic, and what is not asked for
    "1 && 2", "!(1 && 0)", "!(0 && 1)", "0 || 3", "3 || 0", "!(0 || 0)", "!(0 && 1 / 0)", "1 || 1 % 0", "1 ? 1 : 1 / 0", "0 ? 1 / 0 : 1", "1 || (0 ? 1 : 1 / 0)", "!(0 && (1, 1 / 0))", "0 ? 1 / 0 + 1 : 2", "0 && 1 / 0 || 1", "1 || 1 / 0 && 1 / 0", "0 ? 1 : 0 ? 2 : 3", "1 ? 0 ? 0 : 4 : 0", "(1 ? 2 : 0 ? 3 : 4) == 2",
    "1 ? 2, 3 : 4", "(1 ? 0 : 1) == 0",
    # numbers and characters
    "0x1F == 31", "0X1f == 31", "0b101 == 5", "0B11 == 3", "017 == 15", "0 == 00", "10L == 10", "10ul == 10LU", "10LL == 10ll", "10uLL == 10LLU", "10U == 10u", "'a' == 97", "'\\n' == 10", "'\\t' == 9", "'\\r' == 13", "'\\a' == 7", "'\\b' == 8", "'\\f' == 12", "'\\v' == 11", "'\\e' == 27",
    "'\\0' == 0", "'\\101' == 65", "'\\x41' == 65", "'\\'' == 39", "'\\\\' == 92", "'\"' == 34", "'\\\"' == 34", "'\\?' == 63", "'\\x7f' == 127", "'\\x80' == -128", "'\\377' == -1", "'\\xff' < 0", "'(' == 40", "'~' == 126", "' ' == 32", "'&' == 38", "'[' == 91", "']' == 93",
    # names
    "!NONE", "NONE == 0", "!defined(NONE)", "!defined NONE", "(NONE) + 1", "((((1))))",
]  # fmt: skip


def chosen(text):
    return [token.text for token in preprocessed(lexed(text), {}, [])]


def refusal(text):
    with pytest.raises(InputError) as error:
        chosen(text)
    return str(error.value)


@pytest.mark.parametrize("asked", TRUE)
def test_what_holds(asked):
    assert chosen(f"#if {asked}\n1\n#else\n0\n#endif") == ["1"]


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not here")
def test_gcc_holds_the_same():
    text = "".join(f"#if {asked}\n#else\nn{k}\n#endif\n" for k, asked in enumerate(TRUE))
    ran = subprocess.run(["gcc", "-E", "-P", "-undef", "-w", "-xc", "-"], input=text, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr


@pytest.mark.parametrize(
    "asked, at",
    [("1 / 0", "/"), ("1 % 0", "%"), ("0 || 1 / 0", "/"), ("1 && 1 / 0", "/"), ("1 ? 1 / 0 : 1", "/"), ("0 ? 1 : 1 / 0", "/"), ("(0, 1 / 0)", "/"), ("1 / (2 - 2)", "/"), ("-(1 % 0)", "%"), ("1, 1 / 0", "/"), ("1 / 0 ? 1 : 2", "/")],
)  # fmt: skip
def test_what_is_asked_for_does_not_divide_by_zero(asked, at):
    assert f"`{at}`: an #if divides by zero here" in refusal(f"#if {asked}\n#endif")


@pytest.mark.parametrize("asked", ["1 +", "* 2", "(1", "1)", "1 ? 2", "1 ? : 2", "1 : 2", "()", "1 = 1", '"a"', "1 2", "&& 1", "!", ",", "1,", "'ab'", "''", "1.0", "0x", "09", "1lul", "x ++", "a.b", "9" * 80])  # fmt: skip
def test_what_is_no_expression(asked):
    assert "an #if is an expression of whole numbers" in refusal(f"#if {asked}\n#endif")


def test_a_number_may_be_long_and_keeps_its_last_64_bits():
    assert chosen(f"#if 0x{'1' * 77} == 0x1111111111111111\n1\n#endif") == ["1"]


def test_a_name_that_is_called_is_refused_by_its_name():
    assert refusal("#if 1 + F(2)\n#endif").startswith("line 1, column 9: `F`: an #if calls it")


def holds(tokens):
    return Condition(lexed("if")[0], lexed(tokens), lambda _: None).holds()


def test_the_bounds_are_exact():
    inside = DEEPEST - 1  # parentheses in the condition itself
    assert holds("(" * inside + "1" + ")" * inside)
    with pytest.raises(InputError, match="nested to a depth of 50"):
        holds("(" * (inside + 1) + "1" + ")" * (inside + 1))
    assert holds("!" * inside + "0" if inside % 2 else "!" * inside + "1")
    with pytest.raises(InputError, match="nested to a depth of 50"):
        holds("! " * (inside + 1) + "1")
    assert (
        holds("0 + " * 60 + "1") and holds("(1) + " * 60 + "1") and holds("!0 + " * 60 + "1")
    )  # as deep as one of them
    assert holds("1" + " + 1" * ((MOST - 1) // 2))
    with pytest.raises(InputError, match="at most 2,000 tokens"):
        holds("1" + " + 1" * (MOST // 2))


def test_numbers_have_64_bits():
    assert Value(1 << 63).as_type(False) == (-(1 << 63), False) and Value((1 << 63) - 1).as_type(False).number > 0
    assert Value(1 << 64).as_type(True) == (0, True) and Value(-1).as_type(True) == ((1 << 64) - 1, True)


# Macros
def test_a_name_that_only_an_if_knows_is_a_name_elsewhere():
    assert chosen("defined(A) defined A defined") == ["defined", "(", "A", ")", "defined", "A", "defined"]
    assert chosen("#define A\n#if defined(A) && defined A\n1\n#endif") == ["1"]
    assert chosen("IS_ENABLED IS_ENABLED (A)") == ["IS_ENABLED", "0"]


@pytest.mark.parametrize("asked", ["defined", "defined()", "defined(A", "defined(A, B)", "defined(1)", "defined 1", "defined((A))"])  # fmt: skip
def test_defined_asks_for_one_name(asked):
    said = refusal(f"#if {asked}\n#endif")
    assert "it asks for one name; write defined(NAME)" in said or "the arguments of this macro never end" in said


def test_macros_are_replaced_so_often_and_so_deep():
    assert len(chosen("#define a 1\n" + "a " * MOST_EXPANSIONS)) == MOST_EXPANSIONS
    assert "macros are replaced at most 10,000 times" in refusal("#define a 1\n" + "a " * (MOST_EXPANSIONS + 1))
    ten = "#define a " + "x " * (MOST_TOKENS // 10) + "\n"
    assert len(chosen(ten + "a " * 10)) == MOST_TOKENS
    assert "by at most 30,000 tokens" in refusal(ten + "#define b y\n" + "a " * 10 + "b")
    deep = "".join(f"#define x{k} x{k + 1}\n" for k in range(DEEPEST_MACROS))
    assert chosen(deep + "x1") == [f"x{DEEPEST_MACROS}"] and "to a depth of 50" in refusal(deep + "#define y x0\ny")


def test_ifs_stand_in_each_other_so_deep():
    deep = "#if 1\n" * 50 + "1\n" + "#endif\n" * 50
    assert chosen(deep) == ["1"] and "#if is nested to a depth of 50" in refusal(f"#if 1\n{deep}#endif")


@pytest.mark.parametrize(
    "text, made",
    [
        ("#define f(x) x\nf (1) f\n(2) f f(3)", "1 2 f 3"), ("#define f(x) x\n#define g f\ng g(1)", "f 1"), ("#define f(x) <x>\n#define p (2)\nf p f(p)", "f ( 2 ) < ( 2 ) >"), ("#define e\n#define f(x) x\nf e (1) e f (1)", "f ( 1 ) 1"),
        ("#define f() 1\nf( ) f", "1 f"), ("#define f(x) [x]\nf()", "[ ]"), ("#define v(...) [__VA_ARGS__]\nv() v(,) v(1,(2,3))", "[ ] [ , ] [ 1 , ( 2 , 3 ) ]"), ("#define v(a,b...) a:b\nv(1) v(1,) v(1,2,3)", "1 : 1 : 1 : 2 , 3"),
        ("#define f(a,b) b a\nf((1,2),[3)", "[ 3 ( 1 , 2 )"), ("#define f(x) x x\nf(f(f(1)))", "1 1 1 1 1 1 1 1"), ("#define a b c\n#define b a\na", "a c"), ("__LINE__\n\n__LINE__", "1 3"), ("__COUNTER__ __LINE__ __COUNTER__ __COUNTER__", "0 1 1 2"),
        ("#define f(x) #x\nf() f( ) f(a  b) f('\"')", '"" "" "a b" "\'\\"\'"'), ("#define f(x,y) x ## y\nf(,) f(a,) f(,b) f(a,b) f(1,2)", "a b ab 12"), ("#define f(x) x ## 1 ## x\nf(a)", "a1a"), ("#define f(x) # x\nf(1)", '"1"'),
        ("#define f(a,...) a , ## __VA_ARGS__ ;\nf(1) f(1,2) f(1,2,3)", "1 ; 1 , 2 ; 1 , 2 , 3 ;"), ("#define f(a,...) a __VA_OPT__(, __VA_ARGS__) ;\nf(1) f(1,) f(1,2)", "1 ; 1 ; 1 , 2 ;"), ("#define f(a,...) #__VA_OPT__(x y)\nf(1) f(1,2)", '"" "x y"'),
        ("#define f(a, ...) __VA_OPT__((a))b\nf(1) f(1,2)", "b ( 1 ) b"), ("#define hash #x\nhash", "# x"), ("#define f(x) x##\\\n1\nf(a)", "a1"),
    ],
)  # fmt: skip
def test_what_macros_make(text, made):
    assert " ".join(chosen(text)) == made


@pytest.mark.parametrize(
    "line",
    ["#define f(a b) a", "#define f(a,,b) a", "#define f(a...,b) a", "#define f(1) a", "#define f(__VA_ARGS__) a", "#define f(,a) a", "#define f(... ...) a", "#define f(a ... ...) a", "#define f(a,b,) a", "#define f(a a) a", "#define f(+) a"],
)  # fmt: skip
def test_what_is_no_list_of_parameters(line):
    assert "a macro's parameters are names, each once, and ... as the last" in refusal(line)


@pytest.mark.parametrize(
    "line", ["#define a ##", "#define a ## b", "#define a b ##", "#define f(x) ## x", "#define f(x) x ##"]
)
def test_what_is_glued_has_two_sides(line):
    assert "## glues two tokens, so one stands on each side of it" in refusal(line)


def test_what_is_no_directive_of_a_branch():
    for name in ("elif 1", "else", "elifdef A", "elifndef A", "endif"):
        assert "no #if is open here" in refusal(f"#{name}\n")
    for name in ("elif 1", "else", "elifdef A", "elifndef A"):
        assert "the #else of this #if has been" in refusal(f"#if 0\n#else\n#{name}\n#endif")
    for name in ("ifdef", "ifndef", "undef"):
        assert "the name of a macro is to stand here" in refusal(f"#{name}\n#endif")


@pytest.mark.parametrize(
    "text, read",
    [
        ("#if 1\na\n#elif 1\nb\n#elif 1\nc\n#else\nd\n#endif", "a"), ("#if 0\na\n#elif 0\nb\n#elif 1\nc\n#else\nd\n#endif", "c"), ("#if 0\n#if 1\na\n#elif 1\nb\n#else\nc\n#endif\n#else\nd\n#endif", "d"),
        ("#if 1\n#if 0\na\n#else\nb\n#endif\nc\n#else\nd\n#endif\ne", "b c e"), ("#if 0\n#define A 1\n#undef B\n#error x\n#include <x.h>\n#bogus\n#elif 1\nA\n#endif", "A"), ("#define A 1\n#undef A\n#ifdef A\na\n#elifndef A\nb\n#endif", "b"),
        ("#ifndef A\na\n#elifdef B\nb\n#endif\n#ifdef A\nc\n#elifdef A\nd\n#endif\ne", "a e"), ("#if 1\n#else\n#if 1 / 0\n#endif\n#endif\na", "a"), ("#if 1\n#elif 1 / 0\n#endif\na", "a"), ("#ifdef A x y\na\n#else z\nb\n#endif w", "b"),
        ("#undef A\n#define A 1\n#define A 2\nA", "2"), (" # define A 1\n\t#\tif A\na\n # endif", "a"), ("a # b", "a # b"),
    ],
)  # fmt: skip
def test_the_branch_that_is_read(text, read):
    assert " ".join(chosen(text)) == read
