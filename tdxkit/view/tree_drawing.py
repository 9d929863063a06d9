"""How the PAMT's tree is drawn: boxes for entries, lines to what hangs below, and the same as indented text.

Colours are the lock's: free, shared, exclusive. The sign before the words is an empty, a half and a full disc, the frame is thin,
double and thick, so that colour says nothing alone. A strip on the left is violet where a page pair is in place, blue-green where a
TD uses the page; dashed is what is not there.
"""

from itertools import accumulate
from textwrap import wrap

import networkx as nx

from tdxkit.seam.locks import Held
from tdxkit.view.kit.layout import layered
from tdxkit.view.kit.svg import Markup, drawing, element, group, line, text, visible

NARROW = 106
WIDTHS, TALL, GAP, ROW = (
    (152, 152, NARROW, 142),
    50,
    20,
    12,
)  # boxes by layer, the way to the next layer, a row more of a lock


UNLOCKED = Held("free")


def draw(graph: nx.DiGraph, label: str, title: str = "") -> Markup:
    """A graph of `pamt_graph` as a drawing; `label` says it in words for those who do not see it."""
    places = layered(graph, lambda node: _wide(graph.nodes[node]), gap=10)
    used = sorted({layer for _, layer in places.values()})
    talls = [max(_tall(graph.nodes[node]) for node in graph if places[node][1] == layer) for layer in used]
    tops = dict(zip(used, accumulate((tall + GAP for tall in talls), initial=24 if title else 2)))

    def at(node) -> tuple[float, float]:
        x, layer = places[node]
        return x + 2, tops[layer]

    parts = [text(2, 15, title, font_size=13, font_weight=700)] if title else []
    parts += [_edge(at(a), at(b), _tall(graph.nodes[a]), graph.nodes[b]["absent"]) for a, b in graph.edges]
    parts += [_box(*at(node), graph.nodes[node]) for node in graph]
    wide = max((x + _wide(graph.nodes[n]) / 2 for n, (x, _) in places.items()), default=0) + 4
    high = tops[used[-1]] + talls[-1] + 4
    extra = {"data_wide": "yes"} if wide > 320 else {}
    return drawing(max(wide, 8 * len(title)), high, label, *parts, **extra)


def _edge(a: tuple[float, float], b: tuple[float, float], tall: float, absent: bool) -> Markup:
    middle = (a[1] + tall + b[1]) / 2
    return line(
        (a[0], a[1] + tall), (a[0], middle), (b[0], middle), (b[0], b[1]), role="edge",
        stroke_dasharray="4 3" if absent else None,
    )  # fmt: skip


def _wide(node: dict) -> int:
    return node.get("wide", WIDTHS[node["layer"]])


def _held(node: dict) -> list[str]:
    """The rows that say how a node's lock is held: a free lock is not a free page."""
    lock = node["lock"]
    if lock is None:
        return []
    return wrap("unlocked" if lock == UNLOCKED else str(lock), int((_wide(node) - 30) / 5.4))


def _tall(node: dict) -> int:
    return TALL + ROW * max(len(_held(node)) - 1, 0)


def _box(x: float, y: float, node: dict) -> Markup:
    wide, lock, tall = _wide(node), node["lock"], _tall(node)
    left = x - wide / 2
    mode = lock.mode if lock else "free"
    frame = {"rx": 5, "fill": f"var(--tdx-{mode}-bg)", "stroke": f"var(--tdx-{mode})"}
    dash = "4 3" if node["absent"] else None
    parts = [element("title", _sentence(node))]
    thick = 2.6 if mode == "exclusive" else 1.2
    parts.append(
        element("rect", x=left, y=y, width=wide, height=tall, stroke_width=thick, stroke_dasharray=dash, **frame)
    )
    if mode == "shared":
        inner = {**frame, "fill": "none", "rx": 3.5}
        parts.append(element("rect", x=left + 3, y=y + 3, width=wide - 6, height=tall - 6, stroke_width=1, **inner))
    strip = f"var(--tdx-{node['role']})"
    if node["role"] != "free":
        parts.append(element("rect", x=left + 5, y=y + 7, width=4, height=tall - 14, rx=2, fill=strip))
    name = node["label"] or (f"{node['at']:#x}" if node["at"] is not None else node["title"])
    parts.append(text(left + 14, y + 17, _fit(name, (wide - 32) / 6.7), font_size=11, font_weight=600))
    if node["at"] is not None:
        parts.append(text(left + wide - 8, y + 17, node["title"][:2], role="soft", anchor="end", font_size=10))
    parts.append(text(left + 14, y + 30, _fit(node["content"], (wide - 18) / 6), role="soft", font_size=10))
    if lock is not None:
        parts.append(_disc(left + 18, y + 39.5, mode))
        parts += [
            text(left + 27, y + 43 + ROW * i, row, role=mode, font_size=10, font_weight=600)
            for i, row in enumerate(_held(node))
        ]
    return group(*parts)


def _fit(words: str, room: float) -> str:
    return words if len(words) <= room else words[: int(room) - 1] + "…"


def _disc(x: float, y: float, mode: str) -> Markup:
    colour = f"var(--tdx-{mode})"
    ring = element(
        "circle", cx=x, cy=y, r=4, fill=colour if mode == "exclusive" else "none", stroke=colour, stroke_width=1.3
    )
    half = element("path", d=f"M{x} {y - 4}A4 4 0 0 1 {x} {y + 4}Z", fill=colour) if mode == "shared" else ""
    return group(ring, half)


def _sentence(node: dict) -> str:
    where = f" {node['at']:#x}" if node["at"] is not None else ""
    lock = "" if node["lock"] is None else f"; lock {node['lock']}"
    label = f" ({node['label']})" if node["label"] else ""
    return f"{node['title']}{where}{label}: {node['content']}{lock}"


def twin_of(graph: nx.DiGraph, title: str = "") -> str:
    """The graph as indented text."""
    rows = [title] if title else []

    def below(node, depth: int) -> None:
        rows.append("  " * depth + _sentence(graph.nodes[node]))
        for child in graph.successors(node):
            below(child, depth + 1)

    for root in [n for n in graph if graph.in_degree(n) == 0]:
        below(root, 0)
    return visible("\n".join(rows))
