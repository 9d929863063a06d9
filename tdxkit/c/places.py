"""Places: what can be assigned to or pointed to, and the accesses of it.

A local variable that nobody points to is a variable of the generator. Everything else lies in cells: those of shared objects, where each access is
a step, and those on the CPU's own stack, where none is. Where a pointer points is known now, or when it is followed.
"""

import ast
from typing import NamedTuple

from pycparser import c_ast

from tdxkit.c.addresses import index_of, is_own, on_stack, on_top
from tdxkit.c.flow import MEMORY, STACK, Block, assign, call, constant, name
from tdxkit.c.forms import is_place, is_volatile, says_volatile
from tdxkit.c.known import within_word
from tdxkit.c.neighbours import Neighbours, has_neighbours
from tdxkit.c.routine import Fixed, Lent, Local, Routine, Slot
from tdxkit.c.runtime import COUNTERS, reading, writing
from tdxkit.c.spelt import spelt
from tdxkit.c.typed import Variable
from tdxkit.c.types import POINTER_BITS, Array, Atomic, Function, Int, Pointer, Struct, Type, Void
from tdxkit.c.views import Views
from tdxkit.errors import InputError


class Value(NamedTuple):
    """An expression without steps, and its type."""

    code: ast.expr
    type: Type
    once: bool = False  # where an array begins whose elements are volatile


class Place(NamedTuple):
    """Something that can be assigned to: a local variable of the generator, or the cell that a pointer points to."""

    type: Type
    local: Local | None = None
    pointer: ast.expr | None = None
    once: bool = False  # a volatile access: the compiler makes it, once and whole
    row: ast.expr | None = None  # of a bit-field with neighbours: what all of them held when they were read

    @property
    def fixed(self) -> tuple[str, int] | None:
        """The object and cell, where these are known now."""
        code = self.pointer
        return code.value if isinstance(code, ast.Constant) and isinstance(code.value, tuple) else None  # type: ignore[return-value]


class Places:
    """The places of one routine; `values` are its expressions."""

    def __init__(self, routine: Routine, values):
        self.r, self.values, self.calls = routine, values, values.calls
        self.declared, self.unit = routine.declared, routine.unit
        self.neighbours, self.views = Neighbours(self), Views(self)

    def refuse(self, node: c_ast.Node, what: str, rule: str, action: str) -> InputError:
        """What cannot be read, in one line."""
        return self.declared.refuse(node, what, rule, action)

    def type_of(self, node: c_ast.Node) -> Type:
        """The type of an lvalue or another plain expression, without its steps."""
        kept = self.r.at, self.r.temps, self.r.line
        self.r.at = Block()
        try:
            known = not isinstance(node, c_ast.ID) or self.r.find(node.name) is not None
            return self.place(node).type if is_place(node) and known else self.values.of(node).type
        finally:
            self.r.at, self.r.temps, self.r.line = kept

    def place(self, node: c_ast.Node) -> Place:
        """Where an lvalue is."""
        self.r.move(node)
        if isinstance(node, c_ast.ID):
            return self._named(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            value = self.values.of(node.expr)
            return Place(
                self.pointee(value, node), pointer=value.code, once=is_volatile(node.expr) or _to_volatile(value)
            )
        if isinstance(node, c_ast.StructRef):
            return self._member(node)
        if isinstance(node, c_ast.ArrayRef):
            return self._element(node)
        if isinstance(node, c_ast.Cast):
            return self.place(node.expr)._replace(type=self.declared.type_of(node.to_type))
        if isinstance(node, c_ast.CompoundLiteral):
            return self.values.braced.literal(node)
        if isinstance(node, c_ast.FuncCall) and (inner := self.calls.place(node)) is not None:
            return inner
        raise self.refuse(node, spelt(node), "it is no variable", "name one")

    def _named(self, node: c_ast.ID) -> Place:
        found = self.r.find(node.name)
        if isinstance(found, Local):
            return Place(found.type, local=found)
        if isinstance(found, Slot):
            return Place(found.type, pointer=on_stack(found.at))
        if isinstance(found, Lent):
            return Place(found.type, pointer=name(found.word))
        if isinstance(found, Variable):
            return Place(found.type, pointer=constant((found.name, 0)), once=says_volatile(found.node))
        out = self.unit.kernel.way_out(node.name, self.declared, called=False)
        raise self.refuse(node, f"`{node.name}`", "it is not declared", out)

    def pointee(self, value: Value, node: c_ast.Node) -> Type:
        if not isinstance(value.type, (Pointer, Array)):
            rule = f"only a pointer can be followed, and this is of type {value.type}"
            raise self.refuse(node, spelt(node), rule, "make it a pointer")
        return value.type.to if isinstance(value.type, Pointer) else value.type.of

    def _member(self, node: c_ast.StructRef) -> Place:
        if node.type == "->":
            if is_place(node.name) and isinstance(self.type_of(node.name), Struct):
                raise self.refuse(
                    node,
                    spelt(node),
                    "it is the struct itself that stands before ->, and no pointer",
                    "write . in its place",
                )
            value = self.values.of(node.name)
            kind, pointer, once = self.pointee(value, node), value.code, _to_volatile(value)
        else:
            outer = self.place(node.name)
            kind, pointer, once = outer.type, outer.pointer, outer.once  # type: ignore[assignment]
        member = kind.members.get(node.field.name) if isinstance(kind, Struct) else None
        if (inside := within_word(kind, node.field.name)) is not None:
            return Place(inside, pointer=pointer)
        if member is None:
            raise self.refuse(
                node.field, f"`{node.field.name}`", f"{kind} has no such member here", "paste the struct's definition"
            )
        assert pointer is not None, "it lies in cells"
        return Place(
            member.type, pointer=self.views.moved(pointer, member.cell, member.byte), once=once or member.volatile
        )

    def _element(self, node: c_ast.ArrayRef, past: bool = False) -> Place:
        base, index = self.of_array(node.name, past), self.values.number(node.subscript)
        if isinstance(base.type, Array) and base.type.count:  # one without a length ends with its object
            return Place(
                base.type.of, pointer=self.views.element(base.code, index.code, base.type, past), once=base.once
            )
        of = self.pointee(base, node)
        return Place(of, pointer=self.views.along(base.code, index.code, of), once=_to_volatile(base))

    def of_array(self, node: c_ast.Node, past: bool = False) -> Value:
        """An array as where it begins, its length kept; a pointer as it is. past: it may be the row behind the last."""
        if isinstance(node, c_ast.ID) and isinstance(fixed := self.r.find(node.name), Fixed):
            return Value(fixed.code, fixed.type)
        if is_place(node) and not (isinstance(node, c_ast.ID) and self.r.find(node.name) is None):
            place = self._element(node, past) if isinstance(node, c_ast.ArrayRef) else self.place(node)
            if isinstance(place.type, Array):
                assert place.pointer is not None, "an array lies in cells"
                return Value(place.pointer, place.type, place.once)
            return self.load(place, node)
        return self.values.of(node)

    def address(self, node: c_ast.Node) -> Value:
        """A pointer to an lvalue."""
        if isinstance(node, c_ast.ID) and node.name in self.declared.functions and self.r.find(node.name) is None:
            raise self.refuse(
                node, f"`&{node.name}`", "a function is called, not passed on", "call it where it is passed to"
            )
        place = self._element(node, past=True) if isinstance(node, c_ast.ArrayRef) else self.place(node)
        if place.pointer is None:
            raise self.refuse(node, "this address", "it is that of a local value", "declare a variable for it")
        return Value(place.pointer, Pointer(place.type))

    def within(self, place: Place, cells: int, kind: Type) -> Place:
        """What lies so many cells further in."""
        assert place.pointer is not None, "it lies in cells"
        return Place(kind, pointer=self.views.moved(place.pointer, cells, self.views.byte(place.type, cells)))

    # accesses

    def load(self, place: Place, node: c_ast.Node, does: str = "") -> Value:
        """What a place holds: a step where others may see it; `does`: the macro that says so, as READ_ONCE."""
        does = does or ("READ_ONCE" if place.once else "")
        if isinstance(place.type, Array):
            assert place.pointer is not None, "an array lies in cells"
            return Value(place.pointer, Pointer(place.type.of))
        if isinstance(place.type, Function):
            raise self.refuse(node, "a function", "functions are called by name", "call it by its name")
        if place.local is not None:
            return Value(call("known", name(place.local.word), constant(place.local.word[2:])), place.type)
        if isinstance(place.type, Struct):
            raise self.refuse(
                node, spelt(node), f"it is a {place.type}, which is copied by an assignment alone", "name its members"
            )
        if self.unit.careful and not is_own(place.pointer):
            place = self.steady(place)
        if (found := self.views.found(place, False)) is None:
            return self._loaded(place, does)
        return Value(self.views.loaded(self._loaded(place, does).code, found, place.type), self._held(place.type))

    def _loaded(self, place: Place, does: str) -> Value:
        """What a cell holds."""
        assert place.pointer is not None, "a place is a variable or a cell"
        if has_neighbours(place.type) and not is_own(place.pointer):
            return Value(self.neighbours.load(place, does), place.type)
        if (fixed := place.fixed) is not None:
            self.r.step(self.unit.act(reading(self._cell(fixed), does)))
            return Value(self.r.temp(self._read(fixed)), self._held(place.type))
        if is_own(place.pointer):
            return Value(
                self.r.temp(call("known", on_top(place.pointer), constant("an object on the stack"))),
                self._held(place.type),
            )
        pointer = self.r.temp(place.pointer)
        self.where_far(call("reads", name(MEMORY), pointer, constant(does)), pointer)
        got = call("known", call("fetch", name(MEMORY), name(STACK), pointer), constant("an object on the stack"))
        return Value(self.r.temp(got), self._held(place.type))

    def store(self, place: Place, value: Value, node: c_ast.Node, does: str = "") -> None:
        """A value into a place: a step where others may see it."""
        does = does or ("WRITE_ONCE" if place.once else "")
        if place.local is not None:
            self.r.emit(assign(place.local.word, value.code))
            return
        assert place.pointer is not None, "a place is a variable or a cell"
        if self.unit.careful and not is_own(place.pointer):
            place = self.steady(place)
        if (found := self.views.found(place, True)) is not None:
            value = value._replace(code=self.views.stored(value.code, found, place.type))
        if has_neighbours(place.type) and not is_own(place.pointer):
            return self.neighbours.store(place, value.code, does)
        if (fixed := place.fixed) is not None:
            value = Value(self.r.temp(value.code), value.type)
            self.r.step(self.unit.act(writing(self._cell(fixed), does)))
            if how := self._put_by(fixed, place.type, value.code):
                self.r.do(call(how, name(MEMORY), constant(fixed), value.code))
            else:
                self.r.emit(ast.Assign([ast.Attribute(name(MEMORY), self._cell(fixed), ast.Store())], value.code))
            return
        if is_own(place.pointer):
            self.r.emit(assign(STACK, call("laid", name(STACK), index_of(place.pointer), value.code)))
            return
        pointer, code = self.r.temp(place.pointer), self.r.temp(value.code)
        self.where_far(call("writes", name(MEMORY), pointer, constant(does)), pointer)
        keep = "keep_page" if self._may_be_page(place.type) else "keep"
        self.r.emit(assign(STACK, call(keep, name(MEMORY), name(STACK), pointer, code)))

    def _put_by(self, fixed: tuple[str, int], kind: Type, code: ast.expr) -> str:
        """What puts a value into a shared cell; "" where nothing is to be looked at."""
        if fixed[0] == COUNTERS or self._may_be_page(kind):
            return "put" if fixed[0] == COUNTERS else "hand"
        wide = isinstance(kind, Pointer) or (isinstance(kind, Int) and kind.bits == POINTER_BITS)
        return "put" if wide and not isinstance(code, ast.Constant) else ""

    def _may_be_page(self, kind: Type) -> bool:
        """May a place of this type hold a page that is counted with its CPU?"""
        return self.unit.pages_in_hand and isinstance(kind, Pointer) and is_page(kind.to)

    def where_far(self, act: ast.expr, pointer: ast.expr, *then: ast.stmt) -> None:
        """A step, unless the pointer stays on this CPU's stack."""
        step: list[ast.stmt] = [ast.Expr(ast.Yield(act)), ast.Expr(call("went")), *then]
        self.r.emit(ast.If(call("far", pointer), step, []))

    def _held(self, kind: Type) -> Type:
        return kind.of if isinstance(kind, Atomic) else kind

    def _cell(self, fixed: tuple[str, int]) -> str:
        if fixed[0] == COUNTERS:
            return f"refcount[{fixed[1]}]"
        return str(self.unit.cells[fixed[0]][fixed[1]])

    def _read(self, fixed: tuple[str, int]) -> ast.expr:
        if fixed[0] == COUNTERS:
            return call("get", name(MEMORY), constant(fixed))
        return ast.Attribute(name(MEMORY), self._cell(fixed), ast.Load())

    def steady(self, place: Place) -> Place:
        """The same place, its pointer worked out once."""
        return place if place.pointer is None else place._replace(pointer=self.r.temp(place.pointer))

    def opened(self, place: Place) -> Place:
        """The same for a place that is read and then written."""
        alone = not has_neighbours(place.type) or is_own(place.pointer)
        return self.steady(place) if alone else self.neighbours.opened(place)


def is_page(kind: Type) -> bool:
    """Is it struct page, or may it be one?"""
    return isinstance(kind, Void) or kind.name == "struct page"


def _to_volatile(value: Value) -> bool:
    """Does a pointer, or where an array begins, lead to what is volatile?"""
    return value.once or (isinstance(value.type, Pointer) and value.type.volatile)
