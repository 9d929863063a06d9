"""States from which no end can be reached: a run that comes there goes on for ever, in whatever order the threads take turns.

An end is a state that nothing leaves (all have finished, or a deadlock) and a step that breaks a judged rule: there a run stops. So
where one lucky order ends, it is no livelock, though an unlucky one may go round for long: a retry that can still succeed is none.

The reductions keep this. `sym` calls two states one that differ in the names of threads only, so an end is as near from both. With
`all` a step that touches nothing shared comes early; it could come at any moment, so each way to an end has one with early steps, and
from each state left out a state that is kept can be reached, which then has no end either.
"""

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

    In the innermost of them every thread has finished, is blocked or goes round through places that can be passed twice. Programs
    without such places cost nothing here, others a look at each state; only what may be such a state is looked at twice.
    """
    rounds = _passed_twice(space)
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


def _leaving(space: Space, rounds: set[int]) -> dict[int, set[int]]:
    """By shared state the places from which a thread may leave its rounds, or break a rule; never one that an interrupt may suspend."""
    hosts = {host for _, host in space.tables.interrupts}
    found: dict[int, set[int]] = {}
    for (sid, lid), (good, bad) in space._rows.items():
        stays = not bad and all(lid in rounds and after in rounds for _, _, after in good)
        if not stays and space.tables.places[lid].role not in hosts:
            found.setdefault(sid, set()).add(lid)
    return found


def _passed_twice(space: Space) -> set[int]:
    """The places that lie on a round, or between two: those left when whatever leads to or comes from no round is taken away."""
    ways: set[tuple[int, int]] = {(lid, after) for (_, lid), (good, _) in space._rows.items() for _, _, after in good}
    return _trimmed(ways) & _trimmed({(after, lid) for lid, after in ways})


def _trimmed(ways: set[tuple[int, int]]) -> set[int]:
    """Without the places that no way leads to, again and again."""
    count: dict[int, int] = {}
    after: dict[int, list[int]] = {}
    for start, target in ways:
        count[target] = count.get(target, 0) + 1
        count.setdefault(start, 0)
        after.setdefault(start, []).append(target)
    todo = [lid for lid, many in count.items() if not many]
    for lid in todo:
        for target in after.get(lid, ()):
            count[target] -= 1
            if not count[target]:
                todo.append(target)
    return count.keys() - set(todo)
