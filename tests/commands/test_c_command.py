"""C wherever a name goes: told by what is in the file, in every dress in which it is mailed, with each option right and wrong."""

import difflib
import gzip
import io
import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.explore.program import OWN_BOUND
from tdxkit.explore.search import explore

DATA = Path(__file__).parent.parent / "data" / "c"
SPIN = bool(shutil.which("spin") and shutil.which("gcc"))
EITHER = ("--run", "one();", "--run", "other();")
TURN = ("--run", "if (!take()) drop();")
JUDGED = [  # file, options, verdict and what is found, its steps
    ("pair", (), "ok", None, 0),
    ("pair", ("--memory", "tso"), "ok", None, 0),
    ("pair-race", (), "violation", "a get failed that nothing had made fail", 15),
    ("count", TURN, "violation", "WARN_ON() of line 15 fires", 12),
    ("count-locked", TURN, "ok", None, 0),
    ("flags", EITHER, "ok", None, 0),
    ("flags", (*EITHER, "--memory", "tso"), "violation", "WARN_ON() of line 20 fires", 11),
    ("locks", ("--run", "there();", "--run", "back();"), "deadlock", "every thread that has not finished waits for another", 2),
]  # fmt: skip


def text(name):
    return (DATA / f"{name}.c").read_text()


def as_diff(name, before=""):
    """A diff that brings all of a file, below a line that somebody wrote."""
    rows = difflib.unified_diff(before.splitlines(True), text(name).splitlines(True), "a/mm/x.c", "b/mm/x.c", n=999)
    return "What about this one?\n\n" + "".join(rows)


def quoted(paste):
    return "".join(f"> {line}" for line in paste.splitlines(True))


def ran(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def answer(capsys, *words):
    code, out, err = ran(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def refused(capsys, *words):
    """The one line of a refusal."""
    code, out, err = ran(capsys, *words)
    assert (code, out, err.count("\n")) == (2, "", 1), (out, err)
    return err.removeprefix("tdxkit: ").rstrip("\n")


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Files with these contents in the current directory, or standard input."""
    monkeypatch.chdir(tmp_path)

    def put(content, name="x"):
        data = content if isinstance(content, bytes) else content.encode()
        if name == "-":
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        else:
            (tmp_path / name).write_bytes(data)
        return name

    return put


@pytest.mark.parametrize(("name", "options", "verdict", "defect", "steps"), JUDGED)
def test_verdicts_of_plain_c(name, options, verdict, defect, steps, capsys):
    found = answer(capsys, "explore", DATA / f"{name}.c", *options)
    assert found["verdict"] == verdict and found["steps"] == steps
    assert found["defect"] == defect or verdict == "deadlock"
    assert found["scenario"] == name and re.search(r" %[0-9a-f]{8}$", found["schedule"] or " %00000000")


DRESSES = {
    "a diff": as_diff,
    "quoted once": lambda name: quoted(as_diff(name)),
    "quoted twice": lambda name: "A wrote:\n" + quoted("B wrote:\n" + quoted(as_diff(name))),
    "plain and quoted": lambda name: quoted(text(name)),
    "said in a mail": lambda name: "From: A <a@b.c>\nSubject: x\n\nLook at this:\n\n" + text(name) + "\nIs that right?\n-- \nA.\n",
    "quoted in a mail": lambda name: "From: A <a@b.c>\nSubject: Re: x\n\nB wrote:\n" + quoted(text(name)) + "\nNo, it is not.\n",
    "a change in a mail": lambda name: "From: A <a@b.c>\nSubject: [PATCH] x\n\nWhy.\n---\n" + as_diff(name, "int gone;\n" + text(name).replace("spin", "mutex")),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("name", "options"), [("pair-race", ()), ("count", TURN), ("flags", (*EITHER, "--memory", "tso"))]
)
def test_in_every_dress_the_same_told_by_the_lines_of_the_paste(dress, name, options, given, capsys):
    plain = answer(capsys, "explore", DATA / f"{name}.c", *options)
    paste = DRESSES[dress](name)
    found = answer(capsys, "explore", given(paste), *options)
    for key in ("verdict", "states", "steps", "switches"):
        assert found[key] == plain[key], key
    rows = paste.split("\n")
    assert found["source"]["lines"] == paste.count("\n") and len(found["functions"]) == len(plain["functions"])
    for here, there in zip(found["functions"], plain["functions"]):
        assert (
            here["name"] == there["name"]
            and f"{here['name']}(" in rows[here["first"] - 1]
            and "}" in rows[here["last"] - 1]
        )
    told = re.findall(r"line (\d+)", " ".join([found["defect"], *found["races"]]))
    before = re.findall(r"line (\d+)", " ".join([plain["defect"], *plain["races"]]))
    lines = text(name).split("\n")
    assert sorted(rows[int(n) - 1].lstrip("> +").strip() for n in told) == sorted(
        lines[int(n) - 1].strip() for n in before
    )


def test_the_file_is_told_by_its_content_whatever_it_is_called(given, capsys):
    plain = answer(capsys, "explore", DATA / "pair-race.c")
    for name in ("x", "notes.txt", "my race's.diff", "a:b", "race.py.c", "-x"):
        found = answer(
            capsys,
            "explore",
            given(text("pair-race"), name) if name[0] != "-" else f"./{given(text('pair-race'), name)}",
        )
        assert found["states"] == plain["states"] and found["source"]["file"] == (name if name[0] != "-" else "./-x")
    packed = answer(capsys, "explore", given(gzip.compress(text("pair-race").encode()), "race.c.gz"))
    assert (packed["scenario"], packed["source"]["sha256"]) == ("race", plain["source"]["sha256"])
    typed = answer(capsys, "explore", given(text("pair-race"), "-"))
    assert typed["source"]["file"] is None and typed["verdict"] == "violation" and typed["scenario"] == "text"
    assert answer(capsys, "explore", given(text("pair"), "v6.c"))["scenario"] == "v6.c"  # not what a design is called
    given(text("pair"), "v6")
    assert "source" not in answer(capsys, "explore", "v6")


def test_a_name_that_is_none_says_what_it_could_be(capsys):
    assert (
        refused(capsys, "explore", "v66")
        == "scenario v66: there is no such scenario; try v6 or v5, or give a file of C"
    )
    assert "and no such file; try" in refused(capsys, "explore", "nowhere.c")


@pytest.mark.slow
def test_python_stays_python(given, capsys):
    given("def put(m, region):\n    yield 'x'\n", "race.py")
    assert "race.put" in ran(capsys, "explore", "race.py:put")[1]
    assert "a file is named FILE.py:FUNCTION" in refused(capsys, "explore", "race.py")
    assert refused(capsys, "explore", "race.py:put", "--set", "x=1") == "--set: it goes with a text in C, and race.py:put is Python; leave it out, or give a file of C"  # fmt: skip


def commands(out):
    return [shlex.split(line)[3:] for line in re.findall(r"python -m tdxkit .*", out.replace("\\\n", ""))]


def test_what_is_printed_replays_and_a_changed_file_is_noticed(given, capsys):
    given(text("count"), "count it.c")
    for words in (
        ("explore",),
        ("stress",),
        ("packet",),
        ("explore", "--set", "limit=3", "-D", "SEEN", "--memory", "tso"),
    ):
        code, out, err = ran(capsys, words[0], "count it.c", *TURN, *words[1:])
        [command] = commands(out)
        assert (code, err, command[0]) == (0, "", "replay")
        code, told, err = ran(capsys, *command)
        assert (
            (code, err) == (0, "")
            and "!! WARN_ON() of line 15 fires" in told
            and "do what they did when it was written" in told
        )
    given(text("count") + "\n", "count it.c")
    digest = command[-1][-9:]
    assert refused(capsys, *command).startswith(
        f"schedule code, end {digest}: it was made from a reader's text whose SHA-256 begins so, and that of count_it begins "
    )


def test_a_code_fits_the_same_text_under_another_name_only(given, capsys):
    code = answer(capsys, "explore", given(text("count"), "a.c"), *TURN)["schedule"]
    assert ran(capsys, "replay", given(text("count"), "b.c"), code, *TURN)[0] == 0
    assert (
        "the schedule was made for" in (said := refused(capsys, "replay", "b.c", code, "--run", "take();"))
        or "code" in said
    )
    given(text("count"), "-")
    assert ran(capsys, "replay", "-", code, *TURN)[0] == 0


def test_a_packet_names_the_file_its_digest_and_all_that_makes_it_again(given, capsys):
    given(quoted(as_diff("count")), "reply.eml")
    code, mail, err = ran(capsys, "packet", "reply.eml", *TURN, "--set", "limit=7")
    assert (code, err) == (0, "") and max(map(len, mail.splitlines())) <= 75
    digest = answer(capsys, "explore", "reply.eml", *TURN)["source"]["sha256"]
    flat = " ".join(mail.split())
    assert (
        f"The C is the file reply.eml, whose SHA-256 begins {digest[:16]}: send it along. It is read where it is replayed."
        in flat
    )
    assert "read as what a quoted diff leaves behind; lines are those of the paste" in flat
    [command] = commands(mail)
    assert command[:6] == ["replay", "reply.eml", *TURN, "--set", "limit=7"] and ran(capsys, *command)[0] == 0
    mail = ran(capsys, "packet", given(text("count"), "-"), *TURN)[1]
    assert mail.endswith(f"-- >8 -- mine.c\n{text('count')}-- >8 --\n") and commands(mail)[0][1] == "mine.c"


def test_the_lens_holds_c_against_versions(capsys):
    code, out, err = ran(capsys, "lens", "v6", DATA / "pair.c", DATA / "pair-race.c", "--json")
    seen = json.loads(out)
    assert (code, err, list(seen["cost"])) == (0, "", ["v6", "pair", "pair-race"])
    assert seen["cost"]["pair"]["alone"] == {"steps": 12, "seamcalls": 2, "locked": 6, "pages": 2}
    assert any(row["version"] == "pair-race" and "a get failed" in row["outcome"] for row in seen["outcomes"])


def test_program_tells_a_get_and_a_put(given, capsys):
    code, out, err = ran(capsys, "program", DATA / "pair.c")
    assert (
        (code, err) == (0, "")
        and out.splitlines()[1].split()
        == ["1", "8", "int", "err", "=", "alloc_pamt_array(pages);", "alloc_pair", "yes", "2"]
        and "c_failed" not in out
    )
    told = json.loads(ran(capsys, "program", DATA / "pair.c", "--json")[1])
    lines = {row["does"]: row["lines"] for row in told["rows"]}
    assert told["name"] == "pair" and lines["spin_lock"] == [34] and lines["free_pair"] == [21, 42]
    assert (
        lines["TDH.MEM.PAGE.AUG"] == []
        and "lines" not in json.loads(ran(capsys, "program", "v6", "--json")[1])["rows"][0]
    )
    assert "it is told of a get and a put" in refused(capsys, "program", DATA / "count.c", *TURN)
    assert (
        refused(capsys, "program", "v6", DATA / "pair.c")
        == "program: a file of C is told alone; name one, or compare the two answers"
    )


@pytest.mark.slow
def test_export_and_confirm(given, capsys):
    code, out, _ = ran(capsys, "export", DATA / "count.c", *TURN, "--to", "promela")
    assert code == 0 and "CPU 0, line 7 of take: read users" in out
    given(text("pair"), "a b.c")
    assert ran(capsys, "export", "a b.c", "--to", "promela")[0] == 0
    if SPIN:
        found = json.loads(ran(capsys, "confirm", DATA / "count.c", *TURN, "--with", "spin", "--json")[1])
        assert found["same"] and found["verdict"] == "violation" and found["states"] == found["spin"]["states"]


def test_options_do_what_they_say(given, capsys):
    def verdict(content, *options):
        return answer(capsys, "explore", given(content), *options)["verdict"]

    assert verdict(text("count"), *TURN, "--threads", "1", "--rounds", "3") == "ok"
    assert verdict(text("count"), "--run", "drop();", "--threads", "1") == "violation"
    assert verdict(text("count"), "--run", "drop();", "--threads", "1", "--set", "users=1") == "ok"
    assert verdict(text("count"), *TURN, "--set", "limit=0x0") == "ok"
    guarded = "#ifdef QUIET\n#define WARN_ON(x)\n#endif\n" + text("count")
    assert [verdict(guarded, *TURN, *more) for more in ((), ("-D", "QUIET"), ("-D", "QUIET=1"))] == [
        "violation",
        "ok",
        "ok",
    ]
    assert verdict(text("pair"), "--get", "unit_get", "--put", "unit_put") == "ok"
    assert verdict(text("pair"), "--may-fail", "alloc") == verdict(text("pair"), "--may-fail", "alloc,add") == "ok"
    assert (
        verdict(text("pair"), "--may-fail", "remove")
        == verdict(text("pair"), "--may-fail", "alloc", "--may-fail", "remove")
        == "violation"
    )
    assert verdict(text("pair"), "--roles", "get,get") == "ok"
    assert ran(capsys, "explore", DATA / "pair-race.c", "--fail-on", "bad")[0] == 1
    assert ran(capsys, "explore", DATA / "pair-race.c", "--fail-on", "deadlock")[0] == 0


def test_a_softirq_goes_wherever_the_text_goes(given, capsys):
    """What is printed replays."""
    options = ("--run", "there();", "--softirq", "back();")
    file = given(text("locks"), "a b.c")
    for command in (("explore",), ("stress", "--runs", "20"), ("packet",)):
        code, out, err = ran(capsys, *command, file, *options, "--threads", "1")
        assert (code, err) == (0, "") and "deadlock" in out
        [again] = commands(out)
        assert again[:6] == ["replay", file, *options]
        code, told, err = ran(capsys, *again)
        assert (code, err) == (0, "") and "  softirq on CPU 0  " in told
        assert "do what they did when it was written" in told
    assert "A softirq on each CPU runs: back();" in out
    assert "deadlock" in ran(capsys, "lens", file, *options, "--threads", "1")[1]
    assert ran(capsys, "export", file, *options, "--threads", "1", "--to", "promela")[1].count("softirq on CPU 0, ") > 3


def test_a_softirq_of_a_get_and_a_put(capsys):
    code, out, err = ran(capsys, "explore", DATA / "pair.c", "--first", "--softirq")
    told = "a softirq on CPU 0 gives back a page of region "
    assert (code, err) == (0, "") and told in out and "softirq on CPU 0 waits in line" in out
    [again] = commands(out)
    assert again[2:4] == ["--softirq", "put"] and "  softirq on CPU 0  " in ran(capsys, *again)[1]
    assert refused(capsys, "program", DATA / "pair.c", "--softirq") == "program of pair: it is told of one CPU alone, into which nothing comes; leave --softirq out"  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not SPIN, reason="spin is not here")
@pytest.mark.parametrize(
    ("form", "memory", "verdict"), [("", "sc", "deadlock"), ("_bh", "sc", "ok"), ("_bh", "tso", "ok")]
)
def test_spin_says_the_same_of_what_is_held_off(form, memory, verdict, given, capsys):
    plain = text("locks").replace("spin_lock(&first)", f"spin_lock{form}(&first)")
    file = given(plain.replace("spin_unlock(&first)", f"spin_unlock{form}(&first)"))
    options = (
        "--run",
        "there();",
        "--softirq",
        "spin_lock(&first); moved = 0; spin_unlock(&first);",
        "--memory",
        memory,
    )
    found = json.loads(ran(capsys, "confirm", file, *options, "--with", "spin", "--json")[1])
    assert found["same"] and found["verdict"] == verdict and found["states"] == found["spin"]["states"]


def test_a_fault_reaches_statements_too(given, capsys):
    given(
        "void f(void)\n{\n\tstruct page *two[2];\n\n\tif (alloc_pamt_array(two))\n\t\tBUG();\n\telse\n\t\tfree_pamt_array(two);\n}\n"
    )
    assert answer(capsys, "explore", "x", "--run", "f();")["verdict"] == "ok"
    assert answer(capsys, "explore", "x", "--run", "f();", "--may-fail", "alloc")["verdict"] == "violation"


def test_what_is_said_beside_the_verdict(given, capsys):
    stubbed = "int given(int x);\n" + text("count-locked").replace("int full = 0;", "int full = given(3);")
    out = ran(capsys, "explore", given(stubbed), *TURN, "--stub", "given=0")[1]
    assert ": ok" in out and "given() gives 0 and does nothing: a stub\n" in out and "memory: sc, " in out
    assert (
        "--memory tso" in out and "--may-fail" not in out and "lens" not in out
    )  # nothing there that may fail, no get and put
    assert "is taken for a type (int)" in ran(capsys, "explore", given("odd_t number;\n" + text("pair")))[1]
    out = ran(capsys, "explore", DATA / "pair.c", "--set", "refcount=-1", "--roles", "put")[1]
    assert (
        "the refcount starts at -1: the refcount must never be negative and at the end a refcount must have its pair are not asked"
        in out
    )
    out = ran(capsys, "explore", DATA / "count.c", "--run", "users = 1;")[1]
    assert "data race on users: line 1 of --run 1 (a plain store) and" in out


def test_what_a_diff_shows_half_of_is_left_out_and_said(given, capsys):
    rows = [
        "@@ -1,9 +1,3 @@ static void above(void)",
        " \tusers--;",
        " }",
        " ",
        *[f"+{row}" for row in text("pair").splitlines()],
        " void below(void)",
        " {",
    ]
    count = len(rows) - 1
    rows[0] = f"@@ -1,{5} +1,{count} @@ static void above(void)"
    found = answer(capsys, "explore", given("\n".join(["--- a/x.c", "+++ b/x.c", *rows, ""])))
    assert (
        found["verdict"] == "ok"
        and f"lines 4–5, {len(rows) + 1}–{len(rows) + 2}: not whole in the paste, left out" in found["remarks"]
    )
    said = refused(capsys, "explore", given("--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n int f(void)\n {\n+\tusers++;\n"))
    assert said == "x: no whole function stands in the diff: what it shows of lines 4–6 has its beginning or its end elsewhere; give the file itself, or a diff with all of it, git diff -U9999; out of the mails of a series the command series makes one text"  # fmt: skip


WRONG = {
    "--stub x": "explore: argument --stub: it is NAME=VALUE with a whole number, such as users=1, not 'x'",
    "--stub x=y": "it is NAME=VALUE with a whole number",
    "--stub =1": "it is NAME=VALUE with a whole number",
    "--stub atomic_decc=1": "--stub atomic_decc: the text does not call it; try atomic_dec",
    "--stub unit_put=1": "--stub unit_put: the text defines it",
    "-D 1x": "explore: argument -D: it is NAME or NAME=VALUE, such as CONFIG_SMP=1, not '1x'",
    "-D": "explore: argument -D: expected one argument",
    "--set nope=1": "--set nope: there is no such variable",
    "--set all=1": "--set all: it is no number, but spinlock_t; set numbers only",
    "--set refcount=99999999999": "--set refcount=99999999999: atomic_t holds -2147483648 to 2147483647",
    "--set refcount=1 --set refcount=2": "--set refcount: it is given twice; give it once",
    "--set a=99999999999999999999999999": "no integer of C holds 99999999999999999999999999",
    "--may-fail zip": "--may-fail zip: what may fail is alloc, add, remove, pages; use one of these",
    "--get nope": "function nope: the text does not have it; try ",
    "--put nope": "function nope: the text does not have it; try ",
    "--run }": "--run 1, line 1, column 1: `}`: it closes what is not open; take it out, or open it before",
    "--run {": "--run 1, line 1, column 1: `{`: it is never closed; close it with }",
    "--run unit_put(0": "--run 1, line 1, column 9: `(`: it is never closed; close it with )",
    "--run unit_put(0)": "--run 1, line 1, column 11: `)`: a statement ends with ;; write it like",
    "--run=": "--run 1: there is nothing in it; write it like --run 'take(); drop();'",
    "--run #x": "--run 1, line 1, column 1: `#`: a directive stands in the text, not between statements",
    "--run ; --run nope();": "--run 2, line 1, column 1: `nope(…)`: this function is not known",
    "--run ;;a=$;": "--run 1, line 1, column 5: `$`: C has no such sign",
    "--run ; --get unit_get": "--get: it is about a get and a put, and --run says what each CPU does",
    "--run ; --roles get": "--roles: it is about a get and a put",
    "--run ; --set refcount=1": "--set refcount: there is no such variable",
    "--softirq x.c": "--softirq: put or statements such as 'handler();' stand behind it, or nothing at the end, not 'x.c'",
    "--softirq=": "--softirq: put or statements such as 'handler();' stand behind it, or nothing at the end, not ''",
    "--softirq }": "--softirq, line 1, column 1: `}`: it closes what is not open; take it out, or open it before",
    "--softirq ; --softirq": "--softirq: it is given twice; give it once",
    "--softirq nope();": "--softirq, line 1, column 1: `nope(…)`: this function is not known",
    "--softirq --run ;": "--softirq put: it gives back a page of a get and a put, and --run says what each CPU does; say what the softirq runs",
    "--softirq ; --threads 8": "pair with 16 threads: a scenario has 1 to 15 threads; give another number",
    "--run ; --run ; --threads 3": "--threads 3: there are 2 --run, one for each CPU",
    "--roles get,put --threads 3": "3 threads: there are 2 roles",
    "--roles take": "role take: a CPU does life, get, put",
    "--faults enomem": "--faults: it goes with Python; in C what may fail is --may-fail alloc,add,remove; use that",
    "--memory lkmm": "argument --memory: invalid choice: 'lkmm'",
    "--fail-on x": "there is no such verdict",
}


@pytest.mark.parametrize("options", WRONG)
def test_each_wrong_option_is_one_line(options, capsys):
    assert WRONG[options] in refused(capsys, "explore", DATA / "pair.c", *options.split())


@pytest.mark.parametrize("command", ["explore", "replay", "packet", "lens", "export", "confirm", "stress", "program"])
@pytest.mark.parametrize("option", ["--run=x();", "--stub=x=1", "-DX", "--set=x=1", "--may-fail=add", "--softirq=put"])
def test_options_of_c_go_with_c_only(command, option, capsys):
    more = {"replay": ["v6:2x1:f5ae A1"], "export": ["--to", "promela"], "confirm": ["--with", "spin"]}.get(command, [])
    if command == "confirm" and not SPIN:
        pytest.skip("spin is not here")
    assert "it goes with a text in C, and v6 is a design; leave it out, or give a file of C" in refused(capsys, command, "v6", *more, option)  # fmt: skip


HOSTILE = {
    "binary": (b"\0\1\2\3" * 999, "x: it is binary (or UTF-16), and text is needed"),
    "a NUL": (b"int a;\n\0", "line 2 of what was pasted: it has a NUL"),
    "empty": (b"", "x: there is nothing in it; give a file of C"),
    "blank": (b"\n \n", "x: there is nothing in it; give a file of C"),
    "long": (b"int a;\n" * 30_000, "x: C is read up to 200,000 bytes, and it has more; give the functions in question only"),
    "a bomb": (gzip.compress(b"int a;\n" * 5_000_000), "x: C is read up to 200,000 bytes"),
    "python": (b"import os\n\n\ndef put(m, region):\n    yield 'x'\n", "x: it is Python, and C is read here; give it a name that ends in .py"),
    "a log": (b"[    1.000000] virt/tdx: SEAMCALL (34) failed: 0xc000050500000000\n", "x: no function and no declaration of C stands in it; python -m tdxkit read FILE"),
    "prose": (b"Hello,\n\nthis is no C; it is a mail.\n", "x: no function and no declaration of C stands in it"),
    "parentheses": (b"int f(void)\n{\n\treturn " + b"(\n" * 60_000, ""),
    "no pair": (text("count").encode(), "the get of the text: no function ends in _get; give --get NAME, or what each CPU runs: --run 'STATEMENTS'"),
    "an open brace": (text("pair").replace("\treturn 0;\n}", "\treturn 0;\n").encode(), "line "),
    "turned round": ("int a; // \u202e\n".encode() + text("pair").encode(), "line 1, column 11: "),
    "control": (b"int a\x1b[31m;\n" + text("pair").encode(), "line 1, column 6: "),
    "a combined diff": (b"diff --cc x.c\n@@@ -1,2 -1,2 +1,3 @@@\n  int a;\n", "line 1 of what was pasted: this is a combined diff"),
    "other files": (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "x: no whole function stands in the diff"),
    "a count beyond": (b"--- a/x.c\n+++ b/x.c\n@@ -1 +1,99999999999999999999 @@\n+b\n", "the head of a hunk says"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", ["x", "-"])
def test_hostile_files_are_one_line(what, name, given, capsys):
    content, says = HOSTILE[what]
    said = refused(capsys, "explore", given(content, name))
    assert (
        says.replace("x:", "standard input:" if name == "-" else "x:") in said
        and said.isprintable()
        and len(said) < 600
    )


def test_what_cannot_be_opened(given, capsys, tmp_path):
    (tmp_path / "d").mkdir()
    given("", "y")
    assert refused(capsys, "explore", "d") == "d: is a directory; give the path of a file"
    assert "no such scenario" in refused(capsys, "explore", "a\0b") and "no such scenario" in refused(
        capsys, "explore", "x" * 5000
    )


def test_a_text_in_python(given):
    assert explore(scenario_of(text("count"), 2, 1, run=TURN[1])).verdict == "violation"
    one = scenario_of(given(text("pair"), "p.c"), 3, 2)
    assert (one.count, one.rounds, one.own.pair, one.own.functions) == (
        3,
        2,
        True,
        (("unit_get", 4, 26), ("unit_put", 28, 43)),
    )
    again = scenario_of(one, 2, 1)
    assert (again.count, again.own, explore(again).verdict) == (2, one.own, "ok")
    with pytest.raises(InputError, match="it goes with a text in C, and this is none"):
        scenario_of(one, run=("x();",))


def test_a_text_that_never_ends_is_bounded(given, capsys):
    given("unsigned long n;\nvoid f(void)\n{\n\tfor (;;)\n\t\tn++;\n}\n")
    found = answer(capsys, "explore", "x", "--run", "f();", "--threads", "1", "--bound", "300")
    assert found["verdict"] == "bounded" and found["scenario"] == "x"
    assert scenario_of("x", run="f();").bound == OWN_BOUND < scenario_of("v6").bound


def test_read_opens_c_and_what_brings_it(given, capsys):
    path = given(text("pair-race"))
    code, out, err = ran(capsys, "explore", path)
    says = "it is C, 41 lines: unit_get (lines 4–26), unit_put (lines 28–41)\nunit_get and unit_put are what each CPU does, with the use of a page between them; python -m tdxkit explore x says:\n"
    assert ran(capsys, "read", path) == (code, says + out, err)
    assert json.loads(ran(capsys, "read", path, "--json")[1]) == {"format": 1, "kind": "C", **{k: v for k, v in answer(capsys, "explore", path).items() if k != "format"}}  # fmt: skip
    assert "2 threads × 1 round: violation" in ran(capsys, "read", given(text("pair-race"), "-"))[1]
    mail = "From: A <a@b.c>\nSubject: Re: [PATCH] x\nMessage-ID: <1@b.c>\n\n" + quoted(as_diff("pair-race"))
    for paste, called in (
        (mail, "mail"),
        (as_diff("pair-race").partition("\n\n")[2], "a patch without a mail around it"),
    ):
        code, out, err = ran(capsys, "read", given(paste))
        assert (
            code == 0
            and "violation, a get failed" in out
            and err == f"x: it is {called}; python -m tdxkit series FILE reads it as that\n"
        )
        assert json.loads(ran(capsys, "read", "x", "--json")[1])["kind"] == "C"


def test_read_leaves_mail_without_a_get_and_a_put_to_its_reader(given, capsys):
    for paste in (
        as_diff("count").partition("\n\n")[2],
        as_diff("pair").partition("\n\n")[2].replace("unit_put", "unit_drop"),
    ):
        given(paste)
        assert ran(capsys, "read", "x") == ran(capsys, "series", "x")


def test_read_says_what_a_text_without_a_get_and_a_put_has_and_what_to_ask(given, capsys):
    paste = quoted("odd_t other;\n" + text("count"))
    assert ran(capsys, "read", given(paste, "my mail"))[1].splitlines() == [
        "it is quoted C, 18 lines: take (lines 6–12), drop (lines 14–18)",
        "no get and put in it: say what each CPU runs",
        "read without its marks of quoting; lines are those of the paste",
        "line 1: odd_t is taken for a type (int)",
        "next: python -m tdxkit explore 'my mail' --run 'take();' --run 'drop();'",
    ]
    assert ran(capsys, *shlex.split(ran(capsys, "read", "my mail")[1].splitlines()[-1])[4:])[0] == 0
    told = json.loads(ran(capsys, "read", "my mail", "--json")[1])
    assert (
        told["kind"] == "C"
        and told["source"]["kind"] == "quoted"
        and [f["name"] for f in told["functions"]] == ["take", "drop"]
    )
    assert told["next"] == ["python -m tdxkit explore 'my mail' --run 'take();' --run 'drop();'"]
    for content, runs in (
        ("struct dev { int n; } it;\nvoid up(struct dev *d, int by)\n{\n\td->n += by;\n}\n", "--run 'up(&it, 0);'"),
        ("static void inner(void)\n{\n}\nvoid outer(void)\n{\n\tinner();\n}\n", "--run 'outer();'"),
    ):
        out = ran(capsys, "read", given(content, "-"))[1]
        assert out.endswith(f"next: python -m tdxkit explore - {runs}\n")
    out = ran(capsys, "read", given("void f(struct no *p)\n{\n}\n"))[1]
    assert out.splitlines()[1:] == ["no get and put in it: say what each CPU runs, --run 'STATEMENTS'"]
    assert refused(capsys, "read", given("int f(void)\n{\n\treturn nope();\n}\n")).startswith(
        "line 3, column 9: `nope(…)`: this function is not known"
    )


def test_columns_are_those_of_the_paste(given, capsys):
    bad = text("pair").replace("\tspin_lock(&all);", "\tspin_lok(&all);", 1)
    row = bad.split("\n").index("\tspin_lok(&all);") + 1

    def told(paste):
        said = refused(capsys, "explore", given(paste))
        line, column = map(int, re.match(r"line (\d+), column (\d+): `spin_lok", said).groups())
        assert paste.split("\n")[line - 1][column - 1 :].startswith("spin_lok(")
        return line, column

    assert told(bad) == (row, 2)
    assert told(quoted(bad)) == (row, 4) and told(quoted(quoted(bad))) == (row, 6)
    assert told("\ufeff" + bad) == (row, 2) and told(bad.replace("\n", "\r\n")) == (row, 2)
    diff = "".join(difflib.unified_diff([], bad.splitlines(True), "a/mm/x.c", "b/mm/x.c", n=999))
    assert told(diff) == (row + 3, 3) and told(quoted(diff)) == (row + 3, 5)


def test_a_place_in_a_run_names_the_option(given, capsys):
    def found(*runs):
        return answer(capsys, "explore", DATA / "count.c", *(word for run in runs for word in ("--run", run)))

    assert (
        found("users = 1;", "int n = 0; WARN_ON(users);")["defect"] == "WARN_ON() of --run 2, line 1, column 12 fires"
    )
    assert found("users = 1;\n\nBUG_ON(users);")["property"] == "BUG_ON() of --run 1, line 3, column 1 never fires"
    one = found("int *p = NULL;\nusers = *p;", ";")
    assert one["defect"] == one["property"] == "--run 1, line 2: NULL is followed"
    two = found("take();", "users = 1 / limit / (limit - 2);")
    assert two["defect"] == "--run 2, line 1: division by zero"
    out = ran(capsys, "explore", DATA / "count.c", "--run", "int *p = NULL; users = *p;")[1]
    assert out.startswith("count, 2 threads × 1 round: violation, --run 1, line 1: NULL is followed\n")
    mail = ran(capsys, "packet", DATA / "count.c", "--run", "users = 1;", "--run", "BUG_ON(users);")[1]
    assert "CPU 0 runs: users = 1;\nCPU 1 runs: BUG_ON(users);\n" in mail
    assert "The model finds: BUG_ON() of --run 2, line 1, column 1 fires (step 2)." in mail


def test_a_defect_of_the_text_is_said_as_what_it_is(given, capsys):
    given(
        "struct s { int n; } *shared;\nvoid f(void)\n{\n\tshared->n = 1;\n}\nvoid g(void)\n{\n\tlockdep_assert_held(&l);\n}\n".replace(
            "void f", "DEFINE_SPINLOCK(l);\nvoid f"
        )
    )
    assert answer(capsys, "explore", "x", "--run", "f();")["defect"] == "line 5: NULL is followed"
    assert answer(capsys, "explore", "x", "--run", "g();")["defect"] == "lockdep_assert_held() of line 9 fires"
    assert (
        answer(capsys, "explore", "x", "--run", "preempt_disable();")["defect"]
        == "at the end preemption or interrupts were off"
    )


def test_a_packet_of_c_has_the_lines_and_what_changes(capsys):
    mail = ran(capsys, "packet", DATA / "count.c", *TURN)[1]
    assert "Each CPU runs: if (!take()) drop();" in mail
    assert (
        "users" in mail.split("CPU 1")[1].split("\n")[0]
        and "  4 9: write users                 |                                |     1" in mail
    )
    assert "*** step 12: CPU 1: read users: 0 (line 15: WARN_ON(users == 0);)" in mail
    assert max(map(len, mail.splitlines())) <= 75


NAMESAKES = """static DEFINE_SPINLOCK(lock);
static atomic_t refcount;
static int pair, users;

int one_get(unsigned long pfn)
{
	atomic_t *count = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (alloc_pamt_array(pages))
		return -ENOMEM;
	spin_lock(&lock);
	users++;
	WARN_ON(atomic_read(&refcount) != pair);
	atomic_inc(&refcount);
	pair++;
	if (atomic_inc_return(count) == 1)
		tdh_phymem_pamt_add(pfn, pages);
	else
		free_pamt_array(pages);
	spin_unlock(&lock);
	return 0;
}

void one_put(unsigned long pfn)
{
	atomic_t *count = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	spin_lock(&lock);
	users--;
	if (atomic_dec_and_test(count)) {
		tdh_phymem_pamt_remove(pfn, pages);
		free_pamt_array(pages);
	}
	spin_unlock(&lock);
}
"""


def test_variables_called_like_those_of_the_model_are_told_by_another_name(given, capsys):
    found = answer(capsys, "explore", given(NAMESAKES))
    assert found["verdict"] == "ok"
    for word in ("users", "pair", "refcount"):
        assert f"the text's {word} is told as my_{word}: the model has a {word} of its own" in found["remarks"]
    assert answer(capsys, "explore", "x", "--set", "pair=1")["defect"] == "WARN_ON() of line 14 fires"
    code = answer(capsys, "explore", "x", "--set", "pair=1")["schedule"]
    assert "write my_users" in ran(capsys, "replay", "x", code, "--set", "pair=1")[1]
    assert "holds -2147483648 to" in refused(capsys, "explore", "x", "--set", "users=99999999999")
    counted = (
        text("pair")
        .replace("static", "static int refcount, pair;\nstatic", 1)
        .replace("\tspin_lock(&all);\n", "\tspin_lock(&all);\n\trefcount++;\n\tpair = refcount;\n")
    )
    told = answer(capsys, "explore", given(counted), "--count")
    assert told["verdict"] == "ok" and any("refcount is told as my_refcount" in remark for remark in told["remarks"])
    plain = "int users, my_users, note;\nvoid f(void)\n{\n\tusers++;\n\tmy_users++;\n\tnote++;\n}\n"
    assert (
        answer(capsys, "explore", given(plain), "--run", "f();", "--threads", "1", "--set", "users=3")["verdict"]
        == "ok"
    )
    assert answer(capsys, "explore", "x", "--run", "f(); tdh_mem_page_remove(0);", "--threads", "1")["remarks"][:2] == [
        "the text's users is told as my_my_users: the model has a users of its own",
        "the text's note is told as my_note: the model has a note of its own",
    ]


def cut(paste, *gone):
    """A diff without some of its lines: their hunk says more than is there."""
    rows = paste.splitlines(True)
    return "".join(row for at, row in enumerate(rows, 1) if at not in gone)


def test_a_paste_that_is_cut_gets_no_plain_ok(given, capsys):
    diff = "".join(
        difflib.unified_diff(
            ["int above;\n"], ["int above;\n", *text("pair").splitlines(True)], "a/x.c", "b/x.c", n=999
        )
    )
    whole = answer(capsys, "explore", given(diff))
    assert whole["source"]["whole"] and ran(capsys, "explore", "x")[1].startswith("x, 2 threads × 1 round: ok; never")
    comment = next(at for at, row in enumerate(diff.split("\n"), 1) if row.startswith("+/*"))
    given(cut(diff, comment))
    code, out, err = ran(capsys, "explore", "x")
    assert (code, err) == (0, "") and out.startswith(
        "x, 2 threads × 1 round: ok, but lines may be missing in the paste; never executed: line "
    )
    found = answer(capsys, "explore", "x")
    assert not found["source"]["whole"] and any("lines may be missing" in remark for remark in found["remarks"])


def test_a_function_cut_between_hunks_is_named_with_what_to_do(given, capsys):
    rows = text("pair").splitlines()
    first, second = rows[:12], rows[20:]
    hunks = [
        f"@@ -0,0 +1,{len(first)} @@",
        *(f"+{row}" for row in first),
        f"@@ -30,0 +40,{len(second)} @@",
        *(f"+{row}" for row in second),
    ]
    paste = "\n".join(["--- a/x.c", "+++ b/x.c", *hunks, ""])
    said = "unit_get(): the paste has a part of it only, lines 7 to 15; paste the file itself, or a diff with all of it, git diff -U9999; out of the mails of a series the command series makes one text"
    assert refused(capsys, "explore", given(paste)) == said
    assert (
        refused(capsys, "explore", "x", "--get", "unit_get")
        == said
        == refused(capsys, "explore", "x", "--run", "unit_get(0);")
    )


def test_replay_has_the_lines_of_the_file(capsys):
    code = answer(capsys, "explore", DATA / "count.c", *TURN)["schedule"]
    told = ran(capsys, "replay", DATA / "count.c", *TURN, code)[1]
    assert "\n  10  CPU 1  9: write users   [users 1 → 2]\n" in told and "\n   5  CPU 0  15: read users\n" in told
    pair = answer(capsys, "explore", DATA / "pair-race.c")["schedule"]
    told = ran(capsys, "replay", DATA / "pair-race.c", pair)[1]
    assert "  CPU 0  TDH.MEM.PAGE.AUG(page)" in told and "  CPU 1  17: atomic_dec(refcount[0])" in told


def test_a_packet_on_store_buffers_has_the_values_that_wait(capsys):
    mail = ran(capsys, "packet", DATA / "flags.c", *EITHER, "--memory", "tso")[1]
    assert "CPU 0 runs: one();\nCPU 1 runs: other();" in mail
    assert " 10                             | 19: write inside = 2        |    1      1\n" in mail
    assert "  7 mine = 1 leaves the buffer  |" in mail and "x86-TSO" in mail


def test_a_packet_of_objects_has_pointers_as_c_has_them(given, capsys):
    given(
        "struct obj { int n; } *it;\nvoid make(void)\n{\n\tit = kzalloc(sizeof(*it), GFP_KERNEL);\n}\nvoid look(void)\n{\n\tWARN_ON(it->n == 0);\n}\n"
    )
    mail = ran(capsys, "packet", "x", "--run", "make();", "--run", "if (it) look();")[1]
    assert (
        "&obj#1" in mail
        and "obj#1, 0" not in mail
        and "  python -m tdxkit replay x --run 'make();' --run 'if (it) look();' \\\n" in mail
    )


def test_the_lens_on_statements(capsys):
    out = ran(capsys, "lens", DATA / "count.c", DATA / "count-locked.c", *TURN)[1]
    assert "!! finished: users -1; WARN_ON() of line 15 fires" in out and "pamt_lock" not in out
    assert out.splitlines()[-4:-2] == ["a round costs a CPU that is alone:", "version       steps  with a lock  states"]
    assert "with a lock, there" in ran(capsys, "lens", DATA / "pair.c", "v6")[1]
    assert "pamt_lock, there" in ran(capsys, "lens", "v2", "v6")[1]


def test_read_proposes_what_a_comment_says_that_cpus_run(given, capsys):
    given("/*\n * Two.\n * run: take();\n * run: drop(); drop();\n */\n" + text("count"))
    assert ran(capsys, "read", "x")[1].endswith(
        "next: python -m tdxkit explore x --run 'take();' --run 'drop(); drop();'\n"
    )
