"""The XArray of a run as a tree: each node a box with its 64 slots as a strip, lit on the way to the index of the step.

    Stepper(record([["set_attrs", 62, 66, 8]]), picture=xarray)

A slot is full height where it holds a value, a hollow half where it is reserved, a foot where a node hangs below it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import networkx as nx

from tdxkit.linux.memattr.tree_state import Slots, TreeNode, tree_of, tree_text
from tdxkit.linux.xarray.node import EMPTY, RESERVED, Content
from tdxkit.run import State
from tdxkit.text import many
from tdxkit.view.kit import svg
from tdxkit.view.kit.layout import layered
from tdxkit.view.kit.svg import Markup

CELL, SLOTS, HIGH = 2, 64, 12  # of the strip: a slot's width, how many, its height
SIDE = 7
WIDE, TALL, STEP = CELL * SLOTS + 2 * SIDE, 60, 82
KEEP = 12  # nodes that are drawn at least before brothers are left out
KEY = 16  # height of the line that says what the slots mean
ROOMY = {"data_roomy": "yes"}  # a tree grows: the stepper gives it a wider column, the same at every step


def xarray(state: State) -> Markup:
    """picture(state) for a `Stepper` over a run of `tdxkit.linux.memattr.tree_run`."""
    tree = tree_of(state)
    at = state["at"]
    said = tree_text(state)
    if tree is None:
        empty = state["head"] == EMPTY
        head = "empty: the head is NULL" if empty else f"one entry in the head: {state['head']}"
        return svg.drawing(250, 34, said, svg.box(1, 1, 248, 30, head, dashed=empty), **ROOMY)
    graph = _graph(tree, tuple(state["walk"]), state["nodes"] > KEEP)  # type: ignore[operator, arg-type]
    places = layered(graph, lambda _: WIDE, gap=8)
    layers = sorted({layer for _, layer in places.values()})
    spots = {key: (x + 2, 4 + layers.index(layer) * STEP) for key, (x, layer) in places.items()}
    parts = [_edge(graph, spots, a, b) for a, b in graph.edges]
    for key, (x, y) in spots.items():
        there = graph.nodes[key]
        node = replace(there["node"], children=())  # a node looks the same whatever is below it
        parts.append(_node(x, y, node, there["lit"], there["hidden"], at if there["lit"] else None))
    wide = max(max(x for x, _ in spots.values()) + WIDE / 2 + 2, 250)
    foot = 4 + (len(layers) - 1) * STEP + TALL + 8
    return svg.drawing(wide, foot + KEY, said, *parts, *_key(foot + 8), **ROOMY)


def _graph(tree: TreeNode, walk: tuple[str, ...], sparing: bool) -> nx.DiGraph:
    """The nodes to draw, parent to child. `sparing`: of brothers only the first, the last and the one on the walk."""
    graph = nx.DiGraph()

    def add(node: TreeNode, layer: int) -> None:
        shown = [c for c in node.children if not sparing or c.key in walk or c in (node.children[0], node.children[-1])]
        graph.add_node(node.key, layer=layer, node=node, lit=node.key in walk, hidden=len(node.children) - len(shown))
        for child in shown:
            add(child, layer + 1)
            graph.add_edge(node.key, child.key)

    add(tree, 0)
    return graph


def _slot_x(left: float, slot: float) -> float:
    return left + SIDE + CELL * slot


def _edge(graph: nx.DiGraph, spots: dict, a: str, b: str) -> Markup:
    (ax, ay), (bx, by) = spots[a], spots[b]
    child, lit = graph.nodes[b]["node"], graph.nodes[b]["lit"]
    x, foot = _slot_x(ax - WIDE / 2, child.offset + 0.5), ay + TALL - 7
    middle = (ay + TALL + by) / 2
    return svg.line(
        (x, foot), (x, middle), (bx, middle), (bx, by), role="a0" if lit else "edge", stroke_width=1.8 if lit else 1
    )


@lru_cache(4000)  # from step to step most nodes stay as they are
def _node(x: float, y: float, node: TreeNode, lit: bool, hidden: int, at: int | None) -> Markup:
    left = x - WIDE / 2
    role = "a0" if lit else "edge"
    fill = "var(--tdx-a0-bg)" if lit else "var(--tdx-panel)"
    frame = {"rx": 5, "fill": fill, "stroke": f"var(--tdx-{role})", "stroke_width": 2 if lit else 1}
    strip = {"x": left + SIDE, "y": y + TALL - 19, "width": CELL * SLOTS, "height": HIGH}
    more = f", {hidden} not drawn" if hidden else ""
    counts = f"count {node.count}" + (f", {many(node.nr_values, 'value')}" if node.nr_values else "") + more
    parts = [
        svg.element("title", f"{node.key}: indexes {node.first:,} to {node.last:,}, {counts}"),
        svg.element("rect", x=left, y=y, width=WIDE, height=TALL, **frame),
        svg.text(left + SIDE, y + 14, _range(node), font_size=10.5, font_weight=600),
        svg.text(left + SIDE, y + 28, counts, role="soft", font_size=10),
        svg.element("rect", **strip, fill="var(--tdx-paper)", stroke="var(--tdx-line)"),
        *_stretches(node.slots, left, y + TALL - 19),
    ]
    if lit and at is not None:
        px = _slot_x(left, (at >> node.shift) % SLOTS + 0.5)
        tip = y + TALL - 20
        parts.append(svg.element("path", d=f"M{px - 4:g} {tip - 6:g}h8l-4 6z", fill="var(--tdx-a0)"))
    return svg.group(*parts)


def _range(node: TreeNode) -> str:
    """What the node covers, short enough for its box."""
    first, last = (f"{n:,}" if node.last < 1 << 20 else f"{n:#x}" for n in (node.first, node.last))
    return f"{first} – {last}"


def _stretches(slots: Iterable[Slots], left: float, top: float) -> Iterator[Markup]:
    for low, high, held in slots:
        x, wide = _slot_x(left, low), CELL * (high - low + 1)
        if held.kind == "node":
            yield svg.element("rect", x=x, y=top + HIGH - 4, width=wide, height=4, fill="var(--tdx-edge)")
        elif held == RESERVED:
            hollow = {"fill": "var(--tdx-pair-bg)", "stroke": "var(--tdx-pair)", "stroke_width": 1}
            yield svg.element("rect", x=x, y=top + HIGH / 2, width=wide, height=HIGH / 2, **hollow)
        else:
            yield svg.element("rect", x=x, y=top, width=wide, height=HIGH, fill="var(--tdx-used)")


@lru_cache(20)
def _key(y: float) -> list[Markup]:
    """What the marks in a strip mean."""
    slots = Slots(0, 3, RESERVED), Slots(36, 39, Content("value", 8)), Slots(64, 67, Content("node"))
    marks = _stretches(slots, -SIDE, y - 4)
    words = ((12, "reserved"), (84, "a value"), (140, "a node below"))
    return [*marks, *(svg.text(x, y + 6, said, role="soft", font_size=10) for x, said in words)]
