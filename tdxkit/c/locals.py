"""Local variables: what a declaration makes, and what it begins with."""

import ast

from pycparser import c_ast

from tdxkit.c import heads
from tdxkit.c.addresses import on_stack
from tdxkit.c.flow import BASE, STACK, assign, call, constant, name
from tdxkit.c.kernel import heap
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.known import COMPLETION, WAIT_QUEUE
from tdxkit.c.neighbours import values as in_variables
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Local
from tdxkit.c.typed import Variable
from tdxkit.c.types import INT, VOID, Atomic, Function, Int, Kernels, Lock, Pointer, Struct, Type, whole
from tdxkit.c.where import RUN
from tdxkit.errors import InputError

COMES, GOES = Entry("comes_on_the_stack", heap.comes), Entry("leaves_the_stack", heap.goes)
LENT = {COMPLETION.name, WAIT_QUEUE.name, "struct swait_queue_head"}  # beside locks and atomics


class Locals:
    """The declarations of one routine."""

    def __init__(self, statements):
        self.r, self.values = statements.r, statements.values
        self.declared, self.unit, self.calls = statements.declared, statements.unit, statements.calls

    def declare(self, node: c_ast.Decl) -> None:
        """A declaration: a name, and what it begins with."""
        r = self.r
        kind = self._declared_type(node)
        if node.name is not None and "extern" in (node.storage or []) and node.name in self.declared.variables:
            r.scopes[-1].names[node.name] = self.declared.variables[node.name]
        if node.name is None or isinstance(kind, Function) or "extern" in (node.storage or []):
            return
        if node.name in r.scopes[-1].names:
            raise self.declared.refuse(
                node, f"`{node.name}`", "this block has a variable of this name already", "rename one"
            )
        kind, init = self.declared.sized(kind, node.init)
        heads.checked(self.declared, node.name, kind, init)
        node.init = init
        whole(self.declared.at(node), kind)
        if "static" in (node.storage or []):
            r.scopes[-1].names[node.name] = self._static(node, kind)
            return
        if self._lends(node, kind):
            self.lend(node, kind)
            return
        found, value = r.declare(node.name, kind), None  # its own initialiser may ask for its size
        init = None if isinstance(kind, (Kernels, Lock, Atomic)) else node.init
        if init is not None and not isinstance(init, c_ast.InitList) and not isinstance(kind, Struct):
            self.calls.wanted = kind
            value = self.values.to(self.values.of(init), kind, node)
        if isinstance(found, Local):
            r.emit(assign(found.word, constant(None) if value is None else value.code))
        elif value is not None:
            self.values.places.store(Place(kind, pointer=on_stack(found.at)), value, node)
        elif isinstance(init, c_ast.InitList):
            self.filled(found.at, kind, init)
        elif init is not None:
            self.values.of(c_ast.Assignment("=", c_ast.ID(node.name, node.coord), node.init, node.coord))
        else:
            self._emptied(found.at, kind, node.init)

    def _static(self, node: c_ast.Decl, kind: Type) -> Variable:
        """A static variable: there once, however often its declaration is come to. Another block may have one of its name."""
        at, title = node.coord.line, f"{self.r.title}.{node.name}"
        if at not in self.unit.statics:
            same = sum(known.name.partition("#")[0] == title for known in self.unit.statics.values())
            variable = self.declared.static(node, kind, f"{title}#{same + 1}" if same else title)
            self.unit.statics[at] = variable
            self.unit.share(variable)
        return self.unit.statics[at]

    def _lends(self, node: c_ast.Decl, kind: Type) -> bool:
        """Do the kernel's functions work on it, or does its address get about, so that it is no business of this CPU alone?"""
        return self.shared(kind) or id(node) in self.unit.escaping

    def shared(self, kind: Type) -> bool:
        """Is a part of it what CPUs share by its type?"""
        return any(isinstance(leaf, (Lock, Atomic)) or leaf.name in LENT for _, leaf in kind.leaves())

    def lend(self, node: c_ast.Decl, kind: Type) -> ast.expr:
        """A local object that others may come to: from here to the end of its block; a pointer to it."""
        values, later = [getattr(leaf, "first", None) for _, leaf in kind.leaves()], None
        if node.init is not None:
            try:
                values = list(self.declared.first(kind, node.init))
            except InputError:
                later = node.init
                if isinstance(later, c_ast.InitList):  # what the list leaves out is 0
                    values = [
                        0 if isinstance(leaf, (Int, Pointer, Atomic)) else v
                        for v, (_, leaf) in zip(values, kind.leaves())
                    ]
        title = self.r.title.lstrip("_")
        if self.r.title.startswith(RUN):
            title = self.declared.where.title(int(self.r.title.removeprefix(RUN)))
        pool = self.calls.allocated.lent(f"{title}.{node.name}", kind)
        made = self.r.lend(node.name, kind)
        self.r.move(node)
        pointer = self.calls.run(COMES, [constant(pool), constant(in_variables(kind, values))], INT)
        self.r.emit(assign(made.word, pointer.code))
        self.r.scopes[-1].undo.append(lambda: self._ends(node, made.word))
        if later is not None:
            self._filled_in(node, kind, later)
        return name(made.word)

    def again(self, node: c_ast.Decl, kind: Type) -> None:
        """The same, come to once more in its block: it has its first values again."""
        places = self.values.places
        place = places.place(c_ast.ID(node.name, node.coord))
        places.neighbours.clear(place, kind, Value(constant(0), INT), node, "")
        self._filled_in(node, kind, node.init)

    def taken(self, node: c_ast.Decl, kind: Type) -> c_ast.Decl:
        """A parameter that others may come to: the declaration of a local object that begins with what is passed."""
        word = f"&{node.name}"
        self.r.scopes[-1].names[word] = passed = Local(f"c_{node.name}", kind)
        self.r.params.append(passed.word)
        return c_ast.Decl(node.name, [], [], [], [], node.type, c_ast.ID(word, node.coord), None, node.coord)

    def _ends(self, node: c_ast.Decl, word: str) -> None:
        self.calls.run(GOES, [name(word)], VOID)

    def _filled_in(self, node: c_ast.Decl, kind: Type, init: c_ast.Node) -> None:
        """What it begins with, where that is known only as it runs: an assignment."""
        if not isinstance(init, c_ast.InitList):
            self.values.of(c_ast.Assignment("=", c_ast.ID(node.name, node.coord), init, node.coord))
            return
        whole_ = self.values.places.place(c_ast.ID(node.name, node.coord))
        for offset, leaf, value in self.declared.listed(kind, init):
            code = self.values.to(self.values.of(value), leaf, value)
            self.values.places.store(self.values.places.within(whole_, offset, leaf), code, node)

    def _declared_type(self, node: c_ast.Decl) -> Type:
        """The type of a declaration; one that is left to its initialiser is that."""
        inner = node.type
        if isinstance(inner, c_ast.TypeDecl) and type(inner.type).__name__ == "InferredType":
            return self.values.places.type_of(node.init)
        return self.declared.type_of(node.type)

    def _where(self, node: c_ast.Node) -> str:
        line, column = self.declared.place(node)  # type: ignore[operator]
        return f"line {line}, column {column}"

    def _emptied(self, at: int, kind: Type, init: c_ast.Node | None) -> None:
        """A local object that begins with no values; what the kernel's functions alone touch begins as it does, or as its macro makes it."""
        for k, (_, leaf) in enumerate(kind.leaves()):
            first = leaf.made if init is not None and isinstance(leaf, Kernels) else getattr(leaf, "first", None)
            self._lay(at + k, constant(first))

    def filled(self, at: int, kind: Type, init: c_ast.InitList) -> None:
        """A local object that begins with a list: what the list leaves out is 0."""
        for k, (_, leaf) in enumerate(kind.leaves()):
            self._lay(at + k, constant(getattr(leaf, "first", 0)))
        for offset, leaf, node in self.declared.listed(kind, init):
            if isinstance(leaf, Kernels):
                self._lay(at + offset, constant(leaf.made))
                continue
            value = self.values.to(self.values.of(node), leaf, node)
            self.values.places.store(Place(leaf, pointer=on_stack(at + offset)), value, node)

    def _lay(self, at: int, value: ast.expr) -> None:
        """A value into a cell of the routine's own part of the stack."""
        self.r.emit(assign(STACK, call("laid", name(STACK), ast.BinOp(name(BASE), ast.Add(), constant(at)), value)))
