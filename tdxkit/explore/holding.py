"""Who holds a lock: part of the holder's own place, while the shared word says taken or free.

A lock is a shared variable that the scenario names in `locks`: false or 0 is free, true is taken, a number counts readers or is -1 for a
writer. A step that makes the word heavier has taken it, one that makes it lighter has let go. Where the word begins with None, as one
that names its holder may, None is free and everything else is taken, CPU 0 too.
"""

from collections.abc import Collection

Held = tuple[int, ...]  # slots of lock words, in order, as often as each is held
Words = Collection[tuple[int, object, object]]  # lock words that a step wrote: (slot, value before, value after)


def weight(word: object) -> int:
    """How taken a lock word is; 0 is free."""
    return abs(word) if isinstance(word, int) else int(bool(word))


def word(first: object, value: object) -> object:
    """What a lock's word says of it, `first` being what it began with."""
    return value is not None if first is None else value


def more_than(held: Held, slot: int, value: object) -> bool:
    """Does a lock's word say that others hold it beside whoever holds these?"""
    return weight(value) > held.count(slot)


def held_after(held: Held, writes: Words) -> Held:
    """What a thread holds after a step that wrote these lock words."""
    after = list(held)
    for slot, old, new in writes:
        mine, more = after.count(slot), weight(new) - weight(old)
        kept = max(0, mine + more) if weight(new) else 0
        after = [s for s in after if s != slot] + [slot] * kept
    return tuple(sorted(after))
