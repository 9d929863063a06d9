"""Texts of C as trees: each node has its place in the paste; what is not read is refused in one line that says what is meant."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycparser import c_ast

from tdxkit.c.directives import preprocessed
from tdxkit.c.lexing import lexed
from tdxkit.c.parse import parsed
from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tests.c.test_lexing import GAPS, moved
from tests.c.trees import found, refusal, shape

DESIGNS = sorted(data_path("designs").glob("*.c"), key=str)
TEXTS = [path.read_text(encoding="utf-8") for path in DESIGNS]
PLAIN = [text for text in TEXTS if "#" not in text]


# The tree and its places
@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.name)
def test_every_design_is_read_and_nothing_guessed(path):
    text = path.read_text(encoding="utf-8")
    read = parsed(text)
    assert isinstance(read.tree, c_ast.FileAST) and read.remarks == ()
    lines = text.split("\n")
    for node in found(read.tree, "ID"):
        line, column = read.place(node)
        rest = lines[line - 1][column - 1 :]
        made = rest.split("(")[0] in ("scoped_guard", "__free", "DEFINE_FREE", "NO_PAIR", "IN_USE_BY_MORE", "LIST_HEAD")
        assert made or rest.startswith(node.name)


def test_a_coordinate_is_the_number_of_a_token():
    text = "static int users; /* c */\n\nint f(u64 a)\n{\n\tif (a)\n\t\treturn users\t+\n\t\t\t2;\n}\n"
    read = parsed(text)
    assert {node.name: read.places[node.coord.line - 1] for node in read.tree.ext if isinstance(node, c_ast.Decl)} == {
        "users": (1, 12)
    }
    places = [(type(node).__name__, read.place(node)) for kind in ("FuncDef", "If", "Return", "BinaryOp", "Constant", "Compound")
              for node in found(read.tree, kind)]  # fmt: skip
    assert places == [
        ("FuncDef", (3, 5)), ("If", (5, 2)), ("Return", (6, 3)), ("BinaryOp", (6, 10)), ("Constant", (7, 4)), ("Compound", (4, 1)),
    ]  # fmt: skip
    assert read.place(read.tree) == (1, 12) and parsed("").place(parsed("").tree) == (1, 1)


@settings(max_examples=40)
@given(
    st.sampled_from(PLAIN), st.lists(st.sampled_from(GAPS), min_size=1, max_size=40), st.randoms(use_true_random=False)
)
@pytest.mark.slow
def test_white_space_comments_and_joined_lines_change_no_tree_and_keep_each_place(text, gaps, r):
    made, line, column, new = "", 1, 1, {}
    for token in lexed(text):
        gap = " " + r.choice(gaps) * r.randint(0, 1)
        made, (line, column) = made + gap, moved(line, column, gap)
        new[token.line, token.column] = line, column
        made, (line, column) = made + token.text, moved(line, column, token.text)
    before, after = parsed(text), parsed(made)
    assert shape(after.tree) == shape(before.tree)
    assert after.places == tuple(new[place] for place in before.places)


def test_names_that_mean_something_to_python_are_names():
    names = [
        "__class__",
        "lambda",
        "None",
        "def",
        "self",
        "import",
        "yield",
        "True",
        "pass",
        "print",
        "__import__",
        "eval",
        "_",
        "__init__",
    ]
    read = parsed(
        "".join(f"int {name};\n" for name in names) + "int f(int is, int not) { return is + not + __class__ + None; }"
    )
    assert [node.name for node in read.tree.ext[:-1]] == names
    assert [node.name for node in found(read.tree, "ID")] == ["is", "not", "__class__", "None"]


def test_what_pycparser_reads_is_handed_on():
    read = parsed(
        "int f(int a) { typeof(a) b = ({ int c = a; c; }); __auto_type d = b; return (struct s){ .x = d, }.x + sizeof(int[3]); out: }"
    )
    kinds = ("TypeOf", "InferredType", "CompoundLiteral", "Label")
    assert [len(found(read.tree, kind)) for kind in kinds] == [1, 1, 1, 1]
    assert isinstance(found(read.tree, "Decl")[2].init, c_ast.Compound)


def test_definitions_come_from_outside_too():
    text = "#ifdef CONFIG_A\nint a = N;\n#endif\n"
    assert parsed(text).tree.ext == [] and parsed(text).remarks[0].startswith("line 1: CONFIG_A is asked for")
    assert found(parsed(text, {"CONFIG_A": "", "N": "2 + 1"}).tree, "BinaryOp")[0].op == "+"


# What is refused, and how it is said
CPP, PASTE = "this is C++, and C is read; write it in C", "paste the whole of the function"
UNKNOWN = "it looks like a function and has no type (a macro that the text does not define?); put its #define in the text, or write the function out"
REFUSED = {
    # a ; that is missing
    "int f(void)\n{\n\tint x = 1\n\tx = 2;\n}": "line 3, column 10: `1`: a `;` is missing after it; end the line with ;",
    "int f(void)\n{\n\tx = y\n}": "line 3, column 6: `y`: a `;` is missing after it; end the line with ;",
    "int f(void)\n{\n\tbreak\n\treturn 1;\n}": "line 3, column 2: `break`: a `;` is missing after it; end the line with ;",
    "static int users\nint f(void)\n{\n}": "line 1, column 12: `users`: a `;` is missing after it; end the line with ;",
    "struct a {\n\tint x;\n}\nint f(void)\n{\n}": "line 3, column 1: `}`: a `;` is missing after it; end the declaration with ;",
    "int f(void)\n{\n\tFOO(x)\n\tif (1)\n\t\treturn 0;\n}":
        "line 3, column 2: `FOO`: a `;` is missing after this call, or it is a macro that the text does not define; write the ; or put its #define in the text",
    # brackets
    "int f(void)\n{\n\tif (1) {\n\t\tg();\n}\n\nint h(void)\n{\n}":
        "line 3, column 9: `{`: it is never closed, by the margins: the } of line 5 closes another; close it with }",
    "int f(void)\n{\n\tif (1) {\n\t\tg();\n\t}\n\t}\n}\n":
        "line 7, column 1: `}`: no { is open here that it closes; by the margins the } of line 6 is one too many for the { of line 2; "
        "take one out, or paste the whole function",
    "int f(void)\n{\n\tg(1;\n}": "line 3, column 3: `(`: it is still open where the } of line 4, column 1 comes; close it with )",
    "int f(void)\n{\n\tg(1));\n}": "line 3, column 6: `)`: no ( is open here that it closes; take one out, or paste the whole function",
    "int f(void)\n{\n\ta[1) = 2;\n}": "line 3, column 3: `[`: it is still open where the ) of line 3, column 5 comes; close it with ]",
    "int f(void)\n{\n": "line 2, column 1: `{`: it is never closed; close it with }, or paste the whole function",
    # macros that the text does not define
    "FOO(f)\n{\n\treturn 1;\n}": f"line 1, column 1: `FOO`: {UNKNOWN}",
    "static f(void)\n{\n\treturn 1;\n}": f"line 1, column 8: `f`: {UNKNOWN}",
    "int f(void)\n{\n\tFOO(x) {\n\t\tg();\n\t}\n}":
        "line 3, column 2: `FOO`: it is not known here and has a block behind it (a macro that the text does not define?); "
        "put its #define in the text, or write the loop out",
    "int x;\nfoo(x);":
        f"line 2, column 1: `foo`: a call stands in a function, and a declaration begins with a type; {PASTE}, or put the macro's #define in the text",
    # not C
    "class foo {\npublic:\n\tint x;\n};": f"line 1, column 1: `class`: {CPP}",
    "template <typename T> T f(T x) { return x; }": f"line 1, column 1: `template`: {CPP}",
    "namespace a { int x; }": f"line 1, column 1: `namespace`: {CPP}",
    "using namespace std;\nint x;": f"line 1, column 1: `using`: {CPP}",
    "int f(void) { return std::max(1, 2); }": f"line 1, column 25: `::`: {CPP}",
    "int f(void) { int *x = new int(3); }": f"line 1, column 24: `new`: {CPP}",
    "int f(void) { delete x; }": f"line 1, column 15: `delete`: {CPP}",
    "int f(void) { try { g(); } catch (...) { } }": f"line 1, column 15: `try`: {CPP}",
    "int f(void) { auto x = [&](int y) { return y; }; }": f"line 1, column 24: `[`: {CPP}",
    "int f(void) { struct class *c = a ? new : private\n; c = ; }": "line 2, column 7: `;`: a value is to stand after `=`; write one",
    "int f(void) { struct class *c = a ? new : 3 4; }": "line 1, column 45: `4`: an operator, a comma or a ; is missing between `3` and it; write it",
    'extern "C" {\nint x;\n}': f"line 1, column 1: `extern`: {CPP}",
    "int f(int &x) { return x; }": "line 1, column 11: `&`: references are C++, and C is read; use a pointer",
    "int f(int x = 3) { return x; }":
        "line 1, column 13: `=`: a parameter's default is C++, and C is read; give the value where the function is called",
    "struct a { int x; int f() { return x; } };": "line 1, column 23: `f`: a struct has no functions in C; write it in C",
    "The patch looks good to me.\n\nReviewed-by: A": "line 1, column 1: `The`: this is no declaration of C; paste C only, without the words around it",
    "def f(x):\n    return x": f"line 1, column 9: `:`: outside functions C has declarations only; {PASTE}, and nothing beside C",
    "> int f(void)": "line 1, column 1: `>`: a line of C does not begin like this: is it quoted mail?; take the marks of quoting off",
    "int f(void)\n{\n\t...\n\treturn 1;\n}": f"line 3, column 2: `...`: something was cut out of the text here; {PASTE}",
    "int f(void)\n{\n\t<snip>\n}": f"line 3, column 2: `<`: something was cut out of the text here; {PASTE}",
    "x = 5;": f"line 1, column 1: `x`: a statement stands in a function; {PASTE}",
    "int x;\nif (x)\n\treturn;": f"line 2, column 1: `if`: a statement stands in a function; {PASTE}",
    # C that is not read
    "int f(a, b)\n\tint a;\n\tint b;\n{\n}": "line 1, column 5: `f`: its parameters have no types in the parentheses (K&R); write TYPE name there",
    "int f(a)\n{\n}": "line 1, column 5: `f`: its parameters have no types in the parentheses (K&R); write TYPE name there",
    "int f(void) { int g(void) { return 1; } }": "line 1, column 19: `g`: a function stands outside all others; move it before the function around it",
    'int f(void) { asm volatile("nop"); }':
        "line 1, column 15: `asm`: assembler is not read; write what it does in C, or smp_mb() or barrier() where it is one",
    "int f(void) { float x; }": "line 1, column 15: `float`: the kernel does not reckon with floating point; use whole numbers",
    "int f(void) { return 1.5; }": "line 1, column 22: `1.5`: the kernel does not reckon with floating point; use whole numbers",
    "int f(void) { return 0x1p-3; }": "line 1, column 22: `0x1p-3`: the kernel does not reckon with floating point; use whole numbers",
    "int f(void) { __label__ a; }":
        "line 1, column 15: `__label__`: labels of a block's own are not read; take the line out, and use a name that no other label has",
    "int f(void) { goto *p; }": "line 1, column 15: `goto`: a goto to a label that is a value is not read; name the label, or use a switch",
    "int f(void) { void *p = &&out; }": "line 1, column 25: `&&`: the address of a label is not read; use a switch",
    "int f(void) { scoped_cond_guard(mutex_intr, return 1, &l) { } }":
        "line 1, column 15: `scoped_cond_guard`: a guard that may fail is not read; write it with a trylock and an if",
    "int f(void) { CLASS(fd, f)(3); }":
        "line 1, column 15: `CLASS`: guards of a text's own are not read; "
        "lock and unlock in the text itself, or use guard(spinlock), guard(mutex) and their kin",
    "static __thread int x;": "line 1, column 8: `__thread`: variables of which each CPU has its own are not read; make it a local variable, or one that all share",
    "TRACE_EVENT(foo, TP_ARGS(x));": "line 1, column 1: `TRACE_EVENT`: it makes a function that is not in the text; write the function out",
    "void *x __free(kfree) = 0;":
        "line 1, column 9: `__free`: __free(how) stands behind the name of a local variable; write TYPE name __free(how) = value;",
    # small things
    'int f(void) { pr_err("abc\n def"); }': 'line 1, column 22: `"`: a string ends on the line on which it begins; close it with "',
    "int f(void) { return ''; }": "line 1, column 22: `'`: a character ends on the line on which it begins, and is not empty; close it with '",
    "int f(void) { return 'ab'; }": "line 1, column 22: `'ab'`: it is not one character; write one, or one escape such as '\\n'",
    "int f(void) { return L'a'; }": "line 1, column 22: `L'a'`: wide characters are not read; take the letter before it away",
    "int f(void) { pr_err(\u201ca\u201d); }": "line 1, column 22: `\u201c`: C's quotes are straight; write \" or '",
    "int f(void) { return 1 \u2013 2; }": "line 1, column 24: `\u2013`: C's minus is a plain hyphen; write -",
    "int \u00e9;": "line 1, column 5: `\u00e9`: names in C have the letters a to z, digits and _; write it so",
    "int x @ 1;": "line 1, column 7: `@`: C has no such sign; take it out; of a diff or a mail, paste the text after the change",
    "int x \\ = 1;":
        "line 1, column 7: `\\`: a backslash stands in strings and at the end of a line; take it out, or what follows it on its line",
    "int f(void) { return 1 # 2; }": "line 1, column 24: `#`: a directive is the first on its line; put the # there, or take it out",
    "int f(void) { return 089; }": "line 1, column 22: `089`: it is no whole number of C, such as 10, 0x1f, 8UL; mend it",
    "int f(void) { return 1uu; }": "line 1, column 22: `1uu`: it is no whole number of C, such as 10, 0x1f, 8UL; mend it",
    "int f(void) { else return 1; }": "line 1, column 15: `else`: no if stands before it; take out the ; or } before it, or the else",
    "int f(void) { if x return 1; }": "line 1, column 15: `if`: what it asks stands in parentheses; write ( ) around it",
    "int f(void) { for (i = 0, i < 3, i++) g(); }": "line 1, column 15: `for`: a for has two ; in its parentheses; write for (…; …; …)",
    "int f(void) { switch (x) { case 1 return 1; } }": "line 1, column 28: `case`: a case ends with :; write case VALUE:",
    "int f(void) { goto 3; }": "line 1, column 20: `3`: a goto names a label; write goto NAME;",
    "int f(void) { int if = 3; }": "line 1, column 19: `if`: it is a word of C and no name; choose another name",
    "int u64;\nu64 x;": "line 1, column 5: `u64`: it is the name of a type; choose another name",
    "static x = 5;": "line 1, column 8: `x`: a declaration begins with a type; write one before it",
    "int f(void) { return 1 + ; }": "line 1, column 26: `;`: a value is to stand after `+`; write one",
    "int f(void) { if () return 1; }": "line 1, column 19: `)`: a value is to stand after `(`; write one",
    "int f(void) { return a b; }": "line 1, column 24: `b`: an operator, a comma or a ; is missing between `a` and it; write it",
    "int f(void) { return g(1)(2) 3; }": "line 1, column 30: `3`: an operator, a comma or a ; is missing between `)` and it; write it",
    "int f(int u32) { return u32 + (u64) ; }": "line 1, column 37: `;`: a value is to stand after `)`; write one",
    "int f(void) { return u64; }": "line 1, column 22: `u64`: it is read as a type, and a value is to stand here; choose another name, or give it a type",
    "int x": "line 1, column 5: `x`: the text ends in the middle of a declaration; end it, or paste the whole of it",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_and_how(text):
    assert refusal(text) == REFUSED[text]


def test_a_refusal_within_a_macro_has_the_place_of_its_use():
    assert refusal("#define BAD(x) (x +)\nint f(void)\n{\n\treturn BAD(1);\n}").startswith(
        "line 4, column 9: `)`: a value is to stand after `+`"
    )


# Hostile texts
def test_a_bracket_too_few_or_too_many_at_each_place_is_one():
    for text in (TEXTS[0], TEXTS[7]):
        tokens = preprocessed(lexed(text), {}, [])
        for at, token in enumerate(tokens):
            if token.text in ("(", ")", "[", "]", "{", "}"):
                words = [each.text for each in tokens]
                for wrong in (words[:at] + words[at + 1 :], [*words[:at], words[at], *words[at:]]):
                    said = refusal("\n".join(wrong))
                    assert any(
                        part in said
                        for part in ("is open here that it closes", "it is still open", "it is never closed")
                    ), said


def test_a_text_cut_at_each_place_is_read_or_refused():
    tokens = lexed(TEXTS[0])
    for end in range(0, len(tokens), 3):
        cut = " ".join(token.text for token in tokens[:end])
        try:
            parsed(cut)
        except InputError as error:
            assert "\n" not in str(error)


F = "int f(void) { "
NESTED, DEEP = (
    "brackets are nested to a depth of 60, and as many stand in a row",
    "statements and expressions are nested to a depth of 200",
)
TOO_DEEP = ("what stands here is nested too deep", DEEP)
HOSTILE = {
    "a million parentheses": ("(" * 1_000_000, "a text of 1,000,000 characters"),
    "parentheses": (F + "return " + "(" * 10_000 + ")" * 10_000 + "; }", NESTED),
    "braces": ("{" * 20_000, NESTED),
    "in a row": ("int " + "(x) " * 9_000 + ";", NESTED),
    "calls in a row": (F + "f" + "()" * 9_000 + "; }", NESTED),
    "closers": (")" * 20_000, "no ( is open here"),
    "types in types": (F + "return " + "(int[" * 28 + "1" + "]){1}" * 28 + "; }", "what stands here is nested too deep"),
    "signs": (F + "return " + "! " * 20_000 + "1; }", TOO_DEEP),
    "a sum": ("int x = " + "1 + " * 12_000 + "1;", DEEP),
    "members": (F + "return a" + ".b" * 12_000 + "; }", DEEP),
    "stars": ("int " + "*" * 25_000 + "x;", DEEP),
    "else if": (F + "if (1) ;" + "else if (1) ;" * 4_000 + " }", TOO_DEEP),
    "choices": (F + "return " + "1 ? 1 : " * 7_000 + "1; }", TOO_DEEP),
    "assignments": (F + "x = " * 14_000 + "1; }", TOO_DEEP),
    "labels": (F + "".join(f"l{k}: " for k in range(9_000)) + "; }", TOO_DEEP),
    "casts": (F + "return " + "(int)" * 9_000 + "1; }", NESTED),
    "for_each": (F + "for_each(x) " * 3_000 + "; }", TOO_DEEP),
    "static": ("static " * 25_000 + "x;", "line 1, column"),
    "prose": ("FOO " * 25_000, "this is no declaration of C"),
    "one long line": ("x" * 100_000 + " " + "y" * 90_000 + "\n", "line 1, column"),
    "quotes": ('"' * 50_001, "a string ends on the line"),
    "backslashes": ("\\" * 25_000, "a backslash stands in strings"),
    "case": (F + "switch (1) { " + "case " * 25_000 + "} }", "line 1, column"),
    "ranges": (F + "switch (1) { " + "case 1 ... 2: " * 4_000 + "; } }", "C is read up to 30,000 tokens"),
    "__free": (F + "int *a " + "__free(k), *a " * 3_000 + "; }", "C is read up to 30,000 tokens"),
    "attributes": ("__foo " * 20_000 + "int x;", "line 1, column"),
    "parameters": ("int f(" + "a, " * 14_000 + "a) { }", "(K&R)"),
}  # fmt: skip
LONG = {
    "exports": "EXPORT_SYMBOL(x);\n" * 5_000, "macros of the linker": "FOO(x);\n" * 5_000, "declarations": "int x;\n" * 9_000,
    "typedefs": "typedef int x;\n" * 6_000, "types as arguments": F + "g(" + "struct a, " * 4_000 + "1); }", "statements": F + "f();" * 7_000 + "}",
    "cases": F + "switch (1) {" + "case 1: ;" * 6_000 + "} }", "untyped parameters": "int f(" + "foo_t, " * 10_000 + "int);", "values": "int x[] = {" + "1," * 14_000 + "};",
    "white space": " \t\n" * 60_000, "joined lines": "\\\n" * 90_000, "comments": "/**/" * 45_000, "a long name": "int " + "x" * 190_000 + ";",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_one_line(name):
    text, said = HOSTILE[name]
    line = refusal(text)
    assert any(part in line for part in (said if isinstance(said, tuple) else (said,))), line


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_long_text_is_read(name):
    assert len(parsed(LONG[name]).places) < 60_000


@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused(data):
    for text in (data.decode("latin-1"), data.decode("utf-8", "surrogateescape")):
        try:
            parsed(text)
        except InputError as error:
            assert "\n" not in str(error)


VOCABULARY = """int x ( ) [ ] { } ; , . -> * & && = == + ++ ? : ... # ## :: struct union enum typedef sizeof typeof if else for while do switch case
default goto return break static const u64 foo_t FOO __foo __free(kfree) guard scoped_guard(x,y) list_for_each_entry(a,b,c) __type __same __range offsetof
container_of EXPORT_SYMBOL(x) #define #if #ifdef #endif #else __VA_ARGS__ 'a' "s" 1 0x 1.5 \\ /* */ // @ asm _Generic _Alignas _Atomic auto
_Static_assert __builtin_va_arg register void ({ }) DEFINE_SPINLOCK( __attribute__((x)) inline""".split()  # noqa: SIM905


def mutated(r):
    """A design's text, damaged here and there."""
    text = r.choice(TEXTS)
    for _ in range(r.choice((1, 1, 1, 2, 3, 8))):
        at = r.randint(0, len(text))
        end = at + r.choice((0, 1, 2, 5, 20, 200))
        put = r.choice(
            (
                "",
                f" {r.choice(VOCABULARY)} ",
                text[at:end] * 2,
                chr(r.randint(1, 0x2FF)),
                "\n" + r.choice(VOCABULARY),
                text[end : end + 40],
            )
        )
        text = text[:at] + put + text[end:]
    return text


def never_anything_but_input_errors(seeds):
    read = 0
    for seed in seeds:
        try:
            read += parsed(mutated(random.Random(seed))) is not None
        except InputError as error:
            assert "\n" not in str(error) and "; " in str(error), seed
    return read


def test_a_damaged_text_is_read_or_refused():
    assert never_anything_but_input_errors(range(250)) > 15


@pytest.mark.slow
def test_more_damaged_texts_are_read_or_refused():
    assert never_anything_but_input_errors(range(250, 12_000)) > 830
