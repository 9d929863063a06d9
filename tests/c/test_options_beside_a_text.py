"""What is given beside a text: statements, first values, stubs, names of functions, options that do not go together; and what a text is asked first."""

import pytest

from tdxkit.c.given import statements
from tdxkit.c.harness import scenario_of_c
from tdxkit.c.look import looked
from tdxkit.c.naming import is_c, of_text, scenario_of
from tdxkit.c.oftext import OfC, Origin
from tdxkit.c.paste import pasted
from tdxkit.errors import InputError


def refusal(call, *args, **more):
    with pytest.raises(InputError) as error:
        call(*args, **more)
    return str(error.value)


@pytest.mark.parametrize(
    "words, said",
    [
        ("", "--run 1: there is nothing in it; write it like --run 'take(); drop();'"), ("  /* so */ ", "--run 1: there is nothing in it"), ("x = 1", "--run 1, line 1, column 5: `1`: a statement ends with ;"),
        ("x = 1; }", "--run 1, line 1, column 8: `}`: it closes what is not open"), ("f(]);", "--run 1, line 1, column 3: `]`: it closes what is not open"), ("if (x) { y();", "--run 1, line 1, column 8: `{`: it is never closed; close it with }"),
        ("f(a;", "--run 1, line 1, column 2: `(`: it is never closed; close it with )"), ("x = 1;\n#define A 1\ny();", "--run 1, line 2, column 1: `#`: a directive stands in the text, not between statements"),
        ("x = 1; /* never", "--run 1, line 1, column 8: `/*`: a comment that begins here never ends"), ("f(}", "`}`: it closes what is not open"),
    ],
)  # fmt: skip
def test_statements_that_are_not_whole(words, said):
    assert said in refusal(statements, "--run 1", words)


@pytest.mark.parametrize("words", ["x = 1;", "if (x) { y(); }", "f(a[1], { 2 });", "x = a # b;", ";"])
def test_statements_that_are_whole(words):
    statements("--run 1", words)


@pytest.mark.parametrize("file, thing", [("", "the text"), ("x.c", "x.c"), ("-", "standard input")])
def test_what_is_no_c_is_named_as_it_was_given(file, thing):
    assert refusal(of_text, "hello there", file).startswith(f"{thing}: no function")
    assert refusal(of_text, "def put(m):\n    pass\n", file).startswith(f"{thing}: it is Python")


T = "static int n; static u8 byte; static _Bool yes; static int *p; static atomic_t a; static struct { unsigned x : 3; int y; } s; static spinlock_t l;\n"
PAIR = "int x_get(void)\n{\n\treturn 0;\n}\nvoid x_put(void)\n{\n}\n"


@pytest.mark.parametrize(
    "sets, said",
    [
        ({"byt": 1}, "--set byt: there is no such variable; try byte"), ({"qqq": 1}, "--set qqq: there is no such variable; try another name"), ({"byte": 256}, "--set byte=256: unsigned char holds 0 to 255"), ({"byte": -1}, "unsigned char holds 0 to 255"),
        ({"yes": 2}, "--set yes=2: _Bool holds 0 to 1"), ({"n": 1 << 31}, "int holds -2147483648 to 2147483647"), ({"a": 1 << 31}, "atomic_t holds -2147483648 to 2147483647"), ({"p": 1}, "--set p: it is no number, but int *; set numbers only"), ({"l": 1}, "it is no number"),
        ({"s.x": 8}, "unsigned int holds 0 to 7"), ({"refcount": 1}, "there is no such variable"),
    ],
)  # fmt: skip
def test_first_values_that_do_not_fit(sets, said):
    assert said in refusal(scenario_of_c, T, run=(";",), sets=sets)


def test_first_values():
    shared = scenario_of_c(
        T, run=(";",), sets={"n": -(1 << 31), "byte": 255, "yes": 1, "a": 5, "s.x": 7, "s.y": -2}
    ).shared
    assert [shared[word] for word in ("n", "byte", "yes", "a", "s.x", "s.y")] == [-(1 << 31), 255, 1, 5, 7, -2]
    assert scenario_of_c(PAIR, sets={"refcount": 3}).shared["refcount"][0] == 3
    assert "refcount" in refusal(scenario_of_c, PAIR, sets={"refcont": 3})
    told = [" ".join(scenario_of_c(PAIR, sets=sets).own.told) for sets in ({}, {"refcount": 0}, {"refcount": 3})]
    assert ["the refcount starts at 3" in said for said in told] == [False, False, True] and "starts at" not in told[0]


@pytest.mark.parametrize(
    "more, said",
    [
        ({"may_fail": ("disk",)}, "--may-fail disk: what may fail is alloc, add, remove, pages"), ({"run": (";", ";"), "threads": 3}, "--threads 3: there are 2 --run, one for each CPU"), ({"get": "y_get"}, "function y_get: the text does not have it; try x_get"),
        ({"put": "zzz"}, "function zzz: the text does not have it; try another name"),
    ],
)  # fmt: skip
def test_what_the_text_does_not_have(more, said):
    assert said in refusal(scenario_of_c, PAIR, **more)
    assert scenario_of_c(PAIR, run=(";", ";"), threads=2).threads


@pytest.mark.parametrize(
    "text, said",
    [("int y_get(void) { return 0; }\n" + PAIR, "the get of the text: y_get and x_get end in get; give --get NAME"), ("int x_get(void) { return 0; }", "the put of the text: no function ends in _put")],
)  # fmt: skip
def test_a_pair_that_is_not_plain(text, said):
    assert said in refusal(scenario_of_c, text)


@pytest.mark.parametrize(
    "more, said",
    [
        ({"run": ("x_put();",), "get": "x_get"}, "--get: it is about a get and a put, and --run says what each CPU does"), ({"run": ("x_put();",), "put": "x_put"}, "--put: it is about a get and a put"), ({"run": ("x_put();",), "roles": "get,put"}, "--roles: it is about"),
        ({"run": ("x_put();",), "regions": 2}, "--regions: it is about"), ({"faults": ("enomem",)}, "--faults: it goes with Python; in C what may fail is --may-fail alloc,add,remove"), ({"stubs": {"x_put": 1}}, "--stub x_put: the text defines it; leave the stub out"),
        ({"run": ("x_put",)}, "--run 1, line 1, column 1: `x_put`: a statement ends with ;"), ({"run": ("x_put();", "")}, "--run 2: there is nothing in it"), ({"softirq": "x_put()"}, "--softirq, line 1, column 7: `)`: a statement ends with ;"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(more, said):
    assert said in refusal(of_text, PAIR, **more)


def test_what_is_said_of_stubs():
    text = "int f(int);\nvoid g(void)\n{\n\tforget_me(f(1));\n}\n"
    assert (
        "f() gives 3 and does nothing: a stub" in of_text(text, run=("g();",), stubs={"f": 3, "forget_me": 0}).own.told
    )
    assert "--stub elsewhere: the text does not call it" in of_text(text, run=("g();",), stubs={"f": 3, "forget_me": 0, "elsewhere": 1}).own.told  # fmt: skip
    assert "--stub forget_mee: the text does not call it; try forget_me" in refusal(of_text, text, run=("g();",), stubs={"f": 3, "forget_me": 0, "forget_mee": 1})  # fmt: skip


@pytest.mark.parametrize(
    "what, more, said",
    [
        ("v9", {}, "scenario v9: there is no such scenario; try"), ("v9.c", {}, "scenario v9.c: there is no such scenario, and no such file"), ("some/v9", {}, "and no such file; try"), ("v1", {"run": (";",)}, "--run: it goes with a text in C, and v1 is a design"),
        ("x.py:put", {"stubs": {"f": 0}}, "--stub: it goes with a text in C, and x.py:put is Python"), (len, {"sets": {"x": 1}}, "--set: it goes with a text in C, and this is none"), ("def put(m, region):\n    yield 'x'\n", {}, "it is Python, and C is read here"),
        ("Hello,\nthis is no C; it is a mail.\n", {}, "no function and no declaration of C stands in it"),
    ],
)  # fmt: skip
def test_what_is_no_scenario(what, more, said):
    assert said in refusal(scenario_of, what, **more)


def test_what_stands_for_c(tmp_path):
    (file := tmp_path / "a.txt").write_text("int a;\n")
    assert [is_c(what) for what in ("int a;\n", str(file), "-", "v1", "x.py", "x.py:put", "nowhere.c", "a\0b")] == [1, 1, 1, 0, 0, 0, 0, 0]  # fmt: skip


def test_a_file_that_is_too_long(tmp_path):
    longest = (PAIR + (" " * 999 + "\n") * 200)[:199_999] + "\n"
    (file := tmp_path / "a.c").write_text(longest)
    assert scenario_of(str(file)).own.lines == longest.count("\n")
    file.write_text(longest + " ")
    assert "C is read up to 200,000 bytes, and it has more" in refusal(scenario_of, str(file))
    assert "C is read up to 200,000 characters, and it has 200,001" in refusal(pasted, longest + " ")
    assert "there is nothing in it" in refusal(pasted, " \n")


def look(text, file="a.c"):
    return looked(pasted(text), file, text)


def test_a_look_at_a_pair():
    found = look(PAIR)
    assert (found.get, found.put, found.calls, found.own.lines) == ("x_get", "x_put", (), 7)
    assert found.next == ("python -m tdxkit explore a.c",)
    said = str(found).split("\n")
    assert said[0] == "it is C, 7 lines: x_get (lines 1–4), x_put (lines 5–7)"
    assert said[1].startswith("x_get and x_put are what each CPU does") and len(said) == 2


ALONE = "struct s { int n; };\nstatic struct s one;\nstatic int g(struct s *p) { return p->n; }\nint f(int a, struct s *p)\n{\n\treturn g(p) + a;\n}\nvoid h(struct u *q) { }\nvoid k(void) { }\n"


def test_a_look_at_a_text_without_a_pair():
    found = look(ALONE)
    assert (found.get, found.put, found.calls) == ("", "", ("f(0, &one);", "k();"))
    assert found.next == ("python -m tdxkit explore a.c --run 'f(0, &one);' --run 'k();'",)
    assert str(found).split("\n")[:2] == ["it is C, 9 lines: g (line 3), f (lines 4–7), h (line 8), k (line 9)", "no get and put in it: say what each CPU runs"]  # fmt: skip
    assert found.as_json()["next"] == [*found.next] and found.as_json()["functions"][1] == {
        "name": "f",
        "first": 4,
        "last": 7,
    }
    assert str(found).endswith(f"next: {found.next[0]}")


def test_a_look_at_one_that_says_what_runs():
    found = look("/* run: k(); */\n// run: f(1, &one);\n" + ALONE, "")
    assert found.calls == ("k();", "f(1, &one);") and found.file == "-"
    one = look("int x;\nvoid k(void) { x = 1; }\n")
    assert (one.calls, one.next) == (("k();",), ("python -m tdxkit explore a.c --run 'k();'",))
    none = look("int x;\nvoid k(struct s *p) { }\n")
    assert (none.calls, none.next) == ((), ()) and "say what each CPU runs, --run 'STATEMENTS'" in str(none)
    many = look("int x;\n" + "".join(f"void k{n}(void) {{ x = 1; }}\n" for n in range(5)))
    assert many.calls == ("k0();", "k1();", "k2();", "k3();")


def test_where_a_line_was_posted():
    own = OfC("", "", "", origins=(Origin("[2/5]", 7), None))
    assert [own.origin(line) for line in (0, 1, 2, 3)] == [None, Origin("[2/5]", 7), None, None]
    assert str(Origin("[2/5]", 7)) == "[2/5], line 7"
    assert (own.pair, OfC("", "", "", runs=(";",)).pair) == (True, False)
    assert [OfC("", "", "", whole=whole).doubt for whole in (True, False)] == ["", "lines may be missing in the paste"]
