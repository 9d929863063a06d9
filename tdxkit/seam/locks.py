"""The module's shared/exclusive lock with host priority: a try-lock, nothing spins, a failure is an immediate status.

One word a lock: bit 0 exclusive, bit 1 host priority, readers from bit 2 (source module-pamt-manager). Each function
does one atomic read-modify-write on `words[key]` and says whether the lock was got. `words` maps keys to lock words.

Fidelity card
  modelled: shared, exclusive and promotion as a host takes them, what a failure leaves behind (host priority, a stray reader
    count that vanishes with the writer), release, the guest's side and its time-out
  simplified: the reader count has no upper end (14 bits in hardware), which hides an overflow with 16384 readers
"""

from collections.abc import MutableMapping
from typing import NamedTuple

SOURCES = ("module-pamt-manager",)

EXCLUSIVE, PRIORITY, READER = 1, 2, 4

Words = MutableMapping[object, int]


def shared(words: Words, key: object, priority: bool = True) -> bool:
    """A host asks for shared: one reader more. Behind a writer it fails; with `priority` it leaves its count and the mark."""
    word = words[key]
    if word & EXCLUSIVE:
        if priority:
            words[key] = (word + READER) | PRIORITY
        return False
    words[key] = (word + READER) & ~PRIORITY
    return True


def exclusive(words: Words, key: object, priority: bool = True) -> bool:
    """A host asks for exclusive: only a free word, marked with host priority or not, gives it."""
    word = words[key]
    if word & ~PRIORITY:
        if priority:
            words[key] = word | PRIORITY
        return False
    words[key] = EXCLUSIVE
    return True


def promote(words: Words, key: object) -> bool:
    """A host that holds shared asks for exclusive: it must be the only reader. On failure it still holds shared."""
    word = words[key]
    if word & ~PRIORITY != READER:
        words[key] = word | PRIORITY
        return False
    words[key] = EXCLUSIVE
    return True


def release_shared(words: Words, key: object) -> None:
    """One reader less; the host-priority mark stays."""
    words[key] -= READER


def release_exclusive(words: Words, key: object) -> None:
    """Free again: stray counts of readers that failed go too, the host-priority mark stays."""
    words[key] &= PRIORITY


def guest_shared(words: Words, key: object) -> str:
    """A guest asks for shared: "" when it has it, else "TDX_OPERAND_BUSY_HOST_PRIORITY" or "TDX_OPERAND_BUSY"; it leaves no mark."""
    word = words[key]
    if word & PRIORITY:
        return "TDX_OPERAND_BUSY_HOST_PRIORITY"
    if word & EXCLUSIVE:
        return "TDX_OPERAND_BUSY"
    words[key] = word + READER
    return ""


def guest_exclusive(words: Words, key: object) -> str:
    """A guest asks for the one-bit lock of a Secure-EPT entry; answers as `guest_shared` does."""
    word = words[key]
    if word & PRIORITY:
        return "TDX_OPERAND_BUSY_HOST_PRIORITY"
    if word:
        return "TDX_OPERAND_BUSY"
    words[key] = EXCLUSIVE
    return ""


def readers(word: int) -> int:
    """How many hold it shared; stray counts behind a writer do not count."""
    return 0 if word & EXCLUSIVE else word >> 2


class Held(NamedTuple):
    """A lock word as a value: `mode` free, shared or exclusive; `by`: who holds it, None where only the word was looked at;
    `readers`: how many hold it shared; `priority`: the mark of a host call that failed here."""

    mode: str
    by: tuple[str, ...] | None = None
    readers: int = 0
    priority: bool = False

    def __str__(self) -> str:
        return self._said() + (", host priority" if self.priority else "")

    def _said(self) -> str:
        if self.mode == "free":
            return "free"
        if self.by is None:
            return "exclusive" if self.mode == "exclusive" else f"shared by {self.readers}"
        if self.mode == "exclusive":
            return f"exclusive: {' '.join(self.by) or 'another call'}"
        return f"shared: {', '.join(self.by) or self.readers}"


def held(word: int, by: tuple[str, ...] | None = None) -> Held:
    """What a lock word says; `by` names its holders where they are known.

    >>> held(4, ("CPU 0",)).mode, str(held(4, ("CPU 0",)))
    ('shared', 'shared: CPU 0')
    """
    mode = "exclusive" if word & EXCLUSIVE else "shared" if word >> 2 else "free"
    return Held(mode, by if mode != "free" else None, readers(word), bool(word & PRIORITY))


def describe(word: int) -> str:
    """A lock word as people read it.

    >>> describe(0), describe(4), describe(9 | 2), describe(8 | 2)
    ('free', 'shared by 1', 'exclusive, host priority', 'shared by 2, host priority')
    """
    return str(held(word))
