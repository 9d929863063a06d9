"""Data races as KCSAN would tell them: two CPUs may touch a variable at one time, one of them writes, and one at least is a plain access.

Plain is what the C would do with `=` or by reading a name. READ_ONCE() and WRITE_ONCE(), atomics, locked instructions and what the module does
are marked, and so is what a sequence counter does: two marked accesses may meet. Under a common lock no two meet at all. A race says nothing about the verdict: the compiler may tear,
join or repeat a plain access, and no search here shows that. What is wrapped in data_race() is left alone, as there. What is read between
the beginning of a sequence counter's reader and its look whether to try again counts as marked, and what its writer does too, but not beside another
writer: those need a lock, and KCSAN, which takes all that writers do as marked, says nothing of two. So it is with lists: who adds and deletes
marks the pointer that readers follow, and not the one that leads back. Memory that is freed beside a use of it is a
use after it was freed, of which the verdict speaks, and no race.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from tdxkit.explore.effects import Place, effects
from tdxkit.explore.frames import step_at
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.kinds import LOAD, LOCK, LOCKED, STORE, UNLOCK, Act
from tdxkit.text import Pattern

SOURCES = ("linux-kcsan",)

MARKED = Pattern(
    r"((arch_|raw_)?atomic|refcount|kref|s?rcu|xa_)\w*|(READ|WRITE)_ONCE|smp_(load_acquire|store_release|store_mb|cond_load\w*)|(arch_)?(try_)?(cmp)?xchg\w*"
    r"|(test|set|clear|change|assign)_bit|test_bit_acquire|test_and_\w+_bit\w*|set_current_state|completion_done|static_\w+|RCU_INIT_POINTER"
    r"|h?list_\w+_rcu|h?list_(add|del|move|replace|splice)\w*|INIT_H?LIST_\w+"
    r"|(__)?this_cpu_\w+|raw_cpu_\w+|(comes_on|leaves)_the_stack|\w*seq(count|lock)?_?(begin|retry|end)\w*|raw_read_seqcount|s?wait(queue)?_active"
)
# An empty list is told by READ_ONCE() of the word that adding and deleting write with WRITE_ONCE(); here a list is one variable.
LEFT_ALONE = ("data_race", "list_empty", "list_empty_careful", "hlist_empty", "hlist_unhashed_lockless")


SECTION = "sections of sequence counters"  # what a thread notes that is in one: 1 as a reader, 2 for each as a writer
# The writer's own steps, which are plain but for who reads: of the two pointers of a list's entry it marks the one that readers follow.
WRITER = Pattern(r"(raw_)?write_seqcount_(begin|end)|h?list_(add|del|move|replace|splice)\w*|INIT_H?LIST_\w+")


BITS = ".."  # in the name of a row of bit-fields: dev.up..busy. Of them nothing is marked


class Access(NamedTuple):
    """What a step that may be taken does to a variable, and where it stands."""

    slot: int
    writes: bool
    plain: bool
    writers: bool  # who keeps a sequence counter or a list makes it: marked, but not beside another one who does
    where: str

    @property
    def said(self) -> str:
        """It in words."""
        return (
            f"{self.where} (a {'plain' if self.plain or self.writers else 'marked'} {STORE if self.writes else LOAD})"
        )

    def races(self, other: "Access") -> bool:
        """Is it a data race where the two may meet?"""
        plain = self.plain or other.plain or (self.writers and other.writers)
        return self.slot == other.slot and plain and (self.writes or other.writes)


def races(space: Space, keys: Iterable) -> tuple[str, ...]:
    """A sentence for each pair of lines that race in one of these states of a search on sequentially consistent memory."""
    tables, told = space.tables, dict[tuple, str]()
    ahead: dict[tuple[int, int], tuple[Access, ...]] = {}
    unmarked, left_out = plain(tables), tables.locks | _of_allocator(tables)  # a lock is its own business
    for key in keys if unmarked else ():
        spot = space.spot(key)
        if unmarked.isdisjoint(spot.lids):
            continue
        waiting = tables.suspended(spot.lids) if space.interrupts else ()
        standing = [lid for k, lid in enumerate(spot.lids) if lid and k not in waiting]
        for one, other in combinations(standing, 2):
            if one in unmarked or other in unmarked:
                for lid in (one, other):
                    if (spot.sid, lid) not in ahead:
                        ahead[spot.sid, lid] = tuple(_accesses(space, spot.sid, lid, left_out))
                for a in ahead[spot.sid, one]:
                    for b in ahead[spot.sid, other]:
                        if a.races(b):
                            told.setdefault((a.slot, *sorted((a.where, b.where))), _said(space, a, b))
    return tuple(told.values())


def plain(tables: Tables) -> set[int]:
    """The places from which a plain access of shared memory is made, to somebody at least."""
    return {
        lid
        for lid, at in enumerate(tables.places)
        if ((not _says(at.label) and not _within(tables, at)) or _writers(tables, at))
        and any(e.reads or e.writes or e.kind == STORE for e in effects(at.rows))
    }


def _said(space: Space, a: Access, b: Access) -> str:
    first, second = sorted((a, b), key=lambda access: (access.where, access.writes))
    name = space.tables.layout.labels[a.slot]
    mend = "use " if (a.writers and b.writers) or BITS in name else "use READ_ONCE() and WRITE_ONCE(), an atomic, or "
    return (
        f"data race on {name}: {first.said} and {second.said} may meet, and a compiler may tear or repeat a plain access: "
        f"{mend}a lock over both"
    )


def _says(act: Act) -> bool:
    """Does a step's label say what it does to the memory, by a kind or a name that is marked?"""
    return bool(act.kind) and (act.kind not in (LOAD, STORE) or bool(MARKED.fullmatch(act.does)))


def _within(tables: Tables, at: Place) -> int:
    """In which sections of a sequence counter does a thread stand?"""
    return dict(zip(tables.scenario.notes, at.notes)).get(SECTION, 0)


def _writers(tables: Tables, at: Place) -> bool:
    """Is the step from here one that the writer of a sequence counter or of a list makes, with nothing that marks it for another?"""
    return bool(WRITER.fullmatch(at.label.does)) or (_within(tables, at) > 1 and not _says(at.label))


def _of_allocator(tables: Tables) -> frozenset[int]:
    """The variables that say what has become of allocated memory, and whether some was refused: nothing that a program accesses."""
    known: Any = tables.layout.constants
    told = (("c_failed",), *known.get("c_heap", {}).values(), *known.get("c_counted", {}).values())
    plain = tables.layout.plain
    return frozenset(plain[word] for word, *_ in told if word in plain)


def _accesses(space: Space, sid: int, lid: int, left_out: frozenset[int]) -> Iterator[Access]:
    """The accesses of the step from here, where it may be taken, to all but some variables."""
    tables, at = space.tables, space.tables.places[lid]
    for choice in at.options if at.label.does not in LEFT_ALONE else ():
        effect = tables.outcome(sid, lid, choice)
        if tables.step(sid, lid, choice) is None and (effect.kind == LOCK or not effect.reads):
            continue  # it waits for a lock: nobody else is about what the lock is over. One that waits for a flag looks at it
        written = {slot for slot, number in effect.writes if tables.values[number] is not None}  # None: it was freed
        writers = _writers(tables, at) and effect.kind not in (LOCK, UNLOCK)
        plain = not _says(at.label) and not _within(tables, at) and effect.kind not in (LOCK, UNLOCK)
        where = step_at(at.lines)
        for slot in dict.fromkeys((*effect.reads, *written)):
            if slot in left_out:
                continue
            if slot in written and slot in effect.reads and effect.kind == LOCKED and plain:
                yield Access(slot, False, plain, writers, where)
            yield Access(slot, slot in written, plain, writers, where)
