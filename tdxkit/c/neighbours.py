"""Bit-fields that are neighbours: one memory location, so that a store to one of them is a load and a store of all [linux-bitfields].

In the memory that CPUs share a row of them is one variable, which holds a value for each; on a CPU's own stack each has its cell, as nobody comes
between.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

from tdxkit.c import heads
from tdxkit.c.arithmetic import Defect
from tdxkit.c.flow import MEMORY, STACK, assign, call, constant, name
from tdxkit.c.known import LIST
from tdxkit.c.runtime import cell, fetch, get, known, laid, put
from tdxkit.c.types import BitField, Type

SOURCES = ("linux-bitfields",)


def has_neighbours(kind: Type) -> bool:
    """Is it a bit-field in a row of several?"""
    return isinstance(kind, BitField) and kind.row > 1


def locations(kind: Type) -> Iterator[tuple[int, Sequence[tuple[str, Type]]]]:
    """The memory locations of an object: scalars, and rows of bit-fields; each with its first cell."""
    leaves, at = list(kind.leaves()), 0
    while at < len(leaves):
        leaf = leaves[at][1]
        many = leaf.row if isinstance(leaf, BitField) else 1
        yield at, leaves[at : at + many]
        at += many


def variables(title: str, kind: Type) -> tuple[str, ...]:
    """The variable in which each cell of a shared object lies; that of a row is called after its first and its last."""
    found: list[str] = []
    for _, row in locations(kind):
        end = f"..{row[-1][0].rpartition('.')[2]}" if len(row) > 1 else ""
        found += [f"{title}{row[0][0]}{end}"] * len(row)
    return tuple(found)


def values(kind: Type, cells: Iterable[object]) -> tuple:
    """What the variable of each cell holds, where the cells hold this."""
    given, found = list(cells), []
    for at, row in locations(kind):
        found += given[at : at + 1] if len(row) == 1 else [tuple(given[at : at + len(row)])] * len(row)
    return tuple(found)


# while the text runs


def row_at(m, pointer, many: int) -> tuple:
    """What a row in shared memory holds; what has no value yet has none after it."""
    held = get(m, pointer, unset=True)
    return held if type(held) is tuple else (held,) * many


def in_row(m, stack, pointer, row: tuple | None, at: int) -> object:
    """The value of one; on the stack no row was read."""
    if row is None:
        return known(fetch(m, stack, pointer), "an object on the stack")
    if row[at] is None:
        raise Defect(f"one of the bit-fields {cell(m, pointer)} is read before it has a value")
    return row[at]


def field(m, stack, pointer, at: int, many: int) -> object:
    """The value of one, shared or on the stack."""
    return in_row(m, stack, pointer, row_at(m, pointer, many) if pointer[0] else None, at)


def put_in(m, stack, pointer, row: tuple | None, at: int, value: object) -> tuple:
    """A value into one, in shared memory beside what the others of the row held when it was read; the stack after it."""
    if row is None:
        return laid(stack, pointer[1], value)
    put(m, pointer, (*row[:at], value, *row[at + 1 :]))
    return stack


def whole_row(m, stack, pointer, many: int) -> tuple:
    """All values of a row, shared or on the stack, as an object is copied that may have none yet."""
    return row_at(m, pointer, many) if pointer[0] else stack[pointer[1] : pointer[1] + many]


def put_row(m, stack, pointer, row: tuple) -> tuple:
    """Values into a whole row, of which nothing is kept; the stack after it."""
    if pointer[0]:
        put(m, pointer, row)
        return stack
    return (*stack[: pointer[1]], *row, *stack[pointer[1] + len(row) :])


RUNTIME = {program.__name__: program for program in (row_at, in_row, field, put_in, whole_row, put_row)}


class Neighbours:
    """The accesses of rows that one routine makes."""

    def __init__(self, places):
        self.places, self.r = places, places.r

    def load(self, place, does: str) -> ast.expr:
        """The value of one: its row is read, where that is not done yet."""
        kind = place.type
        if place.row is not None:
            return self.r.temp(call("in_row", name(MEMORY), name(STACK), place.pointer, place.row, constant(kind.at)))
        pointer = self._read(place.pointer, does)
        return self.r.temp(call("field", name(MEMORY), name(STACK), pointer, constant(kind.at), constant(kind.row)))

    def opened(self, place, does: str = ""):
        """A place whose row is read now, for the store that comes."""
        row = self.r.variable()
        self.r.emit(assign(row, constant(None)))
        pointer = self.r.temp(place.pointer)
        read = assign(row, call("row_at", name(MEMORY), pointer, constant(place.type.row)))
        return place._replace(pointer=self._read(pointer, does, read), row=name(row))

    def store(self, place, code: ast.expr, does: str) -> None:
        """A value into one: its row is read, and written with it."""
        code = self.r.temp(code)
        place = place if place.row is not None else self.opened(place, does)
        self._write(place.pointer, does, "put_in", place.row, constant(place.type.at), code)

    def copy(self, source, target, kind: Type, node, reads: str = "", writes: str = "") -> None:
        """An object copied as a whole: location by location, what was there is not read."""
        for at, row in locations(kind):
            leaf = row[0][1]
            one, other = (self.places.within(place, at, leaf) for place in (source, target))
            if len(row) == 1:
                value = self.places.load(one, node, reads)
                code = heads.copy(one.pointer, other.pointer, value.code) if leaf is LIST else value.code
                self.places.store(other, value._replace(code=self.r.temp(code), type=leaf), node, writes)
                continue
            for place in (one, other):
                self.places.views.same(place.pointer, leaf)
            pointer = self._read(one.pointer, reads)
            held = self.r.temp(call("whole_row", name(MEMORY), name(STACK), pointer, constant(len(row))))
            self._write(other.pointer, writes, "put_row", held)

    def clear(self, target, kind: Type, zero, node, does: str) -> None:
        """An object filled with zeros."""
        for at, row in locations(kind):
            place = self.places.within(target, at, row[0][1])
            if len(row) == 1:
                self.places.store(place, zero, node, does)
            else:
                self.places.views.same(place.pointer, place.type)
                self._write(place.pointer, does, "put_row", constant((0,) * len(row)))

    def _read(self, pointer: ast.expr, does: str, *then: ast.stmt) -> ast.expr:
        pointer = self.r.temp(pointer)
        self.places.where_far(call("reads", name(MEMORY), pointer, constant(does)), pointer, *then)
        return pointer

    def _write(self, pointer: ast.expr, does: str, how: str, *given: ast.expr) -> None:
        pointer = self.r.temp(pointer)
        self.places.where_far(call("writes", name(MEMORY), pointer, constant(does)), pointer)
        self.r.emit(assign(STACK, call(how, name(MEMORY), name(STACK), pointer, *given)))
