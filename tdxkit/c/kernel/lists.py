"""Lists: struct list_head and struct hlist_head [linux-list].

The head's cell has its entries in order, as pointers to their own list_heads; an entry's cell says which head it is on. An operation is a look at
the head and a write of it, so that two CPUs without a lock lose an entry. A list on the stack is its CPU's own: no step. What was taken off is
poisoned, and a list_head that was never initialised is no list; an hlist_head of zeros is an empty one.
"""

from tdxkit.c.arithmetic import Defect
from tdxkit.c.runtime import FREED, PAGE, cell, fetch, get, hand, handed, laid, put
from tdxkit.errors import ModelError
from tdxkit.kinds import load, store

SOURCES = ("linux-list",)
SIMPLIFIED = ("a list is one variable: it is looked at and written as a whole, and a loop of the _rcu kind goes over what was there when it began",)  # fmt: skip
ON, GONE, EMPTY = "on", "taken off a list", ()
LEFT = "on a list whose head was initialised again"
COPIED = "copied"  # of a list_head that another was copied to: it leads to that one, or where that one led


def title(m, p) -> str:
    """What a head or an entry is called."""
    return cell(m, p) if p[0] and p != PAGE else "a list on the stack"


def list_at(m, stack, p, does: str) -> object:
    """What the cell of a list_head holds; Defect where that was copied from another."""
    value = fetch(m, stack, p)
    if type(value) is tuple and value[:1] == (COPIED,):
        raise Defect(
            f"{does}() of {title(m, p)}, which is a copy of {title(m, value[1:])} and leads to that one's list"
        )
    return value


def head(m, stack, p, does: str) -> tuple:
    """The entries of a list; Defect where it is none."""
    value = list_at(m, stack, p, does)
    if value == 0 and does.startswith("hlist"):
        return EMPTY
    if type(value) is not tuple or value[:1] == (ON,):
        raise Defect(f"{does}() of {title(m, p)}, which is no list that was initialised")
    return value


def on(m, stack, entry, does: str):
    """The head of the list that an entry is on; None where it is on none. Defect where it was deleted."""
    value = list_at(m, stack, entry, does)
    if value == EMPTY or (value == 0 and does.startswith("hlist")):
        return None
    if type(value) is tuple and value[:1] != (ON,):
        raise ModelError(f"{does}() of {title(m, entry)}", "it is the head of a list, and rings without a head are not followed", "give the list a head of its own")  # fmt: skip
    if type(value) is not tuple:
        raise Defect(f"{does}() of {title(m, entry)}, which was {value or 'never put on a list'}")
    return value[1:]


def _beside(m, stack, where, at_tail: bool, does: str) -> tuple:
    """Where a list gets a new entry: its head, and before which of its entries. At its ends, or beside one of them."""
    value = fetch(m, stack, where)
    if type(value) is not tuple or value[:1] != (ON,):
        return where, (len(head(m, stack, where, does)) if at_tail else 0)
    there = head(m, stack, value[1:], does)
    if where not in there:
        raise Defect(f"{does}() beside {title(m, where)}, which its list has not: the list is corrupted")
    return value[1:], there.index(where) + (not at_tail)


def lead_back(m, stack, where, there, entries, does: str) -> None:
    """Defect where one of these entries of a list was written over since it came there: what it leads to is no more the list."""
    for entry in entries:
        if entry != PAGE and entry in there and fetch(m, stack, entry) != (ON, *where):
            raise Defect(f"{does}() comes to {title(m, entry)}, which was written over while it was on the list")


def into(m, stack, p, value):
    """A value into the cell of a head or an entry; the stack after it. A list of the stack stays with its CPU."""
    if p == PAGE:
        return stack
    if not p[0]:
        return laid(stack, p[1], value)
    (hand if type(value) is tuple and PAGE in value else put)(m, p, value)
    return stack


def gone(m, name: str) -> bool:
    """Was this object freed, or has the block of the local variable that it is ended?"""
    return name in m.c_heap and getattr(m, m.c_heap[name][0]) == FREED


def shared(p) -> bool:
    """Does a pointer lead to what CPUs share?"""
    return bool(p[0]) and p != PAGE


def _read(m, does: str, p):
    return load("", cell(m, p), label=f"{does}: read {cell(m, p)}")


def _write(m, does: str, *places):
    where = next(p for p in places if shared(p))
    return store(does, cell(m, where), label=f"{does}: write {cell(m, where)}")


def adds(does: str, at_tail: bool = False):
    """list_add() and list_add_tail()."""

    def program(m, stack, entry, where):
        if shared(where):
            yield _read(m, does, where)
        where, at = _beside(m, stack, where, at_tail, does)
        there = head(m, stack, where, does)
        if entry == where:
            raise Defect(f"{does}() of {title(m, entry)} to itself")
        if entry in there and entry != PAGE:
            raise Defect(f"{does}() of {title(m, entry)}, which is on that list")
        lead_back(m, stack, where, there, there[max(at - 1, 0) : at + 1], does)
        if shared(where) and not shared(entry) and entry != PAGE:
            raise Defect("a pointer to a local variable is given to other CPUs")
        if shared(where) or shared(entry):
            yield _write(m, does, where, entry)
        stack = into(m, stack, entry, (ON, *where))  # first: whoever finds it there finds where it leads
        return None, into(m, stack, where, (*there[:at], entry, *there[at:]))

    return program


def deletes(does: str, after: object, quiet: bool = False):
    """list_del() and kin. after: what the entry's cell holds then; quiet: what is on no list may be deleted."""

    def program(m, stack, entry, *more):
        if entry == PAGE:
            return None, ((yield from _fromshared(m, does, stack)) if m.c_lists else _without_page(stack))
        if shared(entry):
            yield _read(m, does, entry)
        where = on(m, stack, entry, does)
        there = head(m, stack, where, does) if where else EMPTY
        if where and entry not in there:
            raise Defect(f"{does}() of {title(m, entry)}, which its list has not: the list is corrupted")
        if where:
            at = there.index(entry)
            lead_back(m, stack, where, there, there[max(at - 1, 0) : at + 2], does)
        if not where and fetch(m, stack, entry) == 0 and not quiet:
            raise Defect(f"{does}() of {title(m, entry)}, which is on no list")
        if shared(entry) or (where and shared(where)):
            yield _write(m, does, where or entry, entry)
        if where:
            stack = into(m, stack, where, tuple(e for e in there if e != entry))
        return None, into(m, stack, entry, after)

    return program


def _fromshared(m, does: str, stack):
    """A counted page off the first list of all CPUs' that has one; where none has, off one of the stack."""
    for p in m.c_lists:
        yield _read(m, does, p)
        there = head(m, stack, p, does)
        if PAGE in there:
            at = there.index(PAGE)
            yield _write(m, does, p)
            handed(m, get(m, p), there[:at] + there[at + 1 :])
            put(m, p, there[:at] + there[at + 1 :])
            return stack
    return _without_page(stack)


def _without_page(stack):
    """The stack with one counted page less on a list of it."""
    for at, value in enumerate(stack):
        if type(value) is tuple and PAGE in value:
            left = list(value)
            left.remove(PAGE)
            return laid(stack, at, tuple(left))
    raise Defect("list_del() of a page that is on no list of its CPU")


def moves(does: str, at_tail: bool):
    """list_move() and list_move_tail()."""

    def program(m, stack, entry, where):
        _, stack = yield from LEAVES(m, stack, entry)
        return (yield from (JOINS_TAIL if at_tail else JOINS)(m, stack, entry, where))

    return program


LEAVES, JOINS, JOINS_TAIL = deletes("list_move", EMPTY), adds("list_move"), adds("list_move", at_tail=True)


def replaces(does: str, after: object):
    """list_replace() and kin: another entry in the place of one; `after`: what that one holds then."""

    def program(m, stack, old, new):
        yield _read(m, does, old)
        where = on(m, stack, old, does)
        there = head(m, stack, where, does) if where else EMPTY
        if old not in there:
            raise Defect(f"{does}() of {title(m, old)}, which is on no list")
        yield _write(m, does, where, old)
        stack = into(m, stack, new, (ON, *where))
        stack = into(m, stack, where, tuple(new if entry == old else entry for entry in there))
        return None, into(m, stack, old, after)

    return program


def splices(does: str, at_tail: bool, empties: bool):
    """All entries of one list go onto another; what is not initialised again then is no list."""

    def program(m, stack, source, where):
        if shared(source):
            yield _read(m, does, source)
        moved = head(m, stack, source, does)
        if shared(where):
            yield _read(m, does, where)
        where, at = _beside(m, stack, where, at_tail, does)
        there = head(m, stack, where, does)
        if moved and (shared(source) or shared(where)):
            yield _write(m, does, where, source)
        stack = into(m, stack, where, (*there[:at], *moved, *there[at:]))
        if moved and shared(source):
            handed(m, moved, ())
        if moved:
            stack = into(m, stack, source, EMPTY if empties else 0)
        for entry in moved:
            stack = into(m, stack, entry, (ON, *where))
        return None, stack

    return program


def starts(does: str):
    """INIT_LIST_HEAD()."""

    def program(m, stack, p):
        if shared(p):
            yield store(does, cell(m, p))
        value = getattr(m, cell(m, p)) if p[0] else stack[p[1]]
        for entry in (
            value if type(value) is tuple and value[:1] not in ((ON,), (COPIED,)) else ()
        ):  # no list has them any more
            if entry != PAGE and not gone(m, entry[0]):
                stack = into(m, stack, entry, LEFT)
        return None, into(m, stack, p, EMPTY)

    return program
