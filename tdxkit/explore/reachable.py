"""The whole reachable graph of a small scenario as plain data, so that a view can walk it without Python."""

from collections import deque
from dataclasses import dataclass, replace

from tdxkit.explore.buffers import DRAIN, DRAINED
from tdxkit.explore.causes import hidden, looked, put_into_buffer
from tdxkit.explore.livelock import without_end
from tdxkit.explore.misfit import misfit
from tdxkit.explore.moves import Move, State, Steps, able, first, pick
from tdxkit.explore.program import LIVELOCK, Scenario
from tdxkit.explore.schedule import deed
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.telling import Moment, Teller
from tdxkit.explore.told import sentence
from tdxkit.run import Line, Wait


@dataclass(frozen=True, slots=True)
class Edge:
    """A step that can be taken: by which actor, with which choice, to which node, its label, sentence and kind, rules it breaks, and
    its share in the mark of a schedule code.

    `broken` names the rules that the step breaks and those that do not hold in the node it leads to, deadlock and livelock included.
    reads: the names that it reads in memory, each with the actors whose store buffers hold a newer value; stores: those whose new values
    it leaves in its CPU's buffer.
    """

    actor: int
    choice: int
    target: int
    label: str
    sentence: str
    broken: tuple[str, ...]
    kind: str = ""
    deed: int = 0
    reads: tuple[tuple[str, tuple[int, ...]], ...] = ()
    stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A state: index into `Graph.shared`, for each actor the line where it stands, what it waits for (None: it can move), is it done."""

    shared: int
    lines: tuple[Line | None, ...]
    waits: tuple[Wait | None, ...]
    finished: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Node 0 is the first state; `edges[k]` leave node k. path: of the steps it was made along, the places of their edges.

    `complete` is false where the limit was reached: then what is here is what is nearest to those steps (without any: to the first
    state), and from the nodes in `cut` more can be done than is here.
    """

    actors: tuple[str, ...]
    shared: tuple[dict, ...]
    nodes: tuple[Node, ...]
    edges: tuple[tuple[Edge, ...], ...]
    path: tuple[int, ...] = ()
    cut: frozenset[int] = frozenset()

    @property
    def complete(self) -> bool:
        """Is every reachable state here?"""
        return not self.cut


def graph(scenario: Scenario, limit: int = 5000, along: Steps = (), ahead: bool = False) -> Graph:
    """Every reachable state with named threads, going on past broken rules; nothing is left to see past a raised error. `along`: a
    schedule, whose states are here in any case, and first; `ahead`: then what lies ahead of its last one. InputError where one of its steps
    does not fit."""
    return _Growing(scenario, limit, along, ahead).graph()


class _Growing:
    """A graph as it grows: from the states along a schedule outwards, until the limit."""

    def __init__(self, scenario: Scenario, limit: int, along: Steps, ahead: bool):
        self.tables, self.limit, self.along, self.ahead = Tables(scenario), limit, along, ahead
        self.teller, self.actors = Teller(self.tables), scenario.actors
        self.number: dict = {}  # by state the number of its node
        self.order: list[tuple[Moment, bool]] = []  # a moment of each node, and whether an error was raised there
        self.past: set[int] = set()  # nodes that lie ahead of the schedule's last
        self.nodes: list[Node] = []
        self.shared: dict = {}  # by what is told apart the place and the values of a shared state

    def graph(self) -> Graph:
        """All of it."""
        walked = self._walk()
        last = len(self.order) - 1  # of the nodes along the schedule
        edges: dict[int, tuple[Edge, ...]] = {}
        cut = set()
        ahead, beside = deque[int](), deque(range(last + 1))
        while ahead or beside:
            node = (ahead or beside).popleft()
            known = len(self.order)
            moment, raised = self.order[node]
            moves = [] if raised else self._moves(moment)
            if node > last and not self._all_at_hand(moves):
                cut.add(node)
                moves = []
            edges[node] = tuple(self._edge(moment, k, move, self._place(*after)) for k, move, *after in moves)
            is_ahead = self.ahead and (node == last or node in self.past)
            (ahead if is_ahead else beside).extend(new := range(known, len(self.order)))
            self.past.update(new if is_ahead else ())
        for moment, _ in self.order:
            self._tell(moment)
        path = tuple(next(i for i, e in enumerate(edges[at]) if (e.actor, e.choice) == step) for at, step in walked)
        states = tuple(state for _, state in self.shared.values())
        leaving = [edges[node] for node in range(len(self.order))]
        return Graph(self.actors, states, tuple(self.nodes), _with_livelocks(leaving), path, frozenset(cut))

    def _walk(self) -> list[tuple[int, tuple[int, int]]]:
        """Number the states along the schedule; (node, step) for each of its steps."""
        moment, found = Moment(first(self.tables)), []
        at = self._place(moment, False)
        for number, (k, choice) in enumerate(self.along, 1):
            move = pick(self.tables, moment.state, k, choice)
            if move is None:
                raise misfit(self.teller, moment, k, choice, number)
            found.append((at, (k, choice)))
            moment = self.teller.after(moment, k, move)
            at = self._place(moment, move.outcome.raised)
        return found

    def _moves(self, moment: Moment) -> list[tuple]:
        """(thread, move, the moment after it, whether it raised an error) for each move."""
        return [
            (k, move, self.teller.after(moment, k, move), bool(move.outcome.raised))
            for k, move in able(self.tables, moment.state)
        ]

    def _key(self, moment: Moment, raised: bool) -> tuple:
        return (moment.state, moment.ended, *(("raised",) if raised else ()))

    def _all_at_hand(self, moves: list[tuple]) -> bool:
        """Is there room for all that these moves lead to?"""
        new = {self._key(*after) for _, _, *after in moves} - self.number.keys()
        return not new or len(self.number) + len(new) <= self.limit

    def _place(self, moment: Moment, raised: bool) -> int:
        """The node of a moment, a new one where it has none."""
        key = self._key(moment, raised)
        if key not in self.number:
            self.number[key] = len(self.number)
            self.order.append((moment, raised))
        return self.number[key]

    def _edge(self, moment: Moment, k: int, move: Move, target: int) -> Edge:
        tables, effect = self.tables, move.outcome
        label = DRAINED if move.choice == DRAIN else tables.places[moment.state[1][k]].label
        false = () if effect.raised else self.teller.false_rules(move.state)
        return Edge(
            k,
            move.choice,
            target,
            label,
            sentence(tables, moment.state[0], moment.state[1][k], move.choice, effect),
            tuple(dict.fromkeys((*effect.broken, *false))),
            effect.kind,
            deed(tables, k, move),
            *_looks(tables, moment.state, k, move),
        )

    def _tell(self, moment: Moment) -> None:
        """The node of a moment, with its shared state."""
        look = (moment.state[0], repr(self.teller.holders(moment)), repr(self.teller.buffers(moment)))
        if look not in self.shared:
            self.shared[look] = (len(self.shared), self.teller.shown(moment))
        self.nodes.append(_node(self.teller, self.shared[look][0], moment))


def _looks(tables: Tables, state: State, k: int, move: Move) -> tuple[tuple, tuple]:
    """The reads and stores of an edge."""
    labels = tables.layout.labels
    reads = ((labels[slot], hidden(tables, state, k, slot)) for slot in looked(tables, state, k, move))
    return tuple(reads), tuple(labels[slot] for slot in put_into_buffer(tables, state, k, move))


def _with_livelocks(edges: list[tuple[Edge, ...]]) -> tuple[tuple[Edge, ...], ...]:
    """The edges, with those named that lead to where no end and no broken rule can be reached; a node whose moves are not here may be an end."""
    after = {
        k: () if any(e.broken for e in leaving) else {e.target for e in leaving} for k, leaving in enumerate(edges)
    }
    lost = without_end(after)
    marked = [
        [replace(e, broken=(*e.broken, LIVELOCK)) if e.target in lost and k not in lost else e for e in leaving]
        for k, leaving in enumerate(edges)
    ]
    return tuple(map(tuple, marked))


def _node(teller: Teller, shared: int, moment: Moment) -> Node:
    waits = [teller.wait(moment, k) for k in range(len(moment.state[1]))]
    return Node(
        shared,
        tuple(teller.line(lid) if lid else None for lid in moment.state[1]),
        tuple(waits),
        tuple(lid == FINISHED for lid in moment.state[1]),
    )
