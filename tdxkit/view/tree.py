"""The PAMT as a tree: 1G entry, 2M entry, the two pages of a pair, 4K entries; who holds which lock, what each entry says.

    tree(module.m, [Spot(0x40001000, "new page")])         # a still picture of a live module
    Stepper(run, picture=tree_of_run(run))                  # one for each state of a run

Only the branches that lead to the places asked for are drawn: a region has 512 entries, a block 512 regions.

Colours are the lock's: free, shared, exclusive. The sign before the words is an empty, a half and a full disc, the frame is thin,
double and thick, so that colour says nothing alone. A strip on the left is violet where a page pair is in place, blue-green where a
TD uses the page; dashed is what is not there.
"""

from collections.abc import Iterable
from typing import NamedTuple

import networkx as nx

from tdxkit.seam.locks import EXCLUSIVE, PRIORITY, describe
from tdxkit.seam.pamt import FREE, L1G, L2M, L4K, NDA, PT_PAMT, RSVD, SHIFT, Entry
from tdxkit.view.layout import layered
from tdxkit.view.picture import Picture
from tdxkit.view.svg import Markup, drawing, element, group, line, text, visible

WIDE, TALL, STEP = 152, 50, 76  # a box, and the way from one layer to the next
LAYERS = {L1G: 0, L2M: 1, "pair": 2, L4K: 3}
TABLE = {L1G: "pamt_1g", L2M: "pamt_2m", L4K: "pamt_4k"}
LOCK = {L1G: "lock_1g", L2M: "lock_2m", L4K: "lock_4k"}
NAMES = {L1G: "1G entry", L2M: "2M entry", L4K: "4K entry"}


class Spot(NamedTuple):
    """A place to draw the way to: an HPA, what it is ("new page", "TDVPR"), and the level where the way ends."""

    hpa: int
    label: str = ""
    level: int = L4K


def pamt_graph(m, spots: Iterable[Spot]) -> nx.DiGraph:
    """The branches of the PAMT that lead to some places, as a graph with edges from parent to child.

    `m` has the module's variables: `pamt_1g`, `lock_2m`, `count` and so on, see `tdxkit.seam.memory`. Nodes carry `layer`, `title`,
    `content`, `lock` (a word, or None where there is no lock), `role` and `absent`.
    """
    graph = nx.DiGraph()
    for spot in spots:
        block = _entry(graph, m, L1G, spot.hpa, spot.label if spot.level == L1G else "")
        if spot.level == L1G or m.pamt_1g[spot.hpa >> SHIFT[L1G]].type != NDA:
            continue
        region = _entry(graph, m, L2M, spot.hpa, spot.label if spot.level == L2M else "")
        graph.add_edge(block, region)
        entry = m.pamt_2m[spot.hpa >> SHIFT[L2M]]
        above, has_pair = region, entry.type == PT_PAMT
        half = spot.hpa >> 20 & 1  # page 0 of a pair has entries 0..255, the first half of the region
        if m.dynamic and (has_pair or spot.level == L2M):
            pair = [_pair(graph, region, i, entry) for i in ((0, 1) if spot.level == L2M else (half,))]
            above = pair[0]
        if spot.level == L4K:
            graph.add_edge(above, _page(graph, m, spot, absent=m.dynamic and not has_pair))
    return graph


def _entry(graph: nx.DiGraph, m, level: int, hpa: int, label: str) -> tuple:
    number = hpa >> SHIFT[level]
    node = (level, number)
    entry = getattr(m, TABLE[level])[number]
    content = _says(entry, m.count[number] if level == L2M and m.dynamic else None)
    old = graph.nodes[node]["label"] if node in graph else ""
    graph.add_node(
        node, layer=LAYERS[level], title=NAMES[level], at=number << SHIFT[level], label=label or old, content=content,
        lock=getattr(m, LOCK[level])[number], role=_role(entry), absent=False,
    )  # fmt: skip
    return node


def _pair(graph: nx.DiGraph, region: tuple, i: int, entry: Entry) -> tuple:
    here = entry.type == PT_PAMT
    node = ("pair", region[1], i)
    graph.add_node(
        node, layer=LAYERS["pair"], title=f"pair page {i}", at=None, label="", lock=None, absent=not here,
        content=f"at {entry.pair[i]:#x}" if here else "not there", role="pair" if here else "free",
    )  # fmt: skip
    graph.add_edge(region, node)
    return node


def _page(graph: nx.DiGraph, m, spot: Spot, absent: bool) -> tuple:
    number = spot.hpa >> SHIFT[L4K]
    entry = FREE if absent else m.pamt_4k[number]
    bit = m.dynamic and m.bitmap[number >> 9] >> (number & 511) & 1
    content = "no pair, no entry" if absent else _says(entry)
    if bit:
        content = "a pair's page (bit 1)" if not absent else "a pair's page, no entry"
    node = (L4K, number)
    graph.add_node(
        node, layer=LAYERS["pair" if absent else L4K], title=NAMES[L4K], at=number << SHIFT[L4K], label=spot.label, content=content,
        lock=None if absent else m.lock_4k[number], role="pair" if bit else _role(entry), absent=bool(absent),
    )  # fmt: skip
    return node


def _says(entry: Entry, count: int | None = None) -> str:
    if entry.type == PT_PAMT:
        return f"PT_PAMT, {count} in use"
    return f"{entry.type}" + (f" of TD {entry.owner:#x}" if entry.owner else "")


def _role(entry: Entry) -> str:
    return "pair" if entry.type == PT_PAMT else "free" if entry.type in (NDA, RSVD) else "used"


def tree(m, spots: Iterable[Spot], title: str = "") -> Picture:
    """The branches that lead to some places, drawn, with the same as indented text."""
    graph = pamt_graph(m, spots)
    twin = twin_of(graph, title)
    return Picture(draw(graph, twin, title), twin)


def draw(graph: nx.DiGraph, label: str, title: str = "") -> Markup:
    """A graph of `pamt_graph` as a drawing; `label` says it in words for those who do not see it."""
    places = layered(graph, lambda node: WIDE)
    used = sorted({layer for _, layer in places.values()})
    rows = {layer: i for i, layer in enumerate(used)}
    top = 24 if title else 2

    def at(node) -> tuple[float, float]:
        x, layer = places[node]
        return x + 2, top + rows[layer] * STEP

    parts = [text(2, 15, title, font_size=13, font_weight=700)] if title else []
    parts += [_edge(at(a), at(b), graph.nodes[b]["absent"]) for a, b in graph.edges]
    parts += [_box(*at(node), graph.nodes[node]) for node in graph]
    wide = max((x for x, _ in places.values()), default=0) + WIDE / 2 + 4
    high = top + (len(used) - 1) * STEP + TALL + 4
    extra = {"data_wide": "yes"} if wide > 2.5 * WIDE else {}
    return drawing(max(wide, 8 * len(title)), high, label, *parts, **extra)


def _edge(a: tuple[float, float], b: tuple[float, float], absent: bool) -> Markup:
    middle = (a[1] + TALL + b[1]) / 2
    return line(
        (a[0], a[1] + TALL), (a[0], middle), (b[0], middle), (b[0], b[1]), role="edge",
        stroke_dasharray="4 3" if absent else None,
    )  # fmt: skip


def state_of(lock: int | None) -> str:
    """The role that a lock word has: free, shared or exclusive."""
    return "free" if not lock or not lock & ~PRIORITY else "exclusive" if lock & EXCLUSIVE else "shared"


def _box(x: float, y: float, node: dict) -> Markup:
    left, lock = x - WIDE / 2, node["lock"]
    held = state_of(lock)
    frame = {"rx": 5, "fill": f"var(--tdx-{held}-bg)", "stroke": f"var(--tdx-{held})"}
    dash = "4 3" if node["absent"] else None
    parts = [element("title", _sentence(node))]
    thick = 2.6 if held == "exclusive" else 1.2
    parts.append(
        element("rect", x=left, y=y, width=WIDE, height=TALL, stroke_width=thick, stroke_dasharray=dash, **frame)
    )
    if held == "shared":
        inner = {**frame, "fill": "none", "rx": 3.5}
        parts.append(element("rect", x=left + 3, y=y + 3, width=WIDE - 6, height=TALL - 6, stroke_width=1, **inner))
    strip = f"var(--tdx-{node['role']})"
    if node["role"] != "free":
        parts.append(element("rect", x=left + 5, y=y + 7, width=4, height=TALL - 14, rx=2, fill=strip))
    name = node["label"] or (f"{node['at']:#x}" if node["at"] is not None else node["title"])
    parts.append(text(left + 14, y + 17, name[:19], font_size=11, font_weight=600))
    if node["at"] is not None:
        parts.append(text(left + WIDE - 8, y + 17, node["title"][:2], role="soft", anchor="end", font_size=10))
    parts.append(text(left + 14, y + 30, node["content"][:26], role="soft", font_size=10))
    if lock is not None:
        parts.append(_disc(left + 18, y + 39.5, held))
        parts.append(text(left + 27, y + 43, describe(lock), role=held, font_size=10, font_weight=600))
    return group(*parts)


def _disc(x: float, y: float, held: str) -> Markup:
    colour = f"var(--tdx-{held})"
    ring = element(
        "circle", cx=x, cy=y, r=4, fill=colour if held == "exclusive" else "none", stroke=colour, stroke_width=1.3
    )
    half = element("path", d=f"M{x} {y - 4}A4 4 0 0 1 {x} {y + 4}Z", fill=colour) if held == "shared" else ""
    return group(ring, half)


def _sentence(node: dict) -> str:
    where = f" {node['at']:#x}" if node["at"] is not None else ""
    lock = "" if node["lock"] is None else f"; lock {describe(node['lock'])}"
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
