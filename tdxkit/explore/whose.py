"""Whose code something is: ours, a library's, or the reader's own. Told by the code itself, not by a name that it carries.

A function belongs to the module whose dictionary its globals are; `@wraps` and a `__name__` set by hand change nothing. A class belongs to
the module where it stands under its own name. What a reader asked to be run is his wherever its file lies.
"""

import os
import site
import sys
import sysconfig
import types
from functools import cache, partial
from typing import Any
from weakref import WeakValueDictionary

STAYS = (
    "What you judge is run by this Python, with its rights and on its machine, many times over and in the order of the search. "
    "It stays there: nothing of it is sent anywhere."
)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # tdxkit
OF_C = 1 << 8  # flag of a type that cannot be changed
HEAP_TYPE = 1 << 9  # flag of a type that was made while Python ran
asked: set[str] = set()  # names of the modules that a reader's files became
_compiled: WeakValueDictionary[str, types.ModuleType] = (
    WeakValueDictionary()
)  # of texts in C, while anything of them lives


def ours(value: Any) -> bool:
    """Is this function, class, or object of a class, part of tdxkit?"""
    return _of(value, _tdxkits)


def librarys(value: Any) -> bool:
    """Is it part of tdxkit, of Python's library or of an installed package?"""
    return _of(value, trusted)


def compiled(module: types.ModuleType) -> None:
    """A module of the house that no import leads to is known by its name for as long as a function of it lives."""
    vars(module)["_module"] = module  # its functions hold its globals, and these hold it
    _compiled[module.__name__] = module


def trusted(name: object) -> bool:
    """Is the module of this name one of ours, of Python's library, or installed?"""
    module = _module(name)
    if module is None or name in asked:
        return False
    file = getattr(module, "__file__", None)
    return _installed(file) if isinstance(file, str) else name in sys.builtin_module_names or _frozen(module)


def readers(lines: tuple) -> tuple[types.CodeType, int]:
    """Of the lines at which a thread stands, outermost first, the innermost that is no line of tdxkit; the innermost where all are."""
    return next((at for at in reversed(lines) if not _below(at[0].co_filename, (HERE,))), lines[-1])


def of_ours(there: dict) -> bool:
    """Are these the globals of a module of tdxkit?"""
    return _home(there, _tdxkits)


def of_library(there: dict) -> bool:
    """Are these the globals of a module of tdxkit, of Python's library or of an installed package?"""
    return _home(there, trusted)


def at_home(kind: type) -> bool:
    """Does a class stand in its module under its own name?"""
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


def _of(value: Any, belongs: Any) -> bool:
    while isinstance(value, types.MethodType):
        value = value.__func__
    if isinstance(value, types.FunctionType):
        return _home(value.__globals__, belongs)
    if type(value) is partial:
        return all(_of(part, belongs) for part in (value.func, *value.args, *value.keywords.values()) if callable(part))
    if isinstance(value, types.ModuleType):
        return sys.modules.get(value.__name__) is value and belongs(value.__name__)
    if isinstance(value, types.BuiltinFunctionType):
        return belongs(value.__module__)
    kind = value if isinstance(value, type) else type(value)
    if not kind.__flags__ & HEAP_TYPE or kind.__flags__ & OF_C:
        return belongs(kind.__module__)
    if at_home(kind):
        return belongs(kind.__module__)
    made = [part for part in vars(kind).values() if isinstance(part, types.FunctionType)]
    return bool(made) and belongs(kind.__module__) and all(_home(part.__globals__, belongs) for part in made)


def _home(there: dict, belongs: Any) -> bool:
    """Are these the very globals of a loaded module that belongs to them?"""
    name = dict.get(there, "__name__")
    module = _module(name)
    return module is not None and vars(module) is there and belongs(name)


def _tdxkits(name: object) -> bool:
    if not isinstance(name, str) or name.partition(".")[0] != "tdxkit" or name in asked:
        return False
    file = getattr(_module(name), "__file__", None)
    return isinstance(file, str) and _below(file, (HERE,))


def _module(name: object) -> types.ModuleType | None:
    return sys.modules.get(name, _compiled.get(name)) if isinstance(name, str) else None


def _frozen(module: types.ModuleType) -> bool:
    return getattr(module.__spec__, "origin", None) == "frozen"


@cache
def _installed(file: str) -> bool:
    return _below(file, (HERE, *_directories()))


@cache
def _below(file: str, directories: tuple[str, ...]) -> bool:
    at = os.path.abspath(file), os.path.realpath(file)
    return any(path.startswith(directory + os.sep) for path in at for directory in directories)


@cache
def _directories() -> tuple[str, ...]:
    """Where this Python keeps its library and what is installed."""
    known = [sysconfig.get_paths().get(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    found = [
        path
        for path in (*known, *site.getsitepackages(), site.getusersitepackages(), os.path.dirname(os.__file__))
        if path
    ]
    return tuple(dict.fromkeys(p for path in found for p in (os.path.abspath(path), os.path.realpath(path))))


def snapshot() -> dict[tuple[str, str], object]:
    """What the modules of tdxkit hold, and their classes and functions: (where, name) and what stands there."""
    found: dict[tuple[str, str], object] = {}
    for name, module in list(sys.modules.items()):
        if not _tdxkits(name):
            continue
        for word, value in vars(module).items():
            found[name, word] = value
            if isinstance(value, type) and value.__module__ == name:
                found |= {
                    (f"{name}.{word}", part): there
                    for part, there in vars(value).items()
                    if part[:2] != "__" or callable(there)
                }
            elif isinstance(value, types.FunctionType):
                found[f"{name}.{word}", "__code__"] = value.__code__
    return found


def replaced(before: dict[tuple[str, str], object]) -> str:
    """What of tdxkit is no longer what it was, or has become a reader's own: its name; "" where all is as before."""
    now = snapshot()
    known = {where for where, _ in before}
    for (where, word), value in now.items():
        was = before.get((where, word), now)
        new = was is now or where not in known
        mine = new and isinstance(value, (types.FunctionType, type)) and not librarys(value)
        if mine or (was is not now and was is not value):
            return f"{where}.{word}"
    return next((f"{where}.{word}" for where, word in before if (where, word) not in now), "")
