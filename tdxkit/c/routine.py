"""A function on its way to blocks: where it stands, which names mean what, what is undone on each way out."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c.flow import Block, assign, call, constant, name, placed
from tdxkit.c.layouts import Layout
from tdxkit.c.reach import RAN
from tdxkit.c.typed import Variable
from tdxkit.c.types import MOST_CELLS, Array, Int, Pointer, Struct, Type
from tdxkit.c.unit import Unit
from tdxkit.c.where import RUN


@dataclass(frozen=True, slots=True)
class Local:
    """A local variable that nobody points to: a variable of the generator."""

    word: str
    type: Type


@dataclass(frozen=True, slots=True)
class Slot:
    """A local object that may be pointed to, or has several cells: it lies on the CPU's stack, from this cell of the function's part on."""

    at: int
    type: Type


@dataclass(frozen=True, slots=True)
class Lent:
    """A local object that the kernel's functions work on, so that other CPUs may come to it: a shared one, to which this variable points."""

    word: str
    type: Type


@dataclass(frozen=True, slots=True)
class Fixed:
    """A name that stands for a value known now, such as the lock of a guard."""

    code: ast.expr
    type: Type


@dataclass
class Scope:
    """A block of C: its names, and what to do on the way out of it, the last first. `loop`: where break and continue go."""

    names: dict[str, Local | Slot | Lent | Fixed | Variable] = field(default_factory=dict)
    undo: list[Callable[[], None]] = field(default_factory=list)
    inside: bool = False  # of an expression: break and continue do not leave it
    end: int = 0  # the line of its }, where what its guards hold is given back
    leave: Block | None = None
    again: Block | None = None


class Routine:
    """See the module. `at` is the block that statements are added to."""

    def __init__(self, unit: Unit, node: c_ast.FuncDef):
        self.unit, self.node, self.title = unit, node, node.decl.name
        self.declared = unit.declared
        self.entry = self.at = Block()
        self.scopes: list[Scope] = [Scope()]
        self.labels: dict[str, tuple[Block, list[Scope]]] = {}
        self.jumps: list = []
        self.slots = self.temps = 0
        self.laid: list[Slot] = []
        self.names: dict[int, str] = {}
        self.used: dict[str, int] = {}
        self.line = 1
        self.pointed = set(_pointed_to(node.body))
        self.params: list[str] = []
        self.returns = self.declared.takes[self.title].returns

    # where it stands

    def emit(self, statement: ast.stmt) -> None:
        """Add a statement, at the line of the text where it stands."""
        self.at.body.append(placed(statement, self.line))

    def do(self, code: ast.expr) -> None:
        """Add an expression as a statement."""
        self.emit(ast.Expr(code))

    def temp(self, code: ast.expr) -> ast.expr:
        """The value of an expression now, in a variable of its own."""
        if isinstance(code, ast.Constant) or (isinstance(code, ast.Name) and code.id[:2] == "t_"):
            return code
        self.temps += 1
        self.emit(assign(f"t_{self.temps}", code))
        return name(f"t_{self.temps}")

    def variable(self) -> str:
        """A variable of its own, for what two ways set."""
        self.temps += 1
        return f"t_{self.temps}"

    def step(self, act: ast.expr) -> None:
        """The start of a step."""
        self.do(ast.Yield(act))
        if self.loops:
            self.do(call("went"))

    loops, stays = True, False

    def jump(self, to: Block) -> None:
        """Go on there, and begin a block that nobody leads to yet."""
        self.at.ways, self.at.line = (to,), self.line
        self.at = Block()

    def branch(self, test: ast.expr, yes: Block, no: Block) -> None:
        """Go on here or there."""
        placed(test, self.line)
        self.at.test, self.at.ways, self.at.line = test, (yes, no), self.line
        self.at = Block()

    def begin(self, block: Block) -> None:
        """Go on in a block; whoever stands before it goes there too."""
        if self.at is not block:
            self.at.ways, self.at.line = (block,), self.line
            self.at = block

    def move(self, node: c_ast.Node) -> None:
        """The line of a node is the one where what follows stands."""
        if node.coord is not None and not self.stays:
            self.line = self.declared.line(node)

    def end(self, node: c_ast.Node) -> int:
        """The line of a block's }; 0 for a statement that is none, and for the statements of an option, behind which no } is shown."""
        given = node is self.node.body and self.title.startswith(RUN)
        return self.unit.end(node) if isinstance(node, c_ast.Compound) and not given else 0

    def mark(self, node: c_ast.Node) -> None:
        """A statement begins: that it does is noted."""
        number = self.unit.marks.number(self.title, node)
        self.emit(ast.Assign([ast.Subscript(name(RAN), constant(number), ast.Store())], constant(1)))

    # names

    def find(self, word: str) -> Local | Slot | Lent | Fixed | Variable | None:
        """What a name means here."""
        for scope in reversed(self.scopes):
            if word in scope.names:
                return scope.names[word]
        return self.declared.variables.get(word)

    def known_here(self) -> list[str]:
        """The names of the function's own variables here."""
        return [word for scope in reversed(self.scopes) for word in scope.names]

    def writes(self, word: str) -> bool:
        """Is a name assigned anywhere in the function?"""
        return word in _written(self.node.body)

    def declare(self, word: str, kind: Type) -> Local | Slot:
        """A new local variable."""
        made: Local | Slot
        if word in self.pointed or isinstance(kind, (Array, Struct)) or kind.cells != 1 or not _plain(kind):
            made = self.slot(word, kind)
        else:
            self.used[word] = self.used.get(word, 0) + 1
            made = Local(f"c_{word}" + (f"_{self.used[word]}" if self.used[word] > 1 else ""), kind)
        self.scopes[-1].names[word] = made
        return made

    def slot(self, word: str, kind: Type) -> Slot:
        """Cells on the CPU's stack."""
        made = Slot(self.slots, kind)
        self.slots += kind.cells
        self.unit.layouts.on_stack.append(kind)
        if self.unit.careful:  # its name lies behind it
            self.names[self.slots] = self.unit.layouts.on_the_stack(self.title, word, kind)
            self.laid.append(made)
            self.slots += 1
        if self.slots > MOST_CELLS:
            raise self.declared.refuse(
                self.node, f"`{word}`", f"a function has at most {MOST_CELLS:,} scalars of its own", "make it smaller"
            )
        return made

    def layout(self, at: int) -> tuple[Layout, int]:
        """The object on the stack that a cell is of, and the cell of that."""
        slot = next(slot for slot in reversed(self.laid) if slot.at <= at)
        return self.unit.layouts.of(slot.type), at - slot.at

    def empty(self) -> ast.expr:
        """What its part of the stack begins with."""
        return constant(tuple(self.names.get(at) for at in range(self.slots)))

    def lend(self, word: str, kind: Type) -> Lent:
        """A new local object that is a shared one; nothing is there before its declaration is come to."""
        made = self.scopes[-1].names[word] = Lent(self.variable(), kind)
        self.entry.body.insert(0, assign(made.word, ast.Constant(None)))
        return made

    # ways out

    def undo(self, down_to: int) -> None:
        """What is to be done on a way out of all scopes above this many."""
        kept, line, stays = self.scopes, self.line, self.stays
        for depth in range(len(kept) - 1, down_to - 1, -1):
            self.scopes = kept[: depth + 1]
            for action in reversed(kept[depth].undo):
                self.line, self.stays = kept[depth].end or line, True
                action()
        self.scopes, self.line, self.stays = kept, line, stays


def _plain(kind: Type) -> bool:
    return isinstance(kind, (Int, Pointer))


def _pointed_to(node: c_ast.Node) -> Iterator[str]:
    """The names of which an address is taken."""
    if isinstance(node, c_ast.UnaryOp) and node.op == "&":
        inner = node.expr
        while isinstance(inner, c_ast.ArrayRef) or (isinstance(inner, c_ast.StructRef) and inner.type == "."):
            inner = inner.name
        if isinstance(inner, c_ast.ID):
            yield inner.name
    for _, child in node.children():
        yield from _pointed_to(child)


def _written(node: c_ast.Node) -> Iterator[str]:
    """The names that are assigned."""
    steps = isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--")
    place = node.lvalue if isinstance(node, c_ast.Assignment) else node.expr if steps else None
    if isinstance(place, c_ast.ID):
        yield place.name
    for _, child in node.children():
        yield from _written(child)
