"""The schedule worth showing: a shortest one with the fewest switches, or the one with the fewest switches of all."""

from dataclasses import dataclass
from heapq import heappop, heappush

from tdxkit.explore.moves import Steps, first, moves
from tdxkit.explore.space import Node, Space, Turn


@dataclass(frozen=True, slots=True)
class Way:
    """A schedule to a broken rule, and how many states were visited to find it. `exact`: it is the best of its kind."""

    steps: Steps
    rule: str
    states: int
    exact: bool = True


def shortest(space: Space, bound: int) -> Way | None:
    """A shortest schedule to a broken rule and, of the shortest, one with the fewest switches; None beyond `bound` states.

    Give it a space without fusing, so that every step counts. First the levels are built up to the first broken rule, then
    cut back to what lies on a shortest way, and on this little the switches are counted.
    """
    levels, seen = [[space.first()]], set()
    seen.add(levels[0][0].key)
    if names := space.false("always", levels[0][0].sid):
        return Way((), names[0], 1)
    goals: dict = {}
    bad_edges = False
    while levels[-1] and not goals and len(seen) < bound:
        following: list[Node] = []
        stuck, bad_here = {}, False
        for node in levels[-1]:
            moved = False
            for k, _, good, bad in space.turns(node):
                moved = moved or bool(good or bad)
                bad_here = bad_here or bool(bad)
                for edge in good:
                    after = space.after(node, k, edge)
                    if after.key not in seen:
                        seen.add(after.key)
                        following.append(after)
            if not moved and (names := space.stuck(node)):
                stuck[node.key] = names[0]
        if stuck or bad_edges:
            goals = stuck
            break
        levels.append(following)
        bad_edges = bad_here
        if space.widen():
            return shortest(space, bound)
    if not goals and not bad_edges:
        return None
    return _fewest_on(space, _cut_back(space, levels, goals, bad_edges), goals, bad_edges)


def _cut_back(space: Space, levels: list[list[Node]], goals: dict, bad_edges: bool) -> list[list[Node]]:
    """The levels without the states that lie on no shortest way to a goal."""
    kept = [[node for node in levels[-1] if node.key in goals]]
    good_keys = {node.key for node in kept[0]}
    for depth in range(len(levels) - 2, -1, -1):
        last = bad_edges and depth == len(levels) - 2
        level = [node for node in levels[depth] if _leads(space, node, good_keys, last)]
        good_keys = {node.key for node in level}
        kept.append(level)
    return kept[::-1]


def _leads(space: Space, node: Node, keys: set, breaking: bool) -> bool:
    return any(
        (breaking and bad) or any(space.after(node, k, edge).key in keys for edge in good)
        for k, _, good, bad in space.turns(node)
    )


def _fewest_on(space: Space, levels: list[list[Node]], goals: dict, bad_edges: bool) -> Way:
    """Of all ways through these levels, one with the fewest switches. A label is (state, place of the thread that ran last)."""
    nodes = [{node.key: node for node in level} for level in levels]
    labels = {(levels[0][0].key, None): (0, None, None)}
    history = []
    ends: list = []
    for depth, level in enumerate(nodes[:-1]):
        history.append(labels)
        following: dict = {}
        for (key, last), (cost, _, _) in labels.items():
            for k, lid, good, bad in space.turns(level[key]):
                here = cost + (last is not None and last != lid)
                for edge in bad if bad_edges and depth == len(nodes) - 2 else ():
                    ends.append((here, len(ends), edge.broken[0], (key, last), Turn(lid, edge.lid, edge.choices)))
                for edge in good:
                    after = space.after(level[key], k, edge).key
                    if after in nodes[depth + 1]:
                        label = (after, edge[2])
                        if label not in following or here < following[label][0]:
                            turn = Turn(lid, edge[2], _choices(space, level[key].sid, lid, edge))
                            following[label] = (here, (key, last), turn)
        labels = following
    history.append(labels)
    for label, (cost, before, turn) in labels.items():
        if label[0] in goals:
            ends.append((cost, len(ends), goals[label[0]], before, turn))
    _, _, rule, label, turn = min(ends, key=lambda end: end[:2])
    path = [turn] if turn else []
    for labels in reversed(history[: len(nodes) - 1]):
        if label is None or labels[label][2] is None:
            break
        _, label, turn = labels[label]
        path.append(turn)
    return Way(space.named(path[::-1]), rule, sum(map(len, levels)))


def _choices(space: Space, sid: int, lid: int, edge: tuple) -> tuple[int, ...]:
    return next(e.choices for e in space.edges(sid, lid) if (e.sid, e.lid) == edge[1:] and not e.broken)


def calmest(space: Space, bound: int) -> Way | None:
    """The schedule to a broken rule with the fewest switches (of these, few steps); None beyond `bound` states.

    Cheapest first over (switches, steps), a state being kept with the place of the thread that ran last.
    """
    node = space.first()
    if names := space.false("always", node.sid):
        return Way((), names[0], 1)
    trail: list = [(None, None)]
    heap: list = [(0, 0, 0, node, None, None)]
    done = set()
    while heap and len(done) < bound:
        cost, steps, here, node, last, rule = heappop(heap)
        if rule:
            return _way(space, trail, here, rule, bool(last is None and steps), len({key for key, _ in done}))
        if (node.key, last) in done:
            continue
        done.add((node.key, last))
        moved = False
        for k, lid, good, bad in space.turns(node):
            more = cost + (last is not None and last != lid)
            for edge in bad:
                moved = True
                trail.append((here, Turn(lid, edge.lid, edge.choices)))
                heappush(heap, (more, steps + len(edge.choices), len(trail) - 1, node, None, edge.broken[0]))
            for edge in good:
                moved = True
                after = space.after(node, k, edge)
                if (after.key, edge[2]) not in done:
                    choices = _choices(space, node.sid, lid, edge)
                    trail.append((here, Turn(lid, edge[2], choices)))
                    heappush(heap, (more, steps + len(choices), len(trail) - 1, after, edge[2], None))
        if not moved and (names := space.stuck(node)):
            heappush(heap, (cost, steps, here, node, last, names[0]))
        if space.widen():
            return calmest(space, bound)
    return None


def _way(space: Space, trail: list, at: int, rule: str, idle: bool, states: int) -> Way:
    """The way to a goal as a schedule; `idle` says that steps which no longer matter may go."""
    path = []
    while at is not None:
        at, turn = trail[at]
        path.append(turn)
    steps = space.named([turn for turn in path[::-1] if turn])
    return Way(_without_idle(space, steps) if idle else steps, rule, states)


def _without_idle(space: Space, steps: Steps) -> Steps:
    """Without the last steps of the other threads where these touch nothing shared: fusing took them along."""
    tables, state, places = space.tables, first(space.tables), []
    for k, choice in steps:
        places.append(state[1][k])
        move = next(m for m in moves(tables, state, k) if m.choice == choice)
        state = (move.sid, move.lids)
    kept, busy = [], {steps[-1][0]}
    for (k, choice), lid in zip(reversed(steps), reversed(places)):
        if k in busy or not tables.local(lid):
            busy.add(k)
            kept.append((k, choice))
    return tuple(kept[::-1])
