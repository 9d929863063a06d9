"""What a text declares at file scope: the variables that all CPUs share with what they begin with, and its functions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c.forms import calls
from tdxkit.c.known import NAMED
from tdxkit.c.literals import as_list, is_text
from tdxkit.c.spelt import spelt
from tdxkit.c.typed import Types, Variable
from tdxkit.c.typenames import BASE, OFFSETS
from tdxkit.c.types import MOST_CELLS, Array, Atomic, Function, Int, Kernels, Lock, Pointer, Struct, Type, whole
from tdxkit.errors import InputError

TEXT = ("text", 0)  # what points to the characters of a text, which nobody reads


@dataclass
class Declared(Types):
    """The text at file scope."""

    functions: dict[str, c_ast.FuncDef] = field(default_factory=dict)
    takes: dict[str, Function] = field(default_factory=dict)
    prototypes: dict[str, Function] = field(default_factory=dict)
    scalars = 0  # of what is declared at file scope

    def read(self, tree: c_ast.FileAST) -> None:
        """Everything that stands at file scope."""
        self.used = set(_members(tree))
        for node in tree.ext:
            if isinstance(node, c_ast.Typedef):
                if node.name not in NAMED:
                    kind = self.type_of(node.type)
                    if str(self.types.get(node.name, kind)) != str(kind):
                        raise self._twice(node, node.name, f"it is {self.types[node.name]} already")
                    self.types[node.name] = kind
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
                self.asserted(node, "static_assert", node.cond, True)
            elif isinstance(node, c_ast.Decl):
                self._global(node)

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

    def _twice(self, node: c_ast.Node, word: str, rule: str) -> InputError:
        return self.refuse(node, f"`{word}`", rule, "take one out, or give it another name")

    def static(self, node: c_ast.Decl, kind: Type, title: str) -> Variable:
        """A static variable of a function."""
        return Variable(title, kind, self.first(kind, node.init), node)

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
            named = isinstance(node, c_ast.ID) and isinstance(kind, Kernels)  # by a macro of the kernel, and no 0
            return kind.made if named else _zero(kind)
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
            if first < at < first + member.cells:
                return self._at(member, at - first, node)
            first += member.cells
        raise self.refuse(node, "this initialiser", f"{kind} has no member for it", "leave it out")


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


def _zero(kind: Type) -> object:
    """What a cell of this type begins with."""
    if isinstance(kind, Lock):
        return 0 if kind.shared else False
    return kind.first if isinstance(kind, Kernels) else 0
