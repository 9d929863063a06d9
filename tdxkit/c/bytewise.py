"""Pointers to single bytes (char, u8, void): what they point to may be an object of larger scalars.

Such a pointer moves over whole scalars of an object, and not into one: its bytes are not seen. Of a local object nobody knows its scalars here.
"""

from tdxkit.c.types import Int, Pointer, Type, Void
from tdxkit.errors import ModelError


def is_byte(kind: Type) -> bool:
    """Does a pointer to this type count bytes?"""
    return isinstance(kind, Void) or (isinstance(kind, Int) and kind.size == 1)


def is_other_view(one: Type, other: Type) -> bool:
    """Is a pointer to an integer made one to an integer of another width or sign? One to bytes may be passed on, and is looked at where it is used."""
    if not (isinstance(one, Pointer) and isinstance(other, Pointer)):
        return False
    a, b = one.to, other.to
    if not (isinstance(a, Int) and isinstance(b, Int)):
        return False
    return a.signed != b.signed if a.size == b.size else 1 not in (a.size, b.size)


def bytes_on(m, pointer, by: int):
    """A pointer so many bytes on; ModelError where that is inside a scalar."""
    if type(pointer) is not tuple:
        return pointer + by
    name, at = pointer
    sizes = m.c_sizes.get(name)
    if sizes is None:  # bytes, or on the stack
        return name, at + by
    while by > 0 and at < len(sizes):
        by, at = by - sizes[at], at + 1
    while by < 0 and 0 < at <= len(sizes):
        at -= 1
        by += sizes[at]
    if by:
        raise _inside(name)
    return name, at


def byte_there(m, pointer) -> None:
    """ModelError where a pointer to a byte points to a larger scalar, of which it would be a part."""
    sizes = m.c_sizes.get(pointer[0]) if type(pointer) is tuple else None
    if sizes is not None and 0 <= pointer[1] < len(sizes) and sizes[pointer[1]] != 1:
        raise _inside(pointer[0])


def _inside(name: str) -> ModelError:
    return ModelError(f"a byte of {name}", "its scalars are seen as a whole", "read the scalar, and shift and mask it")
