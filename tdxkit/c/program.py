"""A text as programs: its functions compiled to generator functions, with the lines of the text, over the cells of its shared objects.

Nothing of the text becomes code but what `lower` writes: Python's tree is made of a closed list of node kinds, every name of C gets a prefix,
and no string of the text is looked at.
"""

import ast
import itertools
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from tdxkit.c import arithmetic, bytewise, heads, neighbours, runtime, widths
from tdxkit.c.callers import check_calls
from tdxkit.c.declare import Declared
from tdxkit.c.escapes import Escapes
from tdxkit.c.flow import nodes
from tdxkit.c.kernel import kernel
from tdxkit.c.kernel.constants import CONSTANTS
from tdxkit.c.kernel.pages import WRAPPERS
from tdxkit.c.parse import Parsed, parsed
from tdxkit.c.percpu import of_cpu
from tdxkit.c.reach import NEVER, RAN, Reach
from tdxkit.c.region import LEVEL
from tdxkit.c.spelt import spelt
from tdxkit.c.statements import Statements
from tdxkit.c.unit import Unit
from tdxkit.c.views import Careful, begins_seen
from tdxkit.c.where import Where
from tdxkit.errors import InputError, ModelError, TdxkitError, printable
from tdxkit.explore.frames import OF_C
from tdxkit.explore.whose import compiled
from tdxkit.run import Text

RUNTIME = ("known", "far", "get", "put", "reads", "writes", "fetch", "keep", "own_task", "keep_page", "hand", "laid", "moved", "along", "element", "apart", "order", "went", "again")  # fmt: skip
WIDTHS = (*widths.WRAPS.values(), "narrow", "numbered")
DIVIDES = {
    "div": arithmetic.divided, "mod": arithmetic.remainder, "shl": arithmetic.shifted_left, "shr": arithmetic.shifted_right,
    "quot": arithmetic.whole_quotient,
}  # fmt: skip
NODES = (  # what a compiled text is made of
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Expr, ast.If, ast.While, ast.Continue, ast.Return, ast.Pass, ast.Name, ast.Load,
    ast.Store, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Yield, ast.YieldFrom,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled text: its functions, the cells of its shared objects with what they begin with, its rules, and what is to be said of it."""

    functions: Mapping[str, Callable]
    declared: Declared
    unit: Unit
    remarks: tuple[str, ...]
    where: Where
    reach: Reach

    def as_local(self) -> int:
        """What it counts for in a CPU's own state: nothing, as there is one for the whole search."""
        return 0

    def place(self, error: Exception) -> str:
        """The line of the text where an error came up, as it stands before what is said; "" where that says it."""
        place, tb = "", None if isinstance(error, Fired) else error.__traceback__
        while tb is not None:
            file = tb.tb_frame.f_code.co_filename
            if file.startswith(OF_C):
                place = f"{file.removeprefix(OF_C)}line {tb.tb_lineno}: "
            tb = tb.tb_next
        return place

    def of_address(self, error: TypeError) -> Exception:
        """What is said of an error: where the text works with an integer that is an address that; else the error itself."""
        tb = error.__traceback__
        while tb is not None and tb.tb_next is not None:
            tb = tb.tb_next
        file = tb.tb_frame.f_code.co_filename if tb else ""
        if not file.startswith(OF_C) and file not in (runtime.__file__, arithmetic.__file__, widths.__file__):
            return error
        rule = "it is no number here: it is compared, not worked with"
        return ModelError(f"{self.place(error)}an address", rule, "keep it a pointer")


def program(
    text: str,
    defines: Mapping[str, str] | None = None,
    stubs: Mapping[str, int] | None = None,
    runs: tuple[str, ...] = (),
    margins: tuple[int, ...] = (),
    taken: frozenset[str] = frozenset(),
    cpus: int = 2,
    softirq: str = "",
) -> Program:
    """Compile a text. runs: statements in C, each the body of a function `__run_0`, `__run_1` …; margins: as of `Where`; taken: names that a
    variable of the text cannot have among the shared ones; cpus: how many there are, of each of which it may have variables; softirq:
    statements too, the last of these functions.

    InputError with the line, column and way out for what cannot be read.
    """
    text = text.rstrip("\n") + "\n"
    text += "\n" * text.endswith("\\\n")  # or the first --run would go on with its last line
    where = Where(text.count("\n"), runs, margins, softirq)
    read = _read(text, where, defines or {})
    given = read, text + where.bodies(), where, defines or {}, stubs or {}, taken, cpus
    try:
        return _program(*given, careful=False)
    except Careful:
        return _program(*given, careful=True)


def _program(read: Parsed, whole: str, where: Where, defines, stubs, taken, cpus: int, careful: bool) -> Program:
    """The same of a text that is read. Careful where something is seen as another type and nobody knew."""
    runs = where.runs
    declared = Declared(read.place, where, cpus=cpus)
    declared.read(read.tree)
    given = defines.get(LEVEL, "")
    declared.constants.setdefault(LEVEL, int(given) if given.isdecimal() else CONSTANTS[LEVEL])
    unit = Unit(declared, kernel(not runs), stubs, taken, careful)
    unit.pages_in_hand, unit.end = not runs, read.end
    for word in set(WRAPPERS) & set(declared.functions):
        del declared.functions[word]
        unit.remarks.append(f"{word}() is the model's own, not the text's")
    for variable in declared.variables.values():
        unit.share(variable)
    unit.escaping = Escapes(declared, unit.kernel.functions, heads=bool(runs)).found
    made = [_made(unit, node, whole) for node in declared.functions.values()]
    check_calls(declared, unit.calls)
    if not careful and (unit.layouts.cross() or begins_seen(unit)):
        raise Careful
    there = _compiled(made, unit)
    reach = Reach(unit.marks, there, declared.place, where, unit.calls, tuple(unit.rules))
    return Program(
        _found(there, unit, whole), declared, unit, (*read.remarks, *declared.told, *unit.remarks), where, reach
    )


def _read(text: str, where: Where, defines: Mapping[str, str]) -> Parsed:
    """The tree of a text with the statements behind it; what is wrong with the text alone is told as that."""
    try:
        read = parsed(text + where.bodies(), defines)
    except InputError as error:
        if where.given:
            _read(text, where._replace(runs=(), softirq=""), defines)
        raise where.moved(error) from None
    for node in read.tree.ext:
        begins = node.decl.type.type.type if isinstance(node, c_ast.FuncDef) and node.decl.name == "__run_0" else None
        if begins is not None and where.given and getattr(begins, "names", None) != ["void"]:
            raise InputError(
                f"{where.at(*read.place(begins))}: {spelt(begins)}",
                "the text ends in the middle of a declaration",
                "end it, or paste the whole of it",
            )
    return read


def _made(unit: Unit, node: c_ast.FuncDef, text: str) -> ast.FunctionDef:
    """A function compiled. What the reader does not expect is no fault of whoever pasted it, and still said in one line."""
    statements = Statements(unit, node)
    try:
        return statements.made()
    except TdxkitError:
        raise
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        line = text.split("\n")[statements.r.line - 1]
        place = unit.declared.where.at(statements.r.line, len(line) - len(line.lstrip()) + 1)
        raise InputError(
            f"{place}: `{printable(line.strip(), 40)}`",
            "this is more than the reader of C understands",
            "write it in plainer C",
        ) from error


def _compiled(functions: list[ast.FunctionDef], unit: Unit) -> dict[str, object]:
    """The module that they become, by its names."""
    tree = ast.Module(list(functions), [])
    for node in nodes(tree):
        assert isinstance(node, NODES), f"{type(node).__name__} is no part of a compiled text"
    module = types.ModuleType(f"tdxkit.c.text{next(_numbers)}")  # of the house: what runs is ours, whatever it says
    module.__file__ = runtime.__file__
    compiled(module)
    there = vars(module)
    there |= {word: getattr(runtime, word) for word in RUNTIME} | {word: getattr(widths, word) for word in WIDTHS}
    there |= DIVIDES | unit.constants
    there |= bytewise.RUNTIME | neighbours.RUNTIME | heads.RUNTIME | {"of_cpu": of_cpu}
    there |= {"warned": warned, "bug": bug, RAN: bytearray(len(unit.marks.of) + len(unit.rules))}
    exec(compile(tree, OF_C, "exec"), there)
    return there


def _found(there: Mapping[str, object], unit: Unit, text: str) -> dict[str, Callable]:
    """The functions of the text in its module, each by its name and with its lines."""
    lines = text.split("\n")
    found = {}
    for word in unit.declared.functions:
        made: Any = there[unit.word(word)]
        made.__name__ = made.__qualname__ = word
        made.__code__ = made.__code__.replace(co_name=word, co_qualname=word)
        start = made.__code__.co_firstlineno
        made.shown = Text(word, tuple(lines[start - 1 : _end(lines, start)]), first=start)
        found[word] = made
    return found


def _end(lines: list[str], start: int) -> int:
    """The line after a function that begins at a line: where its braces are even again."""
    depth, seen = 0, False
    for number in range(start - 1, len(lines)):
        depth += lines[number].count("{") - lines[number].count("}")
        seen = seen or "{" in lines[number]
        if seen and depth <= 0:
            return number + 1
    return len(lines)


def warned(m, rule: str, ran: bytearray, fired: int) -> None:
    """A WARN fires. In a run in which the scenario made something fail it is told, noted in the row of marks, and breaks no rule."""
    if m.c_failed:
        ran[fired] = 1
        m.tell(f"{rule.removesuffix(NEVER)} fires. Something was made to fail in this run, so that breaks no rule.")
    m.must(rule, m.c_failed)


class Fired(runtime.Defect):
    """A BUG fires; the rule that it breaks says where."""


def bug(m, rule: str) -> None:
    """A BUG fires: its CPU stops."""
    raise Fired(rule)
