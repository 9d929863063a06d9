"""What a text declares: types, constants, the variables that all CPUs share, and its functions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c.known import NAMED, TAGGED
from tdxkit.c.literals import number
from tdxkit.c.types import (
    INT,
    INTS,
    VOID,
    Array,
    Atomic,
    Function,
    Int,
    Kernels,
    Lock,
    Pointer,
    Struct,
    Type,
    Void,
    promoted,
    whole,
)
from tdxkit.errors import InputError

FLOATS = {"float", "double", "_Complex"}


@dataclass(slots=True)
class Variable:
    """A file-scope variable, or a static one of a function: its type and the values its cells begin with."""

    name: str
    type: Type
    first: tuple
    node: c_ast.Node
    const: bool = False


@dataclass
class Declared:
    """The text at file scope. `place` gives the line and column of a node, as the reader sees them."""

    place: Callable[[c_ast.Node], tuple[int, int]]
    line: Callable[[c_ast.Node], int]  # in the text itself: what code objects carry
    types: dict[str, Type] = field(default_factory=lambda: dict(NAMED))
    tags: dict[str, Type] = field(default_factory=lambda: dict(TAGGED))
    constants: dict[str, int] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, c_ast.FuncDef] = field(default_factory=dict)
    takes: dict[str, Function] = field(default_factory=dict)

    def of_expression(self, node: c_ast.Node) -> Type:
        """The type of an expression: known where functions are read, which put their own way here."""
        raise self.refuse(node, "typeof", "it is not read here", "write the type")

    def refuse(self, node: c_ast.Node, what: str, rule: str, action: str) -> InputError:
        """What is said of a node that cannot be read."""
        line, column = self.place(node)
        return InputError(f"line {line}, column {column}: {what}", rule, action)

    # types

    def type_of(self, node: c_ast.Node) -> Type:
        """The type that a declarator or type name stands for."""
        if isinstance(node, c_ast.TypeDecl):
            return self.type_of(node.type)
        if isinstance(node, c_ast.Typename):
            return self.type_of(node.type)
        if isinstance(node, c_ast.IdentifierType):
            return self._named(node)
        if isinstance(node, c_ast.PtrDecl):
            return Pointer(self.type_of(node.type))
        if isinstance(node, c_ast.ArrayDecl):
            return Array(self.type_of(node.type), self._length(node))
        if isinstance(node, c_ast.FuncDecl):
            return self._function(node)
        if isinstance(node, (c_ast.Struct, c_ast.Union)):
            return self._struct(node)
        if isinstance(node, c_ast.Enum):
            return self._enum(node)
        if type(node).__name__ == "TypeOf":
            return self.type_of(node.expr) if isinstance(node.expr, c_ast.Typename) else self.of_expression(node.expr)
        raise self.refuse(node, type(node).__name__, "it is no type that is read", "write it with plain types")

    def _named(self, node: c_ast.IdentifierType) -> Type:
        name = " ".join(node.names)
        if FLOATS & set(node.names):
            raise self.refuse(node, name, "the kernel has no floating point", "use integers")
        if name in self.types:
            return self.types[name]
        if name == "void":
            return VOID
        words = list(node.names)
        unsigned, long = "unsigned" in words, words.count("long")
        base = (
            "char" if "char" in words else "short" if "short" in words else ("int", "long", "long long")[min(long, 2)]
        )
        spelled = f"unsigned {base}" if unsigned else "signed char" if base == "char" and "signed" in words else base
        if set(words) - {"unsigned", "signed", "long", "short", "int", "char"} or spelled not in INTS:
            raise self.refuse(node, f"type `{name}`", "it is not declared", "paste its typedef too")
        return INTS[spelled]

    def _length(self, node: c_ast.ArrayDecl) -> int:
        if node.dim is None:
            return 0
        length = self.constant(node.dim)
        if not 0 <= length <= 4096:
            raise self.refuse(node, f"an array of {length}", "it has 0 to 4,096 elements", "make it smaller")
        return length

    def _function(self, node: c_ast.FuncDecl) -> Function:
        params = node.args.params if node.args else []
        takes = []
        for param in params:
            if isinstance(param, c_ast.EllipsisParam):
                raise self.refuse(param, "`...`", "a function takes a fixed number of arguments", "write them out")
            kind = self.type_of(param.type)
            if isinstance(kind, Void) and len(params) == 1:
                break
            takes.append(Pointer(kind.of) if isinstance(kind, Array) else kind)
        return Function(self.type_of(node.type), tuple(takes))

    def _struct(self, node: c_ast.Struct | c_ast.Union) -> Type:
        word = "union" if isinstance(node, c_ast.Union) else "struct"
        name = f"{word} {node.name}" if node.name else f"{word} (without a name)"
        key = node.name if word == "struct" else name
        known = self.tags.get(key) if node.name else None
        if node.decls is None:
            if known is None:
                known = self.tags[key] = Struct(name)
            return known
        if word == "union":
            raise self.refuse(
                node, name, "a union shows the same bytes as different types", "write the member that is used"
            )
        made = known if isinstance(known, Struct) and not known.known else Struct(name)
        if node.name:
            self.tags[key] = made
        fields = []
        for decl in node.decls:
            if not isinstance(decl, c_ast.Decl):
                continue
            kind = self.type_of(decl.type)
            if decl.bitsize is not None and isinstance(kind, Int):
                kind = Int(kind.name, self.constant(decl.bitsize), kind.signed, kind.rank)
            if isinstance(kind, Function):
                raise self.refuse(decl, f"`{decl.name}`", "it is a function", "leave it out")
            fields.append((decl.name or "", kind))
        made.fill(fields)
        return made

    def _enum(self, node: c_ast.Enum) -> Type:
        value = -1
        for entry in node.values.enumerators if node.values else ():
            value = self.constant(entry.value) if entry.value is not None else value + 1
            self.constants[entry.name] = value
        return INTS["unsigned int"] if node.values and value >= 0 else INT

    # constants

    def constant(self, node: c_ast.Node) -> int:
        """The value of an integer constant expression."""
        value, _ = self.folded(node)
        return value

    def folded(self, node: c_ast.Node) -> tuple[int, Int]:
        """The value and type of a constant expression; Refused where it is none."""
        if isinstance(node, c_ast.Constant):
            return number(node, self)
        if isinstance(node, c_ast.ID) and node.name in self.constants:
            return self.constants[node.name], INT
        if isinstance(node, c_ast.ID) and node.name in ("true", "false"):
            return int(node.name == "true"), INT
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof":
            return self.size(node.expr), INTS["unsigned long"]
        if isinstance(node, c_ast.UnaryOp) and node.op in "-~!+":
            value, kind = self.folded(node.expr)
            if node.op == "!":
                return int(not value), INT
            kind = promoted(kind)
            return kind.wrap({"-": -value, "~": ~value, "+": value}[node.op]), kind
        if isinstance(node, c_ast.Cast):
            value, _ = self.folded(node.expr)
            kind = self.type_of(node.to_type)
            if isinstance(kind, Int):
                return kind.wrap(value), kind
        if isinstance(node, c_ast.TernaryOp):
            return self.folded(node.iftrue if self.constant(node.cond) else node.iffalse)
        if isinstance(node, c_ast.BinaryOp):
            from tdxkit.c.arithmetic import binary

            (a, one), (b, other) = self.folded(node.left), self.folded(node.right)
            if node.op in ("&&", "||"):
                return int(bool(a) and bool(b) if node.op == "&&" else bool(a) or bool(b)), INT
            return binary(node.op, a, one, b, other)
        raise self.refuse(node, "this value", "it must be a constant here", "write a number")

    def size(self, node: c_ast.Node) -> int:
        """sizeof a type, or of an expression whose type is plain to see."""
        if isinstance(node, c_ast.Typename):
            return whole("sizeof", self.type_of(node)).size
        if isinstance(node, c_ast.ID) and node.name in self.variables:
            return self.variables[node.name].type.size
        raise self.refuse(node, "sizeof", "of this expression it is not known", "write sizeof a type")

    # file scope

    def read(self, tree: c_ast.FileAST) -> None:
        """Everything that stands at file scope."""
        for node in tree.ext:
            if isinstance(node, c_ast.Typedef):
                if node.name not in NAMED:
                    self.types[node.name] = self.type_of(node.type)
            elif isinstance(node, c_ast.FuncDef):
                self.takes[node.decl.name] = self._function(node.decl.type)
                self.functions[node.decl.name] = node
            elif isinstance(node, c_ast.Decl):
                self._global(node)

    def _global(self, node: c_ast.Decl) -> None:
        kind = self.type_of(node.type)
        if node.name is None:
            return
        if isinstance(kind, Function):
            return
        if "extern" in (node.storage or []) and node.name in self.variables:
            return
        if isinstance(kind, Array) and kind.count == 0 and isinstance(node.init, c_ast.InitList):
            kind = Array(kind.of, len(node.init.exprs))
        line, column = self.place(node)
        whole(f"line {line}, column {column}: `{node.name}`", kind)
        self.variables[node.name] = Variable(node.name, kind, self.first(kind, node.init), node)

    def static(self, node: c_ast.Decl, kind: Type, function: str) -> Variable:
        """A static variable of a function."""
        return Variable(f"{function}.{node.name}", kind, self.first(kind, node.init), node)

    def first(self, kind: Type, init: c_ast.Node | None) -> tuple:
        """What the cells of an object at file scope begin with."""
        found = [_zero(leaf) for _, leaf in kind.leaves()]
        if isinstance(init, c_ast.InitList):
            for offset, leaf, node in self.listed(kind, init):
                found[offset] = self._first(leaf, node)
        elif init is not None and found:
            found[0] = self._first(kind, init)
        return tuple(found)

    def _first(self, kind: Type, node: c_ast.Node) -> object:
        if isinstance(kind, (Lock, Kernels)):
            return _zero(kind)
        if isinstance(kind, Pointer):
            if isinstance(node, c_ast.UnaryOp) and node.op == "&" and isinstance(node.expr, c_ast.ID):
                return (node.expr.name, 0)
            if isinstance(node, c_ast.ID) and node.name == "NULL":
                return 0
        value = self.constant(node)
        held = kind.of if isinstance(kind, Atomic) else kind
        return held.wrap(value) if isinstance(held, Int) else value

    def listed(self, kind: Type, init: c_ast.InitList) -> Iterator[tuple[int, Type, c_ast.Node]]:
        """An initialiser's entries: the cell, its type, and the expression."""
        at = 0
        if not isinstance(kind, (Array, Struct)):
            for node in init.exprs or []:
                yield 0, kind, node
            return
        for node in init.exprs or []:
            if isinstance(node, c_ast.NamedInitializer):
                at, inner = self._designated(kind, node)
                node = node.expr
            else:
                inner = self._at(kind, at, node)
            if isinstance(node, c_ast.InitList):
                for offset, leaf, value in self.listed(inner, node):
                    yield at + offset, leaf, value
            else:
                yield at, inner, node
            at += inner.cells

    def _designated(self, kind: Type, node: c_ast.NamedInitializer) -> tuple[int, Type]:
        at = 0
        for step in node.name:
            if isinstance(kind, Struct) and isinstance(step, c_ast.ID) and step.name in kind.members:
                member = kind.members[step.name]
                at, kind = at + member.cell, member.type
            elif isinstance(kind, Array):
                index = self.constant(step)
                if not 0 <= index < kind.count:
                    raise self.refuse(node, f"element {index}", f"the array has {kind.count}", "correct the index")
                at, kind = at + index * kind.of.cells, kind.of
            else:
                raise self.refuse(node, "this initialiser", f"{kind} has no such member here", "correct the name")
        return at, kind

    def _at(self, kind: Type, at: int, node: c_ast.Node) -> Type:
        """The type of the member or element that begins at this cell."""
        if isinstance(kind, Array) and at < kind.cells:
            return kind.of
        if isinstance(kind, Struct):
            for member in kind.members.values():
                if member.cell == at and member.type.cells:
                    return member.type
        raise self.refuse(node, "this initialiser", f"{kind} has no member for it", "leave it out")


def _zero(kind: Type) -> object:
    """What a cell of this type begins with."""
    if isinstance(kind, Lock):
        return 0 if kind.shared else False
    return kind.first if isinstance(kind, Kernels) else 0
