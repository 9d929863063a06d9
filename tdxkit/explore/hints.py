"""What the tables of a reader's program show and no rule judges, since it may be meant: told beside the verdict."""

from collections import defaultdict

from tdxkit.explore.effects import Place, effects, ways
from tdxkit.explore.holding import weight
from tdxkit.explore.instruction import Instruction
from tdxkit.explore.tables import Tables
from tdxkit.text import Pattern

EXCHANGE = Pattern(r"(?P<compares>cmp)?xchg")


def hints(tables: Tables, whole: bool) -> tuple[str, ...]:
    """A sentence for each interrupt that begins by waiting, each lock that is taken from the start or whatever it holds, each exchange
    that is none. whole: every state was seen, so what no step did none does."""
    return (*_masked(tables), *_shared(tables, whole), *_exchanged(tables))


def _masked(tables: Tables):
    labels, actors = tables.layout.labels, tables.scenario.actors
    for k, _ in tables.interrupts:
        lid = tables.first_lids[k]
        waits = [e for e in effects(tables.places[lid].rows) if e.after == lid and not e.writes and not e.broken]
        if names := sorted({labels[slot] for effect in waits for slot in effect.reads}):
            yield (
                f"{actors[k]} begins by waiting for {', '.join(names)}: until then it counts as not begun, as with interrupts off; "
                f'where it spins, say so: yield lock("spin_lock", "{names[0]}")'
            )


def _shared(tables: Tables, whole: bool):
    for slot in sorted(tables.locks):
        if weight(first := tables.layout.first[slot]):
            yield f"lock {tables.layout.labels[slot]} begins with {first!r}, which counts as taken: its word is False or 0 where it is free"
    found: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(
        list
    )  # of a line and a lock how taken it was, before and after
    for place in tables.places:
        for _, seen, effect in ways(place.rows):
            for slot in tables.locks & seen.keys():
                after = dict(effect.writes).get(slot, seen[slot])
                found[_where(place), slot].append((_weight(tables, slot, seen[slot]), _weight(tables, slot, after)))
    for (where, slot), steps in found.items():
        if (
            whole and all(new > old for old, new in steps) and any(old for old, _ in steps)
        ):  # it never waits, and has met it taken
            yield (
                f"{where}: it takes {tables.layout.labels[slot]} where that is taken too, so several have it at once; "
                "where only one may, look first and write True"
            )


def _weight(tables: Tables, slot: int, number: int) -> int:
    return weight(tables.lock_word(slot, number))


def _exchanged(tables: Tables):
    """An exchange knows what it stores before it looks, and one that compares stores over one value only."""
    for place in tables.places:
        if not (name := EXCHANGE.search(place.label.does)):
            continue
        words = Instruction(place.label, tables.layout).words
        stores: dict[object, dict[int, int]] = defaultdict(dict)  # what over what, by all else that is the same
        for choice, seen, effect in ways(place.rows):
            for slot, number in effect.writes:
                if slot in seen and tables.layout.names[slot] in words:
                    rest = frozenset((at, n) for at, n in seen.items() if at != slot)
                    stores[choice, slot, rest][seen[slot]] = number
        if any(len(set(over if name["compares"] else over.values())) > 1 for over in stores.values()):
            does = (
                "stores over several values, and compares with one"
                if name["compares"]
                else "stores what depends on what it finds, and knows it before"
            )
            yield (
                f"{_where(place)}: {place.label} {does}: that is more than one instruction; look in a step before, "
                f'then yield conditional("cmpxchg", "{words[0]}"), and again where it has changed'
            )


def _where(place: Place) -> str:
    code, line = place.lines[-1]
    return f"line {line} of {code.co_name}"
