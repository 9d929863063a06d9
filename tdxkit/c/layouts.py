"""Where the scalars of an object lie in bytes, as which types they are seen, and which arrays are inside it.

What a pointer of another type sees there, and where its bytes lead, `bytewise` asks while a text runs. Most texts never ask: those in which no
pointer becomes one to something else.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tdxkit.c.types import POINTER_BITS, Array, Atomic, BitField, Int, Pointer, Struct, Type, Void, element_of, is_odd

BOOLEAN, ADDRESS, NUMBER = "_Bool", "pointer", ""
BITS = "bits"


class View(NamedTuple):
    """As what a scalar is seen. `kind`: NUMBER, BOOLEAN, ADDRESS, or the name of what only the kernel's functions touch."""

    kind: str
    bits: int = 0
    signed: bool = False


class Layout(NamedTuple):
    """An object: what it is called; of each cell the path, the type's name, the view and its size; at which byte each begins, and behind them
    all where the object ends, () where an attribute says otherwise; the arrays inside behind which more lies: first cell, cell behind the last, cells
    of an element."""

    title: str
    paths: tuple[str, ...]
    names: tuple[str, ...]
    views: tuple[View, ...]
    sizes: tuple[int, ...]
    begins: tuple[int, ...]
    arrays: tuple[tuple[int, int, int], ...]


def view(kind: Type) -> View:
    """As what an access of this type sees a scalar; of a struct its first one."""
    if isinstance(kind, (Struct, Array)):
        return next((view(leaf) for _, leaf in kind.leaves()), View(kind.name))
    if isinstance(kind, Atomic) and kind.size == kind.of.size:
        kind = kind.of
    if isinstance(kind, BitField):
        return View(f"{BITS} {kind.at}", kind.bits, kind.signed)
    if isinstance(kind, Int):
        return View(BOOLEAN if kind.name == BOOLEAN else NUMBER, kind.bits, kind.signed)
    return View(ADDRESS, POINTER_BITS, True) if isinstance(kind, Pointer) else View(kind.name)


def called(kind: Type) -> str:
    """A scalar's type as it is told."""
    return f"{kind}:{kind.bits}" if isinstance(kind, BitField) else str(kind)


def is_same(one: Type, other: Type) -> bool:
    """Does a pointer to the one see what a pointer to the other sees?"""
    if isinstance(one, Array) or isinstance(other, Array):
        one, other = (kind.of if isinstance(kind, Array) else kind for kind in (one, other))
        return is_same(one, other)
    if isinstance(one, Struct) or isinstance(other, Struct):
        return getattr(one, "shortened", one) is getattr(other, "shortened", other)
    if isinstance(one, Pointer) and isinstance(other, Pointer):
        return is_same(one.to, other.to)
    if isinstance(one, Void) and isinstance(other, Void):
        return True
    return view(one) == view(other)


def layout(title: str, kind: Type) -> Layout:
    """That of an object of a type."""
    leaves = list(kind.leaves())
    begins = () if is_odd(kind) else (*_begins(kind), kind.size)
    return Layout(
        title, tuple(path for path, _ in leaves), tuple(called(leaf) for _, leaf in leaves), tuple(view(leaf) for _, leaf in leaves),
        tuple(leaf.size for _, leaf in leaves), begins, tuple(array for array in _arrays(kind) if array[1] < len(leaves)),
    )  # fmt: skip


def _begins(kind: Type) -> Iterator[int]:
    """The byte at which each cell begins."""
    if isinstance(kind, Array):
        inner = list(_begins(kind.of))
        for k in range(kind.count):
            yield from (k * kind.of.size + byte for byte in inner)
    elif isinstance(kind, Struct):
        for name, member in kind.fields if kind.known else ():
            begin = _begin(kind, name, member)
            yield from (begin + byte for byte in _begins(member))
    else:
        yield 0


def _begin(kind: Struct, name: str, member: Type) -> int:
    """Where a member begins; one without a name begins where its own members say."""
    if name:
        return kind.members[name].byte
    for inner in member.members.values() if isinstance(member, Struct) else ():
        return kind.members[inner.name].byte - inner.byte
    return 0


def _arrays(kind: Type, first: int = 0) -> Iterator[tuple[int, int, int]]:
    """The arrays in it, the outer ones first; those of arrays are one long one."""
    if isinstance(kind, Array):
        of = element_of(kind)
        if of.cells:
            yield first, first + kind.cells, of.cells
            for at in range(first, first + kind.cells, of.cells) if isinstance(of, Struct) else ():
                yield from _arrays(of, at)
    for _, member in kind.fields if isinstance(kind, Struct) and kind.known else ():
        yield from _arrays(member, first)
        first += member.cells


def _goes_on(kind: Type, of: Type, whole: bool) -> bool:
    """Has an object of this type an array of the other inside, with more behind it? whole: or is it one itself."""
    if isinstance(kind, Array):
        of, inner = element_of(of), element_of(kind)
        return (whole and is_same(inner, of)) or _goes_on(inner, of, True)
    fields = kind.fields if isinstance(kind, Struct) else []
    return any(_goes_on(member, of, whole or at < len(fields)) for at, (_, member) in enumerate(fields, 1))


def _is_beside(of: Type, there: Layout) -> bool:
    """Has an object such a scalar, and others?"""
    return not isinstance(of, Struct) and view(of) in there.views and len(set(there.views)) > 1


class Layouts:
    """Those of one text. `own`: by their names those on a CPU's own stack; `moved`: the types over which pointers go."""

    def __init__(self):
        self.kinds: dict[str, Type] = {}  # of the shared objects
        self.own: dict[str, Layout] = {}
        self.on_stack: list[Type] = []
        self.moved: list[Type] = []
        self.flat = (
            False  # is something seen as scalars, one behind the other, so that nobody knows where their array ends?
        )
        self._made: dict[int, tuple[Type, Layout]] = {}

    def of(self, kind: Type) -> Layout:
        """That of a type."""
        if id(kind) not in self._made:
            self._made[id(kind)] = kind, layout("", kind)
        return self._made[id(kind)][1]

    def shared(self, word: str) -> Layout | None:
        """That of an object that CPUs share."""
        return self.of(self.kinds[word])._replace(title=word) if word in self.kinds else None

    def on_the_stack(self, title: str, word: str, kind: Type) -> str:
        """The name of an object on a CPU's own stack."""
        name = f"{title}() {word}"
        while name in self.own:
            name += "'"
        self.own[name] = self.of(kind)._replace(title=word or f"({kind}){{}}")
        return name

    def cross(self) -> bool:
        """May a pointer go from an array or a scalar to what else lies beside it in its object, or on the stack?"""
        shared = {id(kind): kind for kind in self.kinds.values()}.values()
        return any(
            any(view(of) in self.of(kind).views for kind in self.on_stack)
            or any(_goes_on(kind, of, False) or _is_beside(of, self.of(kind)) for kind in shared)
            for of in {id(kind): kind for kind in self.moved}.values()
        )

    def all(self) -> dict[str, Layout]:
        """Of all objects, by their names."""
        found = self.own | {word: self.of(kind)._replace(title=word) for word, kind in self.kinds.items()}
        return {word: one._replace(arrays=()) for word, one in found.items()} if self.flat else found
