"""A second opinion on the XArray for the tests: a dict of entries, the tree it must have, and the same loops done one by one."""

from tdxkit.linux.xarray.api import XArray, xa_erase, xa_reserve, xa_store
from tdxkit.linux.xarray.digest import digest, fnv1a
from tdxkit.linux.xarray.node import XA_ZERO_ENTRY, xa_err
from tdxkit.linux.xarray.tree import xa_stat


def levels(indexes):
    """Nodes by level of a canonical tree: distinct prefixes of the indexes."""
    answer, shift = [], 6
    while indexes:
        answer.append(len({i >> shift for i in indexes}))
        if max(indexes) >> shift == 0:
            break
        shift += 6
    return tuple(answer)


def text(entries):
    """The digest's text of the canonical tree with these entries (no marks, more than index 0)."""

    def below(items, shift, offset):
        slots = {}
        for index, word in items.items():
            slots.setdefault(index >> shift & 63, {})[index] = word
        values = sum(word & 1 for word in items.values()) if shift == 0 else 0
        inner = "".join(
            f"{slot}:{below(slots[slot], shift - 6, slot) if shift else word_text(*slots[slot].values())};"
            for slot in sorted(slots)
        )
        return f"N{shift},{offset},{len(slots)},{values},0,0,0({inner})"

    top = 0
    while max(entries) >> top + 6:
        top += 6
    return "X000|" + below(entries, top, 0)


def word_text(word):
    return f"V{word >> 1}" if word & 1 else "Z"


def expected_digest(entries):
    return f"{fnv1a(text(entries).encode()):016x}"


def facts(xa):
    """Everything two arrays must agree on."""
    slab = xa.slab
    return {
        "stat": xa_stat(xa),
        "digest": digest(xa),
        "marks": xa.marks,
        "allocs": slab.allocs,
        "frees": slab.frees,
        "peak": slab.peak,
        "limit": slab.limit,
        "calls": xa.calls,
        "walked": xa.walked,
    }


def one_by_one(xa: XArray, kind: str, start: int, end: int, word: int = 0):
    """The loops as KVM does them, page by page."""
    if kind == "erase":
        return sum(1 for i in range(start, end) if xa_erase(xa, i))
    for i in range(start, end):
        rc = xa_reserve(xa, i) if kind == "reserve" else xa_err(xa_store(xa, i, word))
        if rc:
            return rc, i
    return 0, max(start, end)


def put(entries, kind, start, end, word=0):
    """What the loop does to a dict."""
    for i in range(start, end):
        if kind == "erase" or (kind == "store" and not word):
            entries.pop(i, None)
        elif kind == "store":
            entries[i] = word
        else:
            entries.setdefault(i, XA_ZERO_ENTRY)
