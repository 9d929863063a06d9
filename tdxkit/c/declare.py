"""What a text declares at file scope: the variables that all CPUs share with what they begin with, and its functions."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c import heads
from tdxkit.c.composite import behind, said
from tdxkit.c.forms import calls
from tdxkit.c.initial import Initial
from tdxkit.c.known import NAMED
from tdxkit.c.spelt import spelt
from tdxkit.c.typed import Variable
from tdxkit.c.typenames import BASE, OFFSETS
from tdxkit.c.types import MOST_CELLS, Array, Function, Int, Struct, Type, whole
from tdxkit.errors import InputError


@dataclass
class Declared(Initial):
    """The text at file scope."""

    functions: dict[str, c_ast.FuncDef] = field(default_factory=dict)
    takes: dict[str, Function] = field(default_factory=dict)
    prototypes: dict[str, Function] = field(default_factory=dict)
    scalars = 0  # of what is declared at file scope

    def read(self, tree: c_ast.FileAST) -> None:
        """Everything that stands at file scope."""
        self.used, names = set(_members(tree)), list[str]()
        for node in tree.ext:
            if isinstance(node, c_ast.Typedef):
                kernels = NAMED.get(node.name)
                if kernels is None or isinstance(kernels, Int):  # a text may have an integer of its own by that name
                    kind, before = self.type_of(node.type), self.types.get(node.name, kernels)
                    if before is not kernels and str(before) != str(kind):
                        raise self._twice(node, node.name, f"it is {self.types[node.name]} already")
                    self.types[node.name] = kind
                names.append(node.name)
            elif isinstance(node, c_ast.FuncDef):
                if not isinstance(node.decl.type, c_ast.FuncDecl):
                    raise self.refuse(
                        node,
                        f"`{node.decl.name}`",
                        "a function has parentheses behind its name",
                        "write (void), or what it takes",
                    )
                if node.decl.name in self.functions:
                    raise self._twice(
                        node,
                        f"{node.decl.name}(…)",
                        f"it is defined at {self.at(self.functions[node.decl.name])} already",
                    )
                if node.decl.name in self.variables:
                    raise self._twice(node, f"{node.decl.name}(…)", "a variable has this name")
                self.takes[node.decl.name] = self.function(node.decl.type)
                self.functions[node.decl.name] = node
            elif isinstance(node, c_ast.StaticAssert):
                for back in behind(self, node, len(names), "__aligned_here"):
                    self._aligned(names[-1 - back], node)
                self.asserted(node, "static_assert", node.cond, True)
            elif isinstance(node, c_ast.Decl):
                self._global(node)

    def _aligned(self, name: str, node: c_ast.StaticAssert) -> None:
        """A typedef that is aligned otherwise than its type, to less too."""
        packing, kind = said(self, node), copy(self.types[name])
        kind.align = packing.align
        if packing.odd or (isinstance(kind, Struct) and not kind.known):
            raise self.refuse(
                node,
                f"`{name}`",
                "of this typedef it is not known how it is aligned",
                "align the struct, or give a number",
            )
        self.types[name] = kind

    def asserted(self, node: c_ast.Node, word: str, condition: c_ast.Node, wanted: bool) -> None:
        """What a text asserts before it runs: refused where it is known, and wrong. How large a struct of the kernel is is not known for certain."""
        try:
            right = _measures(condition) or bool(self.constant(condition)) == wanted
        except InputError:
            return
        if not right:
            rule = f"{spelt(condition)} is {'false' if wanted else 'true'}, and so this does not compile"
            raise self.refuse(node, f"{word}(…)", rule, "correct it, or take it out")

    def _global(self, node: c_ast.Decl) -> None:
        kind = self.type_of(node.type)
        if node.name is None:
            return
        if isinstance(kind, Function):
            self.prototypes[node.name] = kind
            return
        if "extern" in (node.storage or []) and node.name in self.variables:
            return
        kind, init = self.sized(kind, node.init)
        heads.checked(self, node.name, kind, init)
        first = self.first(kind, init)
        if "register" in (node.storage or []):  # what DEFINE_PER_CPU() became: no C has it at file scope
            self.per_cpu.add(node.name)
            kind, first = Array(kind, self.cpus), first * self.cpus
        whole(f"{self.at(node)}: `{node.name}`", kind)
        self.scalars += kind.cells
        if self.scalars > MOST_CELLS:
            raise self.refuse(
                node, f"`{node.name}`", f"all that CPUs share is at most {MOST_CELLS:,} scalars", "make it smaller"
            )
        if node.name in self.functions:
            raise self._twice(node, node.name, "a function has this name")
        if before := self.variables.get(node.name):
            if node.init is None and str(before.type) == str(kind):
                return
            if before.node.init is not None or (
                str(before.type) != str(kind) and "extern" not in (before.node.storage or [])
            ):
                raise self._twice(node, node.name, f"it is declared at {self.at(before.node)} already")
        self.variables[node.name] = Variable(node.name, kind, first, node)

    def _twice(self, node: c_ast.Node, word: str, rule: str) -> InputError:
        return self.refuse(node, f"`{word}`", rule, "take one out, or give it another name")

    def static(self, node: c_ast.Decl, kind: Type, title: str) -> Variable:
        """A static variable of a function."""
        return Variable(title, kind, self.first(kind, node.init), node)


def _members(node: c_ast.Node) -> Iterator[str]:
    """The names of all members that a tree looks at, or begins with a value."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, c_ast.StructRef):
            yield node.field.name
        if isinstance(node, c_ast.NamedInitializer):
            yield from (step.name for step in node.name if isinstance(step, c_ast.ID))
        todo += [child for _, child in node.children()]


def _measures(node: c_ast.Node) -> bool:
    """Is it about the size of what is no pointer and no plain integer, or where a member lies?"""
    kind = node.expr if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof" else None
    while isinstance(kind, (c_ast.Typename, c_ast.TypeDecl)):
        kind = kind.type
    if isinstance(kind, c_ast.IdentifierType):
        return not all(word in BASE or isinstance(NAMED.get(word), Int) for word in kind.names)
    if kind is not None:
        return not isinstance(kind, c_ast.PtrDecl)
    return calls(node, *OFFSETS) or any(_measures(child) for _, child in node.children())
