"""A tidy layout for small trees and layered graphs in networkx, in pure Python: parents over the middle of their children.

networkx's own layouts want numpy, which a browser does not have.
"""

from collections.abc import Callable, Hashable

import networkx as nx

from tdxkit.errors import ModelError

Width = Callable[[Hashable], float]


def layered(graph: nx.DiGraph, width: Width, gap: float = 14) -> dict[Hashable, tuple[float, int]]:
    """{node: (x of its middle, layer)} for a forest with edges from parent to child.

    `width(node)` is a node's width, `gap` the least space between two in a layer. A node's attribute ``layer`` says how deep it
    stands; children keep the order in which their edges were added. ModelError where a node has two parents, or a layer is not
    below its parent's.
    """
    for parent, child in graph.edges:
        if graph.nodes[child]["layer"] <= graph.nodes[parent]["layer"] or graph.in_degree(child) > 1:
            raise ModelError(
                f"node {child}", "a forest has one parent a node, and children stand below", "check its edges"
            )
    middles: dict[Hashable, float] = {}
    ends: dict[int, float] = {}  # by layer: where the last node placed there ends
    for root in [n for n in graph if graph.in_degree(n) == 0]:
        _place(graph, root, width, gap, middles, ends)
    least = min((middles[n] - width(n) / 2 for n in middles), default=0)
    return {n: (middles[n] - least, graph.nodes[n]["layer"]) for n in middles}


def _place(graph, node, width, gap, middles, ends) -> None:
    """Place a node's children, then the node over their middle; what would collide moves to the right, subtree and all."""
    children = list(graph.successors(node))
    for child in children:
        _place(graph, child, width, gap, middles, ends)
    layer, half = graph.nodes[node]["layer"], width(node) / 2
    free = ends.get(layer, -gap) + gap + half
    wanted = (middles[children[0]] + middles[children[-1]]) / 2 if children else free
    if wanted < free:
        for below in nx.descendants(graph, node):
            middles[below] += free - wanted
            at = graph.nodes[below]["layer"]
            ends[at] = max(ends.get(at, 0), middles[below] + width(below) / 2)
        wanted = free
    middles[node] = wanted
    ends[layer] = wanted + half
