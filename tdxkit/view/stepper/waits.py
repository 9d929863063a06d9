"""Who waits for whom at a step, as a graph: an arrow from who waits to who holds what it waits for; a circle of arrows is a deadlock."""

import math
from collections.abc import Iterable, Sequence

import networkx as nx

from tdxkit.run import Wait
from tdxkit.text import many
from tdxkit.view.kit.svg import Markup, drawing, element, text
from tdxkit.view.kit.theme import ACTORS, actor_role, actor_roles

WIDE, BOX, HIGH = 232, 74, 26  # the drawing, an actor's box


def waits_graph(waits: Iterable[Wait]) -> nx.DiGraph:
    """The actors that wait or are waited for, an edge from each that waits; its attribute `what` is what it waits for."""
    graph = nx.DiGraph()
    for wait in waits:
        graph.add_node(wait.actor)
        if wait.holder:
            graph.add_edge(wait.actor, wait.holder, what=wait.what)
    return graph


def circle(graph: nx.DiGraph) -> set[tuple[str, str]]:
    """The edges of waits that wait for each other."""
    rounds = [part for part in nx.strongly_connected_components(graph) if len(part) > 1 or graph.has_edge(*part, *part)]
    return {(a, b) for a, b in graph.edges if any(a in part and b in part for part in rounds)}


def waits_picture(actors: Sequence[str], waits: Sequence[Wait]) -> Markup:
    """The drawing for a step at which somebody waits; `actors` are all of the run, in the order of their lanes. Whoever else holds something stands behind them."""
    graph = waits_graph(waits)
    others = [name for name in graph if name not in actors]
    stuck, there = circle(graph), [name for name in (*actors, *others) if name in graph]
    high = 30 + (44 if len(there) <= 2 else 104)
    places = _places(there, high)
    roles = dict.fromkeys(others, len(ACTORS) - 1) | dict(zip(actors, actor_roles(actors)))
    head = "wait for each other" if stuck else "waits for" if len(waits) == 1 else "wait for"
    parts = [text(0, 12, f"Who {head}", role="bad" if stuck else "soft", font_weight=650)]
    parts += [
        _edge(places[a], places[b], (a, b) in stuck, (b, a) in graph.edges, what)
        for a, b, what in graph.edges.data("what")
    ]
    parts += [_box(places[actor], actor, roles[actor]) for actor in there]
    return drawing(WIDE, high, "; ".join(wait.why for wait in waits), *parts)


def waits_text(waits: Sequence[Wait]) -> str:
    """The same in words."""
    stuck = len({a for a, _ in circle(waits_graph(waits))})
    return "; ".join(wait.why for wait in waits) + (
        f"; {many(stuck, 'actor')} wait for each other" if stuck > 1 else ""
    )


def _places(there: Sequence[str], high: float) -> dict[str, tuple[float, float]]:
    """The middle of each box: one beside the other, or from three on around a circle."""
    top, middle = 22 + HIGH / 2, (WIDE / 2, 22 + (high - 22) / 2)
    if len(there) <= 2:
        xs = [WIDE / 2] if len(there) == 1 else [BOX / 2 + 1, WIDE - BOX / 2 - 1]
        return {actor: (x, top + 6) for actor, x in zip(there, xs)}
    across, down = middle[0] - BOX / 2 - 1, middle[1] - 22 - HIGH / 2
    turns = [2 * math.pi * k / len(there) - math.pi / 2 for k in range(len(there))]
    return {a: (middle[0] + across * math.cos(t), middle[1] + down * math.sin(t)) for a, t in zip(there, turns)}


def _box(at: tuple[float, float], actor: str, hue: int) -> Markup:
    role, (x, y) = actor_role(hue), at
    frame = element(
        "rect", x=x - BOX / 2, y=y - HIGH / 2, width=BOX, height=HIGH, rx=5, fill=f"var(--tdx-{role}-bg)", stroke=f"var(--tdx-{role})"
    )  # fmt: skip
    name = actor if len(actor) <= 11 else actor[:10] + "…"
    return element(
        "g", element("title", actor), frame, text(x, y + 4, name, role=role, anchor="middle", font_weight=650)
    )


def _edge(start, end, stuck: bool, both: bool, what: str) -> Markup:
    """An arrow between two boxes, a little to its right where another comes back."""
    (x1, y1), (x2, y2) = start, end
    length = math.hypot(x2 - x1, y2 - y1) or 1
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    side = 7 if both else 0
    ox, oy = -uy * side, ux * side
    cut = min(BOX / 2 / abs(ux) if ux else length, HIGH / 2 / abs(uy) if uy else length) + 2
    a, b = (x1 + ux * cut + ox, y1 + uy * cut + oy), (x2 - ux * cut + ox, y2 - uy * cut + oy)
    role = "bad" if stuck else "ink"
    paint = f"var(--tdx-{role})"
    line = element(
        "path", d=f"M{_p(a)}L{_p(b)}", stroke=paint, stroke_width=1.8, stroke_dasharray="5 3" if stuck else None
    )
    back = b[0] - 8 * ux, b[1] - 8 * uy
    head = element(
        "path",
        d=f"M{_p(b)}L{_p((back[0] - 4 * uy, back[1] + 4 * ux))}L{_p((back[0] + 4 * uy, back[1] - 4 * ux))}z",
        fill=paint,
    )
    middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + (12 if oy > 0 else -5)
    said = (
        text(*middle, what if len(what) <= 16 else what[:15] + "…", role=role, anchor="middle", font_size=10.5)
        if what
        else ""
    )
    return element("g", line, head, said, fill="none")


def _p(at: tuple[float, float]) -> str:
    return f"{at[0]:.1f} {at[1]:.1f}"
