"""What a function's code names: global names and attributes, with their lines, and those behind which anything at all is reached."""

import dis
import gc
import inspect
import sys
import types
from functools import cache

UNSEEN = {"globals", "eval", "exec", "__import__", "vars"}
ALIASED = (  # what shows or changes anything, under whatever name; of these `locals` and `dir` are seen where they are called by name
    *(globals, eval, exec, __import__, vars, locals, dir, sys._getframe, inspect.currentframe, inspect.stack),
    *(gc.get_objects, gc.get_referents, gc.get_referrers),
)
HIDDEN = {  # attributes behind which anything is reached
    *(
        "__globals__",
        "__dict__",
        "__code__",
        "__closure__",
        "__builtins__",
        "__subclasses__",
        "cell_contents",
        "__annotations__",
    ),
    *("f_locals", "f_globals", "f_builtins", "f_back", "gi_frame", "cr_frame", "tb_frame", "__dataclass_fields__"),
}
MEMORYS = {  # names that the explorer has on the shared memory for itself
    *(
        "_as_local",
        "_begin",
        "_broken",
        "_count",
        "_keyed",
        "_layout",
        "_load",
        "_log",
        "_look",
        "_memory",
        "_notes",
        "_off",
        "_on",
        "_open",
    ),
    *("_base", "_locks", "_read", "_reads", "_slots", "_store", "_tables", "_told", "_values", "_writes", "_written"),
}
BY_NAME = {"getattr", "setattr", "delattr", "hasattr", "attrgetter"}


@cache
def hidden_names(code: types.CodeType) -> list[tuple[str, int]]:
    """The attributes that code names behind which anything is reached, with the line; by a text too."""
    found: list[tuple[str, int]] = []
    line, before = code.co_firstlineno, ""
    by_name = bool(BY_NAME & set(code.co_names))
    for ins in dis.get_instructions(code):
        line = ins.starts_line if type(ins.starts_line) is int else getattr(ins, "line_number", None) or line
        named = isinstance(ins.argval, str) and (
            ins.opname.endswith(("_ATTR", "_METHOD")) or (by_name and ins.opname == "LOAD_CONST")
        )
        if named and (ins.argval in HIDDEN or (ins.argval in MEMORYS and before not in ("self", "cls"))):
            found.append((ins.argval, line))
        before = ins.argval if "FAST" in ins.opname else ""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += hidden_names(constant)
    return found


@cache
def names_of(code: types.CodeType) -> tuple[dict[str, int], frozenset[str]]:
    """The global names that code uses, nested code included, with the line that does; and the attributes it names."""
    names: dict[str, int] = {}
    attributes: set[str] = set()
    line = code.co_firstlineno
    for ins in dis.get_instructions(code):
        line = ins.starts_line if type(ins.starts_line) is int else getattr(ins, "line_number", None) or line
        if ins.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME"):
            names.setdefault(ins.argval, line)
        elif ins.opname.endswith(("_ATTR", "_METHOD")) or ins.opname == "IMPORT_FROM":
            attributes.add(ins.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner, more = names_of(constant)
            names, attributes = inner | names, attributes | more
    return names, frozenset(attributes)
