"""What an item of a file declares, what of several is meant, what a paste leaves out and says; said form by form."""

import pytest

from tdxkit.c.items import Item, items, parted, tokens_of
from tdxkit.c.kernel import OTHERWISE, kernel, simplified
from tdxkit.c.named import named_in
from tdxkit.c.naming import _calls, _is_python, _name, functions_of, is_c, of_text, scenario_of, spelt
from tdxkit.c.needed import Stretch, kernels, needed
from tdxkit.c.paste import _margins, _ranges, _without_prose, language_of, pasted
from tdxkit.c.program import program
from tdxkit.errors import InputError

pytestmark = pytest.mark.many


@pytest.mark.parametrize(
    "text, names",
    [
        ("int a;", "a"), ("int a, *b, c[2];", "a b c"), ("int a[] = { b, c };", "a"), ("int f(int x, int y);", "f"), ("extern int (*a)(int x);", "a"), ("int (*a)(void);", "a"), ("struct s { int x; };", "s"), ("struct s;", "s"), ("struct s a;", "a"), ("union u { int x; } a;", "u a"), ("enum e { A, B = 2, C };", "e A B C"), ("enum { A };", "A"), ("typedef int t;", "t"), ("typedef struct s { int x; } t, *p;", "s t p"), ("typedef enum { A, B } t;", "A B t"), ("typedef int (*t)(int x);", "t"), ("static DEFINE_MUTEX(a);", "a"),
        ("DEFINE_PER_CPU(int, a);", "a"), ("#define A 1", "A"), ("#define A(x) x", "A"), ("#undef A", "A"), ("#include <a.h>", ""), ("#ifdef A", "" ), ("EXPORT_SYMBOL(f);", ""), ("EXPORT_SYMBOL_GPL(f);", ""), ("int f(void) { return g(1); }", "f"), ("static int __attribute__((x)) f(void) { }", "f"), ("__printf(1, 2) int f(void) { }", "f"), ("int f(void) __must_hold(&l) { }", "f"), ("__section(\"x\") int f(void) { }", "f"), ("int a, f(void);", "a f"), ("int a : 3;", "a"), ("struct s { struct t { int x; } y; } a;", "s t a"),
    ],
)  # fmt: skip
def test_what_an_item_declares(text, names):
    found = [one for one in named_in(text + ("\n#endif" if "#ifdef" in text else "")) if one.condition != "endif"]
    assert {name for one in found for name in one.declares} - {"x"} == set(names.split()) - {"x"}


@pytest.mark.parametrize("text, kind", [("#if A", "if"), ("#ifdef A", "if"), ("#ifndef A", "if"), ("#else", "else"), ("#elif A", "else"), ("#elifdef A", "else"), ("#elifndef A", "else"), ("#endif", "endif"), ("#define A", ""), ("#pragma x", "")])  # fmt: skip
def test_what_a_directive_opens_or_ends(text, kind):
    whole = {"if": f"{text}\n#endif", "else": f"#if A\n{text}\n#endif", "endif": f"#if A\n{text}"}.get(kind, text)
    at = {"if": 0, "else": 1, "endif": 1}.get(kind, 0)
    assert named_in(whole)[at].condition == kind


def test_names_that_an_item_uses():
    (one,) = named_in("static int f(struct s *p)\n{\n\treturn g(p->a) + B;\n}")
    assert one.uses == {"static", "int", "f", "struct", "s", "p", "return", "g", "a", "B"} and one.function == "f"
    (gone,) = named_in("EXPORT_SYMBOL(f);")
    assert (gone.uses, gone.function) == (frozenset(), "")


@pytest.mark.parametrize(
    "text, found",
    [
        ("int a[2] = {\n\t1,\n};\nint b;", [(1, 3, True), (4, 4, True)]), ("struct s {\n\tint a;\n} b = {\n\t1\n};", [(1, 5, True)]), ("int f(void)\n{\n\tif (a) {\n\t}\n}\nint b;", [(1, 5, True), (6, 6, True)]), ("int f(int a)\n{\n#if A\n\tx = 1;\n#else\n\tx = 2;\n#endif\n}\n#define B\n", [(1, 8, True), (9, 9, True)]), ("x);\nint a;", [(1, 1, False), (1, 1, False), (2, 2, True)]), ("\tx = f(a,\n\t\tb);\n}\nint c;", [(1, 3, False), (4, 4, True)]), ("{\n}\nint a;", [(1, 3, False)]), ("out: return;", [(1, 1, False)]),
        ("int a; int b", [(1, 1, True), (1, 1, False)]), ("int a;\n\nint\nb;", [(1, 1, True), (3, 4, True)]), ("} x; int a;\nint b;", [(1, 1, False), (1, 1, False), (1, 1, False), (2, 2, True)]), ("#define A \\\n\tb \\\n\tc\nint a;", [(1, 3, True), (4, 4, True)]), ("int f(a\n", [(1, 1, False)]), ("int f( }\nint a;", [(1, 2, True)]), ("int f(void)\n{\n\tx[1] = (2);\n}\n", [(1, 4, True)]),
    ],
)  # fmt: skip
def test_where_items_begin_and_end(text, found):
    assert items(text) == [Item(*one) for one in found]
    for item, tokens in parted(text, tokens_of(text)):
        assert not tokens or (tokens[0].line, tokens[-1].line) == (item.first, item.last)


def firsts(stretches, wanted, *more, **options):
    return [(piece.stretch, piece.named.item.first) for piece in needed([Stretch(*one) for one in stretches], wanted, *more, **options).pieces]  # fmt: skip


F, G = "int f(void) { return g(); }", "int g(void) { return 1; }"


@pytest.mark.parametrize(
    "stretches, wanted, first, found",
    [
        ([("a.c", F), ("b.c", G)], ["f"], (), [(0, 1), (1, 1)]), ([("a.c", F), ("b.c", "static " + G)], ["f"], (), [(0, 1)]), ([("a.c", F), ("b.h", "static " + G)], ["f"], (), [(0, 1), (1, 1)]), ([("a.c", F), ("a.c", "static " + G)], ["f"], (), [(0, 1), (1, 1)]), ([("a.c", F), ("b.c", "static " + G)], ["f"], ("b.c",), [(0, 1), (1, 1)]), ([("a.c", F), ("b.c", "#define g() 1")], ["f"], (), [(0, 1)]), ([("a.c", F), ("b.h", "#define g() 1")], ["f"], (), [(0, 1), (1, 1)]),
        ([("a.c", F.replace("g", "kfree")), ("b.c", G.replace("g", "kfree"))], ["f"], (), [(0, 1)]), ([("a.c", F.replace("g", "kfree") + "\n" + G.replace("g", "kfree"))], ["f"], (), [(0, 1), (0, 2)]), ([("a.c", F.replace("g", "kfree")), ("b.c", G.replace("g", "kfree"))], ["f"], ("b.c",), [(0, 1), (1, 1)]), ([("a.c", G), ("b.c", G)], ["g"], (), [(0, 1), (1, 1)]), ([("a.c", G), ("b.c", G)], ["g"], ("a.c",), [(0, 1)]), ([("a.c", G), ("b.h", G)], ["g"], (), [(0, 1)]), ([("a.h", G), ("b.h", G)], ["g"], (), [(0, 1), (1, 1)]),
        ([("a.c", "struct s { int a; };\nstruct s x;"), ("b.c", "struct s { long a; };")], ["x"], (), [(0, 1), (0, 2)]), ([("a.c", "struct s x;"), ("b.c", "struct s { long a; };")], ["x"], (), [(0, 1), (1, 1)]), ([("a.c", "struct s { int a; };\nstruct s x;"), ("b.c", "struct s { long a; };")], ["x"], ("b.c",), [(0, 2), (1, 1)]), ([("a.c", "#define A 1\n#undef A\n#define A 2\nint x = A;")], ["x"], (), [(0, 1), (0, 2), (0, 3), (0, 4)]),
    ],
)  # fmt: skip
def test_whose_is_meant(stretches, wanted, first, found):
    assert firsts(stretches, wanted, first) == found


def test_what_is_skipped_is_taken_from_files_that_go_first_alone():
    both = [("a.c", F + "\n" + G), ("own.c", G)]
    assert firsts(both, ["f"], (), skipped=["g"]) == [(0, 1)]
    assert firsts(both, ["f"], ("own.c",), skipped=["g"]) == [(0, 1), (1, 1)]
    found = needed([Stretch(*one) for one in both], ["f"], ("own.c",))
    assert found.hidden == {"g": ("own.c", "a.c", "int g ( void ) { return 1 ; }")} and found.twice == {}


def test_a_name_that_means_two_things_is_told():
    one, other = ("a.c", "#define A 1\nint f(void) { return A; }"), ("b.c", "#define A 2\nint h(void) { return A; }")
    assert needed([Stretch(*one), Stretch(*other)], ["f", "h"]).twice == {"A": ("b.c", "a.c")} or needed([Stretch(*one), Stretch(*other)], ["f", "h"]).twice == {"A": ("a.c", "b.c")}  # fmt: skip
    same = ("b.c", other[1].replace("A 2", "A 1"))
    assert needed([Stretch(*one), Stretch(*same)], ["f", "h"]).twice == {}
    assert needed([Stretch(*one), Stretch(*other)], ["f", "h"], ("a.c",)).twice == {}
    assert needed([Stretch(*one)], ["f"]).twice == {}


CONDITIONS = (
    "#if A\n#define N 1\n#elif B\n#define N 2\n#endif\nint A;\nint B;\nint C;\nint x = N;\n#if C\nint y;\n#endif\n"
)


def test_what_a_condition_asks_for_is_needed_too():
    assert firsts([("a.c", CONDITIONS)], ["x"]) == [(0, n) for n in (1, 2, 3, 4, 5, 6, 7, 9)]
    assert firsts([("a.c", CONDITIONS)], ["y"]) == [(0, n) for n in (8, 10, 11, 12)]
    nested = "#if A\n#if B\nint x;\n#endif\nint y;\n#endif\nint A, B;\n"
    assert firsts([("a.c", nested)], ["x"]) == [(0, n) for n in (1, 2, 3, 4, 6, 7)] and firsts([("a.c", nested)], ["y"]) == [(0, n) for n in (1, 5, 6, 7)]  # fmt: skip


def test_what_the_kernel_has_itself():
    assert {"kfree", "spin_lock", "READ_ONCE", "container_of", "min", "WARN_ON", "IS_ENABLED"} <= kernels() and "g" not in kernels()  # fmt: skip


# Pastes
@pytest.mark.parametrize(
    "lines, said",
    [([(3, 3)], "line 3"), ([(3, 5)], "lines 3–5"), ([(1, 1), (3, 3)], "lines 1, 3"), ([(1, 2), (3, 3)], "lines 1–2, 3"), ([(n, n) for n in range(1, 5)], "lines 1, 2, 3, 4"), ([(n, n) for n in range(1, 6)], "lines 1, 2, 3, 4 and 1 more"), ([(n, n) for n in range(1, 8)], "lines 1, 2, 3, 4 and 3 more")],
)  # fmt: skip
def test_lines_in_words(lines, said):
    assert _ranges(lines) == said


@pytest.mark.parametrize(
    "text, language",
    [("int f(void)\n{\n}\n", "c"), ("static int a;\n", "c"), ("#define A \\\n 1\nx;", "c"), ("def f(m):\n    pass\n", "python"), ("/* def f(x): */\nint f(void) {\n}\n", "c"), ("import os\n", "python"), ("from a import b\n", "python"), ("import is a word\nint f(void) {\n}\n", "c"), ("hello", ""), ("", ""), ("Is it so; or not?", ""), ("a;", "c"), (" a;", ""), ("def f(m): pass\nint f(void) {\n}\n", "python"), ("/* def f(x):", "")],
)  # fmt: skip
def test_the_language_of_a_text(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text, left",
    [("So it is.\n\nint a;", [(1, 1)]), ("int a;\n\nSo it\nis.", [(3, 4)]), ("int f(void)\n{\n\tint a;\n\n\tso\n\n}\n\nSo.", [(9, 9)]), ("int a;", []), ("# define A", []), ("so */", []), ("a\\\nb", []), ("// so", []), ("so:\n\n{", [(1, 1)]), ("\n\nSo.", [(3, 3)])],
)  # fmt: skip
def test_paragraphs_without_c(text, left):
    made, found = _without_prose(text)
    assert found == left and made.count("\n") == text.count("\n")
    assert [n for n, (a, b) in enumerate(zip(made.split("\n"), text.split("\n")), 1) if a != b] == [n for first, last in left for n in range(first, last + 1)]  # fmt: skip


def test_what_stands_before_the_lines_of_a_paste():
    assert _margins("int a;\n  b;", "> int a;\n>   b;") == (2, 2) and _margins("int a;", "int a;") == () and _margins("\nint a;", "> \n+int a;") == (0, 1)  # fmt: skip
    assert (
        _margins("\tint a;", "+\tint a;") == (1,)
        and _margins("int a;", "\ufeffint a;") == ()
        and _margins("b;", "x") == ()
    )


HEAD = "--- a/x.c\n+++ b/x.c\n"


def test_a_diff_that_removes_lines_between_moves_nothing():
    found = pasted(HEAD + "@@ -1,4 +1,3 @@\n-int old;\n void f(void)\n {\n }\n")
    assert found.text.split("\n") == ["", "", "", "", "void f(void)", "{", "}", ""] and found.whole and found.remarks == ("read as what a diff leaves behind; lines are those of the paste",)  # fmt: skip
    assert found.lines == 7 and found.parts == {}
    assert pasted("> " + (HEAD + "@@ -1,3 +1,3 @@\n void f(void)\n {\n }").replace("\n", "\n> ")).kind == "quoted diff"


def test_a_mail_that_says_and_quotes_c():
    mail = "From: A <a@x>\nSubject: Re: x\n\nHow about:\n\nint f(void)\n{\n\treturn 1;\n}\n\nThanks\n"
    found = pasted(mail)
    assert [n for n, row in enumerate(found.text.split("\n"), 1) if row] == [6, 7, 8, 9] and any("no C, left out" in said for said in found.remarks)  # fmt: skip
    assert language_of(found.text) == "c" and found.spans() == {6: 9}


# Names
@pytest.mark.parametrize("file, name", [("a.c", "a"), ("dir/a.c", "a"), ("a.b.c", "a.b"), ("a.c.gz", "a"), ("a", "a"), ("", "text"), ("-", "text"), ("...", "text"), ("a b(c).c", "a_b_c_"), ("x" * 60 + ".c", "x" * 38), ("v2.c", "v2.c"), (".c", ".c")])  # fmt: skip
def test_what_a_schedule_code_calls_a_file(file, name):
    assert _name(file) == name


@pytest.mark.parametrize("text, python", [("from a import b\nint", True), ("import a\nint", True), ("def f(x) {", True), ("class A {", True), ("async def", True), ("@a\nint", True), ('"""x\nint', True), ("x = {", True), ("# c\n\nimport a\n}", True), ("int f(void) { }", False), ("x == {", False), ("hello world", False), ("f(1)", True), ("", True), ("\x00", False)])  # fmt: skip
def test_what_begins_as_python(text, python):
    assert _is_python(text) == python


def test_options_as_a_shell_has_them():
    assert spelt("--get", "a") == ("--get", "a") and spelt("--run", "--x;") == ("--run=--x;",) and spelt("-D", "-A=1") == ("-D", "-A=1")  # fmt: skip
    assert _calls("a(1); bc (2);", "bc") and not _calls("abc(1);", "bc") and not _calls("bc;", "bc") and not _calls("a.c(1)", "..c") and not is_c("v2") and is_c("a\nb") and not is_c("x.py") and not is_c("/no/such/file")  # fmt: skip


PAIR = "int n;\nvoid x_get(u64 pfn)\n{\n\tn++;\n}\nvoid x_put(u64 pfn)\n{\n\tn--;\n}\n"


def test_where_a_text_comes_from(tmp_path):
    (file := tmp_path / "a.c").write_text(PAIR)
    for what, own in ((PAIR, ""), (str(file), str(file))):
        found = scenario_of(what, 2)
        assert (found.own.file, found.own.c, found.own.lines, found.own.functions) == (own, PAIR, 9, (("x_get", 2, 5), ("x_put", 6, 9)))  # fmt: skip
    assert of_text(PAIR, "-").own.file == "" and of_text(PAIR, "b.c").own.file == "b.c" and of_text(PAIR, "b.c", label="z").name == "z" and of_text(PAIR, "b.c").name == "b"  # fmt: skip
    again = of_text(
        PAIR,
        get="x_get",
        put="x_put",
        sets={"n": 3},
        may_fail=("alloc",),
        regions=2,
        defines={"A": "1"},
        stubs={"x_more": 2},
    )
    assert again.own.options == ("--get", "x_get", "--put", "x_put", "--stub", "x_more=2", "-D", "A=1", "--set", "n=3", "--may-fail", "alloc", "--regions", "2")  # fmt: skip
    assert of_text(PAIR, run=("n = 1;",)).own.options == ("--run", "n = 1;") and of_text(PAIR).own.options == ()
    assert functions_of((), {}) == ()


@pytest.mark.parametrize("more, said", [({"run": "n = 1;", "get": "x_get"}, "--get: it is about a get and a put"), ({"run": "n = 1;", "put": "x_put"}, "--put: it is"), ({"run": "n = 1;", "roles": ("get",)}, "--roles: it is"), ({"run": "n = 1;", "regions": 2}, "--regions: it is"), ({"faults": ("x",)}, "--faults: it goes with Python"), ({"softirq": "n = 1"}, "--softirq, line 1, column 5: `1`: a statement ends with ;")])  # fmt: skip
def test_options_that_do_not_go_together(more, said):
    with pytest.raises(InputError) as error:
        of_text(PAIR, **more)
    assert said in str(error.value)


# What to do about a name that is not known
@pytest.mark.parametrize("word", OTHERWISE)
def test_what_to_write_in_place_of_what_is_not_read(word):
    made = program(PAIR)
    name = word + "x" if word.endswith("_") else word
    instead = next(way for start, way in OTHERWISE.items() if name.startswith(start))
    assert kernel().way_out(name, made.declared) == f"{instead}; or give --stub {name}=0"
    assert kernel().way_out(name, made.declared, called=False) == f"{instead}; or give -D {name}=0"
    assert kernel().way_out(name, made.declared, called=False, written=True) == instead


def test_ways_out():
    made, out = program(PAIR).declared, kernel().way_out
    assert out("nothing_like_it", made) == "define it in the text, or give --stub nothing_like_it=0"
    assert out("nothing_like_it", made, called=False) == "declare it in the text, or give -D nothing_like_it=0"
    assert out("nothing_like_it", made, called=False, written=True) == "declare it in the text"
    assert out("x_gte", made) == "did you mean x_get? else define it in the text, or give --stub x_gte=0"
    assert out("spin_lokc", made).startswith("did you mean spin_lock? else") and out("cuonter", made, False, False, ["counter"]).startswith("did you mean counter? else declare")  # fmt: skip


def test_what_is_simplified_is_said_of_the_modules_that_are_used():
    assert simplified(()) == () and len(simplified({"tdxkit.c.kernel.lists"})) == 1 and len(simplified({"tdxkit.c.kernel.leaves", "tdxkit.c.kernel.lists"})) == 2  # fmt: skip
    assert set(kernel(False).functions) - set(kernel(True).functions) == {"tdh_mem_page_aug", "tdh_mem_page_remove"}
    assert kernel(False).functions["tdh_phymem_pamt_add"].program.__module__.endswith("leaves") and kernel().functions["tdh_phymem_pamt_add"].program.__module__.endswith("pages")  # fmt: skip
