"""The whole reachable graph of a small scenario as plain data, so that a view can walk it without Python."""

from dataclasses import dataclass, replace

from tdxkit.explore.buffers import DRAIN, DRAINED
from tdxkit.explore.causes import hidden, looked, put_into_buffer
from tdxkit.explore.livelock import without_end
from tdxkit.explore.moves import Move, State, able, first
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
    """Node 0 is the first state; `edges[k]` leave node k. `complete` is false where the limit was reached: then it is empty."""

    actors: tuple[str, ...]
    shared: tuple[dict, ...]
    nodes: tuple[Node, ...]
    edges: tuple[tuple[Edge, ...], ...]
    complete: bool = True


def graph(scenario: Scenario, limit: int = 5000) -> Graph:
    """Every reachable state with named threads, going on past broken rules; nothing is left to see past a raised error."""
    tables = Tables(scenario)
    teller, actors = Teller(tables), scenario.actors
    start = Moment(first(tables))
    number = {(start.state, start.ended): 0}
    order, nodes, edges = [(start, False)], [], []
    shared: dict = {}
    for moment, stopped in order:
        leaving = []
        for k, move in able(tables, moment.state) if not stopped else ():
            after, raised = teller.after(moment, k, move), move.outcome.raised
            key = (after.state, after.ended, *(("raised",) if raised else ()))
            if key not in number:
                if len(number) >= limit:
                    return Graph(actors, (), (), (), False)
                number[key] = len(number)
                order.append((after, raised))
            label = str(DRAINED if move.choice == DRAIN else tables.places[moment.state[1][k]].label)
            false = () if raised else teller.false_rules(after.state)
            broken = tuple(dict.fromkeys((*move.outcome.broken, *false)))
            effect = move.outcome
            said = sentence(tables, moment.state[0], moment.state[1][k], move.choice, effect)
            leaving.append(
                Edge(
                    k,
                    move.choice,
                    number[key],
                    label,
                    said,
                    broken,
                    effect.kind,
                    deed(tables, k, move),
                    *_looks(tables, moment.state, k, move),
                )
            )
        edges.append(tuple(leaving))
        look = (moment.state[0], repr(teller.holders(moment)))
        place = shared.setdefault(look, (len(shared), teller.shown(moment)))[0]
        nodes.append(_node(teller, place, moment))
    return Graph(actors, tuple(state for _, state in shared.values()), tuple(nodes), _with_livelocks(edges))


def _looks(tables: Tables, state: State, k: int, move: Move) -> tuple[tuple, tuple]:
    """The reads and stores of an edge."""
    labels = tables.layout.labels
    reads = ((labels[slot], hidden(tables, state, k, slot)) for slot in looked(tables, state, k, move))
    return tuple(reads), tuple(labels[slot] for slot in put_into_buffer(tables, state, k, move))


def _with_livelocks(edges: list[tuple[Edge, ...]]) -> tuple[tuple[Edge, ...], ...]:
    """The edges, with those named that lead to where no end and no broken rule can be reached."""
    after = {
        k: () if any(e.broken for e in leaving) else {e.target for e in leaving} for k, leaving in enumerate(edges)
    }
    lost = without_end(after)
    if not lost:
        return tuple(edges)
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
