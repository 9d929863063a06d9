"""What stops being C and what is guessed, form by form: which token is named, by which rule, and which way out is given."""

import pytest

from tdxkit.c.directives import preprocessed
from tdxkit.c.guesses import Guesses
from tdxkit.c.lexing import lexed
from tdxkit.c.parse import parsed
from tdxkit.c.scopes import BODY, DEEPEST, EXPRESSION, FILE, LIST, MEMBERS, PARAMETERS, scopes
from tdxkit.c.typenames import KERNEL, own
from tdxkit.c.words import check, words
from tests.c.trees import refusal

pytestmark = pytest.mark.many

CPP, CUT = (
    "this is C++, and C is read; write it in C",
    "something was cut out of the text here; paste the whole of the function",
)
F = "int f(int a, int b)\n{\n\t%s\n}\n"


def said_of(statement):
    """What is said of a statement in a function, its place and all."""
    return refusal(F % statement)


@pytest.mark.parametrize(
    "statement, column, said",
    [
        # cut out
        ("[...]", 2, f"`[`: {CUT}"), ("...", 2, f"`...`: {CUT}"), ("<snip>", 2, f"`<`: {CUT}"), ("[snip]", 2, f"`[`: {CUT}"), ("a = 1; [...] b = 2;", 9, f"`[`: {CUT}"),
        # C++
        ("class x y;", 2, f"`class`: {CPP}"), ("new x;", 2, f"`new`: {CPP}"), ("a = new x;", 6, f"`new`: {CPP}"), ("delete x;", 2, f"`delete`: {CPP}"), ("throw x;", 2, f"`throw`: {CPP}"), ("try { a = 1; } catch (b) { }", 2, f"`try`: {CPP}"), ("catch (int e) { }", 2, f"`catch`: {CPP}"), ("using x y;", 2, f"`using`: {CPP}"), ("virtual int x;", 2, f"`virtual`: {CPP}"), ("typename x y;", 2, f"`typename`: {CPP}"), ("friend int x;", 2, f"`friend`: {CPP}"),
        ("template <class T> x;", 2, f"`template`: {CPP}"), ("a = [b](int c) { return c; };", 6, f"`[`: {CPP}"), ("g([] { });", 4, f"`[`: {CPP}"), ("return [] { };", 9, f"`[`: {CPP}"), ("g(a, [] { });", 7, f"`[`: {CPP}"), ("int &x = a;", 6, "`&`: references are C++, and C is read; use a pointer"), ("for (u32 &x : y) ;", 11, "`&`: references are C++"), ("const s &x = a;", 10, "`&`: references are C++"), ("struct s &x = a;", 11, "`&`: references are C++"),
        # a ; that is missing
        ("a = 1\n\tb = 2;", 6, "`1`: a `;` is missing after it; end the line with ;"), ("a = b\n\tif (a) b = 1;", 6, "`b`: a `;` is missing"), ("g(a)\n\treturn b;", 2, "`g`: a `;` is missing after this call, or it is a macro that the text does not define"), ("a = g(b)\n\treturn b;", 9, "`)`: a `;` is missing after it"), ("a = t[1]\n\twhile (a) ;", 9, "`]`: a `;` is missing"), ("a++\n\tb++;", 3, "`++`: a `;` is missing"), ("a--\n\tb = 1;", 3, "`--`: a `;` is missing"), ("continue\n\ta = 1;", 2, "`continue`: a `;` is missing"),
        ("return\n\tif (a) b = 1;", 2, "`return`: a `;` is missing"), ("a = 'x'\n\tb = 1;", 6, "`'x'`: a `;` is missing"), ('p = "x"\n\tb = 1;', 6, '`"x"`: a `;` is missing'), ("int x\n\tint y;", 6, "`x`: a `;` is missing"), ("a = b\n\tgoto x;", 6, "`b`: a `;` is missing"), ("a = b\n\tdefault: ;", 6, "`b`: a `;` is missing"), ("do a = 1\n\twhile (b);", 9, "`1`: a `;` is missing"), ("if (a) b = 1\n\telse b = 2;", 13, "`1`: a `;` is missing"), ("while (a) b = 1\n\ta = 2;", 16, "`1`: a `;` is missing"),
        # blocks
        ("FOO(a) {\n\t\tb = 1;\n\t}", 2, "`FOO`: it is not known here and has a block behind it (a macro that the text does not define?); put its #define in the text, or write the loop out"), ("a = 1; foo(b) { }", 9, "`foo`: it is not known here and has a block"), ("if (a) foo(b) { }", 9, "`foo`: it is not known here"), ("int g(void) { }", 6, "`g`: a function stands outside all others; move it before the function around it"), ("struct s *g(int x) { }", 12, "`g`: a function stands outside"),
        # words of C as names, types as values
        ("int while = 1;", 6, "`while`: it is a word of C and no name; choose another name"), ("a = b->int;", 9, "`int`: it is a word of C"), ("a = b.for;", 8, "`for`: it is a word of C"), ("goto if;", 7, "`if`: it is a word of C"), ("a = u64;", 6, "`u64`: it is read as a type, and a value is to stand here; choose another name, or give it a type"), ("g(u64 + 1);", 4, "`u64`: it is read as a type"),
        # statements
        ("else a = 1;", 2, "`else`: no if stands before it; take out the ; or } before it, or the else"), ("if (a); b = 1; else b = 2;", 17, "`else`: no if"), ("if a > 1) b = 1;", 10, "`)`: no ( is open here that it closes"), ("while a b = 1;", 2, "`while`: what it asks stands in parentheses; write ( ) around it"), ("switch a { }", 2, "`switch`: what it asks"), ("for a;", 2, "`for`: what it asks"), ("for (a) ;", 2, "`for`: a for has two ; in its parentheses; write for (…; …; …)"), ("for (a, b) ;", 2, "`for`: a for has two ;"), ("goto 1;", 7, "`1`: a goto names a label; write goto NAME;"), ("goto;", 6, "`;`: a goto names a label"), ("switch (a) { case 1 b = 1; }", 15, "`case`: a case ends with :; write case VALUE:"), ("switch (a) { case 1; }", 15, "`case`: a case ends with :"),
        # values
        ("a = ;", 6, "`;`: a value is to stand after `=`; write one"), ("a = b + ;", 10, "`;`: a value is to stand after `+`"), ("g(a, );", 7, "`)`: a value is to stand after `,`"), ("a = * ;", 8, "`;`: a value is to stand after `*`"), ("if () a = 1;", 6, "`)`: a value is to stand after `(`"), ("a = t[];", 8, "`]`: a value is to stand after `[`"), ("a = b c;", 8, "`c`: an operator, a comma or a ; is missing between `b` and it; write it"), ("a = 1 2;", 8, "`2`: an operator, a comma or a ; is missing between `1` and it"), ("a = g(b) c;", 11, "`c`: an operator, a comma or a ; is missing between `)` and it"), ("a = t[1] 'x';", 11, "`'x'`: an operator, a comma or a ; is missing between `]` and it"), ("a = \"x\" 1;", 10, "`1`: an operator, a comma or a ; is missing between `\"x\"` and it"),
        ("a = b ] c;", 8, "no [ is open here that it closes"), ("a = b ? c;", 11, "`;`: C does not go on like this after `c`; mend the line"), ("a + = b;", 6, "`=`: a value is to stand after `+`"),
    ],
)  # fmt: skip
def test_what_stands_in_a_function(statement, column, said):
    found = said_of(statement)
    assert found.startswith(f"line 3, column {column}: ") and said in found, found


@pytest.mark.parametrize(
    "text, place, said",
    [
        ("private:\nint x;", (1, 1), f"`private`: {CPP}"), ("struct s { public: int x; };", (1, 12), f"`public`: {CPP}"), ("struct s { protected: int x; };", (1, 12), f"`protected`: {CPP}"), ("namespace a { }", (1, 1), f"`namespace`: {CPP}"), ("class a { };", (1, 1), f"`class`: {CPP}"), ('extern "C" { }', (1, 1), f"`extern`: {CPP}"), ("int f(int a = 1);", (1, 13), "`=`: a parameter's default is C++, and C is read; give the value where the function is called"), ("static int f(int a, int b = 2) { }", (1, 27), "`=`: a parameter's default"),
        ("struct s { int f(void) { } };", (1, 16), "`f`: a struct has no functions in C; write it in C"), ("union u { int f(void) { } };", (1, 15), "`f`: a struct has no functions"), ("> int x;", (1, 1), "`>`: a line of C does not begin like this: is it quoted mail?; take the marks of quoting off"), ("int x;\n> int y;", (2, 1), "`>`: a line of C does not begin like this"), ("int x; > y;", (1, 8), "outside functions C has declarations only"),
        ("x = 1;", (1, 1), "`x`: a statement stands in a function"), ("x++;", (1, 1), "`x`: a statement stands"), ("x--;", (1, 1), "`x`: a statement"), ("x->y = 1;", (1, 1), "`x`: a statement"), ("x += 1;", (1, 1), "`x`: a statement"), ("x -= 1;", (1, 1), "`x`: a statement"), ("return 1;", (1, 1), "`return`: a statement"), ("for (;;) ;", (1, 1), "`for`: a statement"), ("while (1) ;", (1, 1), "`while`: a statement"), ("if (1) ;", (1, 1), "`if`: a statement"), ("goto x;", (1, 1), "`goto`: a statement"), ("foo(1);", (1, 1), "`foo`: a call stands in a function, and a declaration begins with a type"),
        ("int x; + 1;", (1, 8), "`+`: outside functions C has declarations only"), ("struct s { int a; }\nint f(void) { }", (1, 19), "`}`: a `;` is missing after it; end the declaration with ;"), ("enum e { A }\nint x;", (1, 12), "`}`: a `;` is missing"), ("struct s { struct { int a; } x; int b; }\nint f;", (1, 40), "`}`: a `;` is missing"),
        ("int u64;\nu64 x;", (1, 5), "`u64`: it is the name of a type; choose another name"), ("static x = 5;", (1, 8), "`x`: a declaration begins with a type; write one before it"), ("struct s { int };", (1, 16), "`}`"), ("typedef int t; int f(void) { int t; t x; }", (1, 39), "`x`: an operator"),
    ],
)  # fmt: skip
def test_what_stands_outside_all_functions(text, place, said):
    found = refusal(text)
    assert found.startswith("line {}, column {}: ".format(*place)) and said in found, found


@pytest.mark.parametrize("statement", ["struct class *c = a;", "a = b & c;", "a = (b) & c;", "a = g(b & c, d);", "a = b.new + c->delete;", "a = new + 1;", "int try = 1; a = try;", "struct s x = { .class = 1 };", "template = 1; a = template < b;", "if (a) g(b); else b = 1;", "do a = 1; while (b);", "for (;;) { }", "switch (a) { case 1: default: ; }", "int private = 1; private: a = 1;"])  # fmt: skip
def test_what_only_looks_like_something_else(statement):
    assert parsed(F % statement).tree


# Numbers, quotes and signs
@pytest.mark.parametrize(
    "number", ["0", "10", "0x1f", "0b11", "017", "1u", "1UL", "1llu", "1LLU", "9" * 80, "0x" + "f" * 78]
)
def test_a_number_of_c(number):
    check(lexed(f"x = {number};"))


@pytest.mark.parametrize("number, said", [("9" * 81, "no whole number"), ("08", "no whole number"), ("0xg", "no whole number"), ("1uu", "no whole number"), ("1lul", "no whole number"), ("0b2", "no whole number"), ("1.5", "floating point"), ("1.", "floating point"), (".5", "floating point"), ("1e5", "floating point"), ("1E-5f", "floating point"), ("0x1p3", "floating point"), ("0x1.8p1", "floating point"), ("1x", "no whole number")])  # fmt: skip
def test_a_number_that_is_none(number, said):
    assert said in refusal(f"int x = {number};")


@pytest.mark.parametrize("word", ["asm", "__asm__", "__asm", "asm_inline", "float", "double", "_Complex", "nullptr", "static_cast", "const_cast", "__label__", "_Thread_local", "__thread", "thread_local"])  # fmt: skip
def test_words_that_are_not_read_wherever_they_stand(word):
    assert refusal(f"int {word};").startswith(f"line 1, column 5: `{word}`: ")


@pytest.mark.parametrize("word", ["scoped_cond_guard", "CLASS", "DEFINE_CLASS", "EXTEND_CLASS", "DEFINE_GUARD", "DEFINE_GUARD_COND", "DEFINE_LOCK_GUARD_0", "DEFINE_LOCK_GUARD_1", "ACQUIRE", "__cleanup", "TRACE_EVENT", "DEFINE_EVENT", "DECLARE_EVENT_CLASS", "DEFINE_IDTENTRY"])  # fmt: skip
def test_words_that_are_not_called(word):
    assert refusal(f"{word}(x)").startswith(f"line 1, column 1: `{word}`: ")
    check(lexed(f"int {word};"))


@pytest.mark.parametrize("before", ["=", "(", ",", "{", "[", "return", ";"])
def test_the_address_of_a_label(before):
    assert "`&&`: the address of a label is not read" in refusal(f"{before} && x")
    check(lexed("a && b")), check(lexed(") && b"))


def test_each_token_as_pycparser_takes_it():
    made = [
        (word.type, word.value, word.lineno) for word in words(lexed("x 1 0x1 0B1 'a' \"s\" += __auto_type __const"))
    ]
    assert made == [("ID", "x", 1), ("INT_CONST_DEC", "1", 2), ("INT_CONST_HEX", "0x1", 3), ("INT_CONST_BIN", "0B1", 4), ("CHAR_CONST", "'a'", 5), ("STRING_LITERAL", '"s"', 6), ("PLUSEQUAL", "+=", 7), ("AUTO", "auto", 8), ("CONST", "__const", 9)]  # fmt: skip


# What each token stands in
@pytest.mark.parametrize(
    "text, where",
    [
        ("int X;", FILE), ("struct s { int X; };", MEMBERS), ("union s { int X; };", MEMBERS), ("struct { int X; } y;", MEMBERS), ("struct s { struct { int X; } y; };", MEMBERS), ("enum e { X };", LIST), ("enum { X };", LIST), ("int y = X;", EXPRESSION), ("int y[] = { X };", LIST), ("int y[X];", EXPRESSION), ("void f(int X);", PARAMETERS), ("void f(void (*g)(int X));", PARAMETERS), ("void f(void) { X; }", BODY), ("void f(void) { { X; } }", BODY), ("void f(void) { if (X) ; }", EXPRESSION), ("void f(void) { if (a) { X; } }", BODY),
        ("void f(void) { g(X); }", EXPRESSION), ("void f(void) { int y = X; }", BODY), ("void f(void) { int y[] = { X }; }", LIST), ("void f(void) { struct s { int X; }; }", MEMBERS), ("void f(void) { a = (struct s){ X }; }", LIST), ("void f(void) { a = ({ X; }); }", BODY), ("void f(void) { return (struct s){ X }; }", LIST), ("void f(void) { g((int[]){ X }); }", LIST), ("void f(void) { do { X; } while (1); }", BODY), ("void f(void) { switch (a) { case 1: X; } }", BODY), ("void f(void) { FOO(a) { X; } }", BODY), ("struct s y = { .a = { X } };", LIST), ("struct s y = { .a = f(X) };", EXPRESSION),
        ("int y[2] = { [X] = 1 };", EXPRESSION), ("static_assert(X);", EXPRESSION), ("struct s { int a; } y = { X };", LIST), ("int y = f(X);", EXPRESSION), ("int y = 1; int X;", FILE), ("int y = 1, z = (2), X;", EXPRESSION), ("int y[] = { 1 }, z; int X;", FILE), ("struct s { int y : X; };", MEMBERS), ("void f(void) { for (X; ; ) ; }", EXPRESSION), ("int f(void) { sizeof(struct s){ X }; }", LIST),
    ],
)  # fmt: skip
def test_what_a_name_stands_in(text, where):
    tokens = lexed(text)
    assert [place for token, place in zip(tokens, scopes(tokens).inside) if token.text == "X"] == [where]


def test_brackets_are_nested_and_stand_in_a_row_so_deep():
    for deep, wide in (("(", ")"), ("[", "]"), ("{", "}")):
        assert scopes(lexed(deep * DEEPEST + wide * DEEPEST)).partner[0] == 2 * DEEPEST - 1
        assert "brackets are nested to a depth of 60" in refusal(deep * (DEEPEST + 1) + wide * (DEEPEST + 1))
    assert len(scopes(lexed("f" + "()" * DEEPEST)).partner) == 2 * DEEPEST
    assert "and as many stand in a row" in refusal("f" + "()" * (DEEPEST + 1)) and scopes(lexed("f" + "() x" * 99))
    found = scopes(lexed("f(a[1], { b })"))
    assert found.around == [-1, -1, 1, 1, 3, 1, 1, 1, 7, 1, -1] and found.partner == {
        1: 10,
        10: 1,
        3: 5,
        5: 3,
        7: 9,
        9: 7,
    }


@pytest.mark.parametrize(
    "text, names",
    [("typedef int a;", "a"), ("typedef struct s a, *b;", "a b"), ("typedef struct { int x; } a;", "a"), ("typedef int a[2], b;", "a b"), ("typedef int (*a)(int b);", "a"), ("typedef int a(int b);", "a"), ("int a; typedef int b; int c;", "b"), ("typedef enum { X, Y } a;", "a"), ("typedef struct s { int x, y; } a;", "a"), ("typedef int (a);", ""), ("typedef unsigned long a", ""), ("typedef int a; typedef a b;", "a b"), ("typedef struct s *(*a)(void);", "a")],
)  # fmt: skip
def test_typedefs_of_the_text(text, names):
    assert own(lexed(text)) == set(names.split())


# Guesses
def guessed(text):
    """The names that are taken for types, and the words that are left out."""
    tokens = preprocessed(lexed(text), {}, [])
    found = Guesses(tokens, scopes(tokens), KERNEL | own(tokens))
    return " ".join(sorted(found.types)), " ".join(token.text for at, token in enumerate(tokens) if at in found.out)


@pytest.mark.parametrize(
    "text, types, out",
    [
        # attributes, by where they stand
        ("FOO int x;", "", "FOO"), ("FOO(1) int x;", "", "FOO ( 1 )"), ("static FOO int x;", "", "FOO"), ("FOO struct s x;", "", "FOO"), ("FOO u64 x;", "", "FOO"), ("FOO const int x;", "", "FOO"), ("FOO static int f(void) { }", "", "FOO"), ("FOO foo_t f(void);", "foo_t", "FOO"), ("int FOO f(void) { }", "", "FOO"), ("int FOO x;", "", "FOO"), ("struct s FOO x;", "", "FOO"), ("u64 FOO f(void);", "", "FOO"), ("int *FOO f(void);", "", "FOO"), ("void f(void) __foo;", "", "__foo"), ("void f(void) __foo { }", "", "__foo"), ("void f(void) __foo(1) __bar { }", "", "__foo ( 1 ) __bar"),
        ("int x __foo;", "", "__foo"), ("int x __foo = 1;", "", "__foo"), ("int x __foo, y __bar;", "", "__foo __bar"), ("int x[2] __foo;", "", "__foo"), ("int x[2][3] __foo(1);", "", "__foo ( 1 )"), ("struct s { int x __foo; };", "", "__foo"), ("void f(void) { int x __foo; }", "", "__foo"), ("struct s { FOO int x; };", "", "FOO"), ("void f(void) { FOO int x; }", "", "FOO"), ("int a; FOO int x;", "", "FOO"), ("int f(void) { } FOO int x;", "", "FOO"), ("const int x __foo;", "", "__foo"), ("__foo int x;", "", "__foo"), ("int __foo x;", "", "__foo"),
        # no attributes
        ("foo x;", "foo", ""), ("foo *x;", "foo", ""), ("foo const x;", "foo", ""), ("int x = FOO;", "", ""), ("int x[FOO];", "", ""), ("void f(void) { FOO(int); }", "", ""), ("void f(void) { FOO; }", "", ""), ("enum { FOO, BAR };", "", ""), ("struct FOO x;", "", ""), ("void f(void) { FOO: x = 1; }", "", ""), ("int x = 1, __foo;", "", ""), ("void f(void) { y = x + __foo; }", "", ""), ("class int x;", "", ""), ("new foo;", "", ""),
        # for the linker, and macros in capitals
        ("EXPORT_SYMBOL(f);", "", "EXPORT_SYMBOL ( f ) ;"), ("EXPORT_SYMBOL(f)", "", "EXPORT_SYMBOL ( f )"), ("module_init(f);", "", "module_init ( f ) ;"), ("MODULE_LICENSE(x);", "", "MODULE_LICENSE ( x ) ;"), ("late_initcall(f);", "", "late_initcall ( f ) ;"), ("FOO(x);", "", "FOO ( x )"), ("static FOO(x);", "", "static FOO ( x )"), ("static const FOO(x) = { 1, 2 };", "", "static const FOO ( x ) = { 1 , 2 }"), ("FOO(x) = f(1);", "", "FOO ( x ) = f ( 1 )"), ("foo(x);", "", ""), ("BTF_ID(x)", "", "BTF_ID ( x )"), ("early_param(x, y);", "", "early_param ( x , y ) ;"),
        # strings
        ('x = "a" FOO "b";', "", "FOO"), ('x = FOO "b";', "", "FOO"), ('x = "a" FOO;', "", "FOO"), ('x = FOO(1) "b";', "", "FOO ( 1 )"), ('x = "a" foo;', "", ""), ('x = __stringify(1) "b";', "", "__stringify ( 1 )"), ('x = FOO + "b";', "", ""),
        # types
        ("foo x[2];", "foo", ""), ("foo x : 2;", "foo", ""), ("foo x, y;", "foo", ""), ("foo x = 1;", "foo", ""), ("foo f(void);", "foo", ""), ("foo *f(void) { }", "foo", ""), ("foo (*x)(void);", "foo", ""), ("foo (x)(void);", "", ""), ("extern foo x;", "foo", ""), ("static const foo x;", "foo", ""), ("typedef foo bar; bar x;", "foo", ""), ("struct s { foo x; foo *y; foo (*z)(int); };", "foo", ""), ("void f(foo x);", "foo", ""), ("void f(int, foo);", "foo", ""), ("void f(foo);", "", ""), ("void f(foo *);", "foo", ""), ("void f(foo, foo *x);", "foo", ""), ("void f(foo x[]);", "foo", ""), ("void f(foo (*x)(void));", "foo", ""), ("void f(const foo x);", "foo", ""),
        ("void f(void) { foo x; }", "foo", ""), ("void f(void) { foo *x; }", "foo", ""), ("void f(void) { foo (*x)(void); }", "", ""), ("void f(void) { foo x(1); }", "", ""), ("void f(void) { a: foo x; }", "foo", ""), ("void f(void) { for (foo x = 1; ; ) ; }", "foo", ""), ("void f(void) { for (foo; ; ) ; }", "", ""), ("void f(void) { if (foo) ; while (foo) ; }", "", ""), ("void f(void) { x = (foo)y; }", "foo", ""), ("void f(void) { x = (foo)1; }", "foo", ""), ("void f(void) { x = (foo)'a'; }", "foo", ""), ('void f(void) { x = (foo)"a"; }', "foo", ""), ("void f(void) { x = (foo)(y); }", "", ""), ("void f(void) { x = (foo *)(y); }", "foo", ""), ("void f(void) { x = (foo)-y; }", "", ""), ("void f(void) { g(foo)y; }", "", ""), ("void f(void) { return (foo)y; }", "foo", ""),
        ("void f(void) { x = sizeof(foo)y; }", "", ""), ("void f(void) { x = sizeof(foo *); }", "foo", ""), ("void f(void) { g(a, foo *); }", "foo", ""), ("int x = offsetof(foo, m);", "foo", ""), ("int x = __builtin_offsetof(foo, m);", "foo", ""), ("void f(void) { foo = 1; foo x; }", "", ""), ("void f(void) { foo->a = 1; foo *x; }", "", ""), ("void f(void) { foo++; foo x; }", "", ""), ("int foo; void f(void) { foo x; }", "", ""), ("u64 foo; void f(void) { foo x; }", "", ""), ("enum { foo }; void f(void) { foo x; }", "", ""), ("foo x = 1; foo y;", "foo", ""),
    ],
)  # fmt: skip
def test_what_is_guessed(text, types, out):
    assert guessed(text) == (types, out)
