"""A diff, a mail or a quotation as C: which lines are kept, at which number, what is left out and said; what its items are and need."""

import pytest

from tdxkit.c.items import Item, items, tokens_of, unpaired
from tdxkit.c.named import MOST_FILE, named_in, unread
from tdxkit.c.naming import of_text
from tdxkit.c.needed import Stretch, needed
from tdxkit.c.paste import pasted
from tdxkit.errors import InputError

HEAD = "--- a/x.c\n+++ b/x.c\n"
DIFF = (
    HEAD  # lines 1, 2
    + "@@ -1,7 +1,8 @@ int above(void)\n"  # 3
    + " \treturn 0;\n"  # 4
    + " }\n"  # 5
    + " \n"  # 6
    + "-int old;\n"  # 7
    + "+int users;\n"  # 8
    + "+int more;\n"  # 9
    + " void x_get(void)\n"  # 10
    + " {\n"  # 11
    + " }\n"  # 12
    + "@@ -20,3 +21,4 @@ void x_put(void)\n"  # 13
    + " \tusers--;\n"  # 14
    + "+\tmore--;\n"  # 15
    + " }\n"  # 16
    + " void half(void)\n"  # 17
)


def rows(found):
    return {number: row for number, row in enumerate(found.text.split("\n"), 1) if row}


def test_whole_items_of_a_diff_stay_at_their_lines():
    found = pasted(DIFF)
    assert rows(found) == {8: "int users;", 9: "int more;", 10: "void x_get(void)", 11: "{", 12: "}"}
    assert (found.kind, found.lines, found.whole, found.margins[7:12]) == ("diff", 17, True, (1, 1, 1, 1, 1))
    assert found.remarks[0] == "read as what a diff leaves behind; lines are those of the paste"
    assert "lines 4–5, 14–16, 17: not whole in the paste, left out" in found.remarks
    assert found.parts == {"above": (4, 5), "x_put": (14, 16), "half": (17, 17)}
    assert found.spans() == {8: 8, 9: 9, 10: 12}


def test_a_function_of_which_a_part_is_there_is_told():
    for more in ({}, {"run": ("x_put();",)}, {"get": "x_get", "put": "x_put"}):
        with pytest.raises(InputError) as error:
            of_text(DIFF, **more)
        assert str(error.value).startswith("x_put(): the paste has a part of it only, lines 14 to 16; paste the file")
    with pytest.raises(InputError, match=r"this function is not known"):
        of_text(DIFF, run=("other();",))


def test_lines_that_may_be_missing_are_told():
    found = pasted(DIFF.replace("-1,7 +1,8", "-1,9 +1,9"))
    assert not found.whole
    assert any(said.startswith("lines 4–12: lines may be missing") for said in found.remarks)
    assert (
        of_text(DIFF.replace("-1,7 +1,8", "-1,9 +1,9"), run=("x_get();",)).own.doubt
        == "lines may be missing in the paste"
    )


def test_a_diff_without_a_whole_function():
    with pytest.raises(InputError) as error:
        pasted(HEAD + "@@ -1,2 +1,3 @@ int f(void)\n \ta();\n+\tb();\n \tc();\n", "mail.txt")
    assert "mail.txt: no whole function stands in the diff: what it shows of lines 4, 5, 6 has its beginning or its end elsewhere" in str(error.value)  # fmt: skip
    hunks = "".join(f"@@ -{n}0,1 +{n}0,1 @@ int f(void)\n-\ta();\n+\tb();\n" for n in range(1, 7))
    with pytest.raises(InputError, match=r"of lines 5, 8, 11, 14 and 2 more has its beginning"):
        pasted(HEAD + hunks)


def test_a_macro_goes_on_over_lines_that_are_left_out():
    found = pasted(
        HEAD + "@@ -1,3 +1,5 @@\n+#define A(x) \\\n-old\n+\t((x) + 1)\n+void f(void)\n+{\n+}\n-gone\n-gone\n"
    )
    assert rows(found)[4].endswith("\\") and rows(found)[5] == "\\" and rows(found)[6] == "\t((x) + 1)"


def test_a_quotation_and_what_is_no_c():
    found = pasted("> int x;\n> void f(void)\n> {\n> }\n")
    assert (found.kind, found.margins[:4]) == ("quoted", (2, 2, 2, 2))
    assert found.remarks == ("read without its marks of quoting; lines are those of the paste",)
    assert pasted("int x;\nvoid f(void)\n{\n}\n").margins == ()
    assert pasted("int a;").lines == pasted("int a;\n").lines == 1


@pytest.mark.parametrize(
    "text, found",
    [
        ("int a;\nint b;", [(1, 1, True), (2, 2, True)]), ("int f(void)\n{\n\treturn g(1);\n}", [(1, 4, True)]), ("\tx--;\n}\nint a;", [(1, 2, False), (3, 3, True)]), ("int f(void)\n{\n\tx--;", [(1, 3, False)]),
        ("struct s {\n\tint a;\n};", [(1, 3, True)]), ("struct s { int a; } b;", [(1, 1, True)]), ("int a[] = { 1,\n2 };\nint b;", [(1, 2, True), (3, 3, True)]), ("#define A 1\nint a;", [(1, 1, True), (2, 2, True)]),
        ("#define A \\\n1\nint a;", [(1, 2, True), (3, 3, True)]), ("int f(void)\n{\n#ifdef A\n\tx();\n#endif\n}", [(1, 6, True)]), ("int a", [(1, 1, False)]), ("out:\n\tx();\n", [(1, 2, False)]), (" int a;", [(1, 1, False)]),
        ("} int a;\nint b;", [(1, 1, False), (1, 1, False), (2, 2, True)]), ("", []), ("int f(int a,\n      int b);", [(1, 2, True)]), ("\tint a;\n", [(1, 1, False)]),
    ],
)  # fmt: skip
def test_items(text, found):
    assert items(text) == [Item(*one) for one in found]


@pytest.mark.parametrize(
    "text, odd",
    [
        ("#ifdef A\n#endif", set()), ("#ifdef A\nint a;", {1}), ("int a;\n#endif", {2}), ("#else\n#endif", {1, 2}), ("#if A\n#elif B\n#else\n#endif", set()), ("#if A\n#elif B\n#else\n", {1, 2, 3}), ("#if A\n#if B\n#endif\n", {1}), ("#ifndef A\n#define A\n#endif", set()),
        ("#if A\n#endif\n#endif", {3}), ("#elifdef A", {1}), ("x # if\n#pragma endif", set()),
    ],
)  # fmt: skip
def test_conditions_of_which_a_half_is_there(text, odd):
    assert unpaired(text) == odd


def test_comments_that_begin_above_or_end_below():
    assert [(t.text, t.line) for t in tokens_of("so\n * it is */ int a;\nint b; /* and\nso")] == [("int", 2), ("a", 2), (";", 2), ("int", 3), ("b", 3), (";", 3)]  # fmt: skip
    assert [t.text for t in tokens_of("int a; /* x */ int b;")] == ["int", "a", ";", "int", "b", ";"]
    with pytest.raises(InputError, match="control characters"):
        tokens_of("int a; /* x */ \x01")


def one(text):
    (found,) = named_in(text)
    return found


@pytest.mark.parametrize(
    "text, macro, static, defines, early, function",
    [
        ("#define A 1", 1, 1, 1, 1, ""), ("#undef A", 1, 1, 1, 1, ""), ("static int a;", 0, 1, 1, 0, ""), ("int a;", 0, 0, 1, 0, ""), ("extern int a;", 0, 0, 0, 0, ""), ("int f(void);", 0, 0, 0, 0, ""), ("static int f(void) { return 1; }", 0, 1, 1, 0, "f"),
        ("int f(void)\n{\n}", 0, 0, 1, 0, "f"), ("struct s;", 0, 0, 0, 1, ""), ("struct s { int a; };", 0, 0, 1, 1, ""), ("union u { int a; };", 0, 0, 1, 1, ""), ("enum e { A };", 0, 0, 1, 1, ""), ("typedef int t;", 0, 0, 1, 1, ""), ("static DEFINE_MUTEX(a);", 0, 1, 1, 0, ""),
        ("DEFINE_SPINLOCK(a);", 0, 0, 1, 0, ""), ("struct s *p;", 0, 0, 1, 0, ""),
    ],
)  # fmt: skip
def test_what_an_item_is(text, macro, static, defines, early, function):
    found = one(text)
    assert (found.macro, found.static, found.defines, found.early, found.function) == (
        macro,
        static,
        defines,
        early,
        function,
    )


def test_what_a_macro_pastes_together():
    assert one("#define A(x) get_ ## x(x)").pasted == (r"get_\w+",)
    assert one("#define A(x, y) x ## _of_ ## y + x ## y").pasted == (r"\w+_of_\w+",)
    assert one("#define A(x) x").pasted == one("int a;").pasted == ()


def test_a_stretch_that_is_no_text():
    assert named_in("int a; \x01") == () and "control characters" in unread("int a; \x01")
    assert unread("int a;") == "" and MOST_FILE == 4 * 1024 * 1024


def test_pieces_by_their_functions():
    found = needed([Stretch("a.c", "#define USE(x) do_ ## x()\nvoid do_it(void) { }\nvoid other(void) { }\nvoid f(void) { USE(it); }")], ["f"])  # fmt: skip
    assert sorted(found.functions) == ["do_it", "f"]
    assert found.functions["f"].named.item == Item(4, 4, True)
