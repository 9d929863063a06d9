"""Calls that allocate: kmalloc() and its kin, for one object, for several, for one that ends in an array.

Of which type an object is, `sizeof` in the call says, else the pointer that it is given to. Where the run decides how many elements it has, it has
room for the most there are, and its number beside it.
"""

import ast
from typing import NamedTuple

from pycparser import c_ast

from tdxkit.c.flow import constant
from tdxkit.c.kernel import heap
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.places import Value
from tdxkit.c.spelt import spelt
from tdxkit.c.types import Array, Pointer, Struct, Type, Void, measured, whole
from tdxkit.errors import InputError

NEW = Entry("allocate", heap.new, "tvvv", rules=(heap.NOTHING_LOST,))
MOST_ELEMENTS = 64
SIZED = {  # allocation: where its size, its number of elements and its flags stand, and whether what it gives is zeroed
    "kmalloc": (0, None, 1, False), "kzalloc": (0, None, 1, True), "kvmalloc": (0, None, 1, False), "kvzalloc": (0, None, 1, True), "kmalloc_array": (1, 0, 2, False),
    "kcalloc": (1, 0, 2, True), "kvcalloc": (1, 0, 2, True), "kvmalloc_array": (1, 0, 2, False), "kmalloc_obj": (0, None, 1, False), "kzalloc_obj": (0, None, 1, True),
    "kmalloc_objs": (0, 1, 2, False), "kzalloc_objs": (0, 1, 2, True), "kmem_cache_alloc": (None, None, 1, False), "kmem_cache_zalloc": (None, None, 1, True),
    "vmalloc": (0, None, None, False), "vzalloc": (0, None, None, True), "kmalloc_node": (0, None, 1, False), "kzalloc_node": (0, None, 1, True),
}  # fmt: skip
GFP_KERNEL, ZEROES = 0xCC0, 0x100
PRODUCTS = ("array_size", "size_mul")
PAGES = {"alloc_page": False, "alloc_pages": False, "get_zeroed_page": True, "__get_free_page": False}
NEW_MANY = Entry("allocate_many", heap.new_many, "tvvvvvv", rules=(heap.NOTHING_LOST,))
MOST_CELLS_OF_A_POOL = 1024  # of objects with a number of elements that the run decides


class Many(NamedTuple):
    """Elements of a type, as many as the run decides, behind a struct that ends in them or alone."""

    of: Type
    behind: Struct | None = None
    size: ast.expr | None = None  # of the whole, where it is worked out already


class Allocated:
    """The allocations of one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = dict.fromkeys(SIZED, self._allocated)
        if not self.unit.pages_in_hand:
            self.words |= dict.fromkeys(PAGES, self._page)

    def _allocated(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        size, number, flags, zeroed = SIZED[word]
        where = f"{self.declared.at(node)}: `{word}(…)`"
        wanted, self.calls.wanted = self.calls.wanted, None
        kind = self._kind(word, args[size]) if size is not None and size < len(args) else None
        if kind is None and isinstance(wanted, Pointer) and not isinstance(wanted.to, Void):
            kind = wanted.to if size is None else self._filling(wanted.to, args[size])
        if kind is None:
            raise self.declared.refuse(
                node,
                f"`{word}(…)`",
                "of which type the object is, is not to be seen",
                "write sizeof of its type in the call",
            )
        one = kind.of if isinstance(kind, Array) else getattr(kind, "shortened", kind)
        if number is not None:
            kind = self._times(kind, args[number])
        flag = self.values.number(args[flags]).code if flags is not None and flags < len(args) else constant(GFP_KERNEL)
        for at, arg in enumerate(args):
            if at not in (size, number, flags):
                self.calls.looked_at(arg, word)
        if isinstance(kind, Many):
            if number is not None:
                kind = kind._replace(size=self.calls.sizes.product(args[number], measured(where, kind.of).size))
            elif kind.size is None:
                kind = kind._replace(size=self.values.number(args[size]).code)
            return self._new_many(node, word, kind, zeroed, flag)
        return self.new(node, word, whole(where, kind), zeroed, flag, one)

    def new(self, node, word: str, kind: Type, zeroed: bool, flags: ast.expr, of: Type) -> Value:
        """A new object, and a pointer to what it is made of."""
        zero: ast.expr = constant(1 if zeroed else 0)
        if not zeroed and isinstance(flags, ast.Constant):
            zero = constant(int(bool(flags.value & ZEROES)))  # type: ignore[operator]
        given = [constant(word), constant(self._pool(kind)), zero, self.r.temp(flags)]
        self.r.move(node)
        return self.calls.run(NEW, given, Pointer(of))

    def _new_many(self, node, word: str, many: Many, zeroed: bool, flags: ast.expr) -> Value:
        """An object that has room for the most elements there are."""
        where, begin = f"{self.declared.at(node)}: `{word}(…)`", many.behind.cells if many.behind else 0
        each = whole(where, many.of).cells
        room = max(1, min(MOST_ELEMENTS, (MOST_CELLS_OF_A_POOL // heap.POOL - begin) // each))
        array = Array(many.of, room)
        array.name = f"{many.of}[n]"
        kind = _ending_in(many.behind, array, "n") if many.behind else array
        pool = self._pool(whole(where, kind))
        for number in range(1, heap.POOL + 1):
            name = f"{pool}#{number}"
            if name not in self.unit.counted:
                self.unit.add(f"elements of {name}", heap.NUMBER)
                self.unit.counted[name] = self.unit.cells[f"elements of {name}"][0], begin, each
        if heap.NO_BYTES[0] not in self.unit.cells:
            self.unit.add(heap.NO_BYTES[0], Array(many.of, 0))
        fixed = measured(where, many.behind).size if many.behind else 0
        size = [self.r.temp(many.size), constant(fixed), constant(max(1, measured(where, many.of).size))]
        zero = constant(int(zeroed)) if zeroed or not isinstance(flags, ast.Constant) else constant(int(bool(flags.value & ZEROES)))  # fmt: skip
        self.r.move(node)
        of = many.behind or (many.of.of if isinstance(many.of, Array) else many.of)
        return self.calls.run(NEW_MANY, [constant(word), constant(pool), zero, self.r.temp(flags), *size], Pointer(of))

    def _page(self, node, word: str, args: list) -> Value:
        """A page of its own, in texts that have no pages in hand that are counted."""
        page = self.declared.tags["page"]
        return self.new(node, word, page, PAGES[word], self.values.number(args[0]).code, page)

    def _pool(self, kind: Type) -> str:
        """The pool of a type; its objects are there from the start."""
        return self._filled(heap.title(kind), kind, heap.firsts(kind))

    def lent(self, pool: str, kind: Type) -> str:
        """The pool of a local object that others may come to, by its own name; one of another block and type has its own."""
        inside, at, title = tuple((path, str(leaf)) for path, leaf in kind.leaves()), 1, pool
        while self.unit.pools.setdefault(pool, inside) != inside:
            at += 1
            pool = f"{title} ({at})"
        return self._filled(pool, kind, heap.firsts(kind))

    def _filled(self, pool: str, kind: Type, free: tuple) -> str:
        if f"{pool}#1" not in self.unit.heap:
            for number in range(1, heap.POOL + 1):
                name = f"{pool}#{number}"
                self.unit.add(name, kind, free)
                self.unit.add(heap.state_of(name), heap.STATE, (heap.NEVER,))
                words = tuple(dict.fromkeys(cell for cell, first in zip(self.unit.cells[name], free) if first is None))
                self.unit.heap[name] = self.unit.cells[heap.state_of(name)][0], words
        return pool

    def _kind(self, word: str, node: c_ast.Node) -> Type | Many | None:
        """The type that a call names: kmalloc_obj() by a type or something of it, others by sizeof."""
        if "_obj" in word:
            return self._named(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof":
            return self._named(node.expr)
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
            return self._sized(node, node.name.name, node.args.exprs if node.args else [])
        if isinstance(node, c_ast.BinaryOp) and node.op == "*":
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(one, c_ast.UnaryOp) and one.op == "sizeof":
                    return self._times(self._named(one.expr), other)
        return None

    def _sized(self, node: c_ast.Node, word: str, args: list) -> Type | Many | None:
        """The type of which struct_size() or array_size() is the size."""
        if word in PRODUCTS and len(args) == 2:
            return self._kind(word, c_ast.BinaryOp("*", *args, node.coord))
        if not word.startswith("struct_size"):
            return None
        kind, array = self.calls.sizes.whole(word, args)
        many = self._times(array.of, args[2])
        return many._replace(behind=kind) if isinstance(many, Many) else _ending_in(kind, many)

    def _named(self, node: c_ast.Node) -> Type:
        return self.declared.type_of(node) if isinstance(node, c_ast.Typename) else self.places.type_of(node)

    def _times(self, kind: Type, node: c_ast.Node) -> Array | Many:
        """So many of a type."""
        try:
            number = self.declared.constant(node)
        except InputError:
            return Many(kind)
        return Array(kind, number) if 0 < number <= MOST_ELEMENTS else Many(kind)

    def _filling(self, kind: Type, node: c_ast.Node) -> Type | Many:
        """What lies in so many bytes that are given to a pointer to this type."""
        last = kind.fields[-1][1] if isinstance(kind, Struct) and kind.fields else None
        if isinstance(last, Array) and not last.count:
            return Many(last.of, kind, self.values.number(node).code)  # type: ignore[arg-type]
        size = self.values.number(node).code
        if isinstance(kind, Struct) and not self._is_of(kind, node, size):
            rule = f"{kind} has {kind.size} bytes, and what else lies in these is not to be seen"
            raise self.declared.refuse(node, spelt(node), rule, "write struct_size(), or a number times sizeof")
        if not isinstance(size, ast.Constant):
            return Many(kind, None, size)
        many = size.value // max(1, kind.size)  # type: ignore[operator]
        if many > MOST_ELEMENTS:
            return Many(kind, None, size)
        return Array(kind, many) if many > 1 else kind

    @staticmethod
    def _is_of(kind: Struct, node: c_ast.Node, size: ast.expr) -> bool:
        """Can so many bytes be a number of such structs, and nothing else?"""
        if isinstance(size, ast.Constant):
            return size.value >= kind.size and size.value % max(1, kind.size) == 0  # type: ignore[operator]
        return isinstance(node, c_ast.ID) or (isinstance(node, c_ast.BinaryOp) and node.op == "*")


def _ending_in(kind: Type, array: Array, many: str = "") -> Struct:
    """A struct with so many elements in the array without a length that it ends in."""
    assert isinstance(kind, Struct), "it has a member"
    made = Struct(f"{kind.name} of {many or array.count}")
    made.fill([*kind.fields[:-1], (kind.fields[-1][0], array)], kind.begins)
    made.size, made.align = -(-(kind.begins[-1] + array.size) // kind.align) * kind.align, kind.align
    made.shortened = kind
    return made
