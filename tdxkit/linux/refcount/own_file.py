"""A scenario of a reader's own file: FILE.py:NAME, or its get and put by name. The file is run once, as a module."""

import importlib.util
import inspect
import linecache
import re
import sys
import types
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
from tdxkit.text import near

TEXT = "<your text>"  # what a text without a file is called
LARGEST = 1 << 20  # bytes of a reader's file


def of_file(name: str, threads, rounds, get: str = "", put: str = "", label: str = "", **more) -> Scenario:
    """FILE.py:NAME, or FILE.py with a get and a put by name."""
    path, colon, attribute = name.rpartition(":")
    if not colon and (get or put):
        path, attribute = name, ""
    elif not colon or not path.endswith(".py") or not attribute.isidentifier():
        raise InputError(
            f"scenario {printable(name)}", "a file is named FILE.py:FUNCTION", "add the function, as in race.py:put"
        )
    found, text = _module(Path(path))
    return _of_module(found, text, path, attribute, threads, rounds, get, put, label, **more)


def of_python(text: str, threads=None, rounds: int = 1, **more) -> Scenario:
    """A text of Python with a `put`, and a `get` where it has one, as a file would have it; it is run once."""
    linecache.cache[TEXT] = (len(text), None, text.splitlines(True), TEXT)  # where a program's lines are looked up
    found = _ran(text.encode("utf-8", "surrogateescape"), TEXT, "reader_text", types.ModuleType("reader_text"))
    if not callable(getattr(found, "put", None)):
        raise InputError("the text", "it is Python and has no put(m, region)", "write one, or C")
    return _of_module(found, tidy(text), "", "put", threads, rounds, "", "", "text.put", **more)


def _of_module(
    found: ModuleType, text: str, path: str, attribute: str, threads, rounds, get, put, label, **more
) -> Scenario:
    """The scenario of what a file or a text became."""
    name = f"{path}:{attribute}" if attribute else path
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
    spec = importlib.util.spec_from_file_location(f"reader_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}", path)
    found = _ran(source, str(path), spec.name, importlib.util.module_from_spec(spec))
    return found, tidy(source.decode("utf-8", "surrogateescape"))


def _ran(source: bytes, file: str, name: str, found: ModuleType) -> ModuleType:
    """A module with the reader's code in it, run once."""
    before, thing = snapshot(), printable(file)
    asked.add(name)
    sys.modules[name] = found
    try:
        code = compile(source, file, "exec", optimize=0)  # an assert is a rule, under python -O too
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
        found.__name__ = name  # whatever it calls itself
    if patched := replaced(before):
        raise ModelError(
            f"{thing}: {patched}", "it is part of tdxkit, and the file replaces it", "give yours another name"
        )
    return found
