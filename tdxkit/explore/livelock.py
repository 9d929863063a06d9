"""States from which no end can be reached: a run that comes there goes on for ever, in whatever order the threads take turns.

An end is a state that nothing leaves (all have finished, or a deadlock) and a step that breaks a judged rule: there a run stops. So
where one lucky order ends, it is no livelock, though an unlucky one may go round for long: a retry that can still succeed is none.

The reductions keep this. `sym` calls two states one that differ in the names of threads only, so an end is as near from both. With
`all` a step that touches nothing shared comes early; it could come at any moment, so each way to an end has one with early steps, and
from each state left out a state that is kept can be reached, which then has no end either.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from tdxkit.explore.space import SHARED_BITS, Space, Spot

PATIENCE = 20_000  # states looked at for one that ends, where nobody has visited them all
Key = TypeVar("Key", bound=Hashable)


def without_end(leaving: Mapping[Key, Collection[Key]]) -> set[Key]:
    """Of states, each with the states after it, those from which no way leads to an end (nothing after it) or to a state not given."""
    before: dict[Key, list[Key]] = {key: [] for key in leaving}
    todo = []
    for key, after in leaving.items():
        if not after or any(target not in before for target in after):
            todo.append(key)
        for target in after:
            if target in before:
                before[target].append(key)
    ending = set(todo)
    while todo:
        for key in before[todo.pop()]:
            if key not in ending:
                ending.add(key)
                todo.append(key)
    return before.keys() - ending


def lost(space: Space, keys: Iterable) -> set:
    """Of these states, by their keys, those from which no way leads to an end or out of them."""
    return without_end({key: [after.key for after in space.following(space.spot(key))] for key in keys})


def trap(space: Space, keys: Iterable) -> set:
    """Of the states visited, by their keys, some that no run leaves and where none ends; empty if, and only if, there are none.

    In the innermost of them every thread has finished, is blocked or goes round through places that lead to each other. Programs
    without such places cost nothing here, others a look at each state; only what may be such a state is looked at twice.
    """
    rounds = _rounds(space)
    if not rounds:
        return set()
    leaves = _leaving(space, rounds)
    if space.wide:
        return lost(space, [key for key in keys if not any(lid in leaves.get(key[0], ()) for lid in key[1:])])
    masks = {sid: sum(((1 << space.bits) - 1) * space.unit(lid) for lid in lids) for sid, lids in leaves.items()}
    shared = (1 << SHARED_BITS) - 1
    return lost(space, [key for key in keys if not key & masks.get(key & shared, 0)])


def no_end(space: Space, node: Spot, patience: int = PATIENCE) -> bool:
    """Is there no end to be reached from this state? False too where so many states were not enough to know."""
    seen, todo = {node.key}, [node]
    while todo and len(seen) <= patience:
        following = space.following(todo.pop())
        if not following:
            return False
        todo += [after for after in following if after.key not in seen]
        seen.update(after.key for after in following)
    return not todo


def _leaving(space: Space, rounds: Mapping[int, int]) -> dict[int, set[int]]:
    """By shared state the places from which a thread may leave its round, or break a rule; never one that an interrupt may suspend."""
    hosts = {k for below in space.tables.scenario.beneath for k in below}
    found: dict[int, set[int]] = {}
    for (sid, lid), (good, bad) in space._rows.items():
        own = rounds.get(lid)
        stays = not (good or bad) or (
            own is not None and not bad and all(rounds.get(after) == own for _, _, after in good)
        )
        if not stays and space.tables.places[lid].role not in hosts:
            found.setdefault(sid, set()).add(lid)
    return found


def _rounds(space: Space) -> dict[int, int]:
    """The places that a thread can come back to, each with the number of its round: those that lead to each other have the same."""
    after: dict[int, set[int]] = {}
    before: dict[int, set[int]] = {}
    for (_, lid), (good, _) in space._rows.items():
        for _, _, target in good:
            after.setdefault(lid, set()).add(target)
            before.setdefault(target, set()).add(lid)
    rounds: dict[int, int] = {}
    for number, lid in enumerate(reversed(_last_left(after))):
        todo = [] if lid in rounds else [lid]
        for place in todo:
            if place not in rounds:
                rounds[place] = number
                todo += before.get(place, ())
    many = Counter(rounds.values())
    return {lid: own for lid, own in rounds.items() if many[own] > 1 or lid in after.get(lid, ())}


def _last_left(after: Mapping[int, Iterable[int]]) -> list[int]:
    """The places in the order in which a walk that goes as deep as it can leaves them for good."""
    seen: set[int] = set()
    left = []
    for start in after:
        path = [] if start in seen else [(start, iter(after[start]))]
        seen.add(start)
        while path:
            lid, rest = path[-1]
            target = next((t for t in rest if t not in seen), None)
            if target is None:
                left.append(lid)
                path.pop()
            else:
                seen.add(target)
                path.append((target, iter(after.get(target, ()))))
    return left
