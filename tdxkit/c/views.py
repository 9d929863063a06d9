"""Where a text sees something as another type: pointers that become others, arithmetic on them, and the accesses that must look.

Most texts do none of that, and nobody looks. Where one does, `Careful` ends its compilation, and it is compiled again with `unit.careful` set.
"""

import ast

from tdxkit.c import addresses
from tdxkit.c.bytewise import WITHIN
from tdxkit.c.flow import MEMORY, STACK, call, constant, name
from tdxkit.c.layouts import called, is_same, view
from tdxkit.c.types import Array, Int, Pointer, Struct, Type, Void, element_of

OPAQUE = Pointer(Void())  # what nobody follows: an error, a cache


class Careful(Exception):
    """What is compiled must look what its pointers point to."""


class Views:
    """What one routine does about that."""

    def __init__(self, places):
        self.places, self.r, self.unit = places, places.r, places.unit

    def careful(self) -> None:
        """From here on what pointers point to counts in bytes."""
        if not self.unit.careful:
            raise Careful

    def becomes(self, value, kind: Type) -> None:
        """A value becomes a pointer to this: a pointer to something else may."""
        code = value.code
        if not isinstance(kind, Pointer) or isinstance(kind.to, Void) or value.type is OPAQUE:
            return
        if isinstance(code, ast.Constant) and not isinstance(code.value, tuple):
            return
        was = value.type.to if isinstance(value.type, Pointer) else value.type
        if isinstance(value.type, Int) or not is_same(was, kind.to):
            whole = isinstance(value.type, Int) or isinstance(element_of(was), Struct) or was.size == 1
            self.unit.layouts.flat |= whole and not isinstance(kind.to, Struct) and kind.to.size > 1
            self.careful()

    # arithmetic

    def moved(self, code: ast.expr, cells: int, by: int) -> ast.expr:
        """A pointer so many cells on, which are so many bytes."""
        if not self.unit.careful or (not cells and not by) or self._is_so_far(code, cells, by):
            return addresses.moved(code, cells, by)
        return self._run("stepped", code, constant(by), constant(cells), constant(WITHIN))

    def _is_so_far(self, code: ast.expr, cells: int, by: int) -> bool:
        """Is that plain to see?"""
        if isinstance(code, ast.Constant) and not isinstance(code.value, tuple):
            return True
        layout, at = self._known(code)
        begins = layout.begins if layout else ()
        return all(0 <= k < len(begins) for k in (at, at + cells)) and begins[at + cells] - begins[at] == by

    def _known(self, code: ast.expr | None):
        """The object that a pointer points into and the cell of it, where that is known now."""
        if isinstance(code, ast.Constant) and isinstance(code.value, tuple):
            return self.unit.layouts.shared(code.value[0]), code.value[1]
        if addresses.is_own(code):
            return self.r.layout(addresses.offset(code))
        return None, 0

    def byte(self, kind: Type, cell: int) -> int:
        """The byte of an object at which a cell begins."""
        begins = self.unit.layouts.of(kind).begins if cell and self.unit.careful else ()
        return begins[cell] if begins else cell

    def along(self, code: ast.expr, index: ast.expr, kind: Type) -> ast.expr:
        """A pointer so many elements of this type on."""
        cells = max(1, kind.cells)
        if not self.unit.careful:
            if isinstance(kind, Void):
                raise Careful
            self.unit.layouts.moved.append(kind)
            return call("along", code, index, constant(cells), constant(kind.size))
        index = self.r.temp(index)
        bytes_, cells_ = (ast.BinOp(index, ast.Mult(), constant(n)) for n in (kind.size, cells))
        return self._run("stepped", code, bytes_, cells_, constant(0 if kind.size == 1 else cells))

    def element(self, code: ast.expr, index: ast.expr, kind: Array, past: bool) -> ast.expr:
        """A pointer to an element of an array; `past`: or behind the last, which may be pointed to."""
        of, number = kind.of, index.value if isinstance(index, ast.Constant) else -1
        if 0 <= number < kind.count:  # type: ignore[operator]
            return self.moved(code, number * of.cells, number * of.size)  # type: ignore[operator]
        if past:
            self.unit.layouts.moved.append(of)
        given = (index, constant(of.cells), constant(of.size), constant(kind.count), constant(int(past)))
        return self._run("element_at", code, *given) if self.unit.careful else call("element", code, *given)

    def apart(self, one, other) -> ast.expr:
        """How many elements lie between two pointers."""
        kind = one.type.to
        if (
            isinstance(one.code, ast.Constant)
            and isinstance(other.code, ast.Constant)
            and type(one.code.value) is type(other.code.value) is int
        ):
            return constant((one.code.value - other.code.value) // kind.size)
        if isinstance(kind, Void):
            self.careful()
        self.unit.layouts.moved.append(kind)
        if not self.unit.careful:
            return call("apart", one.code, other.code, constant(max(1, kind.cells)))
        return self._run("bytes_apart", one.code, other.code, constant(max(1, kind.cells)), constant(kind.size))

    # accesses

    def found(self, place, stores: bool) -> ast.expr | None:
        """As what a scalar is seen where it lies; None where it is plain that it is the place's own type."""
        if not self.unit.careful or place.pointer is None:
            return None
        layout, at = self._known(place.pointer)
        if layout and 0 <= at < len(layout.views) and layout.views[at] == view(place.type):
            return None
        how = self._run("seen", place.pointer, *self._wanted(place.type), constant(int(stores)))
        return self.r.temp(how)

    def loaded(self, code: ast.expr, found: ast.expr, kind: Type) -> ast.expr:
        """What was read, as it is seen."""
        return self.r.temp(call("as_seen", code, found, self._wanted(kind)[0]))

    def stored(self, code: ast.expr, found: ast.expr, kind: Type) -> ast.expr:
        """What is to be written, as it is there then."""
        return self.r.temp(call("as_left", code, found, self._wanted(kind)[0]))

    def same(self, pointer: ast.expr | None, kind: Type) -> None:
        """What a pointer points to must be of this type, and nothing like it."""
        if self.unit.careful and pointer is not None and not isinstance(kind, Void):
            self.r.do(self._run("same", pointer, *self._wanted(kind)))

    def _wanted(self, kind: Type) -> tuple[ast.expr, ast.expr]:
        return constant(tuple(view(kind))), constant(called(kind))

    def _run(self, word: str, *given: ast.expr) -> ast.expr:
        return call(word, name(MEMORY), name(STACK), *given)


def begins_seen(unit) -> bool:
    """Does a pointer at file scope begin with the address of something else than its type says?"""
    for variable in unit.objects():
        for first, (_, leaf) in zip(variable.first, variable.type.leaves()):
            if type(first) is tuple and first and isinstance(leaf, Pointer) and not isinstance(leaf.to, Void):
                there = unit.layouts.shared(first[0])
                if there and first[1] < len(there.views) and there.views[first[1]] != view(leaf.to):
                    return True
    return False
