"""Lists without a lock: struct llist_head [linux-llist].

They are what they are in the kernel: a pointer to the first entry, and in each entry one to the next. Adding is a look at the head, a store to
the new entry's next, and a cmpxchg of the head, again until that finds what was looked at. Taking all is one xchg.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.known import LLIST_NODE
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import BOOL, VOID, Pointer
from tdxkit.kinds import load, locked, store

SOURCES = ("linux-llist",)


def _looks(m, does: str, p):
    return load("READ_ONCE", cell(m, p), label=f"{does}: read {cell(m, p)}")


def _adds(m, first, last, head):
    """A chain of entries before all others; was it empty?"""
    yield _looks(m, "llist_add", head)
    before = get(m, head)
    while True:
        yield store("", cell(m, last), label=f"llist_add: write {cell(m, last)}")
        put(m, last, before)
        yield locked("try_cmpxchg", cell(m, head), label=f"llist_add: try_cmpxchg({cell(m, head)})")
        found = get(m, head)
        if found == before:
            put(m, head, first)
            return int(not before)
        before = found


def add(m, entry, head):
    """llist_add()."""
    return (yield from _adds(m, entry, entry, head))


def add_batch(m, first, last, head):
    """llist_add_batch()."""
    return (yield from _adds(m, first, last, head))


def _takes_all(m, head):
    yield locked("llist_del_all", cell(m, head))
    first = get(m, head)
    put(m, head, 0)
    return first


def _takes_first(m, head):
    """The newest. Two who do this at one time need a lock, as what is next is looked at before the cmpxchg."""
    yield load("smp_load_acquire", cell(m, head), label=f"llist_del_first: read {cell(m, head)}")
    first = get(m, head)
    while first:
        yield _looks(m, "llist_del_first", first)
        following = get(m, first)
        yield locked("try_cmpxchg", cell(m, head), label=f"llist_del_first: try_cmpxchg({cell(m, head)})")
        found = get(m, head)
        if found == first:
            put(m, head, following)
            return first
        first = found
    return 0


def _empty(m, head):
    yield load("READ_ONCE", cell(m, head), label=f"llist_empty({cell(m, head)})")
    return int(not get(m, head))


def _next(m, entry):
    yield load("", cell(m, entry), label=f"llist_next: read {cell(m, entry)}")
    return get(m, entry)


def _reversed(m, first):
    """The oldest of a chain that was taken, after it was turned round."""
    turned = 0
    while first:
        yield load("", cell(m, first), label=f"llist_reverse_order: read {cell(m, first)}")
        following = get(m, first)
        yield store("", cell(m, first), label=f"llist_reverse_order: write {cell(m, first)}")
        put(m, first, turned)
        turned, first = first, following
    return turned


def _head_starts(m, head):
    yield store("init_llist_head", cell(m, head))
    put(m, head, 0)


def _node_starts(m, entry):
    """On no list: it leads to itself, as no entry of a list does."""
    yield store("WRITE_ONCE", cell(m, entry), label=f"init_llist_node({cell(m, entry)})")
    put(m, entry, entry)


def _is_on(m, entry):
    yield load("READ_ONCE", cell(m, entry), label=f"llist_on_list({cell(m, entry)})")
    return int(get(m, entry) != entry)


def functions() -> Iterator[Entry]:
    """All of them."""
    node = Pointer(LLIST_NODE)
    yield Entry("llist_add", add, "pp", BOOL)
    yield Entry("llist_add_batch", add_batch, "ppp", BOOL)
    yield Entry("llist_del_all", _takes_all, "p", node)
    yield Entry("llist_del_first", _takes_first, "p", node)
    yield Entry("llist_empty", _empty, "p", BOOL)
    yield Entry("llist_next", _next, "p", node)
    yield Entry("llist_reverse_order", _reversed, "p", node)
    yield Entry("init_llist_head", _head_starts, "p", VOID)
    yield Entry("init_llist_node", _node_starts, "p", VOID)
    yield Entry("llist_on_list", _is_on, "p", BOOL)
