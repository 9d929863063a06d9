"""Which patch of the series needs which: a graph, and its picture with an arc for each need."""

import networkx as nx

from tdxkit.review.patches import FOUNDATION, after_edges, needs_edges, series, users_of
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import drawing, element, line, text

ROW, NUMBERS, STEP, WIDTH = 30, 230, 58, 820  # a row, where the numbers stand, how far an arc bends, the whole


def needs_graph() -> nx.DiGraph:
    """Patches as nodes, an edge from each to what it needs; `why` is "build", or "order" where only what it does asks for it."""
    graph = nx.DiGraph()
    for patch in series():
        graph.add_node(patch.n, title=patch.title)
    graph.add_edges_from(after_edges(), why="order")
    graph.add_edges_from(needs_edges(), why="build")
    return graph


def needs_picture() -> Picture:
    """The patches in order, with an arc from each to every patch that it needs: whole to build, dashed only for what it does."""
    graph = needs_graph()
    y = {n: 24 + ROW * k for k, n in enumerate(graph)}
    parts, said = [], ["Which patch needs which"]
    for user, needed, why in graph.edges(data="why"):
        role, dash = ("a0", None) if why == "build" else ("a1", "5 3")
        edge, bend = NUMBERS - 12, NUMBERS - 30 - STEP * (user - needed) ** 0.5
        path = f"M{edge} {y[user]}C{bend:.0f} {y[user]} {bend:.0f} {y[needed]} {edge} {y[needed]}"
        parts.append(
            element("path", d=path, fill="none", stroke=f"var(--tdx-{role})", stroke_width=1.4, stroke_dasharray=dash)
        )
        parts.append(line((edge - 7, y[needed] - 4), (edge, y[needed]), (edge - 7, y[needed] + 4), role=role))
    for n, data in graph.nodes(data=True):
        ring = element("circle", cx=NUMBERS, cy=y[n], r=11, fill="var(--tdx-paper)", stroke="var(--tdx-ink)")
        title = text(NUMBERS + 20, y[n] + 4, data["title"], font_size=12.5, font_weight=600 if n in FOUNDATION else 400)
        parts += [ring, text(NUMBERS, y[n] + 4, n, anchor="middle", font_weight=600), title]
        needs = _listed(graph, n, "build") or "nothing"
        order = _listed(graph, n, "order")
        users = ", ".join(map(str, users_of(n))) or "nobody"
        later = f", and makes sense only after {order}" if order else ""
        said.append(f"{n:2} {data['title']}: needs {needs}{later}; built on by {users}")
    label = f"{len(graph)} patches, {graph.number_of_edges()} needs"
    foot = 24 + ROW * len(graph)
    parts.append(text(NUMBERS + 20, foot, "whole arcs: to build; dashed: for what it does", role="soft", font_size=11))
    return Picture(drawing(WIDTH, foot + 12, label, *parts), "\n".join(said))


def _listed(graph: nx.DiGraph, n: int, why: str) -> str:
    return ", ".join(str(needed) for needed in sorted(graph[n]) if graph[n][needed]["why"] == why)
