"""A function on its way to blocks: where it stands, which names mean what, what is undone on each way out."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c.declare import Declared
from tdxkit.c.flow import Block, assign, call, constant, name, placed
from tdxkit.c.reach import RAN, Marks
from tdxkit.c.typed import Variable
from tdxkit.c.types import MOST_CELLS, Array, Int, Pointer, Struct, Type
from tdxkit.explore.rules import Property
from tdxkit.kinds import Act


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
    leave: Block | None = None
    again: Block | None = None


class Unit:
    """What the functions of a text share: declarations, the acts that are no labels of a moment, the objects of the shared memory."""

    def __init__(self, declared: Declared, kernel, stubs: Mapping[str, int], taken: frozenset[str] = frozenset()):
        self.declared, self.kernel, self.stubs, self.taken = declared, kernel, stubs, taken
        self.constants: dict[str, object] = {}
        self.statics: dict[str, Variable] = {}
        self.calls: dict[str, Counter[str]] = {}  # of each function those of the text that it calls, and how often
        self.cells: dict[str, tuple[str, ...]] = {}
        self.scalars = 0
        self.titles: dict[str, str] = {}  # of each shared object, as it is told
        self.shared: list[Variable] = []
        self.remarks: list[str] = []
        self.marks = Marks()
        self.by_cpu = False  # does it ask which CPU runs it?
        self.rules: dict[str, None] = {}
        self.pages_in_hand = False  # are pages counted as each CPU's, as in the designs of Dynamic PAMT?
        self.modules: set[str] = set()  # whose programs are called
        self.keyed: dict[str, Mapping] = {}  # shared variables of the TDX module's model, by region
        self.properties: dict[str, Property] = {}  # rules that the kernel's functions ask for
        self.heap: dict[
            str, tuple[str, tuple[str, ...]]
        ] = {}  # allocated objects: the variable with the state, cells that are no locks

    def objects(self) -> list[Variable]:
        """The objects that all CPUs share, static ones of functions too."""
        return self.shared

    def word(self, title: str) -> str:
        """The name that a function of the text has in Python."""
        return f"f_{title}"

    def kernel_word(self, entry) -> str:
        """The name of a kernel function's program."""
        self.constants[f"k_{entry.name}"] = entry.program
        self.properties |= {rule.name: rule for rule in entry.rules}
        self.modules.add(entry.program.__module__)
        needed = self.kernel.objects[entry.needs] if entry.needs and entry.needs not in self.cells else None
        if isinstance(needed, Type):
            self.add(entry.needs, needed)
        elif needed is not None:
            self.keyed |= needed
        return f"k_{entry.name}"

    def add(self, title: str, kind: Type, first: tuple = ()) -> None:
        """A shared object that no text declares."""
        self.share(Variable(title, kind, first or (0,), c_ast.EmptyStatement()))

    def rule(self, word: str, node: c_ast.Node) -> str:
        """The rule that a WARN or BUG is, by its line."""
        made = f"{word}() of {self.declared.where.line(*self.declared.place(node))} never fires"
        self.rules[made] = None
        return made

    def act(self, act: Act) -> ast.expr:
        """An act by a name of the module that is compiled."""
        word = next(
            (w for w, known in self.constants.items() if isinstance(known, Act) and known.as_local() == act.as_local()),
            None,
        )
        if word is None:
            word = f"a_{len(self.constants)}"
            self.constants[word] = act
        return name(word)

    def share(self, variable: Variable) -> None:
        """Give a shared object its cells."""
        self.shared.append(variable)
        self.scalars += variable.type.cells
        if self.scalars > MOST_CELLS:
            raise self.declared.refuse(
                variable.node,
                f"`{variable.name}`",
                f"all that CPUs share is at most {MOST_CELLS:,} scalars",
                "make it smaller",
            )
        self.titles[variable.name] = title = self._title(variable.name)
        self.cells[variable.name] = tuple(title + path for path, _ in variable.type.leaves())

    def _title(self, word: str) -> str:
        """What a shared object is called beside those of the models."""
        title = word
        while title in self.taken or (title != word and title in self.declared.variables):
            title = f"my_{title}"
        if title != word:
            self.remarks.append(f"the text's {word} is told as {title}: the model has a {word} of its own")
        return title


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
        self.used: dict[str, int] = {}
        self.line = 1
        self.pointed = set(_pointed_to(node.body))
        self.lent = set(_lent(node.body, unit.kernel.functions))
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

    loops = True

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
        if node.coord is not None:
            self.line = self.declared.line(node)

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

    def declare(self, word: str, kind: Type) -> Local | Slot:
        """A new local variable."""
        made: Local | Slot
        if word in self.pointed or isinstance(kind, (Array, Struct)) or kind.cells != 1 or not _plain(kind):
            made = Slot(self.slots, kind)
            self.slots += kind.cells
            if self.slots > MOST_CELLS:
                raise self.declared.refuse(
                    self.node,
                    f"`{word}`",
                    f"a function has at most {MOST_CELLS:,} scalars of its own",
                    "make it smaller",
                )
        else:
            self.used[word] = self.used.get(word, 0) + 1
            made = Local(f"c_{word}" + (f"_{self.used[word]}" if self.used[word] > 1 else ""), kind)
        self.scopes[-1].names[word] = made
        return made

    def lend(self, word: str, kind: Type) -> Lent:
        """A new local object that is a shared one; nothing is there before its declaration is come to."""
        made = self.scopes[-1].names[word] = Lent(self.variable(), kind)
        self.entry.body.insert(0, assign(made.word, ast.Constant(None)))
        return made

    # ways out

    def undo(self, down_to: int) -> None:
        """What is to be done on a way out of all scopes above this many."""
        kept = self.scopes
        for depth in range(len(kept) - 1, down_to - 1, -1):
            self.scopes = kept[: depth + 1]
            for action in reversed(kept[depth].undo):
                action()
        self.scopes = kept


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


def _lent(node: c_ast.Node, functions: Mapping) -> Iterator[str]:
    """The names of what the kernel's functions are given a pointer to, where these work on shared memory."""
    if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
        entry = functions.get(node.name.name)
        for takes, arg in zip(entry.takes if entry and not entry.stack else "", node.args.exprs if node.args else ()):
            pointed = arg.expr if isinstance(arg, c_ast.UnaryOp) and arg.op == "&" else arg
            while pointed is not arg and isinstance(pointed, (c_ast.ArrayRef, c_ast.StructRef)):
                pointed = pointed.name
            if takes == "p" and isinstance(pointed, c_ast.ID):
                yield pointed.name
    for _, child in node.children():
        yield from _lent(child, functions)
