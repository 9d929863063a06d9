"""Pointers of texts in which something is seen as another type, while they run: where their bytes lead, and what an access sees there.

A pointer goes from the beginning of a scalar to that of another, as its bytes say. Behind an array that is inside an object lies what may be
compared and not followed: its cell is numbered from PAST on, or from GAP where nothing begins at that byte. An object on a CPU's own stack has
its name behind its cells. A scalar is read as another of its width, or by its first bytes; what else is seen of it is told, and not done.
"""

from bisect import bisect_left
from typing import NamedTuple

from tdxkit.c.arithmetic import Defect
from tdxkit.c.layouts import ADDRESS, BOOLEAN, NUMBER, Layout, View
from tdxkit.c.runtime import BEHIND, GAP, PAST, rank
from tdxkit.c.widths import narrow
from tdxkit.errors import ModelError

WAY_OUT = "read the scalar, and shift and mask it"
WITHIN = -1
INTEGERS = (NUMBER, ADDRESS)


class Spot(NamedTuple):
    """Where a pointer points: the object, its first cell, the cell in it, and whether behind an array: PAST, GAP or 0."""

    layout: Layout
    first: int
    cell: int
    behind: int

    @property
    def byte(self) -> int:
        """The byte of the object that it points to; -1 where that is not known."""
        begins = self.layout.begins
        if not 0 <= self.cell < len(begins):
            return -1
        return begins[self.cell - 1] + self.layout.sizes[self.cell - 1] if self.behind == GAP else begins[self.cell]

    def array(self, cell: int, each: int) -> tuple[int, int, int] | None:
        """The array inside the object with elements of so many cells that a cell is in."""
        return next((a for a in self.layout.arrays if a[2] == each and a[0] <= cell < a[1]), None)


def spot(m, stack: tuple, pointer) -> Spot | None:
    """Where it points; None for what has no bytes here, as a string."""
    where, at = pointer
    behind = 0 if at < PAST else PAST if at < GAP else GAP
    at -= behind
    if where:
        found = m.c_layouts.get(where)
        return Spot(found, 0, at, behind) if found is not None else None
    for end in range(max(at, 0), len(stack)):
        if type(stack[end]) is str:
            found = m.c_layouts[stack[end]]
            first = end - len(found.views)
            return Spot(found, first, at - first, behind)
    return None


def stepped(m, stack: tuple, pointer, by: int, cells: int, each: int = 0):
    """A pointer so many bytes on, which are so many cells where it is of the type that is there. each: it goes along an array of elements of
    so many cells; WITHIN: it goes to a member. ModelError where that is inside a scalar."""
    if type(pointer) is not tuple:
        return pointer + by
    here = spot(m, stack, pointer)
    if here is None:
        return pointer[0], pointer[1] + cells
    cell, gap = _cell(here, by, cells)
    behind = GAP if gap else 0
    if each == WITHIN:
        behind = behind or here.behind % GAP
    elif each and here.layout.arrays:
        inside = here.array(cell if here.behind else here.cell, each)
        if (here.behind and inside is None) or (not here.behind and inside is not None and cell >= inside[1]):
            behind = behind or PAST
    return pointer[0], here.first + cell + behind


def _cell(here: Spot, by: int, cells: int) -> tuple[int, bool]:
    """The cell so many bytes on, and whether it is the end of the one before it, where no other begins."""
    to, layout, byte = here.cell + cells, here.layout, here.byte
    if not layout.begins:
        if by == cells and here.cell < len(layout.sizes) and layout.sizes[here.cell] != 1:
            raise _inside(layout.title)
        return to, False
    if byte < 0:  # outside of it already
        return to, False
    if not 0 <= byte + by <= layout.begins[-1]:
        if 0 <= to < len(layout.begins):
            raise _inside(layout.title)
        return to, False
    if 0 <= to < len(layout.begins) and layout.begins[to] == byte + by:
        return to, False
    at = bisect_left(layout.begins, byte + by)
    if layout.begins[at] == byte + by:
        return at, False
    if at and layout.begins[at - 1] + layout.sizes[at - 1] == byte + by:
        return at, True
    raise _inside(layout.title + layout.paths[at - 1])


def element_at(m, stack: tuple, pointer, index: int, cells: int, size: int, count: int, past: int = 0):
    """A pointer to an element of an array of so many. past: or behind the last one."""
    if not 0 <= index < count + past:
        raise Defect(f"element {index} of an array of {count}")
    return stepped(m, stack, pointer, index * size, index * cells, cells if past else WITHIN)


def bytes_apart(m, stack: tuple, one, other, cells: int, size: int) -> int:
    """How many elements of so many bytes lie between two pointers into one object."""
    if type(one) is int and type(other) is int:
        return (one - other) // size
    a, b = (spot(m, stack, p) if type(p) is tuple else None for p in (one, other))
    if a is not None and b is not None and a[:2] == b[:2]:
        if a.byte >= 0 and b.byte >= 0:
            return (a.byte - b.byte) // size
        if any(own * cells != size for own in a.layout.sizes):
            raise _inside(a.layout.title)
    elif a is not b or type(one) is not tuple or type(other) is not tuple or one[0] != other[0]:
        raise Defect("the difference of pointers that do not point into one array")
    return (one[1] - other[1]) // cells


def meets(one, other) -> bool:
    """Are two pointers equal? Behind an array may lie what another points to."""
    return one == other or (type(one) is type(other) is tuple and one[0] == other[0] and rank(one[1]) == rank(other[1]))


def seen(m, stack: tuple, pointer, wanted: tuple, name: str, stores: int) -> View | None:
    """As what a scalar is there that is accessed as `wanted`, None for the same. Defect where it lies behind its object; ModelError where an access
    would see bytes of several, or store to a part of one."""
    here = spot(m, stack, pointer) if type(pointer) is tuple else None
    if here is None:
        return None
    layout, _, cell, behind = here
    if not 0 <= cell < len(layout.views):
        if pointer[0] and not behind:
            return None  # which is told when it is followed
        raise Defect(f"cell {cell} of {layout.title}, which has {len(layout.views)}")
    if behind == GAP:
        raise ModelError(
            f"what lies behind {layout.title}{layout.paths[cell - 1]}", "no scalar begins at this byte", WAY_OUT
        )
    if behind:
        raise Defect(BEHIND.format(layout.title))
    found = layout.views[cell]
    if found == wanted:
        return None
    kind, bits, _ = wanted
    both = {kind, found.kind}
    alike = both <= {*INTEGERS} or (both == {NUMBER, BOOLEAN} and bits == found.bits)
    if alike and (bits == found.bits or (bits < found.bits and not stores)):
        return found
    raise _as_another(layout, cell, name)


def same(m, stack: tuple, pointer, wanted: tuple, name: str) -> None:
    """ModelError where what is there is no such scalar, on which a function of the kernel works."""
    if seen(m, stack, pointer, wanted, name, 1) is not None:
        here = spot(m, stack, pointer)
        assert here is not None, "it was seen"
        raise _as_another(here.layout, here.cell, name)


def as_left(value, found: View | None, wanted: tuple):
    """A value that is stored as `wanted`, as the scalar has it that is `found` there."""
    return value if found is None else as_seen(value, View(*wanted), found)


def as_seen(value, found: View | None, wanted: tuple):
    """The value of a scalar that is `found` there, as an access sees it that wants another."""
    if found is None:
        return value
    if type(value) is tuple:
        if wanted[1] == found.bits:
            return value
        raise ModelError("a part of a pointer", "an address is no number here", "keep it a pointer")
    if BOOLEAN in (wanted[0], found.kind) and value not in (0, 1):
        raise ModelError(
            f"{value} in a _Bool", "what is neither 0 nor 1 has no meaning in one", "assign the variable itself"
        )
    return narrow(value, wanted[1], wanted[2])


def _as_another(layout: Layout, cell: int, name: str) -> ModelError:
    rule = f"it is of type {layout.names[cell]} and is seen as {name} here; bytes of it are not followed"
    return ModelError(f"{layout.title}{layout.paths[cell]}", rule, WAY_OUT)


def _inside(title: str) -> ModelError:
    return ModelError(f"a byte of {title}", "its scalars are seen as a whole", WAY_OUT)


RUNTIME = {how.__name__: how for how in (stepped, element_at, bytes_apart, meets, seen, same, as_seen, as_left)}
