"""What the tables of a reader's program show and no rule judges, since it may be meant: told beside the verdict."""

from tdxkit.explore.effects import effects
from tdxkit.explore.holding import weight
from tdxkit.explore.tables import Tables


def hints(tables: Tables) -> tuple[str, ...]:
    """A sentence for each interrupt that begins by waiting, each lock that is taken from the start, each that several hold."""
    return (*_masked(tables), *_shared(tables))


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


def _shared(tables: Tables):
    for slot in sorted(tables.locks):
        if weight(first := tables.layout.first[slot]):
            yield f"lock {tables.layout.labels[slot]} begins with {first!r}, which counts as taken: its word is False or 0 where it is free"
    told: dict[str, None] = {}
    for place in tables.places:
        for effect in effects(place.rows):
            for slot, number in effect.writes:
                if slot in tables.locks and abs(weight(tables.values[number])) > 1:
                    code, line = place.lines[-1]
                    told.setdefault(
                        f"line {line} of {code.co_name}: {tables.layout.labels[slot]} counts its holders, so several have it at once; "
                        "where only one may, write True"
                    )
    yield from told
