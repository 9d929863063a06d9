"""x86-TSO, the memory of every machine that runs TDX: each CPU's plain stores wait in a buffer of its own, first in, first out.

A plain load takes the newest entry for its variable in its own CPU's buffer, else memory. A locked instruction and a full fence run with
an empty buffer. The oldest entry of a buffer reaches memory in a step of its own, a drain, at any moment. Nothing else is reordered.

Which steps are plain the kind says, and of unlocks, barriers and what a reader calls `locked` the name, as the kernel's x86 code has them.
The page allocator takes a lock of its own by a locked instruction, so where a step of kind `alloc` or `free` changes the model's memory
the buffer is empty; where it changes nothing it waits for nobody, which allows more than the machine.
"""

from tdxkit.errors import ModelError, printable
from tdxkit.explore.instruction import plain
from tdxkit.kinds import ALLOC, FREE, LOAD, LOCKED, STORE, UNLOCK, Act
from tdxkit.text import Pattern

SOURCES = ("x86-tso",)

SC, TSO = "sc", "tso"
MEMORIES = {
    SC: "sequentially consistent: a store is seen by all at once",
    TSO: "x86-TSO: a plain store waits in its CPU's store buffer",
}
DRAIN = -1  # the choice of a step that lets the oldest entry of the buffer reach memory
DRAINS = "drain"  # its kind
DRAINED = Act("a store leaves the buffer", DRAINS, DRAINS)
Buffer = tuple[tuple[int, int], ...]  # (slot, number of a value), the oldest first

# What lets go of a lock by a locked instruction; the others store, a spinlock among them.
LOCKED_UNLOCK = Pattern(
    r"((rt_|ww_)?mutex_|read_|(raw_|arch_|queued_)?read_|bit_spin_|folio_|page_)unlock\w*|unlock_page|clear_bit_unlock|(percpu_)?up(_read|_write)?|mmap_\w*unlock|inode_unlock\w*"
)
# Full fences, and what x86 does by xchg or with a lock prefix though its name says set.
FULL = Pattern(r"(virt_|smp_)?mb|mfence|(virt_|smp_)?store_mb|smp_mb__after_spinlock|set_current_state|assign_bit")
NAME = Pattern(r"\w*")


def buffered(act: Act, kind: str, writes: Buffer, buffer: Buffer) -> Buffer | None:
    """The CPU's buffer after a step that was of this kind and wrote this; None where it has to wait until the buffer is empty, which it is
    after it."""
    if needs_empty(act, kind, bool(writes)):
        return None if buffer else ()
    return (*buffer, *writes)


def always_empty(act: Act) -> bool:
    """Is it known before the step is taken that it runs with an empty buffer, whatever comes of it?"""
    return act.idle == act.kind not in (ALLOC, FREE) and needs_empty(act, act.kind, False)


def needs_empty(act: Act, kind: str, wrote: bool) -> bool:
    """Does a step that was of this kind run with an empty buffer? ModelError where nobody can tell what it is on a machine."""
    _told_apart(act, kind, wrote)
    if kind in (LOAD, STORE, ""):
        return False
    name = (NAME.match(act.does) or [""])[0].lstrip("_")
    if kind == UNLOCK:
        return bool(LOCKED_UNLOCK.fullmatch(name))
    if kind == LOCKED and not FULL.fullmatch(name) and plain(act.does):
        return False
    return wrote or kind not in (ALLOC, FREE)


def _told_apart(act: Act, kind: str, wrote: bool) -> None:
    if not act.kind and kind == LOCKED:
        raise ModelError(
            f"step {printable(act)} on {TSO} memory",
            "it reads and writes and does not say that it is one locked instruction",
            'say yield locked("atomic_inc", "users"), or make it two steps',
        )
    if act.kind == LOAD and wrote:
        raise ModelError(f"step {printable(act)} on {TSO} memory", "it is a load and writes", "say store, or locked")
