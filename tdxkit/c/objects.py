"""Calls that make, fill or copy whole objects: kmalloc() and its kin, memset(), memcpy(), no_free_ptr(), swap().

Of which type an allocated object is, `sizeof` in the call says, else the pointer that it is given to.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import assign, constant
from tdxkit.c.kernel import heap
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.places import Place, Value
from tdxkit.c.types import INT, VOID, Array, Pointer, Struct, Type, Void, whole
from tdxkit.errors import InputError

NEW = Entry("allocate", heap.new, "tvvv", rules=(heap.NOTHING_LOST,))
MOST_ELEMENTS = 64
SIZED = {  # allocation: where its size, its number of elements and its flags stand, and whether what it gives is zeroed
    "kmalloc": (0, None, 1, 0), "kzalloc": (0, None, 1, 1), "kvmalloc": (0, None, 1, 0), "kvzalloc": (0, None, 1, 1), "kmalloc_array": (1, 0, 2, 0),
    "kcalloc": (1, 0, 2, 1), "kvcalloc": (1, 0, 2, 1), "kvmalloc_array": (1, 0, 2, 0), "kmalloc_obj": (0, None, 1, 0), "kzalloc_obj": (0, None, 1, 1),
    "kmalloc_objs": (0, 1, 2, 0), "kzalloc_objs": (0, 1, 2, 1), "kmem_cache_alloc": (None, None, 1, 0), "kmem_cache_zalloc": (None, None, 1, 1),
    "vmalloc": (0, None, None, 0), "vzalloc": (0, None, None, 1), "kmalloc_node": (0, None, 1, 0), "kzalloc_node": (0, None, 1, 1),
}  # fmt: skip
GFP_KERNEL, ZEROES = 0xCC0, 0x100
PRODUCTS = ("array_size", "size_mul")
PAGES = {"alloc_page": 0, "alloc_pages": 0, "get_zeroed_page": 1, "__get_free_page": 0}


class Objects:
    """The calls of one routine that deal with whole objects."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = dict.fromkeys(SIZED, self._allocated) | {
            "memset": self._set,
            "memcpy": self._copied,
            "memmove": self._copied,
        }
        self.words |= {"no_free_ptr": self._taken, "swap": self._swapped}
        if not self.unit.pages_in_hand:
            self.words |= dict.fromkeys(PAGES, self._page)

    def _allocated(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        size, number, flags, zeroed = SIZED[word]
        wanted, self.calls.wanted = self.calls.wanted, None
        kind = self._kind(word, args[size]) if size is not None and size < len(args) else None
        if kind is None and isinstance(wanted, Pointer) and not isinstance(wanted.to, Void):
            kind = wanted.to
        if kind is None:
            raise self.declared.refuse(
                node,
                f"`{word}(…)`",
                "of which type the object is, is not to be seen",
                "write sizeof of its type in the call",
            )
        of = kind
        if number is not None:
            kind = Array(kind, self._number(args[number]))
        whole(f"{self.declared.at(node)}: `{word}(…)`", kind)
        flag = self.values.number(args[flags]).code if flags is not None and flags < len(args) else constant(GFP_KERNEL)
        of = of.of if isinstance(of, Array) else getattr(of, "shortened", of)
        return self._new(node, word, kind, bool(zeroed), flag, of)

    def _new(self, node, word: str, kind: Type, zeroed: bool, flags: ast.expr, of: Type) -> Value:
        zero: ast.expr = constant(1 if zeroed else 0)
        if not zeroed and isinstance(flags, ast.Constant):
            zero = constant(int(bool(flags.value & ZEROES)))  # type: ignore[operator]
        given = [constant(word), constant(self._pool(kind)), zero, self.r.temp(flags)]
        self.r.move(node)
        return self.calls.run(NEW, given, Pointer(of))

    def _page(self, node, word: str, args: list) -> Value:
        """A page of its own, in texts that have no pages in hand that are counted."""
        page = self.declared.tags["page"]
        return self._new(node, word, page, bool(PAGES[word]), self.values.number(args[0]).code, page)

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

    def _kind(self, word: str, node: c_ast.Node) -> Type | None:
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
                    return Array(self._named(one.expr), self._number(other))
        return None

    def _sized(self, node: c_ast.Node, word: str, args: list) -> Type | None:
        """The type of which struct_size() or array_size() is the size."""
        if word in PRODUCTS and len(args) == 2:
            return self._kind(word, c_ast.BinaryOp("*", *args, node.coord))
        if not word.startswith("struct_size"):
            return None
        kind, array = self.calls.sizes.whole(word, args)
        return _ending_in(kind, Array(array.of, self._number(args[2])))

    def _named(self, node: c_ast.Node) -> Type:
        return self.declared.type_of(node) if isinstance(node, c_ast.Typename) else self.places.type_of(node)

    def _number(self, node: c_ast.Node) -> int:
        try:
            number = self.declared.constant(node)
        except InputError:
            number = 0
        if not 0 < number <= MOST_ELEMENTS:
            raise self.declared.refuse(
                node, "this number of elements", f"it is a constant from 1 to {MOST_ELEMENTS}", "write a number"
            )
        return number

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
            raise self.declared.refuse(
                node, "this size", "objects are filled and copied as a whole", "write sizeof(*p)"
            )
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


def _ending_in(kind: Type, array: Array) -> Struct:
    """A struct with so many elements in the array without a length that it ends in."""
    assert isinstance(kind, Struct), "it has a member"
    made = Struct(f"{kind.name} of {array.count}")
    made.fill([*kind.fields[:-1], (kind.fields[-1][0], array)])
    made.shortened = kind
    return made
