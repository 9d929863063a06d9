"""Lists: struct list_head and struct hlist_head [linux-list].

The head's cell has its entries in order, as pointers to their own list_heads; an entry's cell says which head it is on. An operation is a look at
the head and a write of it, so that two CPUs without a lock lose an entry. A list on the stack is its CPU's own: no step. What was taken off is
poisoned, and a list_head that was never initialised is no list; an hlist_head of zeros is an empty one.
"""

from tdxkit.c.arithmetic import Defect
from tdxkit.c.runtime import PAGE, cell, fetch, get, hand, handed, laid, put
from tdxkit.kinds import load, store

SOURCES = ("linux-list",)
SIMPLIFIED = ("a list is one variable: it is looked at and written as a whole, and a loop of the _rcu kind goes over what was there when it began",)  # fmt: skip
ON, GONE, EMPTY = "on", "taken off a list", ()
COPIED = "copied"  # of a list_head that another was copied to: it leads to that one, or where that one led


def title(m, p) -> str:
    """What a head or an entry is called."""
    return cell(m, p) if p[0] and p != PAGE else "a list on the stack"


def _own(m, stack, p, does: str) -> object:
    """What the cell of a list_head holds; Defect where that was copied from another."""
    value = fetch(m, stack, p)
    if type(value) is tuple and value[:1] == (COPIED,):
        raise Defect(
            f"{does}() of {title(m, p)}, which is a copy of {title(m, value[1:])} and leads to that one's list"
        )
    return value


def head(m, stack, p, does: str) -> tuple:
    """The entries of a list; Defect where it is none."""
    value = _own(m, stack, p, does)
    if value == 0 and does.startswith("hlist"):
        return EMPTY
    if type(value) is not tuple or value[:1] == (ON,):
        raise Defect(f"{does}() of {title(m, p)}, which is no list that was initialised")
    return value


def on(m, stack, entry, does: str):
    """The head of the list that an entry is on; None where it is on none. Defect where it was deleted."""
    value = _own(m, stack, entry, does)
    if value == EMPTY or (value == 0 and does.startswith("hlist")):
        return None
    if type(value) is not tuple or value[:1] != (ON,):
        raise Defect(f"{does}() of {title(m, entry)}, which was {value if value == GONE else 'never put on a list'}")
    return value[1:]


def _lead_back(m, stack, where, there, entries, does: str) -> None:
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


def _shared(p) -> bool:
    return bool(p[0]) and p != PAGE


def _read(m, does: str, p):
    return load("", cell(m, p), label=f"{does}: read {cell(m, p)}")


def _write(m, does: str, *places):
    where = next(p for p in places if _shared(p))
    return store(does, cell(m, where), label=f"{does}: write {cell(m, where)}")


def adds(does: str, at_tail: int):
    """list_add() and list_add_tail()."""

    def program(m, stack, entry, where):
        if _shared(where):
            yield _read(m, does, where)
        there = head(m, stack, where, does)
        if entry in there and entry != PAGE:
            raise Defect(f"{does}() of {title(m, entry)}, which is on that list")
        _lead_back(m, stack, where, there, there[-1:] if at_tail else there[:1], does)
        if _shared(where) and not _shared(entry) and entry != PAGE:
            raise Defect("a pointer to a local variable is given to other CPUs")
        if _shared(where) or _shared(entry):
            yield _write(m, does, where, entry)
        stack = into(m, stack, entry, (ON, *where))  # first: whoever finds it there finds where it leads
        return None, into(m, stack, where, (*there, entry) if at_tail else (entry, *there))

    return program


def deletes(does: str, after: object, quiet: int = 0):
    """list_del() and kin. after: what the entry's cell holds then; quiet: what is on no list may be deleted."""

    def program(m, stack, entry, *more):
        if entry == PAGE:
            return None, ((yield from _from_shared(m, does, stack)) if m.c_lists else _without_page(stack))
        if _shared(entry):
            yield _read(m, does, entry)
        where = on(m, stack, entry, does)
        there = head(m, stack, where, does) if where else EMPTY
        if where and entry not in there:
            raise Defect(f"{does}() of {title(m, entry)}, which its list has not: the list is corrupted")
        if where:
            at = there.index(entry)
            _lead_back(m, stack, where, there, there[max(at - 1, 0) : at + 2], does)
        if not where and fetch(m, stack, entry) == 0 and not quiet:
            raise Defect(f"{does}() of {title(m, entry)}, which is on no list")
        if _shared(entry) or (where and _shared(where)):
            yield _write(m, does, where or entry, entry)
        if where:
            stack = into(m, stack, where, tuple(e for e in there if e != entry))
        return None, into(m, stack, entry, after)

    return program


def _from_shared(m, does: str, stack):
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


def moves(does: str, at_tail: int):
    """list_move() and list_move_tail()."""

    def program(m, stack, entry, where):
        _, stack = yield from LEAVES(m, stack, entry)
        return (yield from (JOINS_TAIL if at_tail else JOINS)(m, stack, entry, where))

    return program


LEAVES, JOINS, JOINS_TAIL = deletes("list_move", EMPTY), adds("list_move", 0), adds("list_move", 1)


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


def splices(does: str, at_tail: int, empties: int):
    """All entries of one list go onto another; what is not initialised again then is no list."""

    def program(m, stack, source, where):
        if _shared(source):
            yield _read(m, does, source)
        moved = head(m, stack, source, does)
        if _shared(where):
            yield _read(m, does, where)
        there = head(m, stack, where, does)
        if moved and (_shared(source) or _shared(where)):
            yield _write(m, does, where, source)
        stack = into(m, stack, where, (*there, *moved) if at_tail else (*moved, *there))
        if moved and _shared(source):
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
        if _shared(p):
            yield store(does, cell(m, p))
        return None, into(m, stack, p, EMPTY)

    return program


def empty(does: str):
    """list_empty() of a head or an entry, hlist_unhashed()."""

    def program(m, stack, p):
        if _shared(p):
            yield load(does, cell(m, p))
        value = _own(m, stack, p, does)
        if value == 0 and not does.startswith("hlist"):
            raise Defect(f"{does}() of {title(m, p)}, which is no list that was initialised")
        return int(value == EMPTY or value == 0), stack

    return program


def looks(does: str, what: str):
    """A look at a whole list."""

    def program(m, stack, p, *more):
        if _shared(p):
            yield load(does, cell(m, p))
        there = head(m, stack, p, does)
        if what in ("first", "last"):
            if not there:
                raise Defect(f"{does}() of {title(m, p)}, which is empty")
            return there[0 if what == "first" else -1], stack
        ends = {"first or null": there[:1], "last or null": there[-1:]}
        if what in ends:
            return (ends[what][0] if there else 0), stack
        return {"one": int(len(there) == 1), "count": len(there), "all": there}[what], stack

    return program


def is_edge(does: str, last: int):
    """list_is_first() and list_is_last()."""

    def program(m, stack, entry, where):
        if _shared(where):
            yield load(does, cell(m, where))
        return int(head(m, stack, where, does)[-1 if last else 0 :][:1] == (entry,)), stack

    return program


def steps_on(does: str, by: int):
    """The entry beside one on a list, from its ends on where `before` is NULL; NULL at the end."""

    def program(m, stack, where, before):
        if _shared(where):
            yield load(does, cell(m, where))
        there = head(m, stack, where, does)[::by]
        if before == where:
            before = 0  # a loop that goes on from the head begins with the first
        if before and before not in there:
            raise Defect(f"{does}() goes on from {title(m, before)}, which was taken off the list")
        if before:
            _lead_back(m, stack, where, there, (before,), does)
        at = there.index(before) + 1 if before else 0
        return (there[at] if at < len(there) else 0), stack

    return program


def beside(does: str, by: int, ends: bool = False):
    """list_next_entry() and list_prev_entry(). ends: behind the last comes NULL, as in an hlist."""

    def program(m, stack, entry):
        if _shared(entry):
            yield load(does, cell(m, entry))
        where = on(m, stack, entry, does)
        there = head(m, stack, where, does)[::by] if where else EMPTY
        if ends and (where is None or entry == there[-1]):
            return 0, stack
        if entry not in there[:-1]:
            raise Defect(f"{does}() of {title(m, entry)}, which has none beside it")
        return there[there.index(entry) + 1], stack

    return program
