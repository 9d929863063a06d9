"""Calls that fill or copy whole objects: memset(), memcpy(), no_free_ptr(), swap()."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import assign, constant
from tdxkit.c.places import Place, Value
from tdxkit.c.types import INT, VOID, Array, Pointer, Type, Void


class Objects:
    """The calls of one routine that deal with whole objects."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = {"memset": self._set, "memcpy": self._copied, "memmove": self._copied}
        self.words |= {"no_free_ptr": self._taken, "swap": self._swapped}

    # filling and copying

    def _set(self, node, word: str, args: list) -> Value:
        place, kind = self._whole(node, args[0], args[2])
        if self.declared.constant(args[1]) != 0:
            raise self.declared.refuse(node, "`memset(…)`", "only 0 is filled in", "assign the members")
        self.places.neighbours.clear(place, kind, Value(constant(0), INT), node, "memset")
        return Value(constant(0), VOID)

    def _copied(self, node, word: str, args: list) -> Value:
        target, kind = self._whole(node, args[0], args[2])
        source, other = self._whole(node, args[1], args[2])
        if other.name != kind.name:
            raise self.declared.refuse(node, f"`{word}(…)`", f"a {other} is copied to a {kind}", "assign the members")
        self.places.neighbours.copy(source, target, kind, node, word, word)
        return Value(constant(0), VOID)

    def _whole(self, node, pointer: c_ast.Node, size: c_ast.Node) -> tuple[Place, Type]:
        """The object that a pointer points to, of which `size` must be the whole."""
        value = self.places.of_array(pointer)
        if isinstance(value.type, Pointer) and isinstance(value.type.to, Void):
            self.places.views.careful()
        kind = value.type if isinstance(value.type, Array) else self.places.pointee(value, pointer)
        said = self.values.of(size).code
        if (
            isinstance(said, ast.Constant)
            and isinstance(kind, Array) is False
            and said.value != kind.size
            and said.value % max(1, kind.size) == 0
        ):
            kind = Array(kind, said.value // kind.size)  # type: ignore[operator]
        if not isinstance(said, ast.Constant) or said.value != kind.size:
            way = "write sizeof(*p)" if isinstance(said, ast.Constant) else "write a loop over its elements"
            raise self.declared.refuse(node, "this size", "objects are filled and copied as a whole", way)
        return self.places.steady(Place(kind, pointer=value.code)), kind

    def _taken(self, node, word: str, args: list) -> Value:
        """no_free_ptr(p): its value, and p is NULL."""
        place = self.places.steady(self.places.place(args[0]))
        value = self.places.load(place, args[0])
        kept = self.r.variable()
        self.r.emit(assign(kept, value.code))
        self.places.store(place, Value(constant(0), place.type), node)
        return Value(ast.Name(kept, ast.Load()), value.type)

    def _swapped(self, node, word: str, args: list) -> Value:
        one, other = (self.places.steady(self.places.place(arg)) for arg in args)
        first, second = (Value(self._now(self.places.load(p, node).code), p.type) for p in (one, other))
        self.places.store(one, second, node)
        self.places.store(other, first, node)
        return Value(constant(0), VOID)

    def _now(self, code: ast.expr) -> ast.expr:
        kept = self.r.variable()
        self.r.emit(assign(kept, code))
        return ast.Name(kept, ast.Load())
