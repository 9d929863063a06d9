"""A reader's functions as one text that stands by itself: a file that somebody else can save and run.

A notebook has its functions in cells, beside much else. What `text_of` writes has the functions, the helpers of the reader's own that they
call, the imports that they need and what they declare, and nothing more; the same functions give the same text, whatever stands around them.
"""

import ast
import dis
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType

PLAIN = (int, str, float, bool, type(None), tuple, frozenset)  # values that their repr makes again
NEWLINES = ("\r\n", "\r")


def tidy(text: str) -> str:
    """A text with plain line ends, and one at its end: as mails and editors leave it."""
    for newline in NEWLINES:
        text = text.replace(newline, "\n")
    return text.rstrip() + "\n"


def text_of(functions: tuple[Callable, ...], declared: Mapping[str, object]) -> str:
    """The text of these functions and of what they need, with what is declared beside them; "" where it cannot be had whole."""
    found: dict[str, object] = {}
    sources: list[str] = []
    heads: dict[str, str] = {}
    if not all(isinstance(f, FunctionType) for f in functions):  # a partial: its text is not its own
        return ""
    todo = [(f.__name__, f) for f in functions]
    for name, value in todo:
        if name in found:
            if found[name] is not value:
                return ""
            continue
        found[name] = value
        if isinstance(value, FunctionType) and _readers(value.__module__):
            try:
                sources.append(tidy(dedent(inspect.getsource(value))))
            except (OSError, TypeError):
                return ""
            there = value.__globals__
            todo += [(used, there[used]) for used in names_in(value.__code__) if used in there]
        else:
            heads[name] = _head(name, value)
    if not all(heads.values()) or not all(isinstance(v, (*PLAIN, dict)) for v in declared.values()):
        return ""
    given = [f"{name} = {value!r}\n" for name, value in declared.items() if value]
    parts = ["".join(sorted(heads.values(), key=lambda line: (" = " in line, line))), "".join(given), *sources]
    text = "\n\n".join(part for part in parts if part)
    return text if _stands(text, functions) else ""


def names_in(code: CodeType) -> Iterator[str]:
    """The global names that code uses, those of nested code too, each once."""
    used = dict.fromkeys(i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            used |= dict.fromkeys(names_in(constant))
    return iter(used)


def _readers(home: str) -> bool:
    """Is a module the reader's own, a notebook included?"""
    root = home.partition(".")[0]
    return root == "__main__" or (root != "tdxkit" and root not in sys.stdlib_module_names)


def _head(name: str, value: object) -> str:
    """The line that gives the name this value; "" where none can."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}\n"
    if callable(value) and getattr(value, "__qualname__", "").isidentifier():
        if value.__module__ == "__main__":
            return ""
        renamed = "" if value.__qualname__ == name else f" as {name}"
        return f"from {value.__module__} import {value.__qualname__}{renamed}\n"
    return f"{name} = {value!r}\n" if type(value) in PLAIN else ""


def _stands(text: str, functions: tuple[Callable, ...]) -> bool:
    """Is it Python, with each function in it at its top?"""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    return {f.__name__ for f in functions} <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def line_of(error: BaseException) -> str:
    """The innermost line outside tdxkit in which an error came up, with its number; "" where there is none."""
    found, tb = "", error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if _readers(tb.tb_frame.f_globals.get("__name__") or "") and not code.co_filename.startswith("<frozen"):
            found = f"{tb.tb_lineno}: {linecache.getline(code.co_filename, tb.tb_lineno).strip()}"
        tb = tb.tb_next
    return found


def line_at(functions: tuple[Callable, ...], name: str, number: int) -> str:
    """A line of the file or cell in which the reader's function of this name stands; "" where there is none.

    functions: where to begin; those that they use by name are looked through too.
    """
    todo = list(functions)
    for function in todo:
        if not isinstance(function, FunctionType) or not _readers(function.__module__):
            continue
        if function.__name__ == name:
            return linecache.getline(function.__code__.co_filename, number, function.__globals__).strip()
        there = function.__globals__
        todo += [v for used in names_in(function.__code__) if callable(v := there.get(used)) and v not in todo]
    return ""
