"""Which scenario is meant: the one way to name it, for commands, views and in Python. What `tdxkit.linux.refcount.naming` takes, and C:

    scenario_of("race.c", 3)                   a file of C, told by what is in it, whatever it is called; gzip too, "-" is standard input
    scenario_of("reply.eml", put="drop_pair")  a diff, a mail, a quoted answer in which whole functions stand
    scenario_of("int users;\\n…", run=("take();", "drop();"))    a text: it has more than one line

A file whose name ends in .py is Python.
"""

import ast
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from tdxkit.c.oftext import OF_OPTION, OfC
from tdxkit.errors import InputError, printable
from tdxkit.explore.frames import in_c
from tdxkit.explore.program import Scenario
from tdxkit.intake import Source, name_of, opened
from tdxkit.linux.refcount import naming
from tdxkit.linux.refcount.registry import names
from tdxkit.text import near, slip

SPELT = {
    "run": "--run",
    "stubs": "--stub",
    "defines": "-D",
    "sets": "--set",
    "may_fail": "--may-fail",
    "softirq": "--softirq",
}
OF_C = tuple(SPELT)  # options that go with C alone
NO_C, OF_WHAT_KIND = "no function and no declaration of C stands in it", "python -m tdxkit read FILE tells what it is"
LONGEST = 38  # of a file's name in a schedule code


def scenario_of(what: object, threads: int | None = None, rounds: int | None = None, **more) -> Scenario:
    """The scenario that is meant: C in a file or a text, or whatever `tdxkit.linux.refcount.naming.scenario_of` takes.

    more: for C as `of_text`; for Python as there. InputError and ModelError with what is wrong, in a line.
    """
    if isinstance(what, str) and "\n" in what:
        return of_text(what, "", threads, rounds, **more)
    if isinstance(what, str) and _is_file(what):
        return of_text(read(what), what, threads, rounds, **more)
    if odd := next((option for option in OF_C if more.pop(option, None)), None):
        if not isinstance(what, str):
            raise InputError(SPELT[odd], "it goes with a text in C, and this is none", "leave it out, or give a text")
        if kind := "a design" if what in names() else "Python" if ".py" in what else "":
            raise InputError(SPELT[odd], f"it goes with a text in C, and {printable(what)} is {kind}", "leave it out, or give a file of C")  # fmt: skip
    if isinstance(what, str) and what not in names() and ".py" not in what:
        raise InputError(
            f"scenario {printable(what)}",
            "there is no such scenario" + (", and no such file" if re.search("[./]", what) else ""),
            f"try {near(what, names(), 0.3) or 'a name of `list`'}, or give a file of C",
        )
    return naming.scenario_of(what, threads, rounds, **more)


def is_c(what: str) -> bool:
    """Does a name stand for C: a text, or a file that is neither Python nor a scenario of `list`?"""
    return "\n" in what or _is_file(what)


def _is_file(what: str) -> bool:
    if what in names() or what.endswith(".py") or ".py:" in what:
        return False
    try:
        return what == "-" or os.path.lexists(what)
    except ValueError:
        return False


def read(source: Source) -> str:
    """The text of a file, unpacked; InputError where it is too long, or no text."""
    from tdxkit.c.lexing import MOST_TEXT

    with opened(source, text=True) as stream:
        data = stream.read(MOST_TEXT + 1)
        if len(data) > MOST_TEXT:
            raise InputError(stream.title, f"C is read up to {MOST_TEXT:,} bytes, and it has more", "give the functions in question only")  # fmt: skip
    return data.decode("utf-8", "surrogateescape")


def of_text(
    text: str, file: str = "", threads: int | None = None, rounds: int | None = None, *, label: str = "", get: str = "", put: str = "",
    run: Iterable[str] = (), stubs: Mapping[str, int] | None = None, defines: Mapping[str, str] | None = None, sets: Mapping[str, int] | None = None,
    may_fail: Iterable[str] = (), roles: Iterable[str] | str = (), regions: int = 1, faults: object = (), softirq: str = "",
) -> Scenario:  # fmt: skip
    """The scenario of C in a paste: a text, a diff, a mail, a quotation. `file`: where it was read, "-" for standard input; label: the
    scenario's name, where it is not the file's. The rest as `tdxkit.c.harness.scenario_of_c`; what it says beside each answer is `own.told`.
    """
    from tdxkit.c.given import statements
    from tdxkit.c.paste import language_of, pasted
    from tdxkit.c.softirqs import of_statements
    from tdxkit.linux.refcount.own import roles_of

    title = name_of(file) if file else "the text"
    run, roles = ((run,) if isinstance(run, str) else tuple(run)), roles_of(roles, threads)
    _going_together(run, get, put, roles, regions, faults)
    for number, words in enumerate(run, 1):
        statements(f"--run {number}", words)
    if of_statements(softirq):
        statements("--softirq", softirq)
    found = pasted(text, title)
    language = language_of(found.text)
    if language == "python" and not _is_python(found.text):  # prose that quotes some
        raise InputError(title, NO_C, OF_WHAT_KIND)
    if language == "python":
        raise InputError(
            title, "it is Python, and C is read here", "give it a name that ends in .py, and say FILE.py:put"
        )
    options = {"get": get, "put": put, "run": run, "stubs": dict(stubs or {}), "defines": dict(defines or {}), "sets": dict(sets or {}),
               "may_fail": tuple(may_fail), "roles": roles, "regions": regions, "softirq": softirq}  # fmt: skip
    make = partial(_made, found, label or _name(file), options)
    try:
        scenario = make(threads, rounds or 1)
    except InputError as error:
        if not language:
            raise InputError(title, NO_C, OF_WHAT_KIND) from None
        raise _of_part(error, found.parts) from None
    _called(found.text, scenario, options["stubs"])
    own = OfC(
        text, "" if file == "-" else file, "", _words(options), (*found.remarks, *scenario.own.told, *_stubbed(found.text, options["stubs"])), scenario.own.reach,
        found.kind, found.lines, functions_of(scenario.texts, found.spans()), run, softirq, found.whole, found.text,
    )  # fmt: skip
    return replace(scenario, own=own, make=partial(_again, make))


def _is_python(text: str) -> bool:
    """Does it begin as Python does, or can all of it be read as that? Prose may quote some."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if re.match(r"(from|import|def|class|async) |@\w|[rR]?\"\"\"|\w+ = ", first):
        return True
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _made(found, name: str, options: dict, threads: int | None, rounds: int, **around) -> Scenario:
    """The scenario of what a paste has, at a size."""
    from tdxkit.c.harness import scenario_of_c

    return scenario_of_c(
        found.text, name=name, threads=threads, rounds=rounds, margins=found.margins, **options | around
    )


def _of_part(error: InputError, parts: Mapping[str, tuple[int, int]]) -> InputError:
    """What was said of a function that is not there, where the paste has a part of it."""
    from tdxkit.c.paste import WHOLE

    end = re.fullmatch(r"the (get|put) of the text", error.thing)
    called = re.search(r"`(\w+)\(…\)`|^function (\w+)$", error.thing)
    name = (called[1] or called[2]) if called else ""
    for part, (first, last) in parts.items():
        if part == name or (end and part.endswith(end[1])):
            return InputError(f"{part}()", f"the paste has a part of it only, lines {first} to {last}", f"paste the file itself, or {WHOLE}")  # fmt: skip
    return error


def _again(
    make: Callable, threads: int | None = None, rounds: int = 1, faults: Iterable[str] | None = None, **around
) -> Scenario:
    """The same for another size; faults: as Python's are called, where what may fail is another thing than in the first."""
    from tdxkit.c.harness import MAY_FAIL

    if faults is not None:
        around["may_fail"] = tuple(word for word, fault in MAY_FAIL.items() if fault in faults)
    return make(threads, rounds, **around)


def _going_together(run, get, put, roles, regions, faults) -> None:
    """InputError for options that cannot be meant together."""
    odd = {"--get": get, "--put": put, "--roles": roles, "--regions": regions > 1}
    if run and (word := next((word for word, value in odd.items() if value), "")):
        raise InputError(
            word, "it is about a get and a put, and --run says what each CPU does", "leave one of them out"
        )
    if faults:
        raise InputError(
            "--faults", "it goes with Python; in C what may fail is --may-fail alloc,add,remove", "use that"
        )


def _name(file: str) -> str:
    """What a schedule code calls the scenario of a file: never as a design is called."""
    stem = Path(file).name.removesuffix(".gz")
    stem = re.sub(r"[^A-Za-z0-9_.-]", "_", stem.rpartition(".")[0] or stem)[:LONGEST]
    if file in ("", "-") or not stem.strip("."):
        return "text"
    return f"{stem}.c" if stem in names() else stem


def _called(text: str, scenario: Scenario, stubs: Mapping[str, int]) -> None:
    """InputError for a stub of what the text defines, or misspells."""
    for word in stubs:
        if any(function.__name__ == word for function in scenario.texts if in_c(function.__code__)):
            raise InputError(f"--stub {printable(word)}", "the text defines it", "leave the stub out")
        called = sorted(set(re.findall(r"\b([A-Za-z_]\w*)\s*\(", text)))
        if word not in called and (meant := slip(word, called)):
            raise InputError(f"--stub {printable(word)}", "the text does not call it", f"try {meant}")


def _calls(text: str, word: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}\s*\(", text))


def _stubbed(text: str, stubs: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        f"{word}() gives {value} and does nothing: a stub"
        if _calls(text, word)
        else f"--stub {printable(word)}: the text does not call it"
        for word, value in stubs.items()
    )


def functions_of(texts: Iterable[Callable], spans: Mapping[int, int]) -> tuple[tuple[str, int, int], ...]:
    """Of the functions of a text, but those that --run became, the name, first line and last."""
    found = []
    for function in texts:
        line = function.__code__.co_firstlineno
        first, last = next(((a, b) for a, b in spans.items() if a <= line <= b), (0, 0))
        if first and in_c(function.__code__) and not function.__name__.startswith(OF_OPTION):
            found.append((function.__name__, first, last))
    return tuple(found)


def _words(options: dict) -> tuple[str, ...]:
    """The options of a command that make this scenario again."""
    pairs = [
        *(("--get", options["get"]), ("--put", options["put"])),
        *(("--run", words) for words in options["run"]),
        *(("--stub", f"{word}={value}") for word, value in options["stubs"].items()),
        *(("-D", f"{word}={value}") for word, value in options["defines"].items()),
        *(("--set", f"{word}={value}") for word, value in options["sets"].items()),
        ("--may-fail", ",".join(options["may_fail"])),
        ("--roles", ",".join(options["roles"])),
        ("--softirq", options["softirq"]),
        ("--regions", str(options["regions"]) if options["regions"] > 1 else ""),
    ]
    return tuple(part for option, value in pairs if value for part in spelt(option, value))


def spelt(option: str, value: str) -> tuple[str, ...]:
    """An option with its value as a shell's words; one that begins with a sign would be taken for another option."""
    return (f"{option}={value}",) if value.startswith("-") and option.startswith("--") else (option, value)
