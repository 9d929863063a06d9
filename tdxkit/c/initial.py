"""What objects begin with: the initialisers of a text, cell by cell."""

from collections.abc import Iterator
from dataclasses import dataclass

from pycparser import c_ast

from tdxkit.c import heads
from tdxkit.c.literals import as_list, is_text
from tdxkit.c.spelt import spelt
from tdxkit.c.typed import Types
from tdxkit.c.types import MOST_CELLS, Array, Atomic, Int, Kernels, Lock, Pointer, Struct, Type
from tdxkit.errors import InputError

TEXT = ("text", 0)  # what points to the characters of a text, which nobody reads


@dataclass
class Initial(Types):
    """The initialisers of a text."""

    def sized(self, kind: Type, init: c_ast.Node | None) -> tuple[Type, c_ast.Node | None]:
        """An array without a length has that of its values; a text in one is the list of its characters. `(TYPE){ … }` begins an object of TYPE
        as its list does."""
        if isinstance(init, c_ast.CompoundLiteral) and isinstance(kind, (Array, Struct)):
            if str(given := self.type_of(init.type)) != str(kind) and not isinstance(kind, Array):
                raise self.refuse(init, spelt(init), f"it is of type {given}, and begins a {kind}", "write that type")
            init = init.init
        if isinstance(kind, Array) and is_text(init):
            init = as_list(init, kind.count)
        if isinstance(kind, Array) and kind.count == 0 and isinstance(init, c_ast.InitList):
            filled = [offset for offset, _, _ in self.listed(Array(kind.of, MOST_CELLS), init)]
            kind = Array(kind.of, max(filled, default=-1) // max(1, kind.of.cells) + 1)
        return kind, init

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
            return kind.made if isinstance(kind, Kernels) and heads.made(node) else _zero(kind)
        if isinstance(kind, Pointer):
            if is_text(node):
                return TEXT
            if isinstance(node, c_ast.UnaryOp) and node.op == "&":
                name, cell, _ = self._place(node.expr)
                return name, cell
            if isinstance(node, c_ast.ID) and isinstance(getattr(self.variables.get(node.name), "type", None), Array):
                return node.name, 0
            if isinstance(node, c_ast.ID) and node.name == "NULL":
                return 0
        value = self.constant(node)
        held = kind.of if isinstance(kind, Atomic) else kind
        return held.wrap(value) if isinstance(held, Int) else value

    def _place(self, node: c_ast.Node) -> tuple[str, int, Type]:
        """The variable, cell and type of what an address is taken of before anything runs."""
        if isinstance(node, c_ast.ID):
            if node.name not in self.variables:
                raise self.refuse(node, f"`{node.name}`", "it is not declared above", "declare it in the text")
            return node.name, 0, self.variables[node.name].type
        if isinstance(node, c_ast.StructRef) and node.type == ".":
            name, cell, kind = self._place(node.name)
            if isinstance(kind, Struct) and (member := kind.members.get(node.field.name)):
                return name, cell + member.cell, member.type
            raise self.refuse(
                node.field, f"`{node.field.name}`", f"{kind} has no such member here", "paste the struct's definition"
            )
        if isinstance(node, c_ast.ArrayRef):
            name, cell, kind = self._place(node.name)
            index = self.constant(node.subscript)
            if isinstance(kind, Array) and 0 <= index <= kind.count:  # one behind the last too
                return name, cell + index * kind.of.cells, kind.of
            raise self.refuse(node, spelt(node), f"there is no element {index} of {kind}", "correct the index")
        raise self.refuse(
            node,
            spelt(node),
            "of this the address is not known before anything runs",
            "name a variable, a member or an element",
        )

    def listed(self, kind: Type, init: c_ast.InitList) -> Iterator[tuple[int, Type, c_ast.Node]]:
        """An initialiser's entries: the cell, its type, and the expression. Braces inside may be left out, as C has it."""
        at = 0
        if not isinstance(kind, (Array, Struct)):
            for node in init.exprs or []:
                yield 0, kind, node
            return
        for node in [one for entry in init.exprs or [] for one in self._each(entry)]:
            if isinstance(node, c_ast.NamedInitializer):
                at, inner = self._designated(kind, node)
                node = node.expr
            else:
                inner = self._at(kind, at, node)
            if isinstance(inner, Array) and is_text(node):
                node = as_list(node, inner.count)
            if isinstance(node, c_ast.InitList):
                for offset, leaf, value in self.listed(inner, node):
                    yield at + offset, leaf, value
            else:
                while isinstance(inner, (Array, Struct)) and not self._is_whole(inner, node):
                    inner = self._at(inner, 0, node)
                yield at, inner, node
            at += inner.cells

    def _is_whole(self, kind: Type, node: c_ast.Node) -> bool:
        """Is this expression a struct as a whole, which the member without braces begins with?"""
        if not isinstance(node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.UnaryOp, c_ast.FuncCall)):
            return False
        try:
            return self.of_expression(node) is kind
        except InputError:
            return False

    def _each(self, entry: c_ast.Node) -> Iterator[c_ast.Node]:
        """An entry for each element that it is for: `[0 ... 3] = 1` is four."""
        steps = entry.name if isinstance(entry, c_ast.NamedInitializer) else []
        for k, step in enumerate(steps):
            span = step.expr if isinstance(step, c_ast.ArrayDesignator) else step
            if isinstance(span, c_ast.FuncCall) and span.name.name == "__range":
                first, last = map(self.constant, span.args.exprs)
                if last - first >= MOST_CELLS:
                    raise self.refuse(
                        span, "this range", f"it is of at most {MOST_CELLS:,} elements", "make it smaller"
                    )
                for number in range(first, last + 1):
                    index = c_ast.Constant("int", str(number), span.coord)
                    yield c_ast.NamedInitializer([*steps[:k], index, *steps[k + 1 :]], entry.expr, entry.coord)
                return
        yield entry

    def _designated(self, kind: Type, node: c_ast.NamedInitializer) -> tuple[int, Type]:
        at = 0
        for step in node.name:
            if isinstance(kind, Struct) and isinstance(step, c_ast.ID) and step.name in kind.members:
                member = kind.members[step.name]
                at, kind = at + member.cell, member.type
            elif isinstance(kind, Array):
                index = self.constant(step.expr if isinstance(step, c_ast.ArrayDesignator) else step)
                if not 0 <= index < kind.count:
                    raise self.refuse(node, f"element {index}", f"the array has {kind.count}", "correct the index")
                at, kind = at + index * kind.of.cells, kind.of
            else:
                raise self.refuse(node, "this initialiser", f"{kind} has no such member here", "correct the name")
        return at, kind

    def _at(self, kind: Type, at: int, node: c_ast.Node) -> Type:
        """The type of the member or element that begins at this cell: the outermost one."""
        if isinstance(kind, Array) and at < kind.cells and kind.of.cells:
            within = at % kind.of.cells
            return self._at(kind.of, within, node) if within else kind.of
        first = 0
        for _, member in kind.fields if isinstance(kind, Struct) else ():
            if first == at and member.cells:
                return member
            if first == at and isinstance(member, Struct):
                raise self.refuse(
                    node,
                    "this initialiser",
                    f"{kind} has a member without anything in it here",
                    "name the members, as .a = 1",
                )
            if first < at < first + member.cells:
                return self._at(member, at - first, node)
            first += member.cells
        raise self.refuse(node, "this initialiser", f"{kind} has no member for it", "leave it out")


def _zero(kind: Type) -> object:
    """What a cell of this type begins with."""
    if isinstance(kind, Lock):
        return 0 if kind.shared else False
    return kind.first if isinstance(kind, Kernels) else 0
