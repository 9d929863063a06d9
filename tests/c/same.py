"""Are two scenarios the same program? Their first CPUs run side by side from the first step, under every value of what they share."""

from itertools import product

from tdxkit.explore.moves import able, first
from tdxkit.explore.tables import FINISHED, Tables
from tests.c.judge import coarsest

VALUES = {"refcount[0]": range(-3, 5), "pair[0]": (False, True), "users[0]": range(4)}


def difference(one, other, locks=(), values=VALUES) -> str:
    """The first place where two scenarios go apart, in words; "" where they never do. locks: pairs of names that mean one lock."""
    a, b = Tables(one), Tables(other)
    shared = [*((name, name, kept) for name, kept in values.items()), *((x, y, (False, True)) for x, y in locks)]
    todo = [(a.first_lids[0], b.first_lids[0], ())]
    seen = {todo[0][:2]}
    for mine, theirs, path in todo:
        at, there = a.places[mine], b.places[theirs]
        if (at.label.does, at.label.kind, len(at.choices)) != (there.label.does, there.label.kind, len(there.choices)):
            return f"after {path[-3:]}: {at.label} ({at.label.kind}) and {there.label} ({there.label.kind})"
        for chosen in product(*(kept for _, _, kept in shared)):
            left = sid_of(a, {name: v for (name, _, _), v in zip(shared, chosen)})
            right = sid_of(b, {name: v for (_, name, _), v in zip(shared, chosen)})
            for choice in range(len(at.choices)):
                did, does = a.outcome(left, mine, choice), b.outcome(right, theirs, choice)
                here, now = a.state(a.apply(left, did)), b.state(b.apply(right, does))
                where = f"{(*path[-3:], str(at.label))} with {dict(zip((n for n, _, _ in shared), chosen))}"
                if any(here[x] != now[y] for x, y, _ in shared):
                    return f"{where}: another effect, {here} and {now}"
                if (
                    did.broken != does.broken
                    or did.notes != does.notes
                    or (did.after == FINISHED) != (does.after == FINISHED)
                ):
                    return f"{where}: {did.broken, did.notes, did.after == FINISHED} and {does.broken, does.notes, does.after == FINISHED}"
                if did.after != FINISHED and (did.after, does.after) not in seen:
                    seen.add((did.after, does.after))
                    todo.append((did.after, does.after, (*path, str(at.label))))
    return ""


def sid_of(tables, values):
    """The state of the shared memory with these values, and what is not named as it begins."""
    first = tables.state(tables.first_sid)
    numbers = [tables.number(values.get(label, first[label]), slot) for slot, label in enumerate(tables.layout.labels)]
    return tables.sid(tuple(numbers))


def every_state(tables: Tables, over) -> set:
    """All states to which moves lead that are not over; `over`: of an outcome whether nothing goes on behind it."""
    todo = [first(tables)]
    seen = set(todo)
    for state in todo:
        for _, move in able(tables, state):
            if not over(move.outcome) and move.state not in seen:
                seen.add(move.state)
                todo.append(move.state)
    return seen


def canonical_states(scenario) -> int:
    """How many states there are if places count as one that go on alike in every state of the shared memory that is ever reached.

    That a scenario made something fail (`c_failed`), after which a WARN breaks nothing, is left out: no model has it.
    """
    tables = Tables(scenario, apart=True)
    seen = every_state(tables, lambda outcome: outcome.raised)
    kept = [k for k, label in enumerate(tables.layout.labels) if label != "c_failed"]

    def shown(sid):
        return tuple(tables.shared[sid][k] for k in kept)

    shared = list({shown(sid): sid for sid, _ in sorted(seen)}.values())
    places = list(dict.fromkeys(lid for _, lids in seen for lid in lids))
    number = {lid: n for n, lid in enumerate(places)}
    rows = []
    for lid in places:  # more are met on the way
        label, after = [], []
        for sid in shared if lid != FINISHED else ():
            for choice in range(len(tables.places[lid].choices)):
                effect = tables.outcome(sid, lid, choice)
                label.append((shown(tables.apply(sid, effect)), effect.broken))
                if effect.after not in number:
                    number[effect.after] = len(places)
                    places.append(effect.after)
                after.append(number[effect.after])
        rows.append((tuple(label), tuple(after)))
    kinds = coarsest(rows)
    return len({(shown(sid), tuple(kinds[number[lid]] for lid in lids)) for sid, lids in seen})
