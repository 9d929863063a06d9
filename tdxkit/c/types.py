"""C's types as x86-64 Linux has them, and what a value becomes in each: promotion, conversion, wrapping.

An object is a row of cells, one for each scalar in it: `struct { int n; spinlock_t lock; } dev[2]` has four, dev[0].n, dev[0].lock, dev[1].n and
dev[1].lock. A pointer names an object and a cell of it. So a pointer can be moved, compared and followed; what cannot be done is to look at an
object's bytes through another type.

Signed arithmetic wraps, and char has no sign, as the kernel is built: -fno-strict-overflow and, since 6.2, -funsigned-char [linux-types].
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from tdxkit.errors import InputError

SOURCES = ("linux-types",)
POINTER_BITS = 64
MOST_CELLS = 4096  # of one object, and of all that CPUs share: every state holds all of them


class Type:
    """A type of C. `name`: as C writes it; `size`: in bytes; `align`: what its objects' addresses divide by."""

    name: str
    size: int

    @cached_property
    def align(self) -> int:
        """That of its size, where no text says otherwise."""
        return max(1, min(self.size, 8))

    def leaves(self) -> Iterator[tuple[str, "Type"]]:
        """Its scalars in order: what follows the object's name to reach each, and its type."""
        yield "", self

    @cached_property
    def cells(self) -> int:
        """How many scalars are in it."""
        return 1

    def __str__(self) -> str:
        return self.name


class Int(Type):
    """An integer type; `rank` orders the conversions."""

    def __init__(self, name: str, bits: int, signed: bool, rank: int):
        self.name, self.bits, self.signed, self.rank, self.size = name, bits, signed, rank, max(1, bits // 8)

    def wrap(self, value: int) -> int:
        """The value that this type has where `value` is put into it."""
        if self.name == "_Bool":
            return int(value != 0)
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value

    @property
    def least(self) -> int:
        """The least value it has."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def most(self) -> int:
        """The greatest."""
        return (1 << (self.bits - self.signed)) - 1


class BitField(Int):
    """So many bits of a word of `size` bytes; what an int holds is promoted to one. Of the `row` of neighbours it is the one `at`."""

    at, row = 0, 1

    def __init__(self, word: Int, bits: int):
        super().__init__(word.name, bits, word.signed, 0 if bits < INT.bits else word.rank)
        self.size, self.align = word.size, word.align


class Void(Type):
    """void, and what is only ever pointed to."""

    def __init__(self, name: str = "void"):
        self.name, self.size = name, 1


class Pointer(Type):
    """A pointer."""

    size = POINTER_BITS // 8

    def __init__(self, to: Type, volatile: bool = False):
        self.to, self.volatile = to, volatile  # volatile: what it points to is, as far as it says

    @property
    def name(self) -> str:  # type: ignore[override]
        """As C writes it."""
        return f"{self.to.name} *".replace("* *", "**")


class Array(Type):
    """An array of known length."""

    def __init__(self, of: Type, count: int):
        self.of, self.count = of, count
        self.name, self.size, self.align = f"{of.name}[{count}]", of.size * count, of.align

    def leaves(self) -> Iterator[tuple[str, Type]]:
        """Its scalars in order."""
        for k in range(self.count):
            for path, leaf in self.of.leaves():
                yield f"[{k}]{path}", leaf

    @cached_property
    def cells(self) -> int:
        """How many scalars are in it."""
        return self.of.cells * self.count


class Member(NamedTuple):
    """A member of a struct: name, type, and where its cells and its bytes begin."""

    name: str
    type: Type
    cell: int
    byte: int
    volatile: bool = False


class Struct(Type):
    """A struct; `known` is false where only its name was seen. A union has its members at one place, and is not read."""

    def __init__(self, name: str):
        self.name, self.members, self.known, self.size = name, {}, False, 1
        self.members: dict[str, Member]
        self.fields: list[tuple[str, Type]] = []
        self.begins: list[int] = []  # the byte where each field does
        self.align, self.odd = 1, False  # odd: how large it is is not known
        self.shortened: Type = self  # without the elements of the array that it ends in, where it was made with these

    def fill(self, fields: list[tuple[str, Type]], begins: Iterable[int]) -> None:
        """Give it its members, in order, each with the byte where it begins; one without a name is a struct whose members are this one's too."""
        cell = 0
        self.fields, self.begins, self.known = [], [], True
        for (name, kind), byte in zip(fields, begins):
            if isinstance(kind, BitField) and not name:  # nobody reads what only fills
                continue
            if name:
                self.members[name] = Member(name, kind, cell, byte)
            elif isinstance(kind, Struct):
                for inner in kind.members.values():
                    self.members[inner.name] = inner._replace(cell=cell + inner.cell, byte=byte + inner.byte)
            self.fields.append((name, kind))
            self.begins.append(byte)
            cell += kind.cells
        for row in _rows(fields):
            for k, kind in enumerate(row):
                kind.at, kind.row = k, len(row)

    def leaves(self) -> Iterator[tuple[str, Type]]:
        """Its scalars in order."""
        for name, kind in self.fields if self.known else ():
            for path, leaf in kind.leaves():
                yield (f".{name}{path}" if name else path), leaf

    @cached_property
    def cells(self) -> int:
        """How many scalars are in it."""
        return sum(kind.cells for _, kind in self.fields) if self.known else 0


class Atomic(Type):
    """atomic_t and its kin: an integer that only atomic operations touch; `counts`: a refcount_t, which saturates."""

    def __init__(self, name: str, of: Int, counts: bool = False, size: int = 0):
        self.name, self.of, self.counts, self.size = name, of, counts, size or of.size


class Lock(Type):
    """A lock: `sleeps`, one may sleep while it is held, as a mutex; `shared`, it has readers."""

    def __init__(self, name: str, sleeps: bool = False, shared: bool = False, size: int = 4):
        self.name, self.sleeps, self.shared, self.size = name, sleeps, shared, size


class Kernels(Type):
    """A structure of the kernel's own that its functions alone touch, such as struct completion: one cell, beginning with `first`, or with `made` where the
    text initialises it; zeros are as good where that is not given."""

    def __init__(self, name: str, first: object = 0, size: int = 32, made: object = None):
        self.name, self.first, self.size, self.made = name, first, size, first if made is None else made


class Function(Type):
    """A function: what it returns and takes."""

    size = 1

    def __init__(self, returns: Type, takes: tuple[Type, ...]):
        self.returns, self.takes, self.name = returns, takes, "function"


def _rows(fields: list[tuple[str, Type]]) -> Iterator[list[BitField]]:
    """The bit-fields that are neighbours: C11's memory location ends at a `:0` and at what is no bit-field."""
    for together, row in groupby(fields, lambda field: isinstance(field[1], BitField) and field[1].bits > 0):
        if together:
            yield [kind for name, kind in row if name]  # type: ignore[misc]


def is_odd(kind: Type) -> bool:
    """Is it laid out in a way that is not known here, or has something in it that is?"""
    return is_odd(kind.of) if isinstance(kind, Array) else isinstance(kind, Struct) and kind.odd


def _ints() -> dict[str, Int]:
    found = {
        "_Bool": Int("_Bool", 8, False, 0), "char": Int("char", 8, False, 1), "signed char": Int("signed char", 8, True, 1),
        "unsigned char": Int("unsigned char", 8, False, 1), "short": Int("short", 16, True, 2), "unsigned short": Int("unsigned short", 16, False, 2),
        "int": Int("int", 32, True, 3), "unsigned int": Int("unsigned int", 32, False, 3), "long": Int("long", 64, True, 4),
        "unsigned long": Int("unsigned long", 64, False, 4), "long long": Int("long long", 64, True, 5),
        "unsigned long long": Int("unsigned long long", 64, False, 5),
    }  # fmt: skip
    return found


INTS = _ints()
INT, UINT, LONG, ULONG, BOOL, CHAR = (
    INTS[n] for n in ("int", "unsigned int", "long", "unsigned long", "_Bool", "char")
)
ULLONG = INTS["unsigned long long"]
VOID = Void()


def promoted(kind: Int) -> Int:
    """The type after C's integer promotions."""
    return INT if kind.rank < INT.rank else kind


def common(one: Int, other: Int) -> Int:
    """The type in which two integers meet (C's usual arithmetic conversions)."""
    a, b = promoted(one), promoted(other)
    if a is b:
        return a
    if a.signed == b.signed:
        return a if a.rank >= b.rank else b
    signed, unsigned = (a, b) if a.signed else (b, a)
    if unsigned.rank >= signed.rank:
        return unsigned
    if signed.bits > unsigned.bits:
        return signed
    return next(t for t in INTS.values() if t.rank == signed.rank and not t.signed)


def measured(where: str, kind: Type) -> Type:
    """The type, where its size is known: InputError where an attribute says otherwise."""
    if is_odd(kind):
        rule = "an attribute lays a member of it out otherwise, and what is where is not known here"
        raise InputError(f"{where}: {kind.name}", rule, "take the attribute out, or write the number")
    return kind


def whole(where: str, kind: Type) -> Type:
    """The type, where an object can be of it: InputError for a struct of which only the name is known, and for one too large."""
    if isinstance(kind, Struct) and not kind.known:
        raise InputError(f"{where}: {kind.name}", "only its name is known here", "paste its definition too")
    if isinstance(kind, (Void, Function)):
        raise InputError(f"{where}: {kind.name}", "no object is of this type", "give it another")
    if kind.cells > MOST_CELLS:
        raise InputError(f"{where}: {kind.name}", f"an object has at most {MOST_CELLS:,} scalars", "make it smaller")
    return kind


def element_of(kind: Type) -> Type:
    """Of an array of arrays what it is made of in the end; of another type itself."""
    return element_of(kind.of) if isinstance(kind, Array) else kind
