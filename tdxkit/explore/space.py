"""The states of a scenario as a graph for the searches: a state is one int, a successor is one addition.

The int is the number of the shared state plus, for each thread, a unit in the field of the place where it stands. Addition does
not care which thread stands where, so threads that run the same program are interchangeable for free. Where the reduction is
`none`, the tables number each thread's places apart and the same ints tell the threads apart.

Fusing (reduction `all`): a step that touches nothing shared is taken together with the step before it. It could come at any
later moment with the same effect, so nothing that can be seen in the shared memory, and no rule, deadlock or end, is lost.
"""

from typing import NamedTuple

from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.effects import Effect
from tdxkit.explore.movers import Movers
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import DEADLOCK
from tdxkit.explore.tables import FINISHED, Tables

SHARED_BITS = 24
LONGEST_FUSE = 30  # steps taken together: a thread that never looks at the shared memory must not hold up the search
DRAINED = (DRAIN,)
WIDE = 1000  # with more places than this the ints grow too long: states become sorted tuples


class Arc(NamedTuple):
    """From a place in a shared state: what is reached by which values given one after the other, and the rules it breaks."""

    sid: int
    lid: int
    broken: tuple[str, ...]
    choices: tuple[int, ...]


class Spot(NamedTuple):
    """A state: its key, the shared state, and the places, one for each thread."""

    key: object
    sid: int
    lids: tuple[int, ...]


class Turn(NamedTuple):
    """One edge of a path: the thread at place `before` was given `choices` and stands at `after`."""

    before: int
    after: int
    choices: tuple[int, ...]
    own: bool = True  # of several that stand there, is it the one that ran last?

    @property
    def drains(self) -> bool:
        """Is it a drain, which is nobody's turn?"""
        return self.choices == DRAINED


class Space:
    """Edges, ends and rules of a scenario's states. Which rules are judged the scenario says (asserts and raised errors always count);
    `prop` is the only thing asked for, where that may be a standstill."""

    def __init__(self, tables: Tables, fuse: bool, prop: str | None = None, movers: Movers | None = None):
        self.tables, self.fuse, self.prop, self.movers = tables, fuse, prop, movers
        self.interrupts = bool(tables.interrupts)
        self.bits = len(tables.first_lids).bit_length()
        self.lost: set = set()  # states of no return, by key: a search for a schedule is over there
        self.wide = len(tables.places) > WIDE
        self._rows: dict[tuple[int, int], tuple] = {}
        self._edges: dict[tuple[int, int], list[Arc]] = {}
        self._false: dict[int, tuple[str, ...]] = {}  # of each shared state the rules about all states that do not hold

    def first(self) -> Spot:
        """The state before the first step."""
        return self.node(self.tables.first_sid, self.tables.first_lids)

    def node(self, sid: int, lids: tuple[int, ...]) -> Spot:
        """The state with these numbers."""
        return Spot((sid, *sorted(lids)) if self.wide else sid + sum(map(self.unit, lids)), sid, lids)

    def unit(self, lid: int) -> int:
        """What a thread at this place adds to the int of a state."""
        return 1 << (SHARED_BITS + self.bits * lid)

    def widen(self) -> bool:
        """Has the scenario grown too many places for ints? Then keys change, and the search starts again."""
        if self.wide or len(self.tables.places) <= WIDE:
            return False
        self.wide = True
        self._rows.clear()
        return True

    def doubt(self) -> bool:
        """Was a step taken together with another that should not have been? Then the search starts again."""
        if self.movers is None or not self.movers.doubt():
            return False
        self._rows.clear()
        self._edges.clear()
        return True

    def spot(self, key) -> Spot:
        """The state with this key, its interchangeable threads in some order."""
        lids: list[int] = list(key[1:]) if self.wide else []
        rest = 0 if self.wide else key >> SHARED_BITS
        while rest:
            lid = ((rest & -rest).bit_length() - 1) // self.bits
            many = rest >> self.bits * lid & (1 << self.bits) - 1
            rest ^= many << self.bits * lid
            lids += [lid] * many
        sid = key[0] if self.wide else key & (1 << SHARED_BITS) - 1
        return Spot(key, sid, self._in_order(lids) if self.interrupts else tuple(lids))

    def _in_order(self, lids: list[int]) -> tuple[int, ...]:
        """Places where those that belong to one thread stand at its index."""
        roles = [self.tables.places[lid].role for lid in lids]
        anybody = iter([lid for lid, role in zip(lids, roles) if role is None and lid])
        return tuple(
            next(anybody, FINISHED) if own is None else lids[roles.index(own)] if own in roles else FINISHED
            for own in self.tables.roles
        )

    def row(self, sid: int, lid: int) -> tuple[list[tuple], list[Arc]]:
        """The edges of a thread at `lid` in shared state `sid`: those to go on along as (difference, sid, lid), the broken ones."""
        row = self._rows.get((sid, lid))
        if row is None:
            own, good, bad = self.unit(lid) if not self.wide else 0, [], []
            for edge in self.edges(sid, lid):
                if edge.broken:
                    bad.append(edge)
                else:
                    difference = 0 if self.wide else edge.sid - sid + self.unit(edge.lid) - own
                    good.append((difference, edge.sid, edge.lid))
            row = self._rows[sid, lid] = (good, bad)
        return row

    def edges(self, sid: int, lid: int) -> list[Arc]:
        """Every edge of a thread at `lid` in shared state `sid`, with the values it was given on the way."""
        found = self._edges.get((sid, lid))
        if found is None:
            found = self._edges[sid, lid] = []
            self._follow(sid, lid, (), {lid}, set(), found)
        return found

    def choices(self, sid: int, lid: int, good: tuple) -> tuple[int, ...]:
        """The values that a thread at `lid` is given on its way along a good edge of `row`."""
        return next(e.choices for e in self.edges(sid, lid) if (e.sid, e.lid) == good[1:] and not e.broken)

    def _follow(self, sid: int, lid: int, given: tuple, passed: set, done: set, found: list[Arc]) -> None:
        """The edges from here; `passed` are the places on the way, `done` the states from which all edges are known."""
        tables, at = self.tables, self.tables.places[lid]
        for choice in range(len(at.choices)) if given else at.options:
            step = tables.step(sid, lid, choice)
            if step is None:
                continue
            outcome, after = step
            stands, choices = outcome.after, (*given, choice)
            false = self._false.get(after)
            if false is None:
                false = self._false[after] = tables.false("always", after)
            broken = outcome.broken + false
            if not broken and self._fuses(choices, stands, passed) and self._together(lid, outcome, after):
                if (after, stands) not in done:
                    self._follow(after, stands, choices, passed | {stands}, done, found)
                    done.add((after, stands))
            else:
                found.append(Arc(after, stands, broken, choices))

    def _fuses(self, choices: tuple, lid: int, passed: set) -> bool:
        return self.fuse and choices[-1] != DRAIN and lid not in passed and len(choices) < LONGEST_FUSE

    def _together(self, lid: int, effect: Effect, sid: int) -> bool:
        """Is a step that did this taken together with the one after it?"""
        if self._goes_on_alone(sid, effect.after):
            return True
        return self.movers is not None and self.movers.together(lid, effect, sid)

    def _goes_on_alone(self, sid: int, lid: int) -> bool:
        """Does the next step touch nothing shared, and move? It is tried in the state really reached."""
        if lid == FINISHED:
            return False
        tables, moves = self.tables, False
        for choice in range(len(tables.places[lid].choices)):
            outcome = tables.outcome(sid, lid, choice)
            moves |= outcome.after != lid or bool(outcome.broken)
            # It may move once the buffer is empty; and no interrupt is taken before that store has left, or that is switched on.
            if (tables.tso and outcome.after == lid) or (
                tables.hosted and tables.lets_in(outcome.after) != tables.lets_in(lid)
            ):
                return False
        return moves and tables.local(lid)

    def false(self, kind: str, sid: int) -> tuple[str, ...]:
        """The rules of a kind that do not hold in a shared state."""
        return self.tables.false(kind, sid)

    def stuck(self, node: Spot) -> tuple[str, ...]:
        """The rules broken by a state that nothing leaves: at_end when all have finished, else deadlock."""
        if not any(node.lids):
            return self.false("at_end", node.sid)
        return (DEADLOCK,) if self.prop in (None, DEADLOCK) else ()

    def turns(self, node: Spot):
        """The threads that may move in a state, one of each place: (index, place, good edges, broken edges)."""
        lids = node.lids
        waiting = self.tables.suspended(lids) if self.interrupts else ()
        for k, lid in enumerate(lids):
            if lid and lid not in lids[:k] and k not in waiting:
                yield k, lid, *self.row(node.sid, lid)

    def following(self, node: Spot) -> list[Spot]:
        """The states after one; none where a run may stop: nobody moves, or a step breaks a rule."""
        found: list[Spot] = []
        for k, _, good, bad in self.turns(node):
            if bad:
                return []
            found += [self.after(node, k, edge) for edge in good]
        return found

    def key(self, node: Spot, k: int, edge: tuple) -> object:
        """The key of the state after thread k went along a good edge."""
        difference, sid, lid = edge
        if lid in self.tables.hands:
            return self.node(sid, self._lids_after(node, k, lid)).key
        if not self.wide:
            return node.key + difference
        return (sid, *sorted((*node.lids[:k], lid, *node.lids[k + 1 :])))

    def after(self, node: Spot, k: int, edge: tuple) -> Spot:
        """The state after thread k went along a good edge."""
        return Spot(self.key(node, k, edge), edge[1], self._lids_after(node, k, edge[2]))

    def _lids_after(self, node: Spot, k: int, lid: int) -> tuple[int, ...]:
        return self.tables.handed((*node.lids[:k], lid, *node.lids[k + 1 :]))

    def named(self, path: list[Turn]) -> Steps:
        """A path as a schedule with real threads: of those that stand at a place, the one that ran last goes on."""
        lids, last, steps = list(self.tables.first_lids), None, []
        for turn in path:
            k = last if last is not None and lids[last] == turn.before and turn.own else None
            if k is None:
                k = max((i for i, lid in enumerate(lids) if lid == turn.before), key=lambda i: (i != last, -i))
            lids[k] = turn.after
            lids = list(self.tables.handed(tuple(lids)))
            steps += [(k, choice) for choice in turn.choices]
            last = last if turn.drains else k
        return tuple(steps)

    def runners(self, node: Spot, lid: int, choices: tuple[int, ...], after: int, last: int | None):
        """Who may go along an edge from place `lid` to `after`, where the thread at place `last` ran last: for each (switches, place of the
        one that ran last then, is it the one that ran last). A drain is nobody's turn."""
        if choices != DRAINED:
            yield int(last is not None and last != lid), after, True
        elif last != lid:
            yield 0, last, True
        else:
            yield 0, after, True
            if node.lids.count(lid) > 1:
                yield 0, last, False
