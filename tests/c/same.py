"""Are two scenarios the same program? Their first CPUs run side by side from the first step, under every value of what they share."""

from itertools import product

from tdxkit.explore.tables import FINISHED, Tables

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
