"""What a reader's file seems to declare and does not: a misspelt RULES, options written as names, a get that is not judged."""

import ast
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType

from tdxkit.errors import InputError, printable
from tdxkit.explore.rules import Property
from tdxkit.linux.refcount.own import DECLARED
from tdxkit.text import near

OPTIONS = ("FAULTS", "ROLES", "REGIONS", "THREADS", "ROUNDS")


def misspelt(found: ModuleType, text: str, path: str) -> None:
    """InputError for a name that the file sets, is called almost like a declaration that it lacks, and holds what that would."""
    for name in _set_by(text):
        meant = near(name.upper(), [word for word in DECLARED if not hasattr(found, word)], 0.8)
        if (
            name not in DECLARED
            and meant
            and any(_fits(word, getattr(found, name, None)) for word in meant.split(" or "))
        ):
            raise InputError(
                f"{name} in {printable(path)}", "nothing of this name is declared by a file", f"did you mean {meant}?"
            )


def beside(found: ModuleType, text: str, judged: Mapping[str, str]) -> tuple[str, ...]:
    """What is to be told of a file: `judged` are the names of its get and put, "" where a design's v2 stands in."""
    told = [
        f"{name}: a file does not declare it, and it has no effect: --{name.lower()} of the command does"
        for name in _set_by(text)
        if name in OPTIONS
    ]
    for word, name in judged.items():
        others = [
            n
            for n, value in vars(found).items()
            if word in n and _is_program(value, found) and n not in judged.values()
        ]
        if not name and others:
            told.append(f"{others[0]} is not judged: v2's {word} stands here; --{word} {others[0]} judges yours")
        elif not name and word == "put":
            told.append("v2's put stands here; --put NAME takes one of the file, or that of a design such as v6")
    return tuple(told)


def _set_by(text: str) -> list[str]:
    """The names that a file sets itself, outside functions and classes."""
    todo, names = list(ast.parse(text).body), []
    while todo:
        node = todo.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        todo += ast.iter_child_nodes(node)
    return list(dict.fromkeys(names))


def _fits(word: str, value: object) -> bool:
    if word == "SHARED":
        return isinstance(value, Mapping)
    kind = Property if word == "RULES" else str
    if isinstance(value, kind):
        return True
    return (
        isinstance(value, Iterable)
        and not isinstance(value, (str, Mapping))
        and any(isinstance(v, kind) for v in value)
    )


def _is_program(value: object, found: ModuleType) -> bool:
    """A program (m, region) of the file itself."""
    if not inspect.isgeneratorfunction(value) or value.__module__ != found.__name__:
        return False
    return len(inspect.signature(value).parameters) == 2
