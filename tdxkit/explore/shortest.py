"""The schedule worth showing: a shortest one with the fewest switches, or the one with the fewest switches of all."""

from dataclasses import dataclass
from heapq import heappop, heappush

from tdxkit.explore.moves import Steps, follow
from tdxkit.explore.program import LIVELOCK
from tdxkit.explore.space import Space, Spot, Turn


@dataclass(frozen=True, slots=True)
class Way:
    """A schedule to a broken rule, and how many states were visited to find it. `exact`: it is the best of its kind."""

    steps: Steps
    rule: str
    states: int
    exact: bool = True


def _sought(space: Space, names: tuple[str, ...]) -> str | None:
    """Of the rules broken somewhere, the one to lead to: the first, or the space's goal where it is among them."""
    return space.goal if space.goal in names else names[0] if names and space.goal is None else None


def shortest(space: Space, bound: int) -> Way | None:
    """A shortest schedule to a broken rule and, of the shortest, one with the fewest switches; None beyond `bound` states.

    Give it a space without fusing, so that every step counts. First the levels are built up to the first broken rule, then
    cut back to what lies on a shortest way, and on this little the switches are counted.
    """
    node = space.first()
    if rule := _sought(space, names := space.false("always", node.sid)):
        return Way((), rule, 1)
    if names:
        return None
    levels: list[dict] = [{node.key: (node, [])}]
    seen, goals = {node.key}, {}
    breaking: set = set()
    while levels[-1] and len(seen) < bound:
        level, stuck, breaks = _level(space, levels[-1], seen)
        if stuck or breaking:  # an end of this level is as near as an edge that broke a rule on the way to it
            goals = stuck
            break
        levels.append(level)
        breaking = breaks
        if space.widen():
            return shortest(space, bound)
    if not goals and not breaking:
        return None
    return _fewest_on(space, _cut_back(levels, goals, breaking), goals, bool(breaking), len(seen))


def _level(space: Space, level: dict, seen: set) -> tuple[dict, dict, set]:
    """The next level: each new state with the keys that lead to it. And of this one: ends that break a rule, keys with edges that do."""
    following: dict = {}
    stuck, breaks = {}, set()
    for key, (node, _) in level.items():
        if key in space.lost:
            if rule := _sought(space, (LIVELOCK,)):
                stuck[key] = rule
            continue
        moved = False
        for k, _, good, bad in space.turns(node):
            moved = moved or bool(good or bad)
            if any(_sought(space, edge.broken) for edge in bad):
                breaks.add(key)
            for edge in good:
                after = space.key(node, k, edge)
                if after in following:
                    following[after][1].append(key)
                elif after not in seen:
                    seen.add(after)
                    following[after] = (space.after(node, k, edge), [key])
        if not moved and (rule := _sought(space, space.stuck(node))):
            stuck[key] = rule
    return following, stuck, breaks


def _cut_back(levels: list[dict], goals: dict, breaking: set) -> list[dict[object, Spot]]:
    """The levels without the states that lie on no shortest way to a goal."""
    keys = set(goals)
    kept = []
    for depth in range(len(levels) - 1, -1, -1):
        if depth == len(levels) - 2:
            keys |= breaking
        kept.append({key: levels[depth][key][0] for key in levels[depth] if key in keys})
        keys = {before for key in kept[-1] for before in levels[depth][key][1]}
    return kept[::-1]


def _fewest_on(space: Space, nodes: list[dict[object, Spot]], goals: dict, bad_edges: bool, states: int) -> Way:
    """Of all ways through these levels, one with the fewest switches. A label is (state, place of the thread that ran last)."""
    labels: dict = {(space.first().key, None): (0, None, None)}
    history: list[dict] = []
    ends: list = []
    for depth, level in enumerate(nodes[:-1]):
        history.append(labels)
        following: dict = {}
        for (key, last), (cost, _, _) in labels.items():
            for k, lid, good, bad in space.turns(level[key]):
                here = cost + (last is not None and last != lid)
                for edge in bad if bad_edges and depth == len(nodes) - 2 else ():
                    if rule := _sought(space, edge.broken):
                        ends.append((here, len(ends), rule, (key, last), Turn(lid, edge.lid, edge.choices)))
                for edge in good:
                    after = space.key(level[key], k, edge)
                    if after in nodes[depth + 1]:
                        label = (after, edge[2])
                        if label not in following or here < following[label][0]:
                            turn = Turn(lid, edge[2], space.choices(level[key].sid, lid, edge))
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
    return Way(space.named(path[::-1]), rule, states)


def calmest(space: Space, bound: int) -> Way | None:
    """The schedule to a broken rule with the fewest switches (of these, few steps); None beyond `bound` states.

    Cheapest first over (switches, steps), a state being kept with the place of the thread that ran last.
    """
    node = space.first()
    if rule := _sought(space, names := space.false("always", node.sid)):
        return Way((), rule, 1)
    if names:
        return None
    trail: list = [(None, None)]
    heap: list = [(0, 0, 0, node, None, None)]
    done: set = set()
    while heap and len(done) < bound:
        cost, steps, here, node, last, rule = heappop(heap)
        if rule:
            return _way(space, trail, here, rule, bool(last is None and steps), len({key for key, _ in done}))
        if (node.key, last) in done:
            continue
        done.add((node.key, last))
        if node.key in space.lost:
            if found := _sought(space, (LIVELOCK,)):
                heappush(heap, (cost, steps, here, node, last, found))
            continue
        moved = False
        for k, lid, good, bad in space.turns(node):
            more = cost + (last is not None and last != lid)
            for edge in bad:
                moved = True
                if found := _sought(space, edge.broken):
                    trail.append((here, Turn(lid, edge.lid, edge.choices)))
                    heappush(heap, (more, steps + len(edge.choices), len(trail) - 1, node, None, found))
            for edge in good:
                moved = True
                after = space.after(node, k, edge)
                if (after.key, edge[2]) not in done:
                    choices = space.choices(node.sid, lid, edge)
                    trail.append((here, Turn(lid, edge[2], choices)))
                    heappush(heap, (more, steps + len(choices), len(trail) - 1, after, edge[2], None))
        if not moved and (found := _sought(space, space.stuck(node))):
            heappush(heap, (cost, steps, here, node, last, found))
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
    places = [state[1][k] for k, state, _ in follow(space.tables, steps)]
    kept, busy = [], {steps[-1][0]}
    for (k, choice), lid in zip(reversed(steps), reversed(places)):
        if k in busy or not space.tables.local(lid):
            busy.add(k)
            kept.append((k, choice))
    return tuple(kept[::-1])
