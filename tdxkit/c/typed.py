"""The types that a text names, and the constants that are known before it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c import composite
from tdxkit.c.arithmetic import Defect, binary
from tdxkit.c.forms import calls, is_range, is_same, says_volatile
from tdxkit.c.kernel.constants import CONSTANTS
from tdxkit.c.known import NAMED, TAGGED
from tdxkit.c.literals import number, type_of_constant
from tdxkit.c.spelt import spelt
from tdxkit.c.typenames import OFFSETS
from tdxkit.c.types import (
    INT,
    INTS,
    VOID,
    Array,
    Function,
    Int,
    Pointer,
    Struct,
    Type,
    Void,
    measured,
    promoted,
    whole,
)
from tdxkit.c.where import Where
from tdxkit.errors import InputError

ALIGNED = {"_Alignof", "__alignof__"}
FLOATS = {"float", "double", "_Complex"}


@dataclass(slots=True)
class Variable:
    """A file-scope variable, or a static one of a function: its type and the values its cells begin with."""

    name: str
    type: Type
    first: tuple
    node: c_ast.Node


@dataclass
class Types:
    """The types and constants of a text. `place` gives the line and column of a node, `where` says them as the reader knows them."""

    place: Callable[[c_ast.Node], tuple[int, int]]
    where: Where
    types: dict[str, Type] = field(default_factory=lambda: dict(NAMED))
    tags: dict[str, Type] = field(default_factory=lambda: dict(TAGGED))
    constants: dict[str, int] = field(default_factory=dict)
    wide: dict[str, Int] = field(default_factory=dict)  # the types of enumerators that are no int
    variables: dict[str, Variable] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)  # to be said
    used: set[str] = field(default_factory=set)  # names of members that the text looks at
    bodies: dict[int, Type] = field(default_factory=dict)  # of structs and enums, by the token at which each begins
    per_cpu: set[str] = field(default_factory=set)  # variables of which each CPU has one: arrays
    cpus: int = 2
    open: list[Type] = field(default_factory=list)  # structs whose members are being read

    def of_expression(self, node: c_ast.Node) -> Type:
        """The type of an expression: known where functions are read, which put their own way here."""
        raise self.refuse(node, "typeof", "it is not read here", "write the type")

    def refuse(self, node: c_ast.Node, what: str, rule: str, action: str) -> InputError:
        """What is said of a node that cannot be read."""
        return InputError(f"{self.at(node)}: {what}", rule, action)

    def line(self, node: c_ast.Node) -> int:
        """The line of a node in the text with all behind it: what code objects carry."""
        return self.place(node)[0]

    def at(self, node: c_ast.Node) -> str:
        """Where a node stands, in words."""
        return self.where.at(*self.place(node))

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
            return Pointer(self.type_of(node.type), says_volatile(node.type))
        if isinstance(node, c_ast.ArrayDecl):
            return Array(self.type_of(node.type), self._length(node))
        if isinstance(node, c_ast.FuncDecl):
            return self.function(node)
        if isinstance(node, (c_ast.Struct, c_ast.Union)):
            return composite.struct(self, node)
        if isinstance(node, c_ast.Enum):
            return composite.enum(self, node)
        if type(node).__name__ == "TypeOf":
            return self.type_of(node.expr) if isinstance(node.expr, c_ast.Typename) else self.of_expression(node.expr)
        raise self.refuse(node, spelt(node), "it is no type that is read", "write it with plain types")

    def _named(self, node: c_ast.IdentifierType) -> Type:
        name = " ".join(node.names)
        if FLOATS & set(node.names):
            raise self.refuse(node, name, "the kernel has no floating point", "use integers")
        if name in self.types:
            return self.types[name]
        if name in ("void", "_Bool"):
            return VOID if name == "void" else INTS[name]
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

    def function(self, node: c_ast.FuncDecl) -> Function:
        params = node.args.params if node.args else []
        takes = []
        for param in params:
            if isinstance(param, c_ast.EllipsisParam):
                raise self.refuse(param, "`...`", "a function takes a fixed number of arguments", "write them out")
            if isinstance(param, c_ast.ID):
                raise self.refuse(param, f"`{param.name}`", "a parameter has a type", "write it before the name")
            kind = self.type_of(param.type)
            if isinstance(kind, Void) and len(params) == 1:
                break
            takes.append(Pointer(kind.of) if isinstance(kind, Array) else kind)
        return Function(self.type_of(node.type), tuple(takes))

    # constants

    def constant(self, node: c_ast.Node) -> int:
        """The value of an integer constant expression."""
        return self.folded(node)[0]

    def folded(self, node: c_ast.Node) -> tuple[int, Int]:
        """The value and type of a constant expression; Refused where it is none."""
        if isinstance(node, c_ast.Constant):
            return number(node, self)
        if isinstance(node, c_ast.ID) and node.name in self.constants:
            return self.constants[node.name], self.wide.get(node.name, INT)
        if isinstance(node, c_ast.ID) and type(value := CONSTANTS.get(node.name)) is int and node.name != "NULL":
            kind = type_of_constant(node.name, value)
            return kind.wrap(value), kind
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof":
            return self.size(node.expr), INTS["unsigned long"]
        if isinstance(node, c_ast.UnaryOp) and node.op in ALIGNED:
            return self.alignment(node.expr), INTS["unsigned long"]
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
            yes = node.cond if is_same(node) else node.iftrue
            return self.folded(yes if self.constant(node.cond) else node.iffalse)
        if isinstance(node, c_ast.BinaryOp):
            (a, one), (b, other) = self.folded(node.left), self.folded(node.right)
            if node.op in ("&&", "||"):
                return int(bool(a) and bool(b) if node.op == "&&" else bool(a) or bool(b)), INT
            try:
                return binary(node.op, a, one, b, other)
            except Defect as error:
                raise self.refuse(node, spelt(node), f"{error}", "write another number") from None
        if calls(node, *OFFSETS) and node.args and len(node.args.exprs) == 2:
            return self.within(self.type_of(node.args.exprs[0]), node.args.exprs[1])[1], INTS["unsigned long"]
        if is_range(node):
            raise self.refuse(node, "`...`", "a range stands in a case only", "write the elements one by one")
        raise self.refuse(node, spelt(node), "it must be a constant here", "write a number")

    def within(self, kind: Type, path: c_ast.Node) -> tuple[Type, int]:
        """The type of a member and the byte where it begins."""
        if isinstance(path, c_ast.ArrayRef):
            array, byte = self.within(kind, path.name)
            if isinstance(array, Array):
                return array.of, byte + self.constant(path.subscript) * array.of.size
        elif isinstance(path, c_ast.StructRef):
            outer, byte = self.within(kind, path.name)
            inner, more = self.within(outer, path.field)
            return inner, byte + more
        elif isinstance(kind, Struct) and isinstance(path, c_ast.ID) and path.name in kind.members:
            member = measured(self.at(path), kind).members[path.name]  # type: ignore[attr-defined]
            return member.type, member.byte
        raise self.refuse(path, "this member", f"{kind} has none such here", "paste the struct's definition")

    def size(self, node: c_ast.Node) -> int:
        """sizeof a type, or of an expression whose type is plain to see."""
        if isinstance(node, c_ast.Typename):
            return measured(self.at(node), whole(f"{self.at(node)}: sizeof", self.type_of(node))).size
        if isinstance(node, c_ast.ID) and node.name in self.variables:
            return measured(self.at(node), self.variables[node.name].type).size
        raise self.refuse(node, f"sizeof {spelt(node)}", "of this expression it is not known", "write sizeof a type")

    def alignment(self, node: c_ast.Node) -> int:
        """_Alignof a type."""
        return measured(self.at(node), whole(f"{self.at(node)}: _Alignof", self.type_of(node))).align
