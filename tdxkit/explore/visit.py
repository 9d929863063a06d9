"""Every state of a space, breadth first, level by level: how many, which rules break, and the way to the first that does.

States that share their memory are looked at together: what may happen from one place there is found once, and adds the same number to each
state in which a thread stands at that place. Where that is not so, as an interrupt holds its thread back or there are too many places
for an int, they are looked at one by one; so they are too where the way to a state is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from tdxkit.explore.moves import Steps
from tdxkit.explore.space import SHARED_BITS, Arc, Space, Spot, Turn
from tdxkit.work import Job, drive

TICK = 256  # states between two ticks of a search: a few hundredths of a second


class Found:
    """What a visit of the states brought: counts, the rules broken, the way to the first."""

    def __init__(self, space: Space):
        self.space = space
        self.places: defaultdict[int, set[int]] = defaultdict(
            set
        )  # of each shared state what the threads' places add up to, or
        self.parents: dict = {}  # each state with the one before it, where they were looked at one by one
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
        return len(self.parents) or sum(map(len, self.places.values()))

    def __iter__(self) -> Iterator:
        """The states visited, by their keys."""
        yield from self.parents or (sid | p << SHARED_BITS for sid, found in self.places.items() for p in found)

    def finals(self) -> set[int]:
        """The shared states in which all threads have finished."""
        threads = len(self.space.tables.first_lids)
        if self.space.wide:
            return {key[0] for key in self.parents if not any(key[1:])}
        return {key & (1 << SHARED_BITS) - 1 for key in self if key >> SHARED_BITS == threads}

    def note(self, names: tuple[str, ...], node: Spot, edge: Arc | None = None, lid: int = 0) -> None:
        """Rules that do not hold at a state, or on an edge that leaves it."""
        if self.rule is None and names:
            self.rule, self.goal = names[0], (node, edge, lid)
        if not set(names) <= set(self.broken):
            self.broken += tuple(name for name in names if name not in self.broken)

    def look(self, sids: Iterable[int]) -> None:
        """Which `sometimes` rules have come true in these shared states."""
        for name, true in self.seen.items():
            if not true:
                self.seen[name] = any(name not in self.space.false("sometimes", sid) for sid in sids)

    def enough(self, states: int, whole: bool, bound: int, more: bool) -> bool:
        """After a level, is this the last? `more`: there is a next one."""
        tables = self.space.tables
        self.spent = tables.spent
        full = len(tables.shared) >= 1 << SHARED_BITS
        if not (states > bound or self.spent or (self.rule and not whole) or full):
            return not more
        self.complete = not more
        self.bounded = more and (whole or not self.rule)
        return True

    def path(self) -> Steps:
        """The schedule to the first broken rule: shortest in (fused) steps, with no care for switches."""
        assert self.goal is not None, "there is a way to a rule that broke"
        node, edge, lid = self.goal
        parents = self.parents or self._again().parents
        keys: list = [node.key]
        while (before := parents[keys[-1]]) is not None:
            keys.append(before)
        path, at = [], self.space.first()
        for key in reversed(keys[:-1]):
            at, turn = self._towards(at, key)
            path.append(turn)
        return self.space.named([*path, Turn(lid, edge.lid, edge.choices)] if edge else path)

    def _again(self) -> "Found":
        """The same states, each with the one before it."""
        found = Found(self.space)
        drive(_one_by_one(found, True, self.states))
        return found

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
    found, node, wide = Found(space), space.first(), space.wide
    found.note(space.false("always", node.sid), node)
    yield from (_one_by_one if wide or space.interrupts else _together)(found, whole, bound)
    return (yield from visiting(space, whole, bound)) if space.wide != wide or space.doubt() else found


def _together(found: Found, whole: bool, bound: int) -> Job[None]:
    """Those of a level that share their memory at once. A state is what its threads' places add up to."""
    space, seen, field = found.space, found.places, (1 << found.space.bits) - 1
    key, sid, _ = space.first()
    assert isinstance(key, int), "a wide space is looked at one by one"
    seen[sid] = {key >> SHARED_BITS}
    level: dict[int, set[int]] = {} if found.rule else {sid: set(seen[sid])}
    states, looked = 1, TICK
    while level:
        found.look(level)
        following: defaultdict[int, set[int]] = defaultdict(set)
        for sid, group in level.items():
            rest, may_move = reduce(or_, group) & ~field, 0  # nobody leaves the place of those that have finished
            while rest:
                if (looked := looked + len(group)) > TICK:
                    looked = 0
                    yield states, bound
                lid = ((rest & -rest).bit_length() - 1) // space.bits
                here = field << space.bits * lid
                rest &= ~here
                good, bad = space.row(sid, lid)
                if good or bad:
                    may_move |= here
                for edge in bad:
                    found.note(edge.broken, _spot(space, sid, next(p for p in group if p & here)), edge, lid)
                for difference, after, _ in good:
                    more = difference + sid - after >> SHARED_BITS
                    known = seen[after]
                    if new := {there for p in group if p & here and (there := p + more) not in known}:
                        states += len(new)
                        known |= new
                        following[after] |= new
            for p in group:
                if not p & may_move:
                    spot = _spot(space, sid, p)
                    found.note(space.stuck(spot), spot)
        if space.widen() or found.enough(states, whole, bound, bool(following)):
            return
        level = following


def _spot(space: Space, sid: int, places: int) -> Spot:
    return space.spot(sid | places << SHARED_BITS)


def _one_by_one(found: Found, whole: bool, bound: int) -> Job[None]:
    """Each state of a level by itself, with the one before it."""
    space, seen, node = found.space, found.parents, found.space.first()
    seen[node.key] = None
    level = [node] if not found.rule else []
    while level:
        found.look({node.sid for node in level})
        following: list[Spot] = []
        for number, node in enumerate(level):
            if not number % TICK:
                yield len(seen), bound
            moved = False
            for k, lid, good, bad in space.turns(node):
                moved = moved or bool(good or bad)
                for edge in bad:
                    found.note(edge.broken, node, edge, lid)
                for edge in good:
                    after = space.after(node, k, edge)
                    if after.key not in seen:
                        seen[after.key] = node.key
                        following.append(after)
            if not moved:
                found.note(space.stuck(node), node)
        if space.widen() or found.enough(len(seen), whole, bound, bool(following)):
            return
        level = following
