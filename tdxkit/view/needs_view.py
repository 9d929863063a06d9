"""Which patch of the series needs which: a graph, and its picture with an arc for each need."""

import networkx as nx

from tdxkit.review.patches import FOUNDATION, after_edges, needs_edges, series, users_of
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, drawing, element, group, line, text

ROW, TOP, WIDTH = 30, 74, 740  # a row, where the first stands, the whole
EDGE, STEP = 30, 44  # how far from a number's middle an arc of no length would bend, how much further a longer one does
BENT = 0.75  # of the way to its two handles is how far such an arc reaches
LOOKS = {"build": ("a0", None, "needs it to build"), "order": ("a1", "5 3", "makes sense only after it")}


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
    y = {n: TOP + ROW * k for k, n in enumerate(graph)}
    numbers = 26 + BENT * (EDGE + STEP * max(user - needed for user, needed in graph.edges) ** 0.5)
    parts, said = _legend(), ["Which patch needs which"]
    for user, needed, why in graph.edges(data="why"):
        parts.append(_arc(numbers, y[user], y[needed], user - needed, why))
    for n, data in graph.nodes(data=True):
        ring = element("circle", cx=numbers, cy=y[n], r=11, fill="var(--tdx-paper)", stroke="var(--tdx-ink)")
        title = text(numbers + 20, y[n] + 4, data["title"], font_size=12.5, font_weight=700 if n in FOUNDATION else 400)
        parts += [ring, text(numbers, y[n] + 4, n, anchor="middle", font_weight=600), title]
        needs = _listed(graph, n, "build") or "nothing"
        order = _listed(graph, n, "order")
        users = ", ".join(map(str, users_of(n))) or "nobody"
        later = f", and makes sense only after {order}" if order else ""
        said.append(f"{n:2} {data['title']}: needs {needs}{later}; built on by {users}")
    label = f"{len(graph)} patches, {graph.number_of_edges()} needs"
    return Picture(drawing(WIDTH, TOP + ROW * len(graph) - 8, label, *parts), "\n".join(said))


def _arc(x: float, user: float, needed: float, length: int, why: str) -> Markup:
    """An arc from the height of one patch to that of another, with an arrow where it ends."""
    role, dash, words = LOOKS[why]
    edge, bend = x - 12, x - EDGE - STEP * length**0.5
    path = f"M{edge:.0f} {user}C{bend:.0f} {user} {bend:.0f} {needed} {edge:.0f} {needed}"
    drawn = element("path", d=path, fill="none", stroke=f"var(--tdx-{role})", stroke_width=1.4, stroke_dasharray=dash)
    return group(element("title", words), drawn, _arrow(edge, needed, role))


def _arrow(x: float, y: float, role: str) -> Markup:
    return line((x - 7, y - 4), (x, y), (x - 7, y + 4), role=role, stroke_width=1.4)


def _legend() -> list[Markup]:
    """What an arrow says, whole and dashed, and why some titles are bold."""
    parts, x = [text(8, 18, "An arrow goes from a patch to one that it needs:", font_size=12.5)], 328
    for role, dash, words in LOOKS.values():
        parts += [
            line((x, 14), (x + 34, 14), role=role, stroke_width=1.4, stroke_dasharray=dash),
            _arrow(x + 34, 14, role),
        ]
        parts.append(text(x + 42, 18, words, role="soft", font_size=12))
        x += 64 + 6.4 * len(words)
    first, *_, last = sorted(FOUNDATION)
    bold = f"Bold, {first} to {last}:"
    return [
        *parts,
        text(8, 40, bold, font_size=12.5, font_weight=700),
        text(110, 40, "what all the others call; none of them can be switched off", role="soft", font_size=12),
    ]


def _listed(graph: nx.DiGraph, n: int, why: str) -> str:
    return ", ".join(str(needed) for needed in sorted(graph[n]) if graph[n][needed]["why"] == why)
