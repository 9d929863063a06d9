"""C that is hostile, damaged, or not what is read: one line with the place, the thing, the rule and the way out; and C that only looks odd works."""

import os
import re
import resource
import threading
import time
from pathlib import Path

import pytest

from tdxkit.cli import main

PAIR = (Path(__file__).parent.parent / "data" / "c" / "pair.c").read_text()
RUN = ("--run", "f(1);")
SECONDS, MEGABYTES = 10, 1500


def f(body, before=""):
    """A text with a function f(int a), its statements from line 4 on, one line later for each line before it."""
    return f"{before}static int n;\nint f(int a)\n{{\n{body}\n}}\n"


def ran(capsys, path, *options):
    """Exit code, standard output and error, within what time and memory a refusal may take."""
    begun = time.monotonic()
    code = main(["explore", str(path), *options])
    assert time.monotonic() - begun < SECONDS and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10 < MEGABYTES
    return code, *capsys.readouterr()


def refused(capsys, path, *options):
    code, out, err = ran(capsys, path, *options)
    assert (code, out, err.count("\n")) == (2, "", 1), (out, err)
    assert len(err) < 600 and err.rstrip("\n").isprintable() and "Traceback" not in err
    for leak in ("pycparser", "c_ast", "ParseError", "(:", "FuncDecl", "TypeDecl", "GenericSelection", "InitList"):
        assert leak not in err
    return err.removeprefix("tdxkit: ").rstrip("\n")


@pytest.fixture
def given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(content):
        (tmp_path / "x").write_bytes(content if isinstance(content, bytes) else content.encode())
        return "x"

    return put


# fmt: off
DEEP = {  # too much of something
    "a million parentheses": (f("\treturn " + "(" * 1_000_000 + "1;"), "x: C is read up to 200,000 bytes"),
    "a long line": (f("\treturn " + "(" * 90_000 + "1" + ")" * 90_000 + ";"), "line 4 of what was pasted: it has 180,010 characters, and may have 65,536"),
    "parentheses": (f("\treturn " + "(" * 9_000 + "1" + ")" * 9_000 + ";"), "line 4, column 68: `(`: brackets are nested to a depth of 60"),
    "braces": (f("{" * 500 + "}" * 500), "line 4, column 59: `{`: brackets are nested to a depth of 60"),
    "ifs": (f("if (a) " * 3000 + "n = 1;"), "what stands here is nested too deep; make it simpler"),
    "else ifs": (f("if (a) n = 1;\n" + "else if (a) n = 2;\n" * 3000), "nested too deep"),
    "operators": (f("return " + "!" * 20_000 + "a;"), "nested too deep"),
    "a sum": (f("return " + "a + " * 9000 + "a;"), "line 4, column 8: `a`: statements and expressions are nested to a depth of 200"),
    "ternaries": (f("return " + "a ? 1 : " * 5000 + "a;"), "nested too deep"),
    "assignments": (f("n = " * 5000 + "1;"), "nested too deep"),
    "labels": (f("".join(f"l{k}: " for k in range(5000)) + "return 0;"), "nested too deep"),
    "casts": (f("return " + "(int)" * 5000 + "a;"), "brackets are nested to a depth of 60, and as many stand in a row"),
    "pointers": (f("", "int " + "*" * 5000 + "p;\n"), "nested to a depth of 200"),
    "structs": (f("", "struct a { " * 300 + "int x;" + " } m;" * 300 + "\n"), "brackets are nested to a depth of 60"),
    "functions": ("".join(f"int g{k}(void) {{ return {k}; }}\n" for k in range(3000)) + f("return 0;"), "C is read up to 30,000 tokens; paste the functions in question only"),
    "calls in calls": ("int g0(void) { return 1; }\n" + "".join(f"int g{k}(void) {{ return g{k - 1}() + g{k - 1}(); }}\n" for k in range(1, 60)) + f("return g59();"), "line 15, column 5: `g14(…)`: calls in its calls come to more than 20,000; make it simpler"),
    "a chain of calls": ("int g0(void) { return 1; }\n" + "".join(f"int g{k}(void) {{ return g{k - 1}(); }}\n" for k in range(1, 200)) + f("return g199();"), "line 61, column 5: `g60(…)`: calls are nested to a depth of 60; make it simpler"),
    "a chain of calls, the last first": (f("return g0();") + "".join(f"int g{k}(void) {{ return g{k + 1}(); }}\n" for k in range(200)) + "int g200(void) { return 1; }\n", "calls are nested to a depth of 60"),
    "variables": ("".join(f"int v{k};\n" for k in range(8000)) + f("return 0;"), "line 4097, column 5: `v4096`: all that CPUs share is at most 4,096 scalars; make it smaller"),
    "arrays": ("".join(f"int v{k}[4096];\n" for k in range(3000)) + f("return 0;"), "line 2, column 5: `v1`: all that CPUs share is at most 4,096 scalars"),
    "an array": (f("return 0;", "int v[2147483647];\n"), "line 1, column 5: an array of 2147483647: it has 0 to 4,096 elements"),
    "no array": (f("return 0;", "int v[-1];\n"), "line 1, column 5: an array of -1: it has 0 to 4,096 elements"),
    "arrays of arrays": (f("return 0;", "int v[64][64][64];\n"), "line 1, column 5: `v`: int[64][64][64]: an object has at most 4,096 scalars"),
    "local arrays": (f("".join(f"int v{k}[4000];\n" for k in range(99)) + "return 0;"), "`v1`: a function has at most 4,096 scalars of its own"),
    "a shift": (f("return 0;", "int v[1 << 200];\n"), "line 1, column 7: `1 << 200`: a shift by 200 of 32 bits; write another number"),
    "a division": (f("return 0;", "int v[1 / 0];\n"), "line 1, column 7: `1 / 0`: division by zero; write another number"),
    "a number": (f("\treturn " + "9" * 50_000 + ";"), "line 4, column 9: `9999999999999999999999999999999999999999…`: it is no whole number of C"),
    "a large number": (f("\treturn 99999999999999999999999999;"), "an integer has at most 64 bits; use a smaller one"),
    "a macro that doubles": (f("return A39;", "#define A0 1\n" + "".join(f"#define A{k} A{k - 1} + A{k - 1}\n" for k in range(1, 40))), "line 44, column 8: `A0`: macros are replaced at most 10,000 times"),
    "a macro of itself": (f("return A;", "#define A A + A\n"), "line 5, column 8: `A`: it is not declared"),
    "macros of each other": (f("return A(1);", "#define A(x) B(x)\n#define B(x) A(x) + A(x)\n"), "`A(…)`: this function is not known"),
    "a macro that pastes": (f("return C(C(C(C(1))));", "#define C(a) a##a##a##a\n"), "its ## makes `)C` of two tokens, which is not one; take the ## out"),
    "a macro that quotes": (f("pr_info(T(T(T(T(T(T(T(a))))))));", "#define S(x) #x\n#define T(x) S(x) S(x) S(x)\n"), "# and ## make tokens of at most 4,000 characters"),
    "macros in macros": (f("return A0;", "".join(f"#define A{k} A{k + 1}\n" for k in range(500))), "`A50`: macros within macros are read to a depth of 50"),
    "arguments": (f("return M(" + "1," * 20_000 + "1);", "#define M(x) x\n"), "line 5, column 8: `M`: this macro takes 1 arguments, 20001 stand here"),
    "an #if": (f("return 0;", "#if " + "(" * 5000 + "1" + ")" * 5000 + "\n#endif\n"), "line 1, column 2: `if`: an #if has at most 2,000 tokens"),
    "#ifs in #ifs": (f("return 0;", "#if 1\n" * 9000), "line 51, column 2: `if`: #if is nested to a depth of 50"),
    "an #if by zero": (f("return 0;", "#if 1/0\n#endif\n"), "line 1, column 6: `/`: an #if divides by zero here"),
}
BROKEN = {  # what is not whole
    "an open brace": (f("\tif (a) {\n\treturn 0;"), "line 4, column 9: `{`: it is never closed, by the margins: the } of line 6 closes another; close it with }"),
    "a brace too many": (f("return 0;\n}\n}"), "line 6, column 1: `}`: no { is open here that it closes; take one out, or paste the whole function"),
    "an open parenthesis": (f("return (a;"), "line 4, column 8: `(`: it is still open where the } of line 5, column 1 comes; close it with )"),
    "a function that ends": ("int f(int a)\n{", "line 2, column 1: `{`: it is never closed; close it with }, or paste the whole function"),
    "a declaration that ends": ("int f(int a) { return 0; } int", "line 1, column 28: `int void`: the text ends in the middle of a declaration; end it, or paste the whole of it"),
    "a comment": (f("/* a\nreturn 0;"), "line 4, column 1: `/*`: a comment that begins here never ends; close it with */"),
    "a string": (f('pr_info("abc);'), "line 4, column 9: `\"`: a string ends on the line on which it begins"),
    "a character": (f("return 'abcdef';"), "line 4, column 8: `'abcdef'`: it is not one character"),
    "an #if without an end": (f("return 0;", "#if 1\n"), "line 1, column 2: `if`: an #if that begins here never ends; close it with #endif"),
    "an #endif": (f("return 0;", "#endif\n"), "line 1, column 2: `endif`: no #if is open here"),
    "a #define of nothing": (f("return 0;") + "#define", "line 6, column 2: `define`: a #define names its macro first"),
    "macro arguments": (f("return M(1;", "#define M(x) x\n"), "line 5, column 8: `M`: the arguments of this macro never end; close them with )"),
    "no ;": (f("n = 1\nreturn 0;"), "line 4, column 5: `1`: a `;` is missing after it; end the line with ;"),
    "no ; behind a ++": (f("n++\nreturn 0;"), "line 4, column 2: `++`: a `;` is missing after it; end the line with ;"),
    "no ; behind a --": (f("if (n)\n\tn--\n}\nint g(void)\n{\n"), "line 5, column 3: `--`: a `;` is missing after it"),
    "no ; behind a struct": ("struct s { int a; }\n" + f("return 0;"), "line 1, column 19: `}`: a `;` is missing after it"),
    "an else": (f("else return 1;"), "line 4, column 1: `else`: no if stands before it"),
    "cut out": (f("[...]\nreturn 0;"), "line 4, column 1: `[`: something was cut out of the text here; paste the whole of the function"),
    "prose": ("Hello, this is a mail.\n" + f("return 0;"), "line 1, column 1: `Hello`: outside functions C has declarations only"),
    "a NUL": (f("return 0;").encode() + b"\0", "line 6 of what was pasted: it has a NUL, which no text has"),
    "UTF-16": (f("return 0;").encode("utf-16"), "it has a NUL, which no text has"),
    "binary": (bytes(range(256)) * 99, "x: it is binary (or UTF-16), and text is needed"),
    "an escape": (f("return 0;\x1b"), "line 4, column 10: `\\x1b`: this is no text: C has no control characters"),
    "no ASCII": ("int zähler;\n" + f("return 0;"), "line 1, column 6: `ä`: names in C have the letters a to z, digits and _; write it so"),
    "a letter that looks like e": ("int us\u0435rs;\n" + f("return 0;"), "line 1, column 7: `\u0435`: names in C have the letters a to z"),
    "quotes of a typesetter": (f("pr_info(\u201ca\u201d);"), "line 4, column 9: `\u201c`: C's quotes are straight; write \" or '"),
    "a trigraph": (f("return a ??!??! 1;"), "line 4, column 11: `?`: a value is to stand after `?`"),
    "a typesetter's minus": (f("return a \u2212 1;"), "line 4, column 10: `\u2212`: C's minus is a plain hyphen; write -"),
}
OTHER = {  # other languages, and what of C is not read
    "K&R": ("int f(a)\nint a;\n{\n\treturn a;\n}\n", "line 1, column 5: `f`: its parameters have no types in the parentheses (K&R); write TYPE name there"),
    "a template": ("template <typename T> T f(T a) { return a; }\n", "line 1, column 1: `template`: this is C++, and C is read; write it in C"),
    "a class": ("class A { public: int x; };\n" + f("return 0;"), "line 1, column 1: `class`: this is C++"),
    "a method": ("struct s { int x; int get() { return x; } };\n" + f("return 0;"), "line 1, column 23: `get`: a struct has no functions in C"),
    "a reference": ("int f(int &a)\n{\n\treturn a;\n}\n", "line 1, column 11: `&`: references are C++, and C is read; use a pointer"),
    "nullptr": (f("return nullptr == 0;"), "line 4, column 8: `nullptr`: this is C++, and C is read; write NULL"),
    "a lambda": (f("auto g = [&](int x) { return x; };"), "line 4, column 10: `[`: this is C++"),
    "a scope": (f("return std::min(a, 1);"), "line 4, column 11: `::`: this is C++"),
    "new": (f("int *p = new int;"), "line 4, column 10: `new`: this is C++"),
    "a cast of C++": (f("return static_cast<int>(a);"), "line 4, column 8: `static_cast`: this is C++, and C is read; write it in C"),
    "a default": ("int f(int a = 1)\n{\n\treturn a;\n}\n", "line 1, column 13: `=`: a parameter's default is C++"),
    "extern C": ('extern "C" {\n' + f("return 0;") + "}\n", "line 1, column 1: `extern`: this is C++"),
    "assembler": (f('asm volatile("nop" ::: "memory");'), "line 4, column 1: `asm`: assembler is not read; write what it does in C, or smp_mb() or barrier() where it is one"),
    "a pointer to a function": (f("return g(a);", "int (*g)(int);\n"), "line 5, column 8: `g(…)`: a function is called by its name; pointers to functions are not followed: name it"),
    "operations": (f("return ops->get(a);", "struct ops { int (*get)(int); } *ops;\n"), "line 5, column 8: `ops->get(a)`: a function is called by its name"),
    "a float": (f("float x = 1.5;"), "line 4, column 1: `float`: the kernel does not reckon with floating point; use whole numbers"),
    "a number with a point": (f("return 1.0f;"), "line 4, column 8: `1.0f`: the kernel does not reckon with floating point"),
    "recursion": (f("return a ? f(a - 1) : 0;"), "line 2, column 5: `f(…)`: it calls itself; write it as a loop"),
    "recursion through another": ("int g(int x);\nint f(int a) { return g(a); }\nint g(int x) { return f(x); }\n", "line 2, column 5: `f(…)`: it calls itself"),
    "setjmp": (f("if (setjmp(env)) return 1;", "jmp_buf env;\n"), "line 5, column 5: `setjmp(…)`: this function is not known; define it in the text, or give --stub setjmp=0"),
    "an array of any length": (f("int v[a];"), "line 4, column 7: `a`: it must be a constant here; write a number"),
    "alloca": (f("int *p = alloca(a);"), "line 4, column 10: `alloca(…)`: this function is not known"),
    "goto *": (f("goto *p;"), "line 4, column 1: `goto`: a goto to a label that is a value is not read; name the label, or use a switch"),
    "a label's address": (f("void *p = &&out;\nout: return 0;"), "line 4, column 11: `&&`: the address of a label is not read; use a switch"),
    "a nested function": (f("int g(int x) { return x; }\nreturn g(a);"), "line 4, column 5: `g`: a function stands outside all others; move it before the function around it"),
    "_Generic": (f("return _Generic(a, int: 1, default: 2);"), "line 4, column 8: `_Generic`: it is not read; write the branch that is meant"),
    "a return in an expression": (f("return ({ return a; 1; });"), "line 4, column 11: `return a;`: nobody jumps out of `({ … })` here, nor into it; write a function"),
    "a union": (f("u.b = 1; return u.a;", "union u { int a; long b; } u;\n"), "line 1, column 7: union u: it shows the same bytes as different types, and a and b are used; write one of them alone, and its parts by shifts"),
    "any number of arguments": ("int g(int x, ...) { return x; }\n" + f("return g(1, 2);"), "line 1, column 14: `...`: a function takes a fixed number of arguments; write them out"),
    "a variable of each CPU": ("_Thread_local int x;\n" + f("return 0;"), "line 1, column 1: `_Thread_local`: variables of which each CPU has its own are not read"),
    "#embed": ('#embed "/etc/passwd"\n' + f("return 0;"), "line 1, column 2: `embed`: C has no such directive; take the line out"),
}
WRONG = {  # what a compiler refuses
    "a function": (f("return atomic_incc(&n);"), "line 4, column 8: `atomic_incc(…)`: this function is not known; did you mean atomic_inc? else define it in the text, or give --stub atomic_incc=0"),
    "a local that is meant": (f("int count = 1;\nreturn cuont;"), "line 5, column 8: `cuont`: it is not declared; did you mean count? else declare it in the text, or give -D cuont=0"),
    "a variable": (f("return nn;"), "line 4, column 8: `nn`: it is not declared; declare it in the text, or give -D nn=0"),
    "a member": (f("return s.b;", "struct s { int a; } s;\n"), "line 5, column 10: `b`: struct s has no such member here"),
    "a struct": (f("return 0;", "struct s s;\n"), "line 1, column 10: `s`: struct s: only its name is known here; paste its definition too"),
    "no pointer": (f("return *n;"), "line 4, column 9: `*n`: only a pointer can be followed, and this is of type int; make it a pointer"),
    "an arrow": (f("return s->a;", "struct s { int a; } s;\n"), "line 5, column 8: `s->a`: it is the struct itself that stands before ->, and no pointer; write . in its place"),
    "an assignment": (f("1 = a;"), "line 4, column 1: `1`: it is no variable; name one"),
    "arguments": (f("return g();", "int g(int x) { return x; }\n"), "line 5, column 8: `g(…)`: it takes 1 arguments, and gets 0; correct the call"),
    "nothing returned": (f("return g();", "void g(void) { }\n"), "line 5, column 1: `return g();`: it is of type void, and int is wanted; return a value from it"),
    "a case": (f("case 1: return 0;"), "line 4, column 1: `case`: it stands in no switch; take it out"),
    "a break": (f("break;"), "line 4, column 1: `break`: it stands in no loop; take it out"),
    "a goto": (f("goto out;"), "line 4, column 1: `goto out`: there is no such label; correct the name"),
    "a case that varies": (f("switch (a) { case n: n = 1; }"), "line 4, column 19: `n`: it must be a constant here"),
    "two functions": ("int f(int a) { return 0; }\nint f(int a) { return 1; }\n", "line 2, column 5: `f(…)`: it is defined at line 1, column 5 already; take one out, or give it another name"),
    "two values": ("int n = 1;\nint n = 2;\nint f(int a) { return n; }\n", "line 2, column 5: `n`: it is declared at line 1, column 5 already"),
    "a function and a variable": ("int f;\nint f(int a) { return 0; }\n", "line 2, column 5: `f(…)`: a variable has this name"),
    "two parameters": ("int f(int a, int a) { return a; }\n", "line 1, column 18: `a`: there are two parameters of this name; rename one"),
    "two locals": (f("int x; int x;"), "line 4, column 12: `x`: this block has a variable of this name already; rename one"),
    "two types": (f("return 0;", "typedef int t;\ntypedef long t;\n"), "line 2, column 14: `t`: it is int already"),
    "two structs": (f("return 0;", "struct s { int a; };\nstruct s { long b; };\n"), "line 2, column 8: `struct s`: it is defined twice; take one out"),
    "two members": (f("return 0;", "struct s { int a; int a; } s;\n"), "line 1, column 23: `a`: there are two members of this name"),
    "two constants": (f("return A;", "enum { A, A };\n"), "line 1, column 11: `A`: it is a constant already; rename one"),
    "two labels": (f("out: n = 1;\nout: n = 2;"), "line 5, column 1: `out:`: there are two labels of this name; rename one"),
    "two cases": (f("switch (a) { case 1: case 1: n = 1; }"), "line 4, column 22: `case 1`: the switch has it at line 4, column 14 already; take one out"),
    "two defaults": (f("switch (a) { default: default: n = 1; }"), "line 4, column 23: `default`: the switch has it at line 4, column 14 already"),
    "a struct in itself": (f("return 0;", "struct s { struct s x; } s;\n"), "line 1, column 21: `x`: struct s would have itself as a member; make it a pointer"),
    "values too many": (f("return 0;", "int v[2] = {1, 2, 3};\n"), "line 1, column 19: this initialiser: int[2] has no member for it; leave it out"),
    "a value that is none": (f("return 0;", "int *v = &x;\n"), "line 1, column 11: `x`: it is not declared above; declare it in the text"),
    "a function without parentheses": ("int g { return 1; }\n" + f("return 0;"), "line 1, column "),
    "a parameter without a type": (f("return 0;", "int g(a);\n"), "line 1, column "),
    "READ_ONCE of nothing": (f("return READ_ONCE();"), "line 4, column 8: `READ_ONCE(…)`: it takes more arguments than the 0 here; correct the call"),
    "WRITE_ONCE of one": (f("WRITE_ONCE(n);"), "line 4, column 1: `WRITE_ONCE(…)`: it takes more arguments than the 1 here"),
    "a guard of a lock": (f("guard(spinlock)(lock);", "DEFINE_SPINLOCK(lock);\n"), "line 5, column 1: `guard(spinlock)`: it takes the address of a lock; write & before it"),
    "a guard of nothing": (f("guard()(&lock);", "DEFINE_SPINLOCK(lock);\n"), "line 5, column 1: `guard(…)`: it names one kind of lock; write guard(spinlock)(&lock);"),
    "a struct of a pointer": (f("s = p;", "struct s { int a; } s, *p;\n"), "line 5, column 1: `s = p`: struct s is assigned to, and this is of type struct s *; follow the pointer, or take the address"),
    "a range of elements": (f("return 0;", "int v[9] = { [0 ... 9999] = 1 };\n"), "this range: it is of at most 4,096 elements; make it smaller"),
}
# fmt: on


@pytest.mark.slow
@pytest.mark.parametrize("what", [*DEEP, *BROKEN, *OTHER, *WRONG])
def test_each_is_one_line_with_place_thing_rule_and_way_out(what, given, capsys):
    content, says = (DEEP | BROKEN | OTHER | WRONG)[what]
    said = refused(capsys, given(content), *RUN)
    assert says in said
    if not re.match(r"x: |line \d+ of what was pasted: ", said):
        assert re.match(r"line \d+, column \d+: (`.*`|[^:`]+): .+; .+", said), said


PYTHON = "def lambda None class True yield import pass with is in not and or del raise except finally async await match exec self from as assert"
DUNDER = "__class__ __import__ __dict__ __init__ __getattr__ __builtins__ __globals__ __name__ __slots__ __doc__ mro _values _layout must note tell m sys os eval exec"
OURS = "c_cells c_heap c_failed c_may_fail memory_may_run_out pamt_lock users pair refcount f_f t_1 c_a a_0 k_spin_lock i32 get put known fetch narrow went again warned bug"


@pytest.mark.slow
@pytest.mark.parametrize("names", [PYTHON, DUNDER, OURS])
def test_names_that_mean_something_elsewhere_are_names_of_c(names, given, capsys):
    words = names.split()
    text = f"int {', '.join(words)};\nint f(int a)\n{{\n" + "".join(f"\t{word} = {k};\n\tWARN_ON({word} != {k});\n" for k, word in enumerate(words)) + "\treturn 0;\n}\n"  # fmt: skip
    assert ran(capsys, given(text), *RUN, "--threads", "1")[1].startswith("x, 1 thread × 1 round: ok")
    assert ran(capsys, "x", "--run", "f(1);", "--threads", "1", "--set", f"{words[0]}=7")[0] == 0
    local = "int f(int a)\n{\n" + "".join(f"\tint {word} = {k};\n\tWARN_ON({word} != {k});\n" for k, word in enumerate(words)) + "\treturn 0;\n}\n"  # fmt: skip
    assert ": ok" in ran(capsys, given(local), *RUN)[1]
    functions = [word for word in words if word not in ("note", "bug", "f")]
    called = "".join(f"int {word}(int {word})\n{{\n\treturn {word} + 1;\n}}\n" for word in functions) + f"int f(int a)\n{{\n\tWARN_ON({'('.join(functions)}(0{')' * len(functions)} != {len(functions)});\n\treturn 0;\n}}\n"  # fmt: skip
    assert ": ok" in ran(capsys, given(called), *RUN)[1]
    member = f"struct {words[0]} {{ int {', '.join(words)}; }} {words[1]};\n" + f(
        f"{words[1]}.{words[2]} = a;\ngoto {words[3]};\n{words[3]}:\nWARN_ON(!{words[1]}.{words[2]});\nreturn 0;"
    )
    assert ": ok" in ran(capsys, given(member), *RUN)[1]


# fmt: off
WORKS = {
    "CRLF": f("return 0;").replace("\n", "\r\n"), "a BOM": "\ufeff" + f("return 0;"), "no last newline": f("return 0;").rstrip(),
    "a line that goes on": f("retu\\\nrn 0\\\n;"), "a macro that goes on": f("return X;", "#define X 1 + \\\n  2\n"), "a macro that never ends": f("return 0;") + "#define X \\",
    "volatile": f("v = 1;\nreturn v;", "volatile int v;\n"), "bit fields": f("s.a = 9;\nWARN_ON(s.a != 1);\nreturn 0;", "struct s { unsigned a : 3; unsigned b : 5; } s;\n"),
    "tables of strings": f("return 0;", 'static const char *const names[] = { "a", "b\\n", };\nconst char name[] = "a\\n";\nstruct s { char n[4]; const char *p; } t = { "ab", "c" };\n'),
    "characters": f("WARN_ON(name[0] != 97 || name[1] != 10 || name[2] || sizeof(name) != 3);\nchar own[] = \"b\";\nWARN_ON(own[0] != 'b' || own[1]);\nreturn 0;", 'const char name[] = "a\\n";\n'),
    "comments in other letters": "/* für \U0001f642 */\n" + f('pr_info("für");\nreturn 0;'), "latin-1": b"/* f\xfcr */\n" + f("return 0;").encode(),
    "#include": '#include "/etc/passwd"\n#include </dev/zero>\n#include NOTHING\n' + f("return 0;"), "#line": '#line 100 "x.c"\n' + f("return 0;"),
    "a range of cases": f("switch (a) { case -9 ... 0: BUG(); case 1 ... 3: n = 5; break; default: BUG(); }\nWARN_ON(n != 5);\nreturn 0;"),
    "structs of one macro": f("WARN_ON(sizeof(p) != 4 || sizeof(q) != 8 || p.a || q.b);\nreturn 0;", "#define BOTH struct one { int a; } p; struct other { long b; } q\nBOTH;\n"),
    "two of a struct": f("r = q;\nt = u;\nm = B;\nWARN_ON(q.a || t.b || k != A);\nreturn 0;", "struct s { int a; } q, *p, r;\nstruct { int b; } t, u;\nenum { A, B } k, m;\ntypedef struct v { int c; } v_t, *v_p;\n"),
    "declared before": f("return k;", "extern int k;\nint k;\nint k = 3;\nint k;\ntypedef int t;\ntypedef int t;\nstruct s;\nstruct s { struct s *next; };\nint g(int x);\n"),
}
# fmt: on


@pytest.mark.parametrize("what", WORKS)
def test_c_that_only_looks_odd_is_read(what, given, capsys):
    assert ran(capsys, given(WORKS[what]), *RUN)[1].startswith("x, 2 threads × 1 round: ok")


def test_what_never_ends_and_what_is_huge(tmp_path, capsys):
    says = "C is read up to 200,000 bytes, and it has more; give the functions in question only"
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(200 << 20)
    assert "text is needed" in refused(capsys, tmp_path / "huge")
    with (tmp_path / "long").open("wb") as file:
        file.write(b"int a;\n" * 40_000)
        file.truncate(200 << 20)
    assert says in refused(capsys, tmp_path / "long")
    if os.path.exists("/dev/zero"):
        assert "/dev/zero: " in refused(capsys, "/dev/zero")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")

        def write():
            try:
                with (tmp_path / "pipe").open("wb") as file:
                    while True:
                        file.write(b"int a;\n" * 1000)
            except OSError:  # whoever read has left
                pass

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        assert says in refused(capsys, tmp_path / "pipe")
        writer.join(SECONDS)
        assert not writer.is_alive()


# fmt: off
LOOPS = {
    "nothing": (f("for (;;)\n\t;\nreturn 0;"), "a loop that goes round 100,000 times and looks at nothing that another CPU could change"),
    "its own": (f("int i = 0;\nwhile (1)\n\ti++;\nreturn 0;"), "line 6: a loop that goes round 100,000 times"),
    "gotos": (f("again: goto again;"), "line 4: a loop that goes round 100,000 times"),
    "a growing number": (f("for (;;)\n\tn++;\nreturn 0;"), "bounded"),
}
# fmt: on


@pytest.mark.parametrize("what", LOOPS)
def test_what_runs_without_end_is_found_to(what, given, capsys):
    content, says = LOOPS[what]
    assert says in ran(capsys, given(content), *RUN, "--threads", "1", "--bound", "500")[1]


def test_what_is_wrong_in_a_run_is_told_there_and_what_is_wrong_in_the_text_there(given, capsys):
    given(f("return 0;"))
    for run, says in (
        ("f(1", "--run 1, line 1, column 2: `(`: it is never closed"),
        ("f(1);\n  g();", "--run 1, line 2, column 3: `g(…)`: this function is not known"),
        ("int x = 1.5;", "--run 1, line 1, column 9: `1.5`: the kernel does not reckon with floating point"),
        ("x = 1", "--run 1, line 1, column 5: `1`: a statement ends with ;"),
        ("if (n) { f(1); else f(2); }", "--run 1, line 1, column 16: `else`: no if stands before it"),
        ('pr_info("a);', '--run 1, line 1, column 9: `"`: a string ends on the line on which it begins'),
        ("/* a", "--run 1, line 1, column 1: `/*`: a comment that begins here never ends"),
        ("return 5 5;", "--run 1, line 1, column 10: `5`: an operator, a comma or a ; is missing between `5` and it"),
    ):
        assert says in refused(capsys, "x", "--run", run)
    assert ran(capsys, "x", "--run", "f(1); // done")[0] == 0
    given("int f(int a) { return a; }\nint v = ;\n")
    assert refused(capsys, "x", *RUN).startswith("line 2, column 9: `;`: ")


def test_macros_of_the_command_line_are_read_like_those_of_the_text(given, capsys):
    given(f("return WHAT;"))
    for junk, says in (
        ("WHAT=(", "("),
        ("WHAT=1 1", "an operator, a comma or a ; is missing"),
        ('WHAT="a', "a string ends on the line"),
        ("WHAT=1;}", "}"),
        ("WHAT=zz", "`zz`: it is not declared"),
    ):
        said = refused(capsys, "x", *RUN, "-D", junk)
        assert says in said and re.match(r"line \d+, column \d+: |-D WHAT", said), said
    assert ran(capsys, "x", *RUN, "-D", "WHAT=3")[0] == 0
    assert "it is given twice; give it once" in refused(capsys, "x", *RUN, "-D", "WHAT=3", "-D", "WHAT=4")
