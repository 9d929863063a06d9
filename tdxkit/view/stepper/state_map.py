"""A map of the states of a graph: columns from the first state on, so that each step leads further to the right, the states of a column below
each other.

The map is drawn by the page, which knows where the reader stands; here each state gets its place. Within a column states are put beside what
leads to them, so that few ways cross.
"""

from collections.abc import Iterable, Sequence

import networkx as nx

MOST = 1_600  # states of a map: more are no longer told apart
SWEEPS = 6  # passes over the columns; more change little


def places(edges: Sequence[Iterable[int]]) -> list[tuple[int, float]]:
    """(column, row) of each node of a graph given as the targets of each node's edges, node 0 the first state.

    The column is how many steps lead there at most, rounds not counted in which one comes back to where one was; rows of a column are a unit
    apart, 0 in its middle.
    """
    graph = nx.DiGraph((node, target) for node, targets in enumerate(edges) for target in targets if node != target)
    graph.add_nodes_from(range(len(edges)))
    depth = _columns(graph)
    columns: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in range(len(edges)):
        columns[depth[node]].append(node)
    rows = {node: float(row) for column in columns for node, row in _spread(column)}
    for sweep in range(SWEEPS):
        ahead = sweep % 2 == 0
        beside = graph.predecessors if ahead else graph.successors
        for column in columns if ahead else reversed(columns):
            wished = {node: _middle([rows[other] for other in beside(node)], rows[node]) for node in column}
            column.sort(key=lambda node: (wished[node], rows[node]))
            rows |= dict(_spread(column))
    return [(depth[node], rows[node]) for node in range(len(edges))]


def _columns(graph: nx.DiGraph) -> dict[int, int]:
    """The column of each node; those that can be reached from each other stand by their distance from where one comes in."""
    least = nx.single_source_shortest_path_length(graph, 0)
    rounds = nx.condensation(graph)
    found: dict[int, int] = {}
    for group in nx.topological_sort(rounds):
        nodes = rounds.nodes[group]["members"]
        begin = max(
            (found[before] + 1 for node in nodes for before in graph.predecessors(node) if before not in nodes),
            default=0,
        )
        nearest = min(least[node] for node in nodes)
        found |= {node: begin + least[node] - nearest for node in nodes}
    return found


def _spread(column: Sequence[int]) -> list[tuple[int, float]]:
    """A row for each node of a column, a unit apart around 0."""
    return [(node, k - (len(column) - 1) / 2) for k, node in enumerate(column)]


def _middle(rows: Sequence[float], now: float) -> float:
    return sum(rows) / len(rows) if rows else now
