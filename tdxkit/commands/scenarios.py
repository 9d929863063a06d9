"""Scenarios by name, or from a reader's file: `v2`, or `FILE.py:put`."""

import importlib.util
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

from tdxkit.errors import InputError, ModelError, TdxkitError, printable
from tdxkit.explore.program import MAX_THREADS, Scenario
from tdxkit.linux.refcount.registry import MAX_ROUNDS, of_programs, scenario

LARGEST = 1 << 20  # bytes of a reader's file


def load(name: str, threads: int, rounds: int) -> Scenario:
    """The scenario of this name; FILE.py:put runs the reader's own `put`, FILE.py:NAME a Scenario of his making."""
    if ".py" not in name:
        return scenario(name, threads, rounds)
    path, colon, attribute = name.rpartition(":")
    if not colon or not path.endswith(".py") or not attribute.isidentifier():
        raise InputError(
            f"scenario {printable(name)}", "a file is named FILE.py:FUNCTION", "add the function, as in race.py:put"
        )
    module = _module(Path(path))
    found = getattr(module, attribute, None)
    if isinstance(found, Scenario):
        return found
    if not callable(found):
        raise InputError(
            f"{attribute} in {printable(path)}", "it is a generator function put(m, region)", "correct the name"
        )
    pair = {"get": getattr(module, "get", None), "put": getattr(module, "put", None)}
    pair["get" if attribute == "get" else "put"] = found
    label = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{Path(path).stem[:20]}.{attribute[:18]}")
    return of_programs(**pair, name=label, threads=threads, rounds=rounds)


def _module(path: Path):
    """The reader's file, run once as a module."""
    thing = printable(str(path))
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(thing, f"a model's file has at most {LARGEST >> 20} MiB", "give the file with the model")
        source = path.read_bytes()
    except OSError as error:
        raise InputError(thing, error.strerror or "it cannot be read", "give a Python file") from None
    spec = importlib.util.spec_from_file_location(f"reader_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        code = compile(source, str(path), "exec", optimize=0)  # an assert is a rule, under python -O too
        with redirect_stdout(sys.stderr):  # what it prints is no part of an answer
            exec(code, module.__dict__)
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
    return module


__all__ = ["MAX_ROUNDS", "MAX_THREADS", "load"]
