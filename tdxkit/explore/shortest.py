"""The schedule worth showing: a shortest one with the fewest switches, or the one with the fewest switches of all.

Each search is a job that ticks with the states visited and the bound; `way` and `calmest` run it to its end.
"""

from heapq import heappop, heappush
from typing import NamedTuple

from tdxkit.explore.moves import Steps, follow
from tdxkit.explore.program import LIVELOCK
from tdxkit.explore.space import Space, Spot, Turn
from tdxkit.explore.visit import TICK
from tdxkit.work import Job, drive


class Way(NamedTuple):
    """A schedule to a broken rule, and how many states were visited to find it. `exact`: it is the best of its kind."""

    steps: Steps
    rule: str
    states: int
    exact: bool = True


class Levels:
    """The states by their distance from the first, built as far as they are asked for, and the rules that break there.

    Give it a space without fusing, so that every step counts. A way to a rule is found by cutting the levels back to what lies on a shortest
    way to it; on this little the switches are counted. No way goes past a broken rule.
    """

    def __init__(self, space: Space, bound: int):
        self.space, self.bound = space, bound
        self.at_once = space.false("always", space.first().sid)
        self._start()

    def _start(self) -> None:
        node = self.space.first()
        self.levels: list[dict] = [{node.key: (node, [])}]
        self.seen = {node.key}
        self.stuck: list[dict] = []  # for each level: the states where a run ends by breaking rules, and which
        self.breaks: list[dict] = []  # and those with a step that breaks rules, and which

    def way(self, rule: str | None = None) -> Way | None:
        """A shortest schedule to this rule, to any where it is None and, of the shortest, one with the fewest switches; None beyond the bound."""
        return drive(self.finding(rule))

    def finding(self, rule: str | None = None) -> Job[Way | None]:
        """`way` as a job."""
        if self.at_once:
            return Way((), rule or self.at_once[0], 1) if rule in (None, *self.at_once) else None
        length = 0
        while True:
            while length >= len(self.stuck) and (yield from self._growing()):
                pass
            goals, edges = self._of(self.stuck, length, rule), self._of(self.breaks, length - 1, rule)
            if goals or edges:
                break
            length += 1
            if length > len(self.levels):
                return None
        kept = _cut_back(self.levels[: length + 1], goals, edges)
        found = yield from _fewest_on(self.space, kept, goals, bool(edges), rule)
        return Way(*found, len(self.seen))

    def _of(self, what: list[dict], level: int, rule: str | None) -> dict[object, str]:
        """Of a level the states that matter for a rule, each with the rule (the first one broken where any will do)."""
        if not 0 <= level < len(what):
            return {}
        return {key: rule or names[0] for key, names in what[level].items() if rule is None or rule in names}

    def _growing(self) -> Job[bool]:
        """Look at the last level and build the next; is there something new?"""
        if not self.levels[-1] or len(self.seen) >= self.bound:
            return False
        space = self.space
        following: dict[object, tuple[Spot, list]] = {}
        stuck: dict[object, tuple[str, ...]] = {}
        breaks: dict[object, tuple[str, ...]] = {}
        for number, (key, (node, _)) in enumerate(self.levels[-1].items()):
            if not number % TICK:
                yield len(self.seen), self.bound
            if key in space.lost:
                stuck[key] = (LIVELOCK,)
                continue
            moved = False
            for k, _, good, bad in space.turns(node):
                moved = moved or bool(good or bad)
                for edge in bad:
                    breaks[key] = (*breaks.get(key, ()), *edge.broken)
                for edge in good:
                    after = space.key(node, k, edge)
                    if after in following:
                        following[after][1].append(key)
                    elif after not in self.seen:
                        self.seen.add(after)
                        following[after] = (space.after(node, k, edge), [key])
            if not moved and (names := space.stuck(node)):
                stuck[key] = names
        self.levels.append(following)
        self.stuck.append(stuck)
        self.breaks.append(breaks)
        if space.widen():
            self._start()
        return True


def _cut_back(levels: list[dict], goals: dict, breaking: dict) -> list[dict[object, Spot]]:
    """The levels without the states that lie on no shortest way to a goal."""
    keys = set(goals)
    kept = []
    for depth in range(len(levels) - 1, -1, -1):
        if depth == len(levels) - 2:
            keys |= breaking.keys()
        kept.append({key: levels[depth][key][0] for key in levels[depth] if key in keys})
        keys = {before for key in kept[-1] for before in levels[depth][key][1]}
    return kept[::-1]


def _fewest_on(
    space: Space, nodes: list[dict[object, Spot]], goals: dict, bad_edges: bool, goal: str | None
) -> Job[tuple[Steps, str]]:
    """Of all ways through these levels, one with the fewest switches, and its rule. A label is (state, place of the thread that ran last)."""
    labels: dict = {(space.first().key, None): (0, None, None)}
    history: list[dict] = []
    ends: list = []
    for depth, level in enumerate(nodes[:-1]):
        history.append(labels)
        following: dict = {}
        for number, ((key, last), (cost, _, _)) in enumerate(labels.items()):
            if not number % TICK:
                yield depth, len(nodes)
            for k, lid, good, bad in space.turns(level[key]):
                for edge in bad if bad_edges and depth == len(nodes) - 2 else ():
                    if goal is None or goal in edge.broken:
                        more, _, own = next(space.runners(level[key], lid, edge.choices, edge.lid, last))
                        turn = Turn(lid, edge.lid, edge.choices, own)
                        ends.append((cost + more, len(ends), goal or edge.broken[0], (key, last), turn))
                for edge in good:
                    after = space.key(level[key], k, edge)
                    if after not in nodes[depth + 1]:
                        continue
                    choices = space.choices(level[key].sid, lid, edge)
                    for more, ran, own in space.runners(level[key], lid, choices, edge[2], last):
                        label = (after, ran)
                        if label not in following or cost + more < following[label][0]:
                            following[label] = (cost + more, (key, last), Turn(lid, edge[2], choices, own))
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
    return space.named(path[::-1]), rule


def calmest(space: Space, bound: int) -> Way | None:
    """The schedule to a broken rule with the fewest switches (of these, few steps); None beyond `bound` states."""
    return drive(calming(space, bound))


def calming(space: Space, bound: int) -> Job[Way | None]:
    """`calmest` as a job.

    Cheapest first over (switches, steps), a state being kept with the place of the thread that ran last.
    """
    node = space.first()
    if names := space.false("always", node.sid):
        return Way((), names[0], 1)
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
        if not len(done) % TICK:
            yield len(done), bound
        if node.key in space.lost:
            heappush(heap, (cost, steps, here, node, last, LIVELOCK))
            continue
        moved = False
        for k, lid, good, bad in space.turns(node):
            for edge in bad:
                moved = True
                more, _, own = next(space.runners(node, lid, edge.choices, edge.lid, last))
                trail.append((here, Turn(lid, edge.lid, edge.choices, own)))
                heappush(heap, (cost + more, steps + len(edge.choices), len(trail) - 1, node, None, edge.broken[0]))
            for edge in good:
                moved = True
                after, choices = space.after(node, k, edge), space.choices(node.sid, lid, edge)
                for more, ran, own in space.runners(node, lid, choices, edge[2], last):
                    if (after.key, ran) not in done:
                        trail.append((here, Turn(lid, edge[2], choices, own)))
                        heappush(heap, (cost + more, steps + len(choices), len(trail) - 1, after, ran, None))
        if not moved and (names := space.stuck(node)):
            heappush(heap, (cost, steps, here, node, last, names[0]))
        if space.widen():
            return (yield from calming(space, bound))
    return None


def _way(space: Space, trail: list, at: int, rule: str, idle: bool, states: int) -> Way:
    """The way to a goal as a schedule; `idle` says that steps which no longer matter may go."""
    path = []
    while at is not None:
        at, turn = trail[at]
        path.append(turn)
    steps = space.named([turn for turn in path[::-1] if turn])
    idle = (
        idle and not space.tables.tso
    )  # a store that waits in a buffer touches nothing yet, and may be what it is about
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
