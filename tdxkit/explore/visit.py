"""Every state of a space, breadth first, level by level: how many, which rules break, and the way to the first that does."""

from tdxkit.explore.moves import Steps
from tdxkit.explore.space import SHARED_BITS, Arc, Space, Spot, Turn
from tdxkit.work import Job, drive

TICK = 256  # states between two ticks of a search: a few hundredths of a second


class Found:
    """What a visit of the states brought: counts, the rules broken, the way to the first."""

    def __init__(self, space: Space):
        self.space = space
        self.parents: dict = {}
        self.complete = True
        self.bounded = False
        self.spent = ""  # why it stopped before the bound
        self.ends = False  # is there a way to an end from every state visited? False where nobody looked
        self.rule: str | None = None
        self.broken: tuple[str, ...] = ()
        self.seen = {p.name: False for p in space.tables.scenario.asked if p.kind == "sometimes"}
        self.goal: tuple[Spot, Arc | None, int] | None = (
            None  # where the first rule breaks: state, edge out of it, place it leaves
        )

    @property
    def states(self) -> int:
        """How many states were visited."""
        return len(self.parents)

    def finals(self) -> set[int]:
        """The shared states in which all threads have finished."""
        threads = len(self.space.tables.first_lids)
        if self.space.wide:
            return {key[0] for key in self.parents if not any(key[1:])}
        return {key & (1 << SHARED_BITS) - 1 for key in self.parents if key >> SHARED_BITS == threads}

    def note(self, names: tuple[str, ...], node: Spot, edge: Arc | None = None, lid: int = 0) -> None:
        """Rules that do not hold at a state, or on an edge that leaves it."""
        if self.rule is None and names:
            self.rule, self.goal = names[0], (node, edge, lid)
        if not set(names) <= set(self.broken):
            self.broken += tuple(name for name in names if name not in self.broken)

    def path(self) -> Steps:
        """The schedule to the first broken rule: shortest in (fused) steps, with no care for switches."""
        assert self.goal is not None, "there is a way to a rule that broke"
        node, edge, lid = self.goal
        keys: list = [node.key]
        while (before := self.parents[keys[-1]]) is not None:
            keys.append(before)
        path, at = [], self.space.first()
        for key in reversed(keys[:-1]):
            at, turn = self._towards(at, key)
            path.append(turn)
        return self.space.named([*path, Turn(lid, edge.lid, edge.choices)] if edge else path)

    def _towards(self, node: Spot, key: object) -> tuple[Spot, Turn]:
        for k, lid, good, _ in self.space.turns(node):
            for edge in good:
                after = self.space.after(node, k, edge)
                if after.key == key:
                    return after, Turn(lid, edge[2], self.space.choices(node.sid, lid, edge))
        raise AssertionError("a parent has an edge to its child")


def visit(space: Space, whole: bool, bound: int) -> Found:
    """Breadth first over all states, level by level."""
    return drive(visiting(space, whole, bound))


def visiting(space: Space, whole: bool, bound: int) -> Job[Found]:
    """`visit` as a job: how many states were seen, and the bound."""
    found, node = Found(space), space.first()
    seen, row, tables = found.parents, space._rows, space.tables
    seen[node.key] = None
    found.note(space.false("always", node.sid), node)
    level: list[tuple] = [node] if not found.rule else []
    while level:
        _look(space, found, level)
        following: list[tuple] = []
        add, hands, wide = following.append, tables.hands, space.wide
        for number, (key, sid, lids) in enumerate(level):
            if not number % TICK:
                yield len(seen), bound
            waiting = tables.suspended(lids) if space.interrupts else ()
            moved = False  # what follows is Space.turns, key and after written out: this loop is the search's time
            for k, lid in enumerate(lids):
                if not lid or lid in lids[:k] or k in waiting:
                    continue
                good, bad = row.get((sid, lid)) or space.row(sid, lid)
                if bad:
                    moved = True
                    for edge in bad:
                        found.note(edge.broken, Spot(key, sid, lids), edge, lid)
                for edge in good:
                    moved = True
                    difference, sid_after, lid_after = edge
                    after = key + difference if not (wide or hands) else space.key(Spot(key, sid, lids), k, edge)
                    if after not in seen:
                        seen[after] = key
                        stand = (*lids[:k], lid_after, *lids[k + 1 :])
                        add((after, sid_after, tables.handed(stand) if hands else stand))
            if not moved:
                found.note(space.stuck(Spot(key, sid, lids)), Spot(key, sid, lids))
        if space.widen():
            return (yield from visiting(space, whole, bound))
        level = following
        found.spent = tables.spent
        if len(seen) > bound or found.spent or (found.rule and not whole) or len(tables.shared) >= 1 << SHARED_BITS:
            found.complete = not level
            found.bounded = not found.complete and (whole or not found.rule)
            break
    return (yield from visiting(space, whole, bound)) if space.doubt() else found


def _look(space: Space, found: Found, level: list) -> None:
    """Which `sometimes` rules have come true on this level."""
    for name, true in found.seen.items():
        if not true:
            sids = {node[1] for node in level}
            found.seen[name] = any(name not in space.false("sometimes", sid) for sid in sids)
