"""What of some stretches is needed: items by name, what they call and name, conditions around them, the function that is meant of several."""

import pytest

from tdxkit.c.named import functions_in, named_in
from tdxkit.c.needed import Stretch, needed

TEXT = """\
#include <linux/x.h>
#define LIMIT (BASE + 1)
#define BASE 3
#define UNUSED 4
enum state { OFF, ON = 2 };
typedef int (*handler_t)(struct dev *d);
struct dev {
\tint users;
\tenum state state;
};
struct other { int a; };
static struct dev one, *two = &one;
static DEFINE_SPINLOCK(lock);
static LIST_HEAD(devs);
static int table[BASE] = { 1, 2, 3 };
extern int elsewhere(int a);
static int helper(int a) __must_hold(&lock)
{
\treturn a + LIMIT + elsewhere(a);
}
static __always_inline int __attribute__((noinline)) take(struct dev *d)
{
\tspin_lock(&lock);
\treturn helper(d->users);
}
int nobody(void)
{
\treturn UNUSED;
}
EXPORT_SYMBOL_GPL(take);
"""


def firsts(found):
    return [piece.named.item.first for piece in found.pieces]


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (["take"], [2, 3, 5, 7, 13, 16, 17, 21]),
        (["helper"], [2, 3, 13, 16, 17]),
        (["nobody"], [4, 26]),
        (["two"], [5, 7, 12]),
        (["ON"], [5]),
        (["handler_t"], [5, 6, 7]),
        (["table"], [3, 15]),
        (["devs"], [14]),
        (["nothing"], []),
    ],
)
def test_what_a_name_needs(names, lines):
    assert firsts(needed([Stretch("a.c", TEXT)], names)) == lines


def test_functions_that_are_whole():
    assert functions_in(TEXT) == ("helper", "take", "nobody")
    assert functions_in("\treturn 1;\n}\nint two(void)\n{\n\treturn 2;\n}\nint three(void)\n{\n") == ("two",)
    assert functions_in("int a(void)\n{\n\t/* never closed") == ()


def test_spelling_is_without_comments_and_white_space():
    one, two = (
        named_in(f"int f(void){text}")[0].spelled for text in ("\n{ return 1; /* so */ }", " {\n\treturn 1;\n}")
    )
    assert one == two


def test_conditions_around_what_is_needed_stay_and_others_go():
    text = "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n#ifdef B\nint g;\n#endif\n#ifdef C\nint h;"
    assert firsts(needed([Stretch("a.c", text)], ["f"])) == [1, 2, 3, 4, 5]
    assert firsts(needed([Stretch("a.c", text)], ["h"])) == [10], "a condition that never ends is none"


BODIES = [
    Stretch(name, f"int f(void)\n{{\n\treturn {k};\n}}\nint {g}(void)\n{{\n\treturn f();\n}}")
    for k, (name, g) in enumerate((("x.h", "of_h"), ("a.c", "of_a"), ("b.c", "of_b")))
]


TWINS = "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n"


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        (TWINS, False),
        (TWINS.replace("#else", "#endif\n#ifdef A"), True),
        (f"#ifdef B\n{TWINS}#endif", False),
        (TWINS + "int f(void) { return 3; }", True),
    ],
)
def test_functions_in_branches_of_one_condition_are_one(text, twice):
    assert bool(needed([Stretch("a.c", text)], ["f"]).twice) == twice


def test_a_file_beside_sees_what_is_static_in_another():
    """It is put in front of it, as whoever gives it means the other's function."""
    mine, other = "int f(void)\n{\n\treturn h();\n}", "static int h(void)\n{\n\treturn 1;\n}"
    both = [Stretch("mine.c", mine), Stretch("a.c", other)]
    assert [piece.stretch for piece in needed(both, ["f"], ("mine.c",)).pieces] == [0, 1]
    assert [piece.stretch for piece in needed(both, ["f"]).pieces] == [0]


def test_two_on_a_line_are_two():
    assert [one.declares for one in named_in("int a; int f(void) { return a; } int b;")] == [{"a"}, {"f"}, {"b"}]


@pytest.mark.parametrize(
    ("wanted", "first", "stretches", "twice"),
    [
        ("of_b", (), [2], ()),
        ("of_a", (), [1], ()),
        ("of_h", (), [0], ()),
        ("of_a", ("b.c",), [1, 2], ()),
        ("f", (), [1, 2], ("a.c", "b.c")),
        ("f", ("x.h",), [0], ()),
        ("f", ("a.c", "b.c"), [2], ()),
        ("f", ("b.c", "a.c"), [1], ()),
    ],
)
def test_of_several_functions_the_one_that_is_meant(wanted, first, stretches, twice):
    found = needed(BODIES, [wanted], first)
    assert sorted({piece.stretch for piece in found.pieces}) == stretches
    assert found.twice.get("f", ()) == twice
