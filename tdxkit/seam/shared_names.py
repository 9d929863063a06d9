"""What people call the variables that calls share: a lock or an entry by its own name, and the entries of a whole table by one.

A call that merges a 2 MiB page writes all 512 entries of a Secure-EPT page: what is told of them is how many are no longer what they were.
"""

from collections.abc import Iterable, Sequence

from tdxkit.text import many

MOST = 12  # entries of one table that each have a name
# What a table of the module is called where one entry of it is shown: words, and what its key is in bytes of HPA (0: it is no page number).
WORDS = {
    "lock_1g": ("1G lock", 30), "lock_2m": ("2M lock", 21), "lock_4k": ("4K lock", 12), "pamt_1g": ("1G entry", 30), "pamt_2m": ("2M entry", 21),
    "pamt_4k": ("4K entry", 12), "count": ("page count", 21), "bitmap": ("bitmap", 21), "op_lock": ("OP_STATE lock", 0), "tree_lock": ("S-EPT tree lock", 0),
    "sept_lock": ("S-EPT entry lock", 0), "sept": ("S-EPT entry", 0), "epoch_lock": ("TD_EPOCH lock", 0), "kot_lock": ("KOT lock", -1), "ket_lock": ("KET lock", -1),
    "sys_lock": ("module lock", -1), "tdmr_lock": ("TDMR lock", -1), "wb_lock": ("write-back lock", -1),
}  # fmt: skip
# What many entries of a table are called: words, how many keys a page of that table has as a power of two, what its key is in bytes of HPA.
TABLES = {"sept": ("S-EPT entry", 12, 0), "pamt_4k": ("4K entry", 9, 12)}


def names(labels: Iterable[str]) -> dict[str, str]:
    """For each variable its name: the entries of a table that are more than `MOST` have one name together."""
    found = {label: named(label) for label in labels}
    for together in _tables(found).values():
        if len(together) > MOST:
            found |= dict.fromkeys(together, _of_many(together))
    return found


def _tables(labels: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """The entries of each table: of a Secure-EPT page, of a 2 MiB region."""
    found: dict[tuple[str, int], list[str]] = {}
    for label in labels:
        table, key = _parts(label)
        if table in TABLES:
            found.setdefault((table, key >> TABLES[table][1]), []).append(label)
    return found


def _parts(label: str) -> tuple[str, int]:
    """A variable's table and key, -1 for one that is no number."""
    table, _, key = label.partition("[")
    return table, int(number) if (number := key.rstrip("]")).isdigit() else -1


def _of_many(labels: Sequence[str]) -> str:
    """
    >>> _of_many([f"pamt_4k[{at}]" for at in range(512, 1024)])
    '512 4K entries from 0x200000'
    """
    parts = [_parts(label) for label in labels]
    words, _, shift = TABLES[parts[0][0]]
    return f"{many(len(labels), words)} from {min(key for _, key in parts) << shift:#x}"


def told(values: Sequence[object], first: Sequence[object]) -> object:
    """The value of a name: of one variable its own, of several how many are not what they were at first.

    >>> told(["FREE"], ["FREE"]), told(["FREE", "FREE"], ["FREE", "FREE"]), told(["FREE", "MAPPED"], ["FREE", "FREE"])
    ('FREE', 'as before', '1 changed')
    """
    if len(values) == 1:
        return values[0]
    changed = sum(now != was for now, was in zip(values, first, strict=True))
    return f"{changed} changed" if changed else "as before"


def named(label: str) -> str:
    """A variable of the module as people call it.

    >>> named("lock_2m[1024]"), named("op_lock[2097152]"), named("kot_lock[0]"), named("kot[40]")
    ('2M lock 0x80000000', 'OP_STATE lock 0x200000', 'KOT lock', 'kot[40]')
    """
    table, bracket, key = label.partition("[")
    words, shift = WORDS.get(table, (label, -1))
    number = key.rstrip("]")
    if not bracket or shift < 0 or not number.isdigit():
        return words
    return f"{words} {int(number) << shift:#x}"
