"""Which scenario is meant: the one way to name it, for commands and in Python.

    scenario_of("v6")                 a name of `list`
    scenario_of("race.py:put", 3)     a file of the reader's: its `put`, and its `get` where it has one
    scenario_of(put)                  a function
    scenario_of(made, 3, 2)           a scenario at another size

A file is run once, as a module, when it is named.
"""

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from tdxkit.errors import InputError, ModelError, TdxkitError, printable
from tdxkit.explore.guard import timed
from tdxkit.explore.program import Own, Scenario
from tdxkit.explore.whose import asked, replaced, snapshot
from tdxkit.linux.refcount.declaring import beside, misspelt
from tdxkit.linux.refcount.own import DECLARED, around, of_programs
from tdxkit.linux.refcount.own_text import tidy
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import scenario
from tdxkit.text import near

LARGEST = 1 << 20  # bytes of a reader's file


def scenario_of(what: object, threads: int | None = None, rounds: int | None = None, **more) -> Scenario:
    """The scenario that is meant: a name of `list`, FILE.py:put, a function `put`, or a Scenario, at another size where one is given.

    more: for a file and a function as `of_programs`, get and put of a file by name (there, or a design whose get or put it is).
    InputError and ModelError with what is wrong, in a line.
    """
    if isinstance(what, Scenario):
        return _sized(what, threads, rounds)
    if callable(what):
        return of_programs(what, threads=threads, rounds=rounds or 1, **more)
    if not isinstance(what, str):
        raise InputError(f"scenario {printable(what)}", "it is a name, FILE.py:put or a function", "give one of these")
    if ".py" in what:
        return _of_file(what, threads, rounds or 1, **more)
    if odd := next((name for name, value in more.items() if value and value != 1), None):
        raise InputError(
            f"{odd} of {printable(what)}", "it goes with a file of your own", "give FILE.py:put, or leave it out"
        )
    return scenario(what, threads or 2, rounds or 1)


def _sized(one: Scenario, threads: int | None, rounds: int | None) -> Scenario:
    """The same scenario with so many threads and rounds."""
    threads, rounds = threads or one.count, rounds or one.rounds
    if (threads, rounds) == (one.count, one.rounds):
        return one
    if one.make is None:
        raise InputError(
            f"{printable(one.name)} with {threads} × {rounds}",
            f"it was made with {one.count} × {one.rounds}",
            "use that",
        )
    return replace(one.make(threads=threads, rounds=rounds), name=one.name, own=one.own, memory=one.memory)


def _of_file(name: str, threads, rounds, get: str = "", put: str = "", label: str = "", **more) -> Scenario:
    """FILE.py:NAME, or FILE.py with a get and a put by name."""
    path, colon, attribute = name.rpartition(":")
    if not colon and (get or put):
        path, attribute = name, ""
    elif not colon or not path.endswith(".py") or not attribute.isidentifier():
        raise InputError(
            f"scenario {printable(name)}", "a file is named FILE.py:FUNCTION", "add the function, as in race.py:put"
        )
    found, text = _module(Path(path))
    one = getattr(found, attribute, None)
    if isinstance(one, Scenario):
        if odd := next((w for w, v in {"get": get, "put": put, **more}.items() if v and v != 1), None):
            raise InputError(f"{odd} of {printable(name)}", "it is a whole scenario", "change it in the file")
        return replace(one, own=Own(text, path, attribute))
    if attribute and not callable(one):
        raise InputError(
            f"{attribute} in {printable(path)}", "it is a generator function put(m, region)", "correct the name"
        )
    if attribute and put and attribute not in (put, get, "get"):
        raise InputError(f"--put {printable(put)}", f"{printable(name)} names the put already", "name it once")
    pair = {
        "get": get or ("get" if hasattr(found, "get") else ""),
        "put": put or ("put" if hasattr(found, "put") else ""),
    }
    if attribute and not put:
        pair["get" if attribute in ("get", get) else "put"] = attribute
    misspelt(found, text, path)
    made = of_programs(
        **{word: _part(found, path, word, n) for word, n in pair.items()},
        name=label or re.sub(r"[^A-Za-z0-9_.-]", "_", f"{Path(path).stem[:20]}.{(attribute or put or 'put')[:18]}"),
        threads=threads, rounds=rounds, **{w.lower(): v for w in DECLARED if (v := getattr(found, w, None)) is not None}, **more,
    )  # fmt: skip
    asked = [word for option, value in (("--get", get), ("--put", put)) if value for word in (option, value)]
    own = replace(made.own, text=text, file=path, target=attribute, options=(*asked, *around(**more)))
    return replace(made, own=replace(own, told=beside(found, text, pair)))


def _part(found: ModuleType, path: str, word: str, name: str) -> Callable | None:
    """The get or put by its name: a function of the file, or that of a design."""
    if not name:
        return None
    if callable(getattr(found, name, None)):
        return getattr(found, name)
    if name in DESIGNS:
        return getattr(DESIGNS[name].code, word)
    meant = near(name, [n for n, v in vars(found).items() if inspect.isgeneratorfunction(v)], 0.3)
    raise InputError(
        f"--{word} {printable(name)}",
        f"neither {printable(path)} nor a design has it",
        f"try {meant or 'another name'}",
    )


def _module(path: Path) -> tuple[ModuleType, str]:
    """The reader's file, run once as a module, and its text."""
    thing = printable(str(path))
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(thing, f"a model's file has at most {LARGEST >> 20} MiB", "give the file with the model")
        source = path.read_bytes()
    except OSError as error:
        raise InputError(thing, error.strerror or "it cannot be read", "give a Python file") from None
    before = snapshot()
    spec = importlib.util.spec_from_file_location(f"reader_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}", path)
    found = importlib.util.module_from_spec(spec)
    asked.add(spec.name)
    sys.modules[spec.name] = found
    try:
        code = compile(source, str(path), "exec", optimize=0)  # an assert is a rule, under python -O too
        with redirect_stdout(sys.stderr):  # what it prints is no part of an answer
            timed(exec, code, found.__dict__)
    except TdxkitError:
        raise
    except SyntaxError as error:
        raise ModelError(
            f"{thing}, line {error.lineno}" if error.lineno else thing,
            f"it is not Python: {printable(error.msg)}",
            "correct it",
        ) from None
    except (Exception, SystemExit) as error:
        raise ModelError(
            thing, f"it stops with {type(error).__name__}: {printable(str(error))}", "make it importable"
        ) from None
    finally:
        found.__name__ = spec.name  # whatever it calls itself
    if patched := replaced(before):
        raise ModelError(
            f"{thing}: {patched}", "it is part of tdxkit, and the file replaces it", "give yours another name"
        )
    return found, tidy(source.decode("utf-8", "surrogateescape"))
